import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { formatTime } from '../time.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const current = root.generation;
  const generations = root.generations();
  if (context.isJson) {
    context.out.json({ current, generations });
    return;
  }
  for (const { number, createdAt, summary, nPackages } of generations) {
    context.out.line(
      `${number === current ? '*' : ' '} ${String(number).padStart(3)}  ${formatTime(createdAt)}  ${String(nPackages).padStart(4)} ${nPackages === 1 ? 'package ' : 'packages'}  ${summary}`,
    );
  }
}
