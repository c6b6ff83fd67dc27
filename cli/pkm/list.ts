import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const isPast = args.has('superseded');
  const records = root.list({ all: isPast }).filter((record) => record.supersededBy.length > 0 === isPast);
  if (context.isJson) {
    context.out.json({ generation: root.generation, packages: records });
    return;
  }
  const width = Math.max(0, ...records.map(({ name, version }) => name.length + version.length)) + 3;
  const lines = records.map(({ name, version, tier, summary, supersededBy }) =>
    `${`${name} ${version}`.padEnd(width)}${(isPast ? `by ${supersededBy.join(', ')}` : tier).padEnd(10)} ${summary}`.trimEnd(),
  );
  context.out.lines(lines);
}
