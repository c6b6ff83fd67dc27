/**
 * Byte offsets ↔ positions of the protocol: line and character, both from 0, characters counted in the units that client and
 * server agreed on. Line ends are `\n`, `\r\n` and `\r`, whatever the platform.
 */
import { type Bytes, isAscii } from '../../base/index.ts';

export type Encoding = 'utf-8' | 'utf-16' | 'utf-32';

export interface Position {
  readonly line: number;
  readonly character: number;
}

export interface Range {
  readonly start: Position;
  readonly end: Position;
}

/** The lines of one text. Cost: one scan when made, then a line a question; of positions in the order of the text, a line for all in it. */
export class Lines {
  readonly text: Bytes;
  readonly #encoding: Encoding;
  readonly #starts: number[] = [0];
  /** Where the last position was asked for, or the character around it begins, and the units of its line before that. */
  #last = { line: 0, at: 0, units: 0 };

  constructor(text: Bytes, encoding: Encoding) {
    this.text = text;
    this.#encoding = encoding;
    for (const match of text.matchAll(/\r\n|\n|\r/g)) this.#starts.push(match.index + match[0].length);
  }

  /** The position of a byte; inside a character, the character's. Beyond the text: its end. */
  position(offset: number): Position {
    const starts = this.#starts;
    const at = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return { line: low, character: this.#encoding === 'utf-8' ? at - starts[low]! : this.#units(low, at) };
  }

  /** The byte of a position. Behind the end of a line: its end; behind the last line: the end of the text. */
  offset({ line, character }: Position): number {
    const start = this.#starts[line];
    if (start === undefined || line < 0) return line < 0 ? 0 : this.text.length;
    const next = this.#starts[line + 1] ?? this.text.length + 1;
    const ended = this.text.slice(start, next).replace(/\r?\n$|\r$/, '');
    if (this.#encoding === 'utf-8' || isAscii(ended)) return start + Math.max(0, Math.min(character, ended.length));
    let units = 0;
    let at = 0;
    while (at < ended.length) {
      const bytes = characterLength(ended, at);
      units += this.#width(bytes);
      if (units > character) break;
      at += bytes;
    }
    return start + at;
  }

  range(start: number, end: number): Range {
    return { start: this.position(start), end: this.position(end) };
  }

  #units(line: number, offset: number): number {
    const last = this.#last;
    let { at, units } = last.line === line && last.at <= offset ? last : { at: this.#starts[line]!, units: 0 };
    if (isAscii(this.text.slice(at, offset))) {
      units += offset - at;
      at = offset;
    }
    while (at < offset) {
      const bytes = characterLength(this.text, at);
      if (at + bytes > offset) break;
      units += this.#width(bytes);
      at += bytes;
    }
    this.#last = { line, at, units };
    return units;
  }

  #width(bytes: number): number {
    return this.#encoding === 'utf-16' && bytes === 4 ? 2 : 1;
  }
}

/** Bytes of the UTF-8 sequence that begins here; what is not UTF-8 counts byte by byte. */
function characterLength(text: Bytes, at: number): number {
  const first = text.charCodeAt(at);
  const length = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  for (let i = 1; i < length; i++) if ((text.charCodeAt(at + i) & 0xc0) !== 0x80) return 1; // NaN & … is 0
  return length;
}
