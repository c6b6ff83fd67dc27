/** Which brackets belong together, also where the text is wrong. Computed only once a file has an error. */
import type { SourceFile } from '../base/index.ts';
import { closerOf, End, isCloser } from './kinds.ts';
import type { Tokens } from './tokens.ts';

export interface Brackets {
  /** Index of the partner of the bracket at a token index; absent where it has none. */
  readonly partners: ReadonlyMap<number, number>;
  /** The first bracket whose partner, by indentation, seems to be another's: that one most likely was forgotten. A token index. */
  readonly suspect: number | undefined;
}

/** Pairs brackets: a closing one closes the nearest opening one of its kind, and those between them are unclosed. */
export function pairBrackets(source: SourceFile, tokens: Tokens): Brackets {
  const { kinds, starts, ends } = tokens;
  const partners = new Map<number, number>();
  const open: number[] = [];
  /** How many of each closing kind are open: without it a stray closer would search all that is open, again and again. */
  const counts = new Map<number, number>();
  const count = (kind: number, by: number): void => void counts.set(kind, (counts.get(kind) ?? 0) + by);
  let suspect: number | undefined;
  for (let index = 0; index < tokens.count; index++) {
    const kind = kinds[index]!;
    const closer = closerOf(kind);
    if (closer !== End) {
      open.push(index);
      count(closer, 1);
      continue;
    }
    if (!isCloser(kind) || (counts.get(kind) ?? 0) === 0) continue;
    let opener = open.pop()!;
    while (closerOf(kinds[opener]!) !== kind) {
      count(closerOf(kinds[opener]!), -1);
      opener = open.pop()!;
    }
    count(kind, -1);
    partners.set(opener, index);
    partners.set(index, opener);
    if (suspect === undefined && ends[index]! > starts[index]! && isDedented(source, starts[opener]!, starts[index]!))
      suspect = opener;
  }
  return { partners, suspect };
}

/** Whether the bracket at `close` begins its line and stands further left than the line of the one at `open` begins. */
function isDedented(source: SourceFile, open: number, close: number): boolean {
  const lineStart = source.text.lastIndexOf('\n', close - 1) + 1;
  if (lineStart <= open) return false;
  const indent = close - lineStart;
  if (source.text.slice(lineStart, close).trim() !== '') return false;
  return indent < indentation(source.line(source.position(open).line));
}

const indentation = (line: string): number => line.length - line.trimStart().length;
