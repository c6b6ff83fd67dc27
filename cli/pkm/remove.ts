import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { changeRequest, openForChange, printReport, tellRoomMade } from '../roots.ts';

export function run(context: Context, args: Arguments): number {
  using root = openForChange(context, args, 'pkm remove', { makesRoom: true });
  const request = { ...changeRequest(context, args), force: args.has('force'), cascade: args.has('cascade') };
  const report = root.remove(args.operands, request);
  tellRoomMade(context, root);
  return printReport(context, args, report, root);
}
