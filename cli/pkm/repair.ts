import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForChange } from '../roots.ts';

export async function run(context: Context, args: Arguments): Promise<number> {
  if (args.has('rebuild-database')) {
    if (args.operands.length > 0) throw new UsageError('pkm repair --rebuild-database is for all packages, and takes no NAME');
    return (await import('../rebuilding.ts')).rebuild(context, args);
  }
  using root = openForChange(context, args, 'pkm repair');
  const dryRun = args.has('dry-run');
  const report = await root.repair({ dryRun, ...(args.operands.length === 0 ? {} : { packages: args.operands }) });
  if (context.isJson) {
    context.out.json({ ...report, dryRun });
    return report.left.length > 0 ? 1 : 0;
  }
  for (const { path, kind } of report.repaired) context.out.line(`${dryRun ? 'would restore' : 'restored'} /${path} (${kind})`);
  for (const { path, kind, actual } of report.left)
    context.out.line(`left /${path} (${kind}): ${actual}; move it away and repair again`);
  if (report.nManifests > 0) context.out.line(`${report.nManifests} manifests ${dryRun ? 'to be written' : 'written'} anew`);
  if (report.repaired.length + report.left.length + report.nManifests === 0) context.out.line('nothing to repair');
  return report.left.length > 0 ? 1 : 0;
}
