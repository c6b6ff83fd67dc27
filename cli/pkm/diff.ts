import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { parseGeneration } from '../generation-operand.ts';
import { openForReading } from '../root-reading.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const from = parseGeneration(args.operands[0]!);
  const to = args.operands[1] === undefined ? root.generation : parseGeneration(args.operands[1]);
  const diff = root.diff(from, to);
  if (context.isJson) {
    context.out.json({ from, to, ...diff });
    return;
  }
  for (const { name, action, from: old, to: next, by } of diff.packages) {
    context.out.line(
      `${action} ${name} ${[old, next].filter((version) => version !== undefined).join(' -> ')}${by === undefined ? '' : ` by ${by}`}`,
    );
  }
  for (const row of diff.added) context.out.line(`+ /${row.path}`);
  for (const row of diff.removed) context.out.line(`- /${row.path}`);
  for (const change of diff.changed) context.out.line(`~ /${change.to.path}`);
}
