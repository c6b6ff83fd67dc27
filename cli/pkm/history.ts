import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { openForReading } from '../roots.ts';
import { formatTime } from '../time.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const entries = root.history(args.has('last') ? { limit: args.number('last', 1) } : {}).reverse();
  if (context.isJson) {
    context.out.json({ history: entries });
    return;
  }
  for (const { time, user, operation, package: name, oldVersion, newVersion, generation, detail } of entries) {
    const versions =
      oldVersion !== '' && newVersion !== '' && oldVersion !== newVersion
        ? `${oldVersion} -> ${newVersion}`
        : newVersion || oldVersion;
    context.out.line(
      `${formatTime(time)}  ${user}  generation ${generation}  ${operation} ${name} ${versions} ${detail}`
        .trimEnd()
        .replace(/ {3,}/g, '  '),
    );
  }
}
