import { count } from '../../base/index.ts';
import type { VerifyProblem } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { withStatusLine } from '../progress/status-line.ts';
import { bytesToWord } from '../words.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  // Before anything is done: what repairing needs, most runs do without.
  const repair = args.has('repair') ? await (await import('../repair-store.ts')).prepareRepair() : undefined;
  using store = openContextStore(context);
  let nPaths = 0;
  const found = withStatusLine(context, 'verifying the store', (detail) =>
    store.verify({
      contents: args.has('contents'),
      onPath: (_path, done, total) => {
        nPaths = total;
        detail(`${done} of ${count(total, 'path')}`);
      },
    }),
  );
  const { problems, repaired } =
    repair === undefined ? { problems: found, repaired: [] } : await repair(context, args, store, found);
  const rows = problems.map(({ path, kind, file, detail }) => ({
    path,
    kind,
    ...(file === undefined ? {} : { file: bytesToWord(file) }),
    detail,
  }));
  if (context.isJson) context.out.json({ paths: nPaths, problems: rows, ...(args.has('repair') ? { repaired } : {}) });
  else {
    for (const { path, how } of repaired) context.out.line(`${path}: ${how}`);
    for (const row of rows) context.out.line(`${row.path}${row.file ? `/${row.file}` : ''}: ${row.kind}: ${row.detail}`);
    context.out.talk(`${count(nPaths, 'path')}, ${count(rows.length, 'problem')}`);
    for (const hint of hintsFor(args, problems)) context.out.talk(`hint: ${hint}`);
  }
  return problems.length > 0 ? 1 : 0;
}

/** The way out of what is left. */
function hintsFor(args: Arguments, problems: readonly VerifyProblem[]): string[] {
  if (problems.length === 0) return [];
  if (!args.has('repair')) return ["'igos store verify --contents --repair' removes leftovers and repairs what is damaged"];
  const damaged = problems.filter(({ kind }) => kind === 'missing' || kind === 'modified' || kind === 'metadata');
  return damaged.length > 0
    ? [
        'no cache that was asked has what is left, and building it again did not give it (--substituters asks others)',
        ...(damaged.some(({ path }) => path.endsWith('.drv'))
          ? ["derivations come back with what evaluates to them: 'igos instantiate --no-eval-cache TREE#NAME'"]
          : []),
        "what was added from files comes back with 'igos store add --repair FILE…', if these are the same; what nothing needs goes with 'igos gc'",
      ]
    : [];
}
