import type { PackageRecord } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { namePattern } from './name-pattern.ts';

export function run(context: Context, args: Arguments): number {
  using root = openForReading(args);
  const isPast = args.has('superseded');
  const patterns = args.operands.map(namePattern);
  const records = root
    .list({ all: isPast })
    .filter((record) => record.supersededBy.length > 0 === isPast)
    .filter(({ name }) => patterns.length === 0 || patterns.some((pattern) => pattern.test(name)));
  const status = records.length === 0 && patterns.length > 0 ? 1 : 0;
  if (context.isJson) {
    context.out.json({ generation: root.generation, packages: records });
    return status;
  }
  const width = Math.max(0, ...records.map(({ name, version }) => name.length + version.length)) + 3;
  const stands = ({ tier, supersededBy }: PackageRecord): string => (isPast ? `by ${supersededBy.join(', ')}` : tier);
  const standsWidth = Math.max(9, ...records.map((record) => stands(record).length)) + 2;
  const lines = records.map((record) => {
    const { name, version, summary } = record;
    return `${`${name} ${version}`.padEnd(width)}${stands(record).padEnd(standsWidth)}${summary}`.trimEnd();
  });
  context.out.lines(lines);
  const nothing = isPast ? 'no superseded package is recorded' : 'nothing is installed';
  if (records.length === 0) context.out.talk(patterns.length === 0 ? nothing : `${nothing} by that name`);
  return status;
}
