import { createRequire } from 'node:module';

const CONTEXT_LINES = 3;

interface Change {
  /** From zero, in the old text. */
  readonly at: number;
  readonly removed: readonly string[];
  /** From zero, in the new text. */
  readonly atNew: number;
  readonly added: readonly string[];
}

/**
 * Two texts as `diff -u` shows them; nothing where they are equal.
 *
 * @source POSIX.1-2017, diff, "Diff Unified Output Format"
 */
export function unifiedDiff(a: string, b: string, names: readonly [string, string]): string[] {
  if (a === b) return [];
  const { diffIndices } = createRequire(import.meta.url)('node-diff3') as typeof import('node-diff3');
  const from = linesOf(a);
  const to = linesOf(b);
  const groups: Change[][] = [];
  for (const { buffer1, buffer2 } of diffIndices(from, to)) {
    const change: Change = {
      at: buffer1[0],
      removed: from.slice(buffer1[0], buffer1[0] + buffer1[1]),
      atNew: buffer2[0],
      added: to.slice(buffer2[0], buffer2[0] + buffer2[1]),
    };
    const last = groups.at(-1)?.at(-1);
    if (last !== undefined && change.at - (last.at + last.removed.length) <= 2 * CONTEXT_LINES) groups.at(-1)!.push(change);
    else groups.push([change]);
  }
  return [`--- ${names[0]}`, `+++ ${names[1]}`, ...groups.flatMap((group) => hunk(from, group))];
}

function hunk(from: readonly string[], changes: readonly Change[]): string[] {
  const first = changes[0]!;
  const last = changes.at(-1)!;
  const start = Math.max(0, first.at - CONTEXT_LINES);
  const end = Math.min(from.length, last.at + last.removed.length + CONTEXT_LINES);
  const lines: string[] = [];
  let at = start;
  let grown = 0;
  for (const change of changes) {
    lines.push(...from.slice(at, change.at).flatMap((line) => marked(' ', line)));
    lines.push(...change.removed.flatMap((line) => marked('-', line)));
    lines.push(...change.added.flatMap((line) => marked('+', line)));
    at = change.at + change.removed.length;
    grown += change.added.length - change.removed.length;
  }
  lines.push(...from.slice(at, end).flatMap((line) => marked(' ', line)));
  const startNew = first.atNew - (first.at - start);
  return [`@@ -${range(start, end - start)} +${range(startNew, end - start + grown)} @@`, ...lines];
}

/** Lines are counted from one; an empty range names the line before it. */
const range = (start: number, n: number): string => (n === 1 ? `${start + 1}` : `${n === 0 ? start : start + 1},${n}`);

const linesOf = (text: string): string[] => text.split(/(?<=\n)/).filter((line) => line !== '');

const marked = (mark: string, line: string): string[] =>
  line.endsWith('\n') ? [`${mark}${line.slice(0, -1)}`] : [`${mark}${line}`, '\\ No newline at end of file'];
