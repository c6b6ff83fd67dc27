import { basename } from 'node:path';
import type { ObjectStore } from '../../store/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { withInputSource } from '../nar-input.ts';
import { openContextStore } from '../open-store.ts';
import { printPaths, storeOperands } from '../store-operands.ts';

export function run(context: Context, args: Arguments): undefined {
  using store = openContextStore(context);
  const rows = args.has('nar')
    ? args.operands.map((operand) => ({ operand, path: addNar(context, args, store, operand) }))
    : storeOperands(context, args).map(({ operand, name, source, options }) => ({
        operand,
        path: store.addPath(name, source, options),
      }));
  printPaths(context, rows);
}

function addNar(context: Context, args: Arguments, store: ObjectStore, operand: string): string {
  const name = args.value('name') ?? (operand === '-' ? undefined : basename(operand, '.nar'));
  if (name === undefined) throw new UsageError('a NAR from standard input has no name of its own', ['say it with --name']);
  return withInputSource(context, operand, (source) => store.addNar(name, source)).path;
}
