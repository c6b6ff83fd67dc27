import type { StorePath } from '../../store/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { printPathSet, validPaths } from '../valid-paths.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const paths = await validPaths(context, store, args.operands);
  const found: Iterable<StorePath> = args.has('recursive')
    ? store.closure(paths)
    : paths.flatMap((path) => store.info(path)!.references);
  printPathSet(context, found);
}
