import type { ObjectStore, StorePath } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { printPathSet, validPaths } from '../valid-paths.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const paths = await validPaths(context, store, args.operands);
  printPathSet(context, args.has('recursive') ? referrersClosure(store, paths) : paths.flatMap((path) => store.referrers(path)));
}

/** The paths and all that refers to them, directly or not. */
export function referrersClosure(store: ObjectStore, paths: readonly StorePath[]): Set<StorePath> {
  const found = new Set(paths);
  for (const path of found) for (const referrer of store.referrers(path)) found.add(referrer);
  return found;
}
