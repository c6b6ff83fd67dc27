import type { ConfigSettled, HistoryEntry } from '../../pkm/index.ts';
import type { Arguments } from '../arguments.ts';
import type { Context } from '../context.ts';
import { settledText } from '../report-lines.ts';
import { openForReading } from '../root-reading.ts';
import { formatTime } from '../time.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const packages = args.operands;
  const isOfSome = packages.length > 0;
  const limit = args.has('last') ? { limit: args.number('last', 1) } : {};
  const entries = root.history({ ...limit, ...(isOfSome ? { packages } : {}) }).reverse();
  if (context.isJson) {
    context.out.json({ history: entries });
    return;
  }
  for (const entry of entries) {
    const line = isOfSome ? `generation ${entry.generation}: ${lineOf(entry).trimStart()}` : lineOf(entry);
    context.out.line(`${formatTime(entry.time)}  ${entry.user}  ${line}`);
  }
}

/** A row about a whole transaction has no package; those of its packages follow it, indented. */
function lineOf({ operation, package: name, oldVersion, newVersion, generation, detail }: HistoryEntry): string {
  const facts = readDetail(detail);
  if (name === '')
    return `generation ${generation}: ${facts['summary'] ?? operation}${facts['command'] ? ` (${facts['command']})` : ''}`;
  if (operation === 'config' && facts['path'] !== undefined) {
    return `  config ${name} ${settledText({ savedAs: '', ...(facts as unknown as Pick<ConfigSettled, 'path' | 'take'>) })}`;
  }
  const versions =
    oldVersion !== '' && newVersion !== '' && oldVersion !== newVersion
      ? `${oldVersion} -> ${newVersion}`
      : newVersion || oldVersion;
  return `  ${operation} ${name} ${versions}${facts['by'] === undefined ? '' : ` by ${facts['by']}`}`.trimEnd();
}

function readDetail(detail: string): Readonly<Record<string, unknown>> {
  try {
    const facts: unknown = JSON.parse(detail);
    return typeof facts === 'object' && facts !== null ? (facts as Record<string, unknown>) : {};
  } catch {
    return detail === '' ? {} : { summary: detail };
  }
}
