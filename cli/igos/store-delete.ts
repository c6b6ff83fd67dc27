import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { keepOptions } from '../keep-options.ts';
import { openContextStore } from '../open-store.ts';
import { validPaths } from '../valid-paths.ts';
import { printCollected } from './gc.ts';

export async function run(context: Context, args: Arguments): Promise<undefined> {
  const isDry = args.has('dry-run');
  using store = openContextStore(context);
  const paths = await validPaths(context, store, args.operands);
  printCollected(context, store.collect({ ...keepOptions(context, args), paths, dryRun: isDry }), isDry);
}
