/**
 * Bytes → tokens. One pass, one character look-ahead, a stack of modes for strings and interpolations. Longest match as in
 * Nix's lexer, which decides `a-b/c` (a path), `a:b` (a URI) and `1.5/2` (a path). Never throws; cost linear in the text.
 */
import { type Bytes, bytesToText, Fault, type SourceFile } from '../base/index.ts';
import { isDigit, isIdPart, isIdStart, isLetter, isPathPart, isSpace, isUriPart } from './chars.ts';
import * as T from './tokens.ts';
import { Token } from './tokens.ts';
import type { Comment } from './tree.ts';

export interface Lexed {
  /** Ends with one `End` token. Between tokens there are only blanks, comments and bytes that a fault reports. */
  readonly tokens: Token[];
  readonly comments: Comment[];
  readonly faults: Fault[];
}

type Mode = 'code' | 'string' | 'indented' | 'path';

const FLOAT = /(?:[1-9][0-9]*\.[0-9]*|0?\.[0-9]+)(?:[Ee][+-]?[0-9]+)?/y;
const INDENTED_OPEN = /''(?: *\n)?/y;
const SEARCH_PATH = /<[a-zA-Z0-9._+-]+(?:\/[a-zA-Z0-9._+-]+)*>/y;

const PUNCTUATION: ReadonlyMap<string, T.TokenType> = new Map([
  ['(', T.ParenOpen],
  [')', T.ParenClose],
  ['[', T.BracketOpen],
  [']', T.BracketClose],
  [';', T.Semicolon],
  [',', T.Comma],
  [':', T.Colon],
  ['@', T.At],
  ['?', T.Question],
  ['=', T.Equals],
  ['!', T.Not],
]);
const TWO_CHARACTER_OPERATORS: ReadonlySet<string> = new Set(['==', '!=', '<=', '>=', '&&', '||', '->', '//', '++', '<|', '|>']);
const ONE_CHARACTER_OPERATORS = '+*/<>';

/** Splits a source into tokens and comments. */
export const lex = (source: SourceFile): Lexed => new Lexer(source).run();

class Lexer {
  readonly #source: SourceFile;
  readonly #text: Bytes;
  readonly #tokens: Token[] = [];
  readonly #comments: Comment[] = [];
  readonly #faults: Fault[] = [];
  /** What encloses the current place; `code` on top of a string is an interpolation, on top of code a brace. */
  readonly #modes: { mode: Mode; opener: Token | undefined }[] = [];
  #mode: Mode = 'code';
  #opener: Token | undefined;
  #at = 0;
  /** The end of the run of path characters around `#at`, and its last underscore: found once a run, so that the whole is linear. */
  #runEnd = 0;
  #runUnderscore = -1;

  constructor(source: SourceFile) {
    this.#source = source;
    this.#text = source.text;
  }

  run(): Lexed {
    const nul = this.#text.indexOf('\0');
    if (nul !== -1) {
      this.#fault('E-LANG-010', 'the source contains a NUL byte', nul, nul + 1, '', [
        'is this a text file? strings cannot hold NUL bytes',
      ]);
    }
    const end = this.#text.length;
    while (this.#at < end) {
      if (this.#mode === 'code') this.#code();
      else if (this.#mode === 'string') this.#string();
      else if (this.#mode === 'indented') this.#indented();
      else this.#pathRest();
    }
    if (this.#mode === 'path') this.#endPath();
    this.#reportOpen();
    this.#add(T.End, end, end);
    return { tokens: this.#tokens, comments: this.#comments, faults: this.#faults };
  }

  #code(): void {
    const text = this.#text;
    const start = this.#at;
    const code = text.charCodeAt(start);
    if (isSpace(code)) {
      this.#at++;
      return;
    }
    if (isPathPart(code) || code === 0x2f /* / */) {
      if (code === 0x2f && text.charCodeAt(start + 1) === 0x2a /* * */) {
        this.#blockComment();
        return;
      }
      if (this.#path(start) || this.#word(start, code)) return;
    }
    switch (code) {
      case 0x23 /* # */:
        {
          let end = start + 1;
          for (let c = text.charCodeAt(end); end < text.length && c !== 0x0a && c !== 0x0d; c = text.charCodeAt(end)) end++;
          this.#comments.push({ start, end, text: text.slice(start, end) });
          this.#at = end;
          return;
        }
      case 0x22 /* " */:
        this.#open(T.StringOpen, start, start + 1, 'string');
        return;
      case 0x7b /* { */:
        this.#open(T.BraceOpen, start, start + 1, 'code');
        return;
      case 0x7d /* } */:
        this.#add(T.BraceClose, start, start + 1);
        this.#close();
        return;
      case 0x27 /* ' */:
        if (text.charCodeAt(start + 1) === 0x27) {
          INDENTED_OPEN.lastIndex = start;
          INDENTED_OPEN.test(text);
          this.#open(T.IndentedOpen, start, INDENTED_OPEN.lastIndex, 'indented');
          return;
        }
        break;
      case 0x24 /* $ */:
        if (text.charCodeAt(start + 1) === 0x7b) {
          this.#open(T.Interpolation, start, start + 2, 'code');
          return;
        }
        break;
      case 0x3c /* < */:
        SEARCH_PATH.lastIndex = start;
        if (SEARCH_PATH.test(text)) {
          this.#add(T.SearchPath, start, SEARCH_PATH.lastIndex);
          return;
        }
        break;
      case 0x7e /* ~ */:
        if (this.#homePath(start)) return;
        break;
      case 0x2e /* . */:
        if (text.startsWith('...', start)) this.#add(T.Ellipsis, start, start + 3);
        else this.#add(T.Dot, start, start + 1);
        return;
    }
    const two = text.slice(start, start + 2);
    if (TWO_CHARACTER_OPERATORS.has(two)) {
      this.#add(T.Operator, start, start + 2);
      return;
    }
    const one = text[start]!;
    if (one === '-') this.#add(T.Minus, start, start + 1);
    else if (ONE_CHARACTER_OPERATORS.includes(one)) this.#add(T.Operator, start, start + 1);
    else {
      const type = PUNCTUATION.get(one);
      if (type === undefined) this.#strange(start);
      else this.#add(type, start, start + 1);
    }
  }

  /** Identifiers, keywords, numbers and URIs. */
  #word(start: number, code: number): boolean {
    const text = this.#text;
    if (isIdStart(code)) {
      const runEnd = this.#run(start);
      if (
        isLetter(code) &&
        text.charCodeAt(runEnd) === 0x3a /* : */ &&
        isUriPart(text.charCodeAt(runEnd + 1)) &&
        this.#runUnderscore < start
      ) {
        let end = runEnd + 2;
        while (isUriPart(text.charCodeAt(end))) end++;
        this.#add(T.Uri, start, end);
        return true;
      }
      let end = start + 1;
      while (isIdPart(text.charCodeAt(end))) end++;
      const image = text.slice(start, end);
      this.#tokens.push(new Token(T.keywords.get(image) ?? T.Ident, image, start, end));
      this.#at = end;
      return true;
    }
    if (isDigit(code) || (code === 0x2e && isDigit(text.charCodeAt(start + 1)))) {
      let end = start;
      while (isDigit(text.charCodeAt(end))) end++;
      FLOAT.lastIndex = start;
      if (FLOAT.test(text) && FLOAT.lastIndex > end) this.#add(T.Float, start, FLOAT.lastIndex);
      else this.#add(T.Int, start, end);
      return true;
    }
    return false;
  }

  /** The end of the run of path characters that holds `start`. */
  #run(start: number): number {
    if (start >= this.#runEnd) {
      let end = start;
      let underscore = -1;
      for (let c = this.#text.charCodeAt(end); isPathPart(c); c = this.#text.charCodeAt(++end)) if (c === 0x5f) underscore = end;
      this.#runEnd = end;
      this.#runUnderscore = underscore;
    }
    return Math.max(this.#runEnd, start);
  }

  /** `a/b`, `./a`, `/a` or, before an interpolation, `a/`. */
  #path(start: number): boolean {
    const text = this.#text;
    let at = this.#run(start);
    if (text.charCodeAt(at) !== 0x2f) return false;
    if (isPathPart(text.charCodeAt(at + 1))) {
      at = this.#segments(at);
    } else if (text.startsWith('${', at + 1)) at++;
    else return false;
    this.#open(T.PathStart, start, at, 'path');
    return true;
  }

  #homePath(start: number): boolean {
    if (this.#text.charCodeAt(start + 1) !== 0x2f) return false;
    const next = this.#text.charCodeAt(start + 2);
    if (isPathPart(next)) this.#open(T.PathStart, start, this.#segments(start + 1), 'path');
    else if (this.#text.startsWith('${', start + 2)) this.#open(T.PathStart, start, start + 2, 'path');
    else return false;
    return true;
  }

  /** The end of `(/part)+/?` from `at`, where a slash stands. */
  #segments(at: number): number {
    while (this.#text.charCodeAt(at) === 0x2f && isPathPart(this.#text.charCodeAt(at + 1))) at = this.#run(at + 1);
    return this.#text.charCodeAt(at) === 0x2f ? at + 1 : at;
  }

  #pathRest(): void {
    const text = this.#text;
    const start = this.#at;
    let end = start;
    for (let c = text.charCodeAt(end); isPathPart(c) || c === 0x2f; c = text.charCodeAt(++end));
    if (end > start) this.#add(T.Text, start, end);
    else if (text.startsWith('${', start)) this.#open(T.Interpolation, start, start + 2, 'code');
    else this.#endPath();
  }

  #endPath(): void {
    const at = this.#at;
    if (this.#text[at - 1] === '/') {
      this.#fault('E-LANG-016', 'a path cannot end in a slash', this.#opener?.startOffset ?? at, at, '', [
        'remove the last slash',
      ]);
    } else if (this.#tokens.at(-2) === this.#opener && this.#tokens.at(-1)?.tokenType === T.Text) {
      this.#fault('E-LANG-016', 'a path cannot contain two slashes in a row', this.#opener!.startOffset, at, '', [
        'write one slash',
        "for the update operator '//' put blanks around it",
      ]);
    }
    this.#add(T.PathEnd, at, at);
    this.#close();
  }

  #string(): void {
    const text = this.#text;
    const start = this.#at;
    const length = text.length;
    let at = start;
    let stop: '"' | '${' | undefined;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (code === 0x22) {
        stop = '"';
        break;
      }
      if (code === 0x5c) at += 2;
      else if (code === 0x24) {
        const next = text.charCodeAt(at + 1);
        if (next === 0x7b) {
          stop = '${';
          break;
        }
        at += next === 0x22 || next === 0x5c ? 1 : 2;
      } else at++;
    }
    at = Math.min(at, length);
    if (at > start) this.#add(T.Text, start, at);
    this.#endOfPiece(stop, T.StringClose);
  }

  #indented(): void {
    const text = this.#text;
    const start = this.#at;
    const length = text.length;
    let at = start;
    let escapeLength = 0;
    let stop: "''" | '${' | undefined;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (code === 0x27) {
        const next = text.charCodeAt(at + 1);
        if (next === 0x27) {
          const third = text.charCodeAt(at + 2);
          if (third === 0x24 || third === 0x27) escapeLength = 3;
          else if (third === 0x5c && at + 3 < length) escapeLength = 4;
          else stop = "''";
          break;
        }
        if (next === 0x24 || Number.isNaN(next)) {
          escapeLength = 1;
          break;
        }
        at += 2;
      } else if (code === 0x24) {
        const next = text.charCodeAt(at + 1);
        if (next === 0x7b) {
          stop = '${';
          break;
        }
        if (next === 0x27 || Number.isNaN(next)) {
          escapeLength = 1;
          break;
        }
        at += 2;
      } else at++;
    }
    if (at > start) this.#add(T.Text, start, at);
    if (escapeLength > 0) this.#add(T.IndentedEscape, at, at + escapeLength);
    else this.#endOfPiece(stop, T.IndentedClose);
  }

  #endOfPiece(stop: string | undefined, closer: T.TokenType): void {
    if (stop === undefined) return; // the end of the file: #reportOpen says so
    if (stop === '${') this.#open(T.Interpolation, this.#at, this.#at + 2, 'code');
    else {
      this.#add(closer, this.#at, this.#at + stop.length);
      this.#close();
    }
  }

  #blockComment(): void {
    const start = this.#at;
    const close = this.#text.indexOf('*/', start + 2);
    const end = close === -1 ? this.#text.length : close + 2;
    this.#comments.push({ start, end, text: this.#text.slice(start, end) });
    this.#at = end;
    if (close === -1)
      this.#fault('E-LANG-006', 'this comment is never closed', start, start + 2, 'opened here', ["close it with '*/'"]);
  }

  /** A byte that begins no token. Neighbours of the same kind are reported together. */
  #strange(start: number): void {
    const text = this.#text;
    let end = start + 1;
    if (text.charCodeAt(start) >= 0x80) while (text.charCodeAt(end) >= 0x80) end++;
    else while (text[end] === text[start]) end++;
    this.#at = end;
    if (text[start] === '\0') return; // said once, for the whole file
    const shown = bytesToText(text.slice(start, end));
    this.#fault('E-LANG-008', `unexpected character '${printable(shown)}'`, start, end, '', strangeHints(shown));
  }

  #add(type: T.TokenType, start: number, end: number): Token {
    const token = new Token(type, this.#text.slice(start, end), start, end);
    this.#tokens.push(token);
    this.#at = end;
    return token;
  }

  #open(type: T.TokenType, start: number, end: number, mode: Mode): void {
    this.#modes.push({ mode: this.#mode, opener: this.#opener });
    this.#opener = this.#add(type, start, end);
    this.#mode = mode;
  }

  #close(): void {
    const outer = this.#modes.pop();
    if (outer === undefined) return; // a stray '}': the parser reports it
    this.#mode = outer.mode;
    this.#opener = outer.opener;
  }

  /** At the end of the text: closes strings with empty tokens, so that the parser has whole ones, and reports the innermost. */
  #reportOpen(): void {
    const end = this.#text.length;
    let isReported = false;
    for (let opener = this.#opener; opener !== undefined; opener = this.#opener) {
      const type = opener.tokenType;
      const isText = this.#mode === 'string' || this.#mode === 'indented';
      if (!isReported && (isText || type === T.Interpolation)) {
        isReported = true;
        this.#reportUnclosed(this.#forgottenInterpolation(opener) ?? opener);
      }
      if (isText || this.#mode === 'path' || type === T.Interpolation) this.#add(T.closers.get(type)!, end, end);
      this.#close();
    }
  }

  #reportUnclosed(opener: Token): void {
    const culprit = opener.tokenType === T.StringOpen ? (this.#likelyUnclosed() ?? opener) : opener;
    const { startOffset: start } = culprit;
    if (opener.tokenType === T.Interpolation) {
      this.#fault('E-LANG-007', "this '${' is never closed", start, start + 2, 'opened here', [
        "close it with '}'",
        "for a literal '${' write '\\${', in an indented string \"''${\"",
      ]);
    } else if (opener.tokenType === T.IndentedOpen) {
      this.#fault('E-LANG-005', 'this indented string is never closed', start, start + 2, 'opened here', [
        "close it with two quotes: ''",
      ]);
    } else {
      this.#fault('E-LANG-005', 'this string is never closed', start, start + 1, 'opened here', ["close it with '\"'"]);
    }
  }

  /** In `"${name"` the last quote opens a string within the interpolation; what is missing is the `}` before it. */
  #forgottenInterpolation(opener: Token): Token | undefined {
    const around = this.#modes.at(-1)?.opener;
    const isWithin = opener.tokenType === T.StringOpen && around?.tokenType === T.Interpolation;
    return isWithin && !this.#text.slice(around.end, opener.startOffset).includes('\n') ? around : undefined;
  }

  /**
   * A forgotten quote makes every later string begin where it should end, so the last opened one is rarely the culprit. That is
   * the first that runs over a line end and whose end is followed at once by a letter, as in `"abc;⏎ b = "def`.
   */
  #likelyUnclosed(): Token | undefined {
    let opener: Token | undefined;
    for (const token of this.#tokens) {
      if (token.tokenType === T.StringOpen) opener = token;
      else if (token.tokenType === T.StringClose && opener !== undefined) {
        const isSuspect =
          isIdStart(this.#text.charCodeAt(token.end)) && this.#text.slice(opener.end, token.startOffset).includes('\n');
        if (isSuspect) return opener;
        opener = undefined;
      }
    }
    return undefined;
  }

  #fault(code: Fault['code'], message: string, start: number, end: number, label: string, hints: readonly string[]): void {
    this.#faults.push(new Fault(code, message, { labels: [{ source: this.#source, start, end, text: label }], hints }));
  }
}

const printable = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

function strangeHints(text: string): string[] {
  if (/[“”„]/.test(text)) return ["write the straight quote '\"'; this one comes from a word processor"];
  if (/[‘’]/.test(text)) return ["write two straight quotes '' for an indented string"];
  if (text.includes('\u00a0') || text.includes('\ufeff')) return ['it is invisible: delete it and type a blank'];
  switch (text[0]) {
    case '&':
      return ["'and' is '&&'"];
    case '|':
      return ["'or' is '||'"];
    case "'":
      return ["strings are written with '\"' or with two single quotes"];
    case '`':
      return ["strings are written with '\"'"];
    case '$':
      return ["a variable is written without '$'; in a string, '${name}'"];
    case '%':
      return ['there is no remainder operator; see `lib.mod`'];
    case '^':
      return ['there is no power operator'];
    case '~':
      return ["a path in the home folder is written '~/name'"];
    case '\\':
      return ["a function is written 'x: body'"];
    default:
      return text.charCodeAt(0) > 127 ? ['names are ASCII; put other text in quotes'] : [];
  }
}
