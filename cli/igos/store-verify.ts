import { bytesToText } from '../../base/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { isTerminal } from '../terminal.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  using store = openContextStore(context);
  const { openProgress } = await import('../progress/open.ts');
  const progress = isTerminal(2) ? await openProgress(context) : undefined;
  progress?.start('verify', 'verifying the store');
  let nPaths = 0;
  const problems = store.verify({
    contents: args.has('contents'),
    onPath: (_path, done, total) => {
      nPaths = total;
      progress?.detail('verify', `${done} of ${total} paths`);
    },
  });
  progress?.stop();
  const rows = problems.map(({ path, kind, file, detail }) => ({
    path,
    kind,
    ...(file === undefined ? {} : { file: bytesToText(file) }),
    detail,
  }));
  if (context.isJson) context.out.json({ paths: nPaths, problems: rows });
  else {
    for (const row of rows)
      context.out.line(`${row.path}${row.file === undefined ? '' : `/${row.file}`}: ${row.kind}: ${row.detail}`);
    context.out.talk(`${nPaths} paths, ${rows.length} ${rows.length === 1 ? 'problem' : 'problems'}`);
  }
  return problems.length > 0 ? 1 : 0;
}
