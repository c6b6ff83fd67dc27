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
  const open: { readonly index: number; readonly lineStart: number; readonly indent: number }[] = [];
  const line = new LineOf(source.text);
  /** How many of each closing kind are open: without it a stray closer would search all that is open, again and again. */
  const counts = new Map<number, number>();
  const count = (kind: number, by: number): void => void counts.set(kind, (counts.get(kind) ?? 0) + by);
  let suspect: number | undefined;
  for (let index = 0; index < tokens.count; index++) {
    const kind = kinds[index]!;
    const closer = closerOf(kind);
    if (closer !== End) {
      line.goTo(starts[index]!);
      open.push({ index, lineStart: line.start, indent: line.indent });
      count(closer, 1);
      continue;
    }
    if (!isCloser(kind) || (counts.get(kind) ?? 0) === 0) continue;
    let opener = open.pop()!;
    while (closerOf(kinds[opener.index]!) !== kind) {
      count(closerOf(kinds[opener.index]!), -1);
      opener = open.pop()!;
    }
    count(kind, -1);
    partners.set(opener.index, index);
    partners.set(index, opener.index);
    if (suspect !== undefined || ends[index]! === starts[index]!) continue;
    line.goTo(starts[index]!);
    const beginsLine = line.start + line.indent === starts[index]!;
    if (beginsLine && line.start > opener.lineStart && line.indent < opener.indent) suspect = opener.index;
  }
  return { partners, suspect };
}

/** The line of an offset, for offsets that only grow: all of them together cost one scan, however long the lines are. */
class LineOf {
  start = 0;
  /** Blanks that the line begins with. */
  indent = 0;
  readonly #text: string;
  #end: number;

  constructor(text: string) {
    this.#text = text;
    this.#end = text.indexOf('\n');
    this.#measure();
  }

  goTo(offset: number): void {
    if (this.#end === -1 || this.#end >= offset) return;
    this.start = this.#text.lastIndexOf('\n', offset - 1) + 1;
    this.#end = this.#text.indexOf('\n', offset);
    this.#measure();
  }

  #measure(): void {
    BLANKS.lastIndex = this.start;
    BLANKS.test(this.#text);
    this.indent = BLANKS.lastIndex - this.start;
  }
}

const BLANKS = /[ \t\r\f\v]*/y;
