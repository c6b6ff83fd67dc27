import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { printPaths, storeOperands } from '../store-operands.ts';

export function run(context: Context, args: Arguments): undefined {
  using store = openContextStore(context);
  const rows = storeOperands(context, args).map(({ operand, name, source, options }) => ({
    operand,
    path: store.computePath(name, source, options).path,
  }));
  printPaths(context, rows);
}
