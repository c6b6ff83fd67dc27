import { bytesToText } from '../../base/index.ts';
import type { ObjectStore, StorePath, VerifyProblem } from '../../store/index.ts';
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
  const found = store.verify({
    contents: args.has('contents'),
    onPath: (_path, done, total) => {
      nPaths = total;
      progress?.detail('verify', `${done} of ${total} paths`);
    },
  });
  const { problems, repaired } = args.has('repair') ? await repair(context, store, found) : { problems: found, repaired: [] };
  progress?.stop();
  const rows = problems.map(({ path, kind, file, detail }) => ({
    path,
    kind,
    ...(file === undefined ? {} : { file: bytesToText(file) }),
    detail,
  }));
  if (context.isJson) context.out.json({ paths: nPaths, problems: rows, ...(args.has('repair') ? { repaired } : {}) });
  else {
    for (const { path, how } of repaired) context.out.line(`${path}: ${how}`);
    for (const row of rows)
      context.out.line(`${row.path}${row.file === undefined ? '' : `/${row.file}`}: ${row.kind}: ${row.detail}`);
    context.out.talk(`${nPaths} paths, ${rows.length} ${rows.length === 1 ? 'problem' : 'problems'}`);
  }
  return problems.length > 0 ? 1 : 0;
}

interface Repaired {
  readonly path: string;
  readonly how: 'removed' | 'repaired from its parts' | 'repaired by building it again';
}

/** @returns what is still wrong, and what is not any more */
async function repair(
  context: Context,
  store: ObjectStore,
  found: readonly VerifyProblem[],
): Promise<{ problems: readonly VerifyProblem[]; repaired: readonly Repaired[] }> {
  const repaired: Repaired[] = store
    .clean()
    .unregistered.map((name) => ({ path: `${context.storeDir}/${bytesToText(name)}`, how: 'removed' }));
  const damaged = new Set(
    found.flatMap(({ path, kind }) => (kind === 'missing' || kind === 'modified' || kind === 'metadata' ? [path] : [])),
  );
  // What was built from others comes after them: their builds read them.
  const ordered = [...damaged].sort((a, b) => nDamagedBelow(store, a, damaged) - nDamagedBelow(store, b, damaged));
  for (const path of ordered) {
    if (store.repair(path)) {
      damaged.delete(path);
      repaired.push({ path, how: 'repaired from its parts' });
    }
  }
  for (const path of ordered) {
    if (!damaged.has(path)) continue;
    for (const whole of await rebuild(context, store, path)) {
      if (damaged.delete(whole)) repaired.push({ path: whole, how: 'repaired by building it again' });
    }
  }
  const wrong = found.filter(({ path, kind }) => damaged.has(path) || kind === 'reference-missing');
  return { problems: wrong, repaired };
}

function nDamagedBelow(store: ObjectStore, path: StorePath, damaged: ReadonlySet<StorePath>): number {
  const references = (at: StorePath): readonly StorePath[] => store.info(at)?.references ?? [];
  const seen = new Set<StorePath>([path]);
  for (const at of seen) for (const reference of references(at)) seen.add(reference);
  return [...seen].filter((at) => at !== path && damaged.has(at)).length;
}

async function rebuild(context: Context, store: ObjectStore, path: StorePath): Promise<readonly StorePath[]> {
  const deriver = store.info(path)?.deriver;
  if (deriver === undefined || !store.isValid(deriver)) return [];
  const { repairByBuild } = await import('../../builder/index.ts');
  try {
    return await repairByBuild(store, deriver);
  } catch (error) {
    context.out.talk(`${deriver}: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
