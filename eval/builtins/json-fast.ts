/**
 * The quick way through JSON text: bytes are compared as numbers, names of objects seen before are recognised without being cut out,
 * and nothing is made but the values. What is wrong or rare in the text is left to the exact reader (json-read.ts), which starts over.
 * Cost: one pass, about 8 ns a byte of small values.
 */
import { isUtf8 } from 'node:buffer';
import type { Bytes } from '../../base/index.ts';
import { Attrs, emptyAttrs } from '../attrs.ts';
import { Float, type Slot, type Value } from '../value.ts';
import { JsonNames, type NameNode } from './json-names.ts';

/** Deeper texts are for the exact reader, which knows the limit. */
const maxDepth = 500;

/** The value; `undefined` where the exact reader has to decide. Never throws. */
export function readJsonFast(text: Bytes): Value | undefined {
  const bytes = Buffer.from(text, 'latin1');
  if (!isUtf8(bytes)) return undefined;
  const reader = new FastReader(text, bytes);
  const value = reader.value(0);
  reader.skipSpace();
  return reader.hasFailed || reader.at !== bytes.length ? undefined : value;
}

/** 10^0 … 10^22: the powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

class FastReader {
  readonly #text: Bytes;
  readonly #bytes: Uint8Array;
  readonly #names = new JsonNames();
  /** Values of the containers that are open. */
  readonly #stack: Slot[] = [null, ''];
  at = 0;
  hasFailed: boolean = false as boolean;

  constructor(text: Bytes, bytes: Uint8Array) {
    this.#text = text;
    this.#bytes = bytes;
  }

  skipSpace(): number {
    const bytes = this.#bytes;
    let { at } = this;
    let code = bytes[at];
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = bytes[++at];
    this.at = at;
    return code ?? -1;
  }

  value(depth: number): Value {
    const code = this.skipSpace();
    switch (code) {
      case 0x22:
        return this.#string();
      case 0x7b:
        return this.#object(depth);
      case 0x5b:
        return this.#array(depth);
      case 0x74:
        return this.#word('true', true);
      case 0x66:
        return this.#word('false', false);
      case 0x6e:
        return this.#word('null', null);
      default:
        return this.#number(code);
    }
  }

  #fail(): null {
    this.hasFailed = true;
    return null;
  }

  #word<T>(word: string, value: T): T | null {
    if (!this.#text.startsWith(word, this.at)) return this.#fail();
    this.at += word.length;
    return value;
  }

  #array(depth: number): Value {
    if (depth === maxDepth) return this.#fail();
    this.at++;
    if (this.skipSpace() === 0x5d) {
      this.at++;
      return [];
    }
    const stack = this.#stack;
    const base = stack.length;
    for (;;) {
      const item = this.value(depth + 1);
      if (this.hasFailed) return null;
      stack.push(item);
      const code = this.skipSpace();
      this.at++;
      if (code === 0x2c) continue;
      if (code !== 0x5d) return this.#fail();
      const items = stack.slice(base);
      stack.length = base;
      return items;
    }
  }

  #object(depth: number): Value {
    if (depth === maxDepth) return this.#fail();
    this.at++;
    if (this.skipSpace() === 0x7d) {
      this.at++;
      return emptyAttrs;
    }
    const stack = this.#stack;
    const base = stack.length;
    let node: NameNode = this.#names.start;
    for (;;) {
      if (this.skipSpace() !== 0x22) return this.#fail();
      node = this.#name(node);
      if (this.hasFailed || this.skipSpace() !== 0x3a) return this.#fail();
      this.at++;
      const value = this.value(depth + 1);
      if (this.hasFailed) return null;
      stack.push(value);
      const code = this.skipSpace();
      this.at++;
      if (code === 0x2c) continue;
      if (code !== 0x7d) return this.#fail();
      const { shape, order } = this.#names.layout(node);
      const slots: Slot[] = [];
      if (order === undefined) for (let i = base; i < stack.length; i++) slots.push(stack[i]!);
      else for (let i = 0; i < order.length; i++) slots.push(stack[base + order[i]!]!);
      stack.length = base;
      return new Attrs(shape, slots);
    }
  }

  /** The name that follows, after those of `node`: mostly the one that followed the last time. */
  #name(node: NameNode): NameNode {
    const guess = node.last;
    if (guess !== undefined) {
      const { codes } = guess;
      const bytes = this.#bytes;
      const start = this.at + 1;
      let i = 0;
      while (i < codes.length && bytes[start + i] === codes[i]) i++;
      if (i === codes.length && bytes[start + i] === 0x22) {
        this.at = start + i + 1;
        return guess;
      }
    }
    const name = this.#string();
    return this.hasFailed ? node : this.#names.next(node, name);
  }

  #string(): Bytes {
    const bytes = this.#bytes;
    const start = this.at + 1;
    let end = start;
    for (;;) {
      const code = bytes[end];
      if (code === 0x22) {
        this.at = end + 1;
        return this.#text.slice(start, end);
      }
      if (code === 0x5c) return this.#escaped(start, end);
      if (code === undefined || code < 0x20) {
        this.#fail();
        return '';
      }
      end++;
    }
  }

  /** A string with escapes: the engine reads those, but for code points, which it would make wide characters. */
  #escaped(start: number, first: number): Bytes {
    const bytes = this.#bytes;
    let end = first;
    for (;;) {
      const code = bytes[end];
      if (code === 0x22) break;
      if (code === 0x5c) {
        if (!isShortEscape(bytes[end + 1])) {
          this.#fail();
          return '';
        }
        end += 2;
      } else if (code === undefined || code < 0x20) {
        this.#fail();
        return '';
      } else end++;
    }
    this.at = end + 1;
    return JSON.parse(this.#text.slice(start - 1, end + 1)) as Bytes;
  }

  #number(first: number): Value {
    const bytes = this.#bytes;
    const start = this.at;
    let at = start;
    if (first === 0x2d) at++;
    const digits = at;
    let value = 0;
    let code = bytes[at]!;
    while (code >= 0x30 && code <= 0x39) {
      value = value * 10 + code - 0x30;
      code = bytes[++at]!;
    }
    const length = at - digits;
    if (length === 0 || length > 15 || (length > 1 && bytes[digits] === 0x30)) return this.#fail();
    if (code === 0x2e) {
      const point = ++at;
      code = bytes[at]!;
      while (code >= 0x30 && code <= 0x39) {
        value = value * 10 + code - 0x30;
        code = bytes[++at]!;
      }
      const decimals = at - point;
      if (decimals === 0 || code === 0x65 || code === 0x45 || length + decimals > 15) return this.#float(start);
      this.at = at;
      // Digits and power are exact, so that their quotient is the nearest double.
      value /= POWERS[decimals]!;
      return new Float(first === 0x2d ? -value : value);
    }
    if (code === 0x65 || code === 0x45) return this.#float(start);
    this.at = at;
    return first === 0x2d && value !== 0 ? -value : value;
  }

  #float(start: number): Value {
    FLOAT.lastIndex = start;
    const found = FLOAT.exec(this.#text);
    const value = found === null ? Number.NaN : Number(found[0]);
    if (!Number.isFinite(value)) return this.#fail();
    this.at = FLOAT.lastIndex;
    return new Float(value);
  }
}

const FLOAT = /-?(?:0|[1-9][0-9]*)(?:(?:\.[0-9]+)?[eE][+-]?[0-9]+|\.[0-9]+)/y;

/** `"`, `\`, `/`, b, f, n, r, t. */
const isShortEscape = (code: number | undefined): boolean =>
  code === 0x22 ||
  code === 0x5c ||
  code === 0x2f ||
  code === 0x62 ||
  code === 0x66 ||
  code === 0x6e ||
  code === 0x72 ||
  code === 0x74;
