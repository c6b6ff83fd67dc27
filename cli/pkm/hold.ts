import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { openForChange } from '../roots.ts';
import { formatTime } from '../time.ts';

export function run(context: Context, args: Arguments): undefined {
  if (args.operands.length === 0) {
    using root = openForReading(args);
    const holds = root.holds();
    if (context.isJson) context.out.json({ holds });
    else if (holds.length === 0) context.out.talk('nothing is held');
    else for (const { name, time, user } of holds) context.out.line(`${name}  since ${formatTime(time)}, by ${user}`);
    return;
  }
  using root = openForChange(context, args, 'pkm hold');
  const changed = root.hold(args.operands, true);
  if (context.isJson) context.out.json({ changed });
  else
    for (const name of args.operands) context.out.line(`${name} ${changed.includes(name) ? 'is held now' : 'is held already'}`);
}
