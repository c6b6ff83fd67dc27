import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { printPathSet, printSortedPaths, validPaths } from '../valid-paths.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  using store = openContextStore(context);
  const paths = await validPaths(context, store, args.operands);
  if (args.has('recursive')) printSortedPaths(context, store.closure(paths));
  else
    printPathSet(
      context,
      paths.flatMap((path) => store.info(path)!.references),
    );
}
