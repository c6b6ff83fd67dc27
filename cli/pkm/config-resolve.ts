import type { ConfigChoice, ConfigFile, ConfigVersions, Root } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import { editMerged } from '../config-editor.ts';
import type { Context } from '../context.ts';
import { settledText } from '../report-lines.ts';
import { openForChange } from '../roots.ts';
import { isTerminal } from '../terminal.ts';

const TAKES = ['mine', 'theirs', 'merged', 'edit'] as const;

export async function run(context: Context, args: Arguments): Promise<number> {
  const takes = TAKES.filter((take) => args.has(take));
  const isAsking = takes.length === 0 && !context.isJson && isTerminal(0) && isTerminal(2);
  if (takes.length > 1 || (takes.length === 0 && !isAsking)) {
    throw new UsageError('pkm config resolve takes one of --mine, --theirs, --merged and --edit', [
      'on a terminal it asks for each file',
    ]);
  }
  using root = openForChange(context, args, 'pkm config resolve');
  const files = conflictsOf(root, args);
  if (isAsking) return await askEach(context, root, files);
  const choices = files.map((file): ConfigChoice => {
    const take = takes[0]!;
    if (take !== 'edit') return { path: file.path, take };
    return edited(context, file.path, root.configVersions(file.path));
  });
  settle(context, root, choices);
  return 0;
}

const edited = (context: Context, path: string, versions: ConfigVersions): ConfigChoice => ({
  path,
  take: 'bytes',
  bytes: editMerged(context, path, versions),
  mine: versions.mine,
});

/** Named files may be settled without a conflict: `--theirs` goes back to what the package brought. */
function conflictsOf(root: Root, args: Arguments): Pick<ConfigFile, 'path'>[] {
  if (args.operands.length === 0) return root.config().filter((file) => file.state === 'conflict');
  return [...new Set(args.operands.map((path) => path.replace(/^\/+/, '')))].map((path) => ({ path }));
}

function settle(context: Context, root: Root, choices: readonly ConfigChoice[]): void {
  const settled = choices.length === 0 ? [] : root.settleConfig(choices);
  if (context.isJson) {
    context.out.json({ settled });
    return;
  }
  for (const each of settled) context.out.line(settledText(each));
  if (settled.length === 0) context.out.talk('nothing to settle');
}

/** @returns 1 where conflicts are left */
async function askEach(context: Context, root: Root, files: readonly Pick<ConfigFile, 'path'>[]): Promise<number> {
  const { askChoice } = await import('../config-choice.ts');
  const { diffOf } = await import('./config-diff.ts');
  let nLeft = files.length;
  if (nLeft === 0) context.out.talk('nothing to settle');
  const known = root.config();
  for (const [index, { path }] of files.entries()) {
    const versions = root.configVersions(path);
    const file = known.find((other) => other.path === path)!;
    const title = `${index + 1} of ${files.length}: /${path} (${file.owner})`;
    for (;;) {
      const answer = await askChoice({ title, diff: diffOf(file, versions, false), colored: context.out.isColored });
      if (answer === 'quit') return nLeft > 0 ? 1 : 0;
      if (answer === 'skip') break;
      try {
        settle(context, root, [answer === 'edit' ? edited(context, path, versions) : { path, take: answer }]);
        nLeft -= 1;
        break;
      } catch (error) {
        if ((error as { code?: string }).code === undefined || !ASK_AGAIN.has((error as { code: string }).code)) throw error;
        context.out.talk((error as Error).message);
      }
    }
  }
  return nLeft > 0 ? 1 : 0;
}

/** What does not merge, or was not edited to its end, can be answered in another way. */
const ASK_AGAIN = new Set(['E-PKM-061', 'E-CLI-024', 'E-CLI-062']);
