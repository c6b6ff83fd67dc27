/** ATerm text as bytes, in one buffer that is used again and again: a derivation is hashed from it without strings in between. */
import type { Bytes } from '../base/index.ts';

/** Up to this length, a loop is quicker than a call into the engine. */
const SHORT = 128;
/** A buffer that became larger is not kept. */
const KEPT = 1 << 20;
const SMALLEST = 1 << 14;

export class ATermWriter {
  bytes: Buffer = Buffer.alloc(0);
  used = 0;

  /** Starts over. */
  clear(): void {
    this.used = 0;
    if (this.bytes.length > KEPT) this.bytes = Buffer.alloc(0);
  }

  raw(text: Bytes): void {
    const n = text.length;
    this.#reserve(n);
    const { bytes, used } = this;
    if (n > SHORT) bytes.write(text, used, 'latin1');
    else for (let i = 0; i < n; i++) bytes[used + i] = text.charCodeAt(i);
    this.used = used + n;
  }

  /** In double quotes, with the five escapes of ATerms. */
  quoted(text: Bytes): void {
    const n = text.length;
    // Each byte may take two.
    this.#reserve(2 * n + 2);
    const { bytes } = this;
    let at = this.used;
    bytes[at++] = 0x22;
    if (n > SHORT && !ESCAPED.test(text)) at += bytes.write(text, at, 'latin1');
    else {
      for (let i = 0; i < n; i++) {
        const code = text.charCodeAt(i);
        if (code > 0x22 && code !== 0x5c) bytes[at++] = code;
        else {
          const letter =
            code === 0x22 || code === 0x5c ? code : code === 0x0a ? 0x6e : code === 0x0d ? 0x72 : code === 0x09 ? 0x74 : 0;
          if (letter !== 0) bytes[at++] = 0x5c;
          bytes[at++] = letter === 0 ? code : letter;
        }
      }
    }
    bytes[at++] = 0x22;
    this.used = at;
  }

  /** `["a","b"]` */
  list(items: readonly Bytes[]): void {
    this.raw('[');
    for (let i = 0; i < items.length; i++) {
      if (i > 0) this.raw(',');
      this.quoted(items[i]!);
    }
    this.raw(']');
  }

  /** What was written from `start` to `end`, again. */
  again(start: number, end: number): void {
    this.#reserve(end - start);
    this.bytes.copyWithin(this.used, start, end);
    this.used += end - start;
  }

  #reserve(n: number): void {
    if (this.used + n <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(SMALLEST, this.bytes.length * 2, this.used + n));
    this.bytes.copy(larger, 0, 0, this.used);
    this.bytes = larger;
  }
}

const ESCAPED = /[\\"\n\r\t]/;
