import { isUtf8 } from 'node:buffer';
import { createRequire } from 'node:module';

/** Longer texts are not merged: the algorithm is quadratic where much differs, and no configuration is that long. */
const MAX_BYTES = 1 << 20;

/**
 * Three-way merge of text by lines. `undefined` where both sides changed the same lines, or where one of them is not text
 * (UTF-8 without NUL). Line ends are part of the lines: a mixed file keeps its mixture.
 */
export function mergeText(original: Uint8Array, mine: Uint8Array, theirs: Uint8Array): Buffer | undefined {
  for (const side of [original, mine, theirs]) if (side.length > MAX_BYTES || !isUtf8(side) || side.includes(0)) return undefined;
  const { diff3Merge } = createRequire(import.meta.url)('node-diff3') as typeof import('node-diff3');
  const lines = (side: Uint8Array): string[] =>
    Buffer.from(side)
      .toString('utf8')
      .split(/(?<=\n)/);
  const merged: string[] = [];
  for (const part of diff3Merge(lines(mine), lines(original), lines(theirs), { excludeFalseConflicts: true })) {
    if (part.conflict !== undefined) return undefined;
    merged.push(...(part.ok ?? []));
  }
  return Buffer.from(merged.join(''), 'utf8');
}
