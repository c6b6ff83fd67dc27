import { isUtf8 } from 'node:buffer';
import { createRequire } from 'node:module';

/** Longer texts are not merged: the algorithm is quadratic where much differs, and no configuration is that long. */
const MAX_BYTES = 1 << 20;

/** A stretch of a merged text: agreed, or changed by both sides. Line ends are part of the lines. */
export type MergePart =
  | { readonly kind: 'agreed'; readonly lines: readonly string[] }
  | {
      readonly kind: 'conflict';
      readonly mine: readonly string[];
      readonly original: readonly string[];
      readonly theirs: readonly string[];
    };

/** Whether a side can be merged at all: UTF-8 without NUL, and not too long. */
export const isMergeable = (side: Uint8Array): boolean => side.length <= MAX_BYTES && isUtf8(side) && !side.includes(0);

/** Three-way merge of text by lines, with what both changed as conflicts. All sides must be mergeable. */
export function mergeParts(original: Uint8Array, mine: Uint8Array, theirs: Uint8Array): MergePart[] {
  const { diff3Merge } = createRequire(import.meta.url)('node-diff3') as typeof import('node-diff3');
  const lines = (side: Uint8Array): string[] =>
    Buffer.from(side)
      .toString('utf8')
      .split(/(?<=\n)/);
  return diff3Merge(lines(mine), lines(original), lines(theirs), { excludeFalseConflicts: true }).map(
    ({ ok, conflict }): MergePart =>
      conflict === undefined
        ? { kind: 'agreed', lines: ok ?? [] }
        : { kind: 'conflict', mine: conflict.a, original: conflict.o, theirs: conflict.b },
  );
}

/**
 * The merged text. `undefined` where both sides changed the same lines, or where one of them is not text. A mixed file keeps its
 * mixture of line ends.
 */
export function mergeText(original: Uint8Array, mine: Uint8Array, theirs: Uint8Array): Buffer | undefined {
  if (![original, mine, theirs].every(isMergeable)) return undefined;
  const merged: string[] = [];
  for (const part of mergeParts(original, mine, theirs)) {
    if (part.kind === 'conflict') return undefined;
    merged.push(...part.lines);
  }
  return Buffer.from(merged.join(''), 'utf8');
}

const START = '<<<<<<< yours\n';
const BASE = '||||||| what yours descends from\n';
const MIDDLE = '=======\n';
const END = ">>>>>>> the package's\n";

/** The merged text with both sides of each conflict between marks, for a person to edit. */
export const mergeWithMarks = (original: Uint8Array, mine: Uint8Array, theirs: Uint8Array): Buffer =>
  Buffer.from(
    mergeParts(original, mine, theirs)
      .flatMap((part) =>
        part.kind === 'agreed'
          ? part.lines
          : [START, ...ended(part.mine), BASE, ...ended(part.original), MIDDLE, ...ended(part.theirs), END],
      )
      .join(''),
    'utf8',
  );

/** A last line without a line end would run into the mark after it. */
const ended = (lines: readonly string[]): string[] =>
  lines.filter((line) => line !== '').map((line) => line.replace(/\n?$/, '\n'));

/** Whether marks of a conflict are left in a text. */
export const hasMarks = (text: Uint8Array): boolean =>
  /^(?:<<<<<<< yours|>>>>>>> the package's)$/m.test(Buffer.from(text).toString('utf8'));
