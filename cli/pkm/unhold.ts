import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';

import { openForChange } from '../roots.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForChange(context, args, 'pkm unhold');
  const changed = root.hold(args.operands, false);
  if (context.isJson) context.out.json({ changed });
  else for (const name of args.operands) context.out.line(`${name} ${changed.includes(name) ? 'is let go now' : 'was not held'}`);
}
