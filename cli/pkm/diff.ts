import { compareBytes } from '../../base/index.ts';
import type { FileRow, GenerationDiff, Root } from '../../pkm/index.ts';
import { type Arguments, UsageError } from '../arguments.ts';
import type { Context } from '../context.ts';
import { parseGeneration } from '../generation-operand.ts';
import { packageLine } from '../report-lines.ts';
import { openForReading } from '../root-reading.ts';

export function run(context: Context, args: Arguments): undefined {
  using root = openForReading(args);
  const from = args.operands[0] === undefined ? before(root) : parseGeneration(args.operands[0]);
  const to = args.operands[1] === undefined ? root.generation : parseGeneration(args.operands[1]);
  const diff = root.diff(from, to);
  if (context.isJson) {
    context.out.json({ from, to, ...diff });
    return;
  }
  for (const change of diff.packages) context.out.line(packageLine(change, true));
  for (const line of pathLines(diff)) context.out.line(line);
}

/** The newest generation before the current one that is kept. @throws UsageError there is none */
function before(root: Root): number {
  const earlier = root.generations().filter(({ number }) => number < root.generation);
  if (earlier.length > 0) return Math.max(...earlier.map(({ number }) => number));
  throw new UsageError(`no generation before ${root.generation} is kept`, ["'pkm generations' lists those that are"]);
}

/** One line a path, sorted: `+` new, `-` gone, `~` other bytes, kind, mode or capabilities, `>` only another owner. Directories that stay are left out. */
function pathLines({ added, removed, changed }: GenerationDiff): string[] {
  const before = new Map(removed.map((row) => [row.path, row]));
  const after = new Map(added.map((row) => [row.path, row]));
  for (const { from, to } of changed) {
    before.set(from.path, from);
    after.set(to.path, to);
  }
  return [...new Set([...before.keys(), ...after.keys()])].sort(compareBytes).flatMap((path): string[] => {
    const [old, now] = [before.get(path), after.get(path)];
    const name = `/${path}${(now ?? old)!.kind === 'directory' ? '/' : ''}`;
    if (old === undefined) return [`+ ${name}`];
    if (now === undefined) return [`- ${name}`];
    if (!sameOnDisk(old, now)) return [`~ ${name}${old.kind === now.kind ? '' : ` (${old.kind} -> ${now.kind})`}`];
    return now.kind === 'directory' ? [] : [`> ${name} (${old.owner} -> ${now.owner})`];
  });
}

const sameOnDisk = (a: FileRow, b: FileRow): boolean =>
  a.kind === b.kind &&
  a.sha256 === b.sha256 &&
  a.target === b.target &&
  a.mode === b.mode &&
  a.uid === b.uid &&
  a.gid === b.gid &&
  a.capability === b.capability;
