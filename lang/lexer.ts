/**
 * Bytes → tokens. One pass, one character look-ahead, a stack of modes for strings and interpolations. Longest match as in
 * Nix's lexer, which decides `a-b/c` (a path), `a:b` (a URI) and `1.5/2` (a path). Never throws; cost linear in the text. What no
 * token begins with becomes an `Invalid` one; the parser reports it.
 */
import type { Bytes } from '../base/index.ts';
import { isDigit, isIdPart, isIdStart, isLetter, isPathPart, isSpace, isUriPart, isWordPart } from './chars.ts';
import * as K from './kinds.ts';
import { Tokens } from './tokens.ts';

const CODE = 0;
const STRING = 1;
const INDENTED = 2;
const PATH = 3;

const FLOAT = /(?:[1-9][0-9]*\.[0-9]*|0?\.[0-9]+)(?:[Ee][+-]?[0-9]+)?/y;
const INDENTED_OPEN = /''(?: *\n)?/y;
const SEARCH_PATH = /<[a-zA-Z0-9._+-]+(?:\/[a-zA-Z0-9._+-]+)*>/y;

/** Splits a text into tokens and comments; strings, paths and interpolations that are never closed just end. */
export const lex = (text: Bytes): Tokens => new Lexer(text, new Tokens(text, text.length >> 2)).run(0, text.length);

/** The same in the place of what `into` held. */
export const lexInto = (into: Tokens, text: Bytes): Tokens => lexPart(into, text, 0, text.length);

/** The tokens of a whole expression within a text, in the place of what `into` held. */
export function lexPart(into: Tokens, text: Bytes, start: number, end: number): Tokens {
  into.clear(text);
  return new Lexer(text, into).run(start, end);
}

/**
 * The tokens of a text of which some expressions are passed over: each is one `Deferred`.
 *
 * @param gaps  three numbers for each, in order: where it starts and ends, and before these where the name that is bound to it starts,
 *              if nothing but `=` is between; else its start once more
 */
export const lexAround = (text: Bytes, gaps: Int32Array): Tokens =>
  new Lexer(text, new Tokens(text, 2 * gaps.length), gaps).run(0, text.length);

class Lexer {
  readonly #text: Bytes;
  readonly #tokens: Tokens;
  /** What encloses the current place; `CODE` on top of a string is an interpolation, on top of code a brace. */
  readonly #modes: number[] = [];
  #mode = CODE;
  #at = 0;
  /** The end of the run of path characters around `#at`, and its last underscore: found once a run, so that the whole is linear. */
  #runEnd = 0;
  #runUnderscore = -1;
  readonly #gaps: Int32Array | undefined;
  #nextGap = 0;
  /** Where the next gap begins. */
  #gapStart = -1;

  constructor(text: Bytes, tokens: Tokens, gaps?: Int32Array) {
    this.#text = text;
    this.#tokens = tokens;
    this.#gaps = gaps;
    if (gaps !== undefined && gaps.length > 0) this.#gapStart = gaps[0]!;
  }

  run(start: number, end: number): Tokens {
    this.#at = start;
    while (this.#at < end) {
      if (this.#mode === CODE) this.#code(end);
      else if (this.#mode === STRING) this.#string();
      else if (this.#mode === INDENTED) this.#indented();
      else this.#pathRest();
    }
    if (this.#mode === PATH) this.#add(K.PathEnd, end);
    this.#tokens.finish(end);
    return this.#tokens;
  }

  /** Reads tokens until the mode changes. */
  #code(length: number): void {
    const text = this.#text;
    do {
      const start = this.#at;
      const code = text.charCodeAt(start);
      if (isSpace(code)) {
        let at = start + 1;
        while (at < length && isSpace(text.charCodeAt(at))) at++;
        this.#at = at;
        continue;
      }
      if (start === this.#gapStart) {
        this.#passGap();
        continue;
      }
      if (isIdStart(code)) {
        this.#word(start, code);
        continue;
      }
      switch (code) {
        case 0x23 /* # */:
          this.#lineComment(start);
          break;
        case 0x22 /* " */:
          this.#open(K.StringOpen, start + 1, STRING);
          break;
        case 0x7b /* { */:
          this.#open(K.BraceOpen, start + 1, CODE);
          break;
        case 0x7d /* } */:
          this.#add(K.BraceClose, start + 1);
          this.#close();
          break;
        case 0x28 /* ( */:
          this.#add(K.ParenOpen, start + 1);
          break;
        case 0x29 /* ) */:
          this.#add(K.ParenClose, start + 1);
          break;
        case 0x5b /* [ */:
          this.#add(K.BracketOpen, start + 1);
          break;
        case 0x5d /* ] */:
          this.#add(K.BracketClose, start + 1);
          break;
        case 0x3b /* ; */:
          this.#add(K.Semicolon, start + 1);
          break;
        case 0x3d /* = */:
          this.#oneOrTwo(K.Equals, 0x3d, K.Equal);
          break;
        case 0x2e /* . */:
          if (this.#path(start) || this.#number(start)) break;
          if (text.startsWith('...', start)) this.#add(K.Ellipsis, start + 3);
          else this.#add(K.Dot, start + 1);
          break;
        case 0x2c /* , */:
          this.#add(K.Comma, start + 1);
          break;
        case 0x3a /* : */:
          this.#add(K.Colon, start + 1);
          break;
        case 0x27 /* ' */:
          if (text.charCodeAt(start + 1) === 0x27) {
            INDENTED_OPEN.lastIndex = start;
            INDENTED_OPEN.test(text);
            this.#open(K.IndentedOpen, INDENTED_OPEN.lastIndex, INDENTED);
          } else this.#strange(start);
          break;
        case 0x24 /* $ */:
          if (text.charCodeAt(start + 1) === 0x7b) this.#open(K.Interpolation, start + 2, CODE);
          else this.#strange(start);
          break;
        case 0x2f /* / */:
          this.#slash(start);
          break;
        case 0x2b /* + */:
          if (!this.#path(start)) this.#oneOrTwo(K.Plus, 0x2b, K.Concat);
          break;
        case 0x2d /* - */:
          if (!this.#path(start)) this.#oneOrTwo(K.Minus, 0x3e, K.Implies);
          break;
        case 0x2a /* * */:
          this.#add(K.Times, start + 1);
          break;
        case 0x3f /* ? */:
          this.#add(K.Question, start + 1);
          break;
        case 0x40 /* @ */:
          this.#add(K.At, start + 1);
          break;
        case 0x21 /* ! */:
          this.#oneOrTwo(K.Not, 0x3d, K.NotEqual);
          break;
        case 0x3c /* < */:
          SEARCH_PATH.lastIndex = start;
          if (SEARCH_PATH.test(text)) this.#add(K.SearchPath, SEARCH_PATH.lastIndex);
          else if (text.charCodeAt(start + 1) === 0x7c) this.#add(K.PipeFrom, start + 2);
          else this.#oneOrTwo(K.Less, 0x3d, K.LessEqual);
          break;
        case 0x3e /* > */:
          this.#oneOrTwo(K.Greater, 0x3d, K.GreaterEqual);
          break;
        case 0x26 /* & */:
          if (text.charCodeAt(start + 1) === 0x26) this.#add(K.AndOp, start + 2);
          else this.#strange(start);
          break;
        case 0x7c /* | */:
          if (text.charCodeAt(start + 1) === 0x7c) this.#add(K.OrOp, start + 2);
          else if (text.charCodeAt(start + 1) === 0x3e) this.#add(K.PipeInto, start + 2);
          else this.#strange(start);
          break;
        case 0x7e /* ~ */:
          if (!this.#homePath(start)) this.#strange(start);
          break;
        default:
          if (!isDigit(code)) this.#strange(start);
          else if (!this.#path(start)) this.#number(start);
      }
    } while (this.#mode === CODE && this.#at < length);
  }

  #passGap(): void {
    const gaps = this.#gaps!;
    const next = this.#nextGap;
    const start = gaps[next + 1]!;
    const close = gaps[next + 2]!;
    const name = this.#at;
    // What cannot be is not passed, nor is anything behind it: who asked for these gaps counts them.
    if (start < name || close <= start || close > this.#text.length) {
      this.#gapStart = -1;
      return;
    }
    if (name < start) {
      const end = this.#endOfBound(name, start);
      if (end === -1) {
        this.#gapStart = -1;
        return;
      }
      this.#tokens.push(K.Bound, name, end);
      this.#at = start;
    }
    this.#add(K.Deferred, close);
    this.#nextGap = next + 3;
    this.#gapStart = this.#nextGap < gaps.length ? gaps[this.#nextGap]! : -1;
  }

  /** The end of the name at `name`, if nothing but `=` stands between it and `start`; else -1. */
  #endOfBound(name: number, start: number): number {
    const text = this.#text;
    let end = name;
    while (isIdPart(text.charCodeAt(end))) end++;
    let at = end;
    while (isSpace(text.charCodeAt(at))) at++;
    if (text.charCodeAt(at) !== 0x3d) return -1;
    at++;
    while (isSpace(text.charCodeAt(at))) at++;
    return at === start && isIdStart(text.charCodeAt(name)) && K.wordKind(text, name, end) === K.Ident ? end : -1;
  }

  #oneOrTwo(one: number, second: number, two: number): void {
    const start = this.#at;
    if (this.#text.charCodeAt(start + 1) === second) this.#add(two, start + 2);
    else this.#add(one, start + 1);
  }

  #slash(start: number): void {
    const next = this.#text.charCodeAt(start + 1);
    if (next === 0x2a /* * */) this.#blockComment(start);
    else if (this.#path(start)) return;
    else if (next === 0x2f) this.#add(K.Update, start + 2);
    else this.#add(K.Divide, start + 1);
  }

  /** Identifiers and keywords; also paths and URIs that begin with a letter or underscore. */
  #word(start: number, code: number): void {
    const text = this.#text;
    let end = start + 1;
    while (isWordPart(text.charCodeAt(end))) end++;
    const after = text.charCodeAt(end);
    // Nearly always what follows decides at once that this is no path and no URI.
    if (after === 0x2e || after === 0x2b || after === 0x2f) {
      if (this.#path(start)) return;
      if (isLetter(code) && this.#uri(start)) return;
    } else if (after === 0x3a && isLetter(code) && this.#uri(start)) return;
    else if (after === 0x27) {
      while (isIdPart(text.charCodeAt(end))) end++;
    }
    this.#tokens.push(K.wordKind(text, start, end), start, end);
    this.#at = end;
  }

  #uri(start: number): boolean {
    const text = this.#text;
    const runEnd = this.#run(start);
    if (text.charCodeAt(runEnd) !== 0x3a || !isUriPart(text.charCodeAt(runEnd + 1)) || this.#runUnderscore >= start) return false;
    let end = runEnd + 2;
    while (isUriPart(text.charCodeAt(end))) end++;
    this.#add(K.Uri, end);
    return true;
  }

  #number(start: number): boolean {
    const text = this.#text;
    let end = start;
    while (isDigit(text.charCodeAt(end))) end++;
    if (text.charCodeAt(end) === 0x2e) {
      FLOAT.lastIndex = start;
      if (FLOAT.test(text) && FLOAT.lastIndex > end) {
        this.#add(K.Float, FLOAT.lastIndex);
        return true;
      }
    }
    if (end === start) return false;
    this.#add(K.Int, end);
    return true;
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
    if (isPathPart(text.charCodeAt(at + 1))) at = this.#segments(at);
    else if (text.startsWith('${', at + 1)) at++;
    else return false;
    this.#open(K.PathStart, at, PATH);
    return true;
  }

  #homePath(start: number): boolean {
    if (this.#text.charCodeAt(start + 1) !== 0x2f) return false;
    const next = this.#text.charCodeAt(start + 2);
    if (isPathPart(next)) this.#open(K.PathStart, this.#segments(start + 1), PATH);
    else if (this.#text.startsWith('${', start + 2)) this.#open(K.PathStart, start + 2, PATH);
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
    if (end > start) this.#add(K.Text, end);
    else if (text.startsWith('${', start)) this.#open(K.Interpolation, start + 2, CODE);
    else {
      this.#add(K.PathEnd, start);
      this.#close();
    }
  }

  #string(): void {
    const text = this.#text;
    const start = this.#at;
    const length = text.length;
    let at = start;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (code === 0x22 || (code === 0x24 && text.charCodeAt(at + 1) === 0x7b)) break;
      if (code === 0x5c) at += 2;
      else if (code === 0x24) {
        const next = text.charCodeAt(at + 1);
        at += next === 0x22 || next === 0x5c ? 1 : 2;
      } else at++;
    }
    at = Math.min(at, length);
    if (at > start) this.#add(K.Text, at);
    if (at === length) return; // never closed
    if (text.charCodeAt(at) === 0x24) this.#open(K.Interpolation, at + 2, CODE);
    else {
      this.#add(K.StringClose, at + 1);
      this.#close();
    }
  }

  #indented(): void {
    const text = this.#text;
    const start = this.#at;
    const length = text.length;
    let at = start;
    let escapeLength = 0;
    while (at < length) {
      const code = text.charCodeAt(at);
      if (code === 0x27) {
        const next = text.charCodeAt(at + 1);
        if (next === 0x27) {
          const third = text.charCodeAt(at + 2);
          if (third === 0x24 || third === 0x27) escapeLength = 3;
          else if (third === 0x5c && at + 3 < length) escapeLength = 4;
          break;
        }
        if (next === 0x24 || Number.isNaN(next)) {
          escapeLength = 1;
          break;
        }
        at += 2;
      } else if (code === 0x24) {
        const next = text.charCodeAt(at + 1);
        if (next === 0x7b) break;
        if (next === 0x27 || Number.isNaN(next)) {
          escapeLength = 1;
          break;
        }
        at += 2;
      } else at++;
    }
    if (at > start) this.#add(K.Text, at);
    if (escapeLength > 0) this.#add(K.IndentedEscape, at + escapeLength);
    else if (at === length)
      return; // never closed
    else if (text.charCodeAt(at) === 0x24) this.#open(K.Interpolation, at + 2, CODE);
    else {
      this.#add(K.IndentedClose, at + 2);
      this.#close();
    }
  }

  #lineComment(start: number): void {
    const text = this.#text;
    const { length } = text;
    let end = start + 1;
    for (let c = text.charCodeAt(end); end < length && c !== 0x0a && c !== 0x0d; c = text.charCodeAt(end)) end++;
    this.#tokens.commentPlaces.push(start, end);
    this.#at = end;
  }

  #blockComment(start: number): void {
    const close = this.#text.indexOf('*/', start + 2);
    if (close !== -1) {
      this.#tokens.commentPlaces.push(start, close + 2);
      this.#at = close + 2;
      return;
    }
    // what a lexer without the comment sees: a slash, then something that cannot follow it
    this.#add(K.Divide, start + 1);
    this.#add(K.Invalid, this.#text.length);
  }

  /** Bytes that begin no token; neighbours of the same kind are one. */
  #strange(start: number): void {
    const text = this.#text;
    const code = text.charCodeAt(start);
    let end = start + 1;
    if (code >= 0x80) while (text.charCodeAt(end) >= 0x80) end++;
    else while (text.charCodeAt(end) === code) end++;
    this.#add(K.Invalid, end);
  }

  #add(kind: number, end: number): void {
    this.#tokens.push(kind, this.#at, end);
    this.#at = end;
  }

  #open(kind: number, end: number, mode: number): void {
    this.#add(kind, end);
    this.#modes.push(this.#mode);
    this.#mode = mode;
  }

  #close(): void {
    // a stray '}' leaves the mode as it is: the parser reports it
    if (this.#modes.length > 0) this.#mode = this.#modes.pop()!;
  }
}
