import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../root-reading.ts';
import { namePattern } from './name-pattern.ts';
import { offerLines, unlessSynced } from './offers.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const patterns = args.operands.map(namePattern);
  const seen = new Set<string>();
  const offers = root.available().filter(({ name }) => {
    const isOlder = seen.has(name);
    seen.add(name);
    return (!isOlder || args.has('all')) && (patterns.length === 0 || patterns.some((pattern) => pattern.test(name)));
  });
  if (context.isJson) context.out.json({ packages: offers });
  else if (offers.length === 0)
    context.out.talk(`nothing ${patterns.length === 0 ? 'is offered' : 'of that name is offered'}${unlessSynced(root)}`);
  else for (const line of offerLines(offers, root.list())) context.out.line(line);
}
