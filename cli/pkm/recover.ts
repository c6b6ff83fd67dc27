import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { openForChange } from '../roots.ts';

export function run(context: Context, args: Arguments): undefined {
  let wasUnfinished: boolean;
  {
    using before = openForReading(args, { mayBeMissing: true });
    wasUnfinished = before.isUnfinished;
  }
  using root = openForChange(context, args, 'pkm recover'); // opening finishes what was interrupted
  if (context.isJson) context.out.json({ generation: root.generation, wasInterrupted: wasUnfinished });
  else
    context.out.line(
      wasUnfinished
        ? `finished what was interrupted: generation ${root.generation}`
        : `nothing was interrupted: generation ${root.generation}`,
    );
}
