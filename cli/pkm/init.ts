import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { rootOf } from '../root-reading.ts';
import { openForChange } from '../roots.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForChange(context, args, 'pkm init', { mayBeMissing: true });
  const isNew = args.has('atomic') ? root.initAtomic() : root.generation === 0;
  const { layoutKind: layout, generation } = root;
  if (context.isJson) context.out.json({ root: rootOf(args), layout, generation, isNew });
  else context.out.line(`${rootOf(args)}: ${layout} layout, generation ${generation}${isNew ? '' : '; nothing to do'}`);
}
