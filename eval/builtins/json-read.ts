/**
 * JSON text → values, without JavaScript objects in between: those would lose integers past 2^53, the difference of 1 and 1.0, and
 * the order-free names. Works on bytes; strings stay UTF-8. Strict (RFC 8259). Most texts never come here: json-fast.ts reads them.
 */
import { type Bytes, textToBytes, tryBytesToText } from '../../base/index.ts';
import { normalizeInt } from '../arithmetic.ts';
import { type Attrs, emptyAttrs } from '../attrs.ts';
import { Float, type List, type Slot, type Value } from '../value.ts';
import { nulInString } from './faults.ts';
import { readJsonFast } from './json-fast.ts';
import { Layouts } from './layouts.ts';

/** Editors of some systems begin texts with it; Nix's readers of JSON and TOML pass over it. */
export const BYTE_ORDER_MARK: Bytes = '\xef\xbb\xbf';

/** What is wrong with a text, and at which byte. */
export class JsonError extends Error {
  readonly at: number;
  /** What Nix says, where the notation is right but the language has no such value. Bytes. */
  readonly headline: Bytes | undefined;
  constructor(message: string, at: number, headline?: Bytes) {
    super(message);
    this.at = at;
    this.headline = headline;
  }
}

/** The value of a text. Cost: one pass; two where the text is wrong or odd. @throws JsonError */
export function readJson(text: Bytes): Value {
  const value = readJsonFast(text);
  return value === undefined ? readJsonExactly(text) : value;
}

/** Decides what JSON is. @throws JsonError */
export function readJsonExactly(text: Bytes): Value {
  if (tryBytesToText(text) === undefined) throw new JsonError('the text is not UTF-8', 0);
  const reader = new Reader(text);
  if (text.startsWith(BYTE_ORDER_MARK)) reader.at = BYTE_ORDER_MARK.length;
  const value = reader.value();
  reader.skipSpace();
  if (reader.at < text.length) throw reader.unexpected('the text goes on after its value');
  return value;
}

class Reader {
  readonly text: Bytes;
  readonly #layouts = new Layouts();
  at = 0;

  constructor(text: Bytes) {
    this.text = text;
  }

  skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  value(): Value {
    this.skipSpace();
    switch (this.text.charCodeAt(this.at)) {
      case 0x7b:
        return this.#object();
      case 0x5b:
        return this.#array();
      case 0x22:
        return this.#string();
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  unexpected(message: string): JsonError {
    return new JsonError(this.at >= this.text.length ? 'the text ends too early' : message, this.at);
  }

  #word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw this.unexpected('a value was expected');
    this.at += word.length;
    return value;
  }

  #array(): List {
    this.at++;
    const items: List = [];
    this.skipSpace();
    if (this.text.charCodeAt(this.at) === 0x5d) {
      this.at++;
      return items;
    }
    for (;;) {
      items.push(this.value());
      this.skipSpace();
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x2c && code !== 0x5d) throw this.unexpected("',' or ']' was expected");
      this.at++;
      if (code === 0x5d) return items;
    }
  }

  #object(): Attrs {
    this.at++;
    this.skipSpace();
    if (this.text.charCodeAt(this.at) === 0x7d) {
      this.at++;
      return emptyAttrs;
    }
    const names: Bytes[] = [];
    const slots: Slot[] = [];
    for (;;) {
      this.skipSpace();
      if (this.text.charCodeAt(this.at) !== 0x22) throw this.unexpected('a name in double quotes was expected');
      const name = this.#string();
      this.skipSpace();
      if (this.text.charCodeAt(this.at) !== 0x3a) throw this.unexpected("':' was expected");
      this.at++;
      names.push(name);
      slots.push(this.value());
      this.skipSpace();
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x2c && code !== 0x7d) throw this.unexpected("',' or '}' was expected");
      this.at++;
      if (code === 0x7d) return this.#layouts.attrs(names, slots);
    }
  }

  #string(): Bytes {
    const start = this.at + 1;
    let end = start;
    for (;;) {
      const code = this.text.charCodeAt(end);
      if (code === 0x22) {
        this.at = end + 1;
        return this.text.slice(start, end);
      }
      if (code === 0x5c) break;
      if (!(code >= 0x20)) throw this.#badStringByte(end);
      end++;
    }
    let text = this.text.slice(start, end);
    this.at = end;
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code === 0x22) {
        this.at++;
        if (text.includes('\0')) throw new JsonError('strings cannot hold the character NUL', start - 1, nulInString(text));
        return text;
      }
      if (code === 0x5c) text += this.#escape();
      else {
        const from = this.at;
        for (;;) {
          const next = this.text.charCodeAt(this.at);
          if (next === 0x22 || next === 0x5c) break;
          if (!(next >= 0x20)) throw this.#badStringByte(this.at);
          this.at++;
        }
        text += this.text.slice(from, this.at);
      }
    }
  }

  #badStringByte(at: number): JsonError {
    return new JsonError(
      at >= this.text.length ? 'the string does not end' : 'a control character in a string must be escaped',
      at >= this.text.length ? this.at : at,
    );
  }

  #escape(): Bytes {
    const start = this.at;
    const letter = this.text[this.at + 1];
    this.at += 2;
    if (letter !== 'u') {
      const char = ESCAPES[letter ?? ''];
      if (char === undefined) throw new JsonError('unknown escape', start);
      return char;
    }
    const unit = this.#hex4(start);
    if (unit < 0xd800 || unit > 0xdfff) return textToBytes(String.fromCharCode(unit));
    if (unit > 0xdbff || !this.text.startsWith('\\u', this.at)) throw new JsonError('half of a surrogate pair', start);
    this.at += 2;
    const low = this.#hex4(start);
    if (low < 0xdc00 || low > 0xdfff) throw new JsonError('half of a surrogate pair', start);
    return textToBytes(String.fromCharCode(unit, low));
  }

  #hex4(start: number): number {
    const digits = this.text.slice(this.at, this.at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new JsonError("'\\u' needs four hexadecimal digits", start);
    this.at += 4;
    return Number.parseInt(digits, 16);
  }

  #number(): number | bigint | Float {
    const start = this.at;
    NUMBER.lastIndex = start;
    const found = NUMBER.exec(this.text);
    if (found === null) throw this.unexpected('a value was expected');
    this.at += found[0].length;
    if (found[1] !== undefined) {
      const value = Number(found[0]);
      if (!Number.isFinite(value)) throw new JsonError(`the number '${found[0]}' is too large`, start);
      return new Float(value);
    }
    if (found[0].length <= 15) return Number(found[0]) + 0;
    const exact = BigInt(found[0]);
    const int = normalizeInt(exact);
    if (int !== undefined) return int;
    // As in Nix: what only an unsigned integer could hold is refused, what is larger still becomes a float.
    if (exact === BigInt.asUintN(64, exact)) {
      const headline = `unsigned json number ${found[0]} outside of Nix integer range`;
      throw new JsonError(`the number '${found[0]}' does not fit in 64 bits`, start, headline);
    }
    return new Float(Number(found[0]));
  }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)((?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)|\.[0-9]+)?/y;

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};
