import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { formatBytes } from '../progress/model.ts';
import { openForReading } from '../root-reading.ts';
import { openForChange } from '../roots.ts';

export function run(context: Context, args: Arguments): undefined {
  if (!args.has('keep') && !args.has('days')) {
    throw new UsageError('pkm gc needs --keep N or --days N', [
      'the newest few: pkm gc --keep 5',
      'or the younger ones: pkm gc --days 30',
    ]);
  }
  using root = args.has('dry-run') ? openForReading(args) : openForChange(context, args, 'pkm gc', { makesRoom: true });
  const report = root.gc({
    dryRun: args.has('dry-run'),
    ...(args.has('keep') ? { keepLast: args.number('keep', 1) } : {}),
    ...(args.has('days') ? { keepDays: args.number('days', 1, 0) } : {}),
  });
  if (context.isJson) {
    context.out.json({ ...report, dryRun: args.has('dry-run') });
    return;
  }
  const { nFiles, sizeBytes } = root.roomMade;
  if (nFiles > 0) context.out.talk(`removed ${nFiles} downloaded archives, ${formatBytes(sizeBytes)}, so that there was room`);
  const verb = args.has('dry-run') ? 'would forget' : 'forgot';
  context.out.line(report.removed.length === 0 ? 'nothing to forget' : `${verb} generations ${report.removed.join(', ')}`);
  for (const path of report.unpinned) context.out.line(`${args.has('dry-run') ? 'would let go of' : 'let go of'} ${path}`);
}
