import type { Bytes } from '../../../base/index.ts';

/** What is wrong with a text, and at which byte. */
export class TomlError extends Error {
  readonly at: number;
  /** What Nix says, where it says something else. Bytes. */
  readonly headline: Bytes | undefined;
  constructor(message: string, at: number, headline?: Bytes) {
    super(message);
    this.at = at;
    this.headline = headline;
  }
}

/** A place in a TOML text, with what moves over blanks and comments. */
export class Cursor {
  readonly text: Bytes;
  at = 0;
  /** Dates and times are values; otherwise they are an error. */
  readonly hasTimestamps: boolean;

  constructor(text: Bytes, options: { readonly hasTimestamps?: boolean } = {}) {
    this.text = text;
    this.hasTimestamps = options.hasTimestamps === true;
  }

  isAtEnd(): boolean {
    return this.at >= this.text.length;
  }

  isAt(token: string): boolean {
    return this.text.startsWith(token, this.at);
  }

  take(token: string): boolean {
    if (!this.isAt(token)) return false;
    this.at += token.length;
    return true;
  }

  expect(token: string, otherwise: string): void {
    if (!this.take(token)) throw this.error(otherwise);
  }

  /** `pattern` must be sticky. Moves behind what it matches. */
  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text) ?? undefined;
    if (found !== undefined) this.at += found[0].length;
    return found;
  }

  skipSpace(): void {
    this.match(/[ \t]+/y);
  }

  /** Blanks, ends of lines and comments. */
  skipBlank(): void {
    for (;;) {
      this.match(/(?:[ \t\n]|\r\n)+/y);
      if (!this.isAt('#')) return;
      this.comment();
    }
  }

  /** What may stand behind a definition on its line. */
  endLine(): void {
    this.skipSpace();
    if (this.isAt('#')) this.comment();
    if (!this.isAtEnd() && this.match(/\r?\n/y) === undefined) throw this.error('the line should end here');
  }

  comment(): void {
    this.match(/#[^\x00-\x08\x0a-\x1f\x7f]*/y);
    if (!this.isAtEnd() && !this.isAt('\n') && !this.isAt('\r\n')) throw this.error('a control character in a comment');
  }

  error(message: string, at: number = this.at): TomlError {
    return new TomlError(at >= this.text.length ? `${message}, but the text ends` : message, at);
  }

  fail(message: string): never {
    throw this.error(message);
  }
}
