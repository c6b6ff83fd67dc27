import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { formatBytes } from '../progress/model.ts';
import { openForReading } from '../root-reading.ts';
import { formatTime } from '../time.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const { record, nFiles, sizeBytes, requiredBy } = root.info(args.operands[0]!);
  if (context.isJson) {
    context.out.json({ ...record, files: nFiles, sizeBytes, requiredBy });
    return;
  }
  const rows: [string, string][] = [
    ['name', record.name],
    ['version', record.release > 1 ? `${record.version} (release ${record.release})` : record.version],
    ['tier', record.tier],
    ['summary', record.summary],
    ['license', record.license],
    ['homepage', record.homepage],
    ['installed', `${formatTime(record.installedAt)}, ${record.reason === 'explicit' ? 'asked for' : 'as a dependency'}`],
    ['origin', record.origin.kind === 'store' ? record.origin.storePath : `archive sha256:${record.origin.sha256}`],
    ['needs', record.runtime.join(' ')],
    ['needed by', requiredBy.join(' ')],
    ['provides', record.provides.join(' ')],
    ['conflicts', record.conflicts.join(' ')],
    ['supersedes', record.supersedes.join(' ')],
    [
      'superseded',
      record.supersededBy.length === 0 ? '' : `by ${record.supersededBy.join(' ')}, ${formatTime(record.supersededAt)}`,
    ],
    ['config', record.config.join(' ')],
    ['size', `${formatBytes(sizeBytes)} in ${nFiles} files`],
  ];
  for (const [key, value] of rows) if (value !== '') context.out.line(`${key.padEnd(11)} ${value}`);
}
