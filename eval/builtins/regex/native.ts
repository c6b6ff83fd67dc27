/** Regular expressions as source for JavaScript's RegExp. */
import type { ByteSet, RegexNode } from './tree.ts';

/** The source text of an equal RegExp, for subjects of characters 0–255 and no flags. */
export function nativeSource(node: RegexNode): string {
  switch (node.kind) {
    case 'set':
      return setSource(node.set);
    case 'sequence':
      return node.items.map(nativeSource).join('');
    case 'alternatives':
      return `(?:${node.options.map(nativeSource).join('|')})`;
    case 'group':
      return `(${nativeSource(node.item)})`;
    case 'repeat':
      return `(?:${nativeSource(node.item)}){${node.min},${node.max === Infinity ? '' : node.max}}`;
    case 'lineStart':
      return '^';
    case 'lineEnd':
      return '$';
  }
}

function setSource(set: ByteSet): string {
  const ranges: string[] = [];
  for (let from = 0; from < 256; from++) {
    if (set[from] === 0) continue;
    let to = from;
    while (to < 255 && set[to + 1] === 1) to++;
    ranges.push(from === to ? byteEscape(from) : `${byteEscape(from)}-${byteEscape(to)}`);
    from = to;
  }
  return `[${ranges.join('')}]`;
}

const byteEscape = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;
