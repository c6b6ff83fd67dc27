/**
 * JSON text in the making, as bytes: no intermediate strings, whatever is written. All writers share one buffer; a writer that is
 * opened while another is in use (evaluation runs in between) goes on behind it, so they must be closed in reverse.
 */
import { constants, isUtf8 } from 'node:buffer';
import type { Bytes } from '../base/index.ts';
import { floatShortest } from './builtins/float-text.ts';
import { notUtf8 } from './errors.ts';

const SMALLEST = 1 << 14;
/** A buffer larger than this is let go of when nobody uses it. */
const KEPT = 1 << 20;

let buffer: Buffer = Buffer.alloc(0);
let used = 0;

export class JsonWriter {
  readonly #start = used;

  /** The text; the writer is done with. */
  finish(): Bytes {
    return buffer.toString('latin1', this.#start, used);
  }

  /** Gives the room back; always, also after an error. */
  close(): void {
    used = this.#start;
    if (used === 0 && buffer.length > KEPT) buffer = Buffer.alloc(0);
  }

  /** Written as it is. */
  raw(text: Bytes): void {
    const n = text.length;
    reserve(n);
    const at = used;
    if (n > SHORT) buffer.write(text, at, 'latin1');
    else for (let i = 0; i < n; i++) buffer[at + i] = text.charCodeAt(i);
    used = at + n;
  }

  /** One ASCII character. */
  char(code: number): void {
    if (used === buffer.length) reserve(1);
    buffer[used++] = code;
  }

  /** A string literal. @throws Fault E-EVAL-027 */
  string(text: Bytes): void {
    const n = text.length;
    if (n > SHORT) {
      this.#longString(text);
      return;
    }
    reserve(n + 2);
    let at = used;
    buffer[at++] = 0x22;
    for (let i = 0; i < n; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) {
        this.raw(quoted(text));
        return;
      }
      buffer[at++] = code;
    }
    buffer[at++] = 0x22;
    used = at;
  }

  #longString(text: Bytes): void {
    if (!PLAIN.test(text)) {
      this.raw(quoted(text));
      return;
    }
    reserve(text.length + 2);
    buffer[used++] = 0x22;
    used += buffer.write(text, used, 'latin1');
    buffer[used++] = 0x22;
  }

  int(value: number | bigint): void {
    if (typeof value === 'bigint' || value < 0 || value > 0x7fffffff) {
      this.raw(String(value));
      return;
    }
    reserve(10);
    let n = 1;
    for (let power = 10; power <= value; power *= 10) n++;
    let rest = value;
    for (let at = used + n - 1; at >= used; at--) {
      const tenth = (rest / 10) | 0;
      buffer[at] = 0x30 + rest - tenth * 10;
      rest = tenth;
    }
    used += n;
  }

  float(value: number): void {
    const size = Math.abs(value);
    // In this range the engine's own digits are laid out as ours.
    if (size >= 1e-3 && size < 1e15) {
      this.raw(String(value));
      if (Number.isInteger(value)) this.raw('.0');
    } else this.raw(floatShortest(value));
  }
}

/** Up to this length, a loop is quicker than a call into the engine. */
const SHORT = 128;

/** @throws RangeError as the engine does, for a string longer than it can hold: the buffer could take all memory before */
function reserve(n: number): void {
  if (used + n <= buffer.length) return;
  if (used + n > constants.MAX_STRING_LENGTH) throw new RangeError('Invalid string length');
  const length = Math.min(Math.max(SMALLEST, buffer.length * 2, used + n), constants.MAX_STRING_LENGTH);
  const larger = Buffer.allocUnsafeSlow(length);
  buffer.copy(larger, 0, 0, used);
  buffer = larger;
}

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A JSON string literal; only what must be escaped is. @throws Fault E-EVAL-027 */
export const jsonString = (bytes: Bytes): Bytes => (PLAIN.test(bytes) ? `"${bytes}"` : quoted(bytes));

function quoted(bytes: Bytes): Bytes {
  if (!isUtf8(Buffer.from(bytes, 'latin1'))) throw notUtf8(bytes);
  // The engine escapes quotes, backslashes and controls; bytes above 127 pass through as they are.
  return JSON.stringify(bytes);
}
