/**
 * The tokens of a file in order, with their comments and blank lines: what the formatter lays out. Every token and every comment is
 * handed out exactly once; that is why formatting can neither lose nor change them.
 */
import { Bug, type SourceFile } from '../base/index.ts';
import { type Doc, freshline, gap, hardline, raw } from './doc.ts';
import type { Token } from './tokens.ts';
import * as T from './tokens.ts';
import type { Comment } from './tree.ts';

export class TokenDocs {
  readonly #source: SourceFile;
  readonly #tokens: readonly Token[];
  /** Comments before each token, and those behind it on its line. */
  readonly #leading: Comment[][];
  readonly #trailing: Comment[][];
  #at = 0;

  constructor(source: SourceFile, tokens: readonly Token[], comments: readonly Comment[]) {
    this.#source = source;
    this.#tokens = tokens;
    this.#leading = tokens.map(() => []);
    this.#trailing = tokens.map(() => []);
    let index = 0;
    let behind = 0;
    for (const comment of comments) {
      while (
        tokens[index]!.startOffset < comment.start ||
        (tokens[index]!.startOffset === comment.start && tokens[index]!.tokenType === T.PathEnd)
      ) {
        behind = tokens[index]!.end;
        index++;
      }
      const isBehind = index > 0 && !this.#text(behind, comment.start).includes('\n') && this.#endsLine(comment);
      if (isBehind) {
        this.#trailing[index - 1]!.push(comment);
        behind = comment.end;
      } else {
        this.#leading[index]!.push(comment);
        behind = this.#source.text.length; // what comes after belongs to the next token as well
      }
    }
  }

  /** Whether only blanks follow on the comment's line. */
  #endsLine(comment: Comment): boolean {
    if (comment.text.startsWith('#')) return true;
    return /^[ \t\r]*(?:\n|$)/.test(this.#source.text.slice(comment.end, comment.end + 200));
  }

  #text(start: number, end: number): string {
    return this.#source.text.slice(start, end);
  }

  get next(): Token {
    return this.#tokens[this.#at]!;
  }

  peek(distance: number): Token | undefined {
    return this.#tokens[this.#at + distance];
  }

  /** The next token with its comments. */
  take(type?: T.TokenType): Doc {
    const { next } = this;
    if (type !== undefined && next.tokenType !== type)
      throw new Bug(`the formatter expected ${type.name}, met ${next.tokenType.name}`);
    return [this.takeLeading(), this.takeBare()];
  }

  /** The next token without the comments before it, which `takeLeading` has handed out. */
  takeBare(): Doc {
    const index = this.#at++;
    return [this.#tokens[index]!.image, this.#behind(index)];
  }

  /** The comments before the next token, each on lines of its own but for `/* … *\/` before text of the same line. */
  takeLeading(): Doc[] {
    const comments = this.#leading[this.#at]!;
    if (comments.length === 0) return [];
    this.#leading[this.#at] = [];
    const docs: Doc[] = [];
    comments.forEach((comment, index) => {
      const follower = comments[index + 1]?.start ?? this.next.startOffset;
      const between = this.#text(comment.end, follower);
      const isInline = !comment.text.startsWith('#') && !between.includes('\n');
      if (isInline && this.next.tokenType !== T.End) docs.push(gap, raw(comment.text), ' ');
      else
        docs.push(
          freshline,
          raw(comment.text.trimEnd()),
          hardline,
          isBlankLine(between) && this.next.tokenType !== T.End ? hardline : '',
        );
    });
    return docs;
  }

  /** Whether comments stand before the next token. */
  get hasLeading(): boolean {
    return this.#leading[this.#at]!.length > 0;
  }

  /** Whether a blank line stands before the next token and its comments. */
  get hasBlankBefore(): boolean {
    if (this.#at === 0) return false;
    const from = this.#trailing[this.#at - 1]!.at(-1)?.end ?? this.#tokens[this.#at - 1]!.end;
    return isBlankLine(this.#text(from, this.#leading[this.#at]![0]?.start ?? this.next.startOffset));
  }

  /** Whether the source goes on in a new line behind the next token. */
  get hasNewlineAfterNext(): boolean {
    return this.#text(this.next.end, this.peek(1)?.startOffset ?? this.next.end).includes('\n');
  }

  slice(start: number, end: number): string {
    return this.#text(start, end);
  }

  /** The source up to `end` as it is, comments within included. */
  takeVerbatim(end: number, layout: (text: string) => Doc = raw): Doc {
    const leading = this.takeLeading();
    const start = this.next.startOffset;
    let last = this.#at;
    while (
      this.next.end <= end &&
      (this.next.startOffset < end || this.next.tokenType === T.PathEnd) &&
      this.next.tokenType !== T.End
    ) {
      last = this.#at++;
    }
    return [leading, layout(this.#text(start, end)), this.#behind(last)];
  }

  /** Tokens from the next one to `end`, not taken. */
  tokensUntil(end: number): Token[] {
    const tokens: Token[] = [];
    for (let i = this.#at; this.#tokens[i]!.tokenType !== T.End && this.#tokens[i]!.end <= end; i++)
      tokens.push(this.#tokens[i]!);
    return tokens;
  }

  #behind(index: number): Doc {
    const comments = this.#trailing[index]!;
    if (comments.length === 0) return '';
    return comments.map((comment): Doc => ({ kind: 'suffix', text: ` ${comment.text.trimEnd()}` }));
  }
}

const isBlankLine = (text: string): boolean => text.indexOf('\n') !== text.lastIndexOf('\n');
