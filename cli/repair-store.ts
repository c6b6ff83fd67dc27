/** `igos store verify --repair`: damaged paths get their bytes back, from their parts, from a cache, or by building them again. */
import { loadCaches, type ObjectStore, type StorePath, type VerifyProblem } from '../store/index.ts';
import type { Arguments } from './arguments.ts';
import { cachesOf, namesCaches, sayRefused } from './caches.ts';
import type { Context } from './context.ts';
import { bytesToWord } from './words.ts';

export interface Repaired {
  readonly path: string;
  readonly how: 'removed' | 'repaired from its parts' | 'repaired from a cache' | 'repaired by building it again';
}

/** @returns what is still wrong, and what is not any more */
export type Repair = (
  context: Context,
  args: Arguments,
  store: ObjectStore,
  found: readonly VerifyProblem[],
) => Promise<{ problems: readonly VerifyProblem[]; repaired: readonly Repaired[] }>;

/** To be called before anything is done or said: a bundle that cannot repair hands the whole run over to one that can. */
export const prepareRepair = (): Promise<Repair> => Promise.resolve(repair);

const repair: Repair = async (context, args, store, found) => {
  const repaired: Repaired[] = store
    .clean()
    .unregistered.map((name) => ({ path: `${context.storeDir}/${bytesToWord(name)}`, how: 'removed' }));
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
  for (const path of await fromCaches(context, args, store, damaged)) {
    damaged.delete(path);
    repaired.push({ path, how: 'repaired from a cache' });
  }
  for (const path of ordered) {
    if (!damaged.has(path)) continue;
    for (const whole of await rebuild(context, store, path)) {
      if (damaged.delete(whole)) repaired.push({ path: whole, how: 'repaired by building it again' });
    }
  }
  const wrong = found.filter(({ path, kind }) => damaged.has(path) || kind === 'reference-missing');
  return { problems: wrong, repaired };
};

/** @returns those that are whole again */
async function fromCaches(
  context: Context,
  args: Arguments,
  store: ObjectStore,
  damaged: ReadonlySet<StorePath>,
): Promise<readonly StorePath[]> {
  if (damaged.size === 0 || !namesCaches(context, args)) return [];
  const { caches } = await cachesOf(context, args, store);
  const { repairFromCaches } = await loadCaches();
  const whole: StorePath[] = [];
  for (const path of damaged) {
    if (await repairFromCaches(store, caches, path, (fault) => sayRefused(context, fault))) whole.push(path);
  }
  for (const cache of caches) cache.remember();
  return whole;
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
  const { repairByBuild } = await import('../builder/index.ts');
  try {
    return await repairByBuild(store, deriver);
  } catch (error) {
    context.out.talk(`${deriver}: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}
