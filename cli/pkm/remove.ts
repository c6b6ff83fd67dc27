import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openContextStore } from '../open-store.ts';
import { openForChange, printReport } from '../roots.ts';

export function run(context: Context, args: Arguments): undefined {
  using store = openContextStore(context);
  using root = openForChange(context, args, store, 'pkm remove');
  const request = { force: args.has('force'), cascade: args.has('cascade'), dryRun: args.has('dry-run') };
  printReport(context, args, root.remove(args.operands, request));
}
