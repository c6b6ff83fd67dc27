import type { ConfigFile } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { toSettle } from '../report-lines.ts';
import { openForReading } from '../root-reading.ts';

const STATES = {
  conflict: 'conflict',
  modified: 'modified',
  deleted: 'deleted',
  unmodified: 'as brought',
  left: 'left',
  unreadable: 'unreadable',
  aside: 'aside',
} as const;

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const all = root.config();
  const files = all.filter((file) =>
    args.has('all') ? true : args.has('conflicts') ? file.state === 'conflict' : file.state !== 'unmodified',
  );
  if (context.isJson) {
    context.out.json({ config: files });
    return;
  }
  const installed = new Set(root.list().map(({ name }) => name));
  for (const file of files) context.out.line(`${STATES[file.state].padEnd(10)} /${file.path} ${about(file, installed)}`);
  const nConflicts = all.filter((file) => file.state === 'conflict').length;
  if (nConflicts > 0) context.out.talk(toSettle(nConflicts));
  else if (files.some((file) => file.state === 'left'))
    context.out.talk(
      "what is left of packages that went is yours: remove what you do not need with rm; 'pkm remove --force' leaves nothing",
    );
  else if (files.length === 0) context.out.talk(args.has('all') ? 'no configuration is tracked' : 'nothing to settle');
}

function about({ owner, state, newPath, isNewEdited, isAbsent }: ConfigFile, installed: ReadonlySet<string>): string {
  if (state === 'conflict')
    return `(${owner}): the package's version is /${newPath}${isNewEdited ? ', edited' : ''}${isAbsent ? '; you deleted yours' : ''}`;
  const waiting = newPath === '' ? '' : `; a version of the package is /${newPath}`;
  if (state === 'left') return `(${owner}, which ${installed.has(owner) ? 'has it no more' : 'is not installed'}${waiting})`;
  return `(${owner})`;
}
