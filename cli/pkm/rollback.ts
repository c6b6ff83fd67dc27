import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { parseGeneration } from '../generation-operand.ts';
import { openContextStore } from '../open-store.ts';
import { changeRequest, openForChange, printReport } from '../roots.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  using store = openContextStore(context);
  using root = openForChange(context, args, store, 'pkm rollback');
  const target = args.operands[0] === undefined ? Math.max(0, root.generation - 1) : parseGeneration(args.operands[0]);
  return printReport(context, args, await root.rollback(target, changeRequest(context, args)));
}
