import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { changeRequest, openForChange, printReport } from '../roots.ts';

export function run(context: Context, args: Arguments): number {
  using root = openForChange(context, args, 'pkm remove');
  const request = { ...changeRequest(context, args), force: args.has('force'), cascade: args.has('cascade') };
  return printReport(context, args, root.remove(args.operands, request));
}
