/**
 * The tokens of a file in order, with their comments and blank lines: what the formatter lays out. Every token and every comment is
 * handed out exactly once; that is why formatting can neither lose nor change them.
 */
import { Bug } from '../base/index.ts';
import { calmSuffix, type Doc, freshline, gap, hardline, raw, suffix } from './doc.ts';
import * as K from './kinds.ts';
import type { Tokens } from './tokens.ts';

export class TokenDocs {
  readonly tokens: Tokens;
  readonly #text: string;
  readonly #kinds: Uint8Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** Index in `commentPlaces` of the first comment before a token, and of the first behind it on its line; runs end where the next begins. */
  readonly #leading: Map<number, number[]>;
  readonly #trailing: Map<number, number[]>;
  /** Index of the next token. */
  at = 0;

  constructor(tokens: Tokens) {
    this.tokens = tokens;
    this.#text = tokens.text;
    this.#kinds = tokens.kinds;
    this.#starts = tokens.starts;
    this.#ends = tokens.ends;
    this.#leading = new Map();
    this.#trailing = new Map();
    const places = tokens.commentPlaces;
    let index = 0;
    let behind = 0;
    for (let comment = 0; comment < places.length; comment += 2) {
      const start = places[comment]!;
      while (this.#starts[index]! < start || (this.#starts[index] === start && this.#kinds[index] === K.PathEnd)) {
        behind = this.#ends[index]!;
        index++;
      }
      const isBehind = index > 0 && behind !== -1 && !this.#hasNewline(behind, start) && this.#endsLine(comment);
      if (isBehind) {
        append(this.#trailing, index - 1, comment);
        behind = places[comment + 1]!;
      } else {
        append(this.#leading, index, comment);
        behind = -1; // what comes after belongs to the next token as well
      }
    }
  }

  #comment(comment: number): string {
    return this.#text.slice(this.tokens.commentPlaces[comment], this.tokens.commentPlaces[comment + 1]);
  }

  /** Whether only blanks follow on the comment's line. */
  #endsLine(comment: number): boolean {
    if (this.#text.charCodeAt(this.tokens.commentPlaces[comment]!) === 0x23) return true;
    for (let at = this.tokens.commentPlaces[comment + 1]!; ; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x0a || Number.isNaN(code)) return true;
      if (code !== 0x20 && code !== 0x09 && code !== 0x0d) return false;
    }
  }

  /** How many line ends stand in a piece of the source, two at most. */
  #newlines(start: number, end: number): number {
    let count = 0;
    for (let at = start; at < end && count < 2; at++) if (this.#text.charCodeAt(at) === 0x0a) count++;
    return count;
  }

  #hasNewline(start: number, end: number): boolean {
    return this.#newlines(start, end) > 0;
  }

  /** The kind of the next token. */
  get kind(): number {
    return this.#kinds[this.at]!;
  }

  get lastKind(): number {
    return this.#kinds[this.at - 1]!;
  }

  get start(): number {
    return this.#starts[this.at]!;
  }

  /** The next token with its comments. */
  take(kind?: number): Doc {
    if (kind !== undefined && this.kind !== kind)
      throw new Bug(`the formatter expected a token of kind ${kind}, met ${this.kind} at byte ${this.start}`);
    if (!this.#leading.has(this.at)) return this.takeBare();
    return [this.takeLeading(), this.takeBare()];
  }

  /** The next token without the comments before it, which `takeLeading` has handed out. */
  takeBare(): Doc {
    const image = this.takeImage();
    return this.#trailing.has(this.at - 1) ? [image, this.takeBehind()] : image;
  }

  /** The next token alone; `takeBehind` hands out what stands behind it. */
  takeImage(): string {
    const index = this.at++;
    return this.#text.slice(this.#starts[index], this.#ends[index]);
  }

  /** The comments behind the token that was taken last: they break the groups that they are in. */
  takeBehind(): Doc {
    return this.#behind(this.at - 1);
  }

  /** The comments before the next token, each on lines of its own but for `/* … *\/` before text of the same line. */
  takeLeading(): Doc[] {
    const comments = this.#leading.get(this.at);
    if (comments === undefined) return [];
    this.#leading.delete(this.at);
    const places = this.tokens.commentPlaces;
    const docs: Doc[] = [];
    comments.forEach((comment, index) => {
      const text = this.#comment(comment);
      const next = comments[index + 1];
      const newlines = this.#newlines(places[comment + 1]!, next === undefined ? this.start : places[next]!);
      const isInline = newlines === 0 && !text.startsWith('#');
      if (isInline && this.kind !== K.End) docs.push(gap, raw(text), ' ');
      else
        docs.push(
          freshline,
          raw(text.trimEnd()),
          hardline,
          newlines > 1 && (next !== undefined || this.kind !== K.End) ? hardline : '',
        );
    });
    return docs;
  }

  /** Whether comments stand before the next token. */
  get hasLeading(): boolean {
    return this.#leading.has(this.at);
  }

  /** Whether a comment stands before the next token that is not one of its line, as `/* lua *\/` is before a string. */
  get hasCommentLine(): boolean {
    const comments = this.#leading.get(this.at);
    if (comments === undefined) return false;
    if (this.#hasNewline(this.tokens.commentPlaces[comments[0]!]!, this.start)) return true;
    return comments.some((comment) => this.#comment(comment).startsWith('#'));
  }

  /** Whether a blank line stands before the next token and its comments. */
  get hasBlankBefore(): boolean {
    if (this.at === 0) return false;
    const places = this.tokens.commentPlaces;
    const behind = this.#trailing.get(this.at - 1)?.at(-1);
    const before = this.#leading.get(this.at)?.[0];
    const from = behind === undefined ? this.#ends[this.at - 1]! : places[behind + 1]!;
    return this.#newlines(from, before === undefined ? this.start : places[before]!) > 1;
  }

  /** Whether the next token begins a line of the source. */
  get hasNewlineBefore(): boolean {
    return this.at > 0 && this.#hasNewline(this.#ends[this.at - 1]!, this.start);
  }

  /** Whether the source goes on in a new line behind the next token. */
  get hasNewlineAfterNext(): boolean {
    return this.#hasNewline(this.#ends[this.at]!, this.#starts[this.at + 1]!);
  }

  /** Whether a piece of the source goes over lines. */
  isOverLines({ start, end }: { readonly start: number; readonly end: number }): boolean {
    return this.#hasNewline(start, end);
  }

  /** Whether parentheses stand around what is from `start` to `end`. Cost: a binary search. */
  isParenthesised(start: number, end: number): boolean {
    let low = this.at;
    let high = this.tokens.count - 1;
    // an expression that begins before the next token begins with one that was taken
    if (this.#starts[low]! > start) {
      high = low;
      low = 0;
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! < start) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || this.#kinds[low - 1] !== K.ParenOpen) return false;
    let at = low;
    high = this.tokens.count - 1;
    while (at < high) {
      const middle = (at + high) >> 1;
      if (this.#starts[middle]! < end) at = middle + 1;
      else high = middle;
    }
    return this.#kinds[at] === K.ParenClose || (this.#kinds[at] === K.PathEnd && this.#kinds[at + 1] === K.ParenClose);
  }

  /** The source up to `end` as it is, comments within included. */
  takeVerbatim(end: number, layout: (text: string) => Doc = raw): Doc {
    const leading = this.takeLeading();
    const { start } = this;
    let last = this.at;
    while (this.#ends[this.at]! <= end && (this.start < end || this.kind === K.PathEnd) && this.kind !== K.End) last = this.at++;
    const doc = layout(this.#text.slice(start, end));
    return leading.length === 0 && !this.#trailing.has(last) ? doc : [leading, doc, this.#behind(last)];
  }

  #behind(index: number, put: (text: string) => Doc = suffix): Doc {
    const comments = this.#trailing.get(index);
    if (comments === undefined) return '';
    return comments.map((comment): Doc => put(` ${this.#comment(comment).trimEnd()}`));
  }

  /** The comments behind an expression that begins with the next token, parentheses around it included; before they are met. */
  takeBehindOf({ start, end }: { readonly start: number; readonly end: number }): Doc {
    if (this.#trailing.size === 0) return '';
    let nParens = 0;
    while (this.#starts[this.at + nParens]! < start) nParens++;
    const last = this.#indexAt(end, this.#ends) + nParens;
    const comments = this.#behind(last, calmSuffix);
    this.#trailing.delete(last);
    return comments;
  }

  /** The first token from the next one on with an offset not below `offset`. */
  #indexAt(offset: number, offsets: Int32Array): number {
    let low = this.at;
    let high = this.tokens.count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (offsets[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function append(map: Map<number, number[]>, key: number, value: number): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
