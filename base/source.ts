import { type Bytes, bytesToText } from './bytes.ts';

/** A text that errors can point into: a file, an `--expr` argument, a line of the repl. Offsets are bytes. */
export class SourceFile {
  /** As shown to people: a path relative to where the user stands, or `<expr>`. */
  readonly name: string;
  readonly text: Bytes;
  #lineStarts: number[] | undefined;

  constructor(name: string, text: Bytes) {
    this.name = name;
    this.text = text;
  }

  /** Line (1-based) and column (1-based, in characters, not bytes) of a byte offset. Cost: one scan of the file, once. */
  position(offset: number): { line: number; column: number } {
    const { line, start } = this.#lineAt(offset);
    return { line, column: bytesToText(this.text.slice(start, offset)).length + 1 };
  }

  /** As the language has positions in values (`__curPos`): the column in bytes. */
  bytePosition(offset: number): { line: number; column: number } {
    const { line, start } = this.#lineAt(offset);
    return { line, column: offset - start + 1 };
  }

  /** The bytes of a line (1-based) without its end. */
  line(line: number): Bytes {
    const starts = this.#starts();
    return this.text.slice(starts[line - 1]!, starts[line]).replace(/[\r\n]+$/, '');
  }

  /** The line that holds an offset, and where it begins. */
  #lineAt(offset: number): { line: number; start: number } {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, start: starts[low]! };
  }

  #starts(): number[] {
    if (this.#lineStarts) return this.#lineStarts;
    const starts = [0];
    for (const { 0: end, index } of this.text.matchAll(/\r\n?|\n/g)) starts.push(index + end.length);
    this.#lineStarts = starts;
    return starts;
  }
}

/** A half-open range of bytes in a source. */
export interface Span {
  readonly source: SourceFile;
  readonly start: number;
  readonly end: number;
}
