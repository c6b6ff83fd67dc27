import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { parseGeneration } from '../generation-operand.ts';
import { changeRequest, openForChange, printReport } from '../roots.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  using root = openForChange(context, args, 'pkm rollback');
  const asked = args.operands[0] === undefined ? undefined : parseGeneration(args.operands[0]);
  const request = changeRequest(context, args);
  const packages = args.all('package').map(([name]) => name!);
  const report =
    packages.length > 0
      ? await root.rollbackPackages(packages, { ...request, ...(asked === undefined ? {} : { generation: asked }) })
      : await root.rollback(asked ?? Math.max(0, root.generation - 1), request);
  return printReport(context, args, report);
}
