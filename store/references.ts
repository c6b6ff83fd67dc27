/**
 * Finding store paths in bytes. A reference is the 32 characters of a candidate's hash part, anywhere: in text, in a binary, in a
 * name. Windows are checked from their end, so that most of a binary is skipped 32 bytes at a time.
 *
 * @source docs/store.md §5
 */
import { base32Alphabet, isBase32Byte } from './base32.ts';
import { hashPartLength } from './store-path.ts';

/** Finds which of the candidates' hash parts occur in a stream, across chunk borders too. */
export class ReferenceScanner {
  readonly #candidates: Set<string>;
  readonly #found = new Set<string>();
  /** Whether a candidate starts with these three digits: spares making a string of every window. */
  readonly #starts = new Uint8Array(32 ** 3);
  readonly #tail: Buffer = Buffer.alloc(2 * (hashPartLength - 1));
  #tailLength = 0;

  constructor(hashParts: Iterable<string>) {
    this.#candidates = new Set(hashParts);
    for (const part of this.#candidates) this.#starts[startKey(Buffer.from(part, 'latin1'), 0)] = 1;
  }

  update(chunk: Uint8Array): void {
    if (this.#found.size === this.#candidates.size) return;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const keep = hashPartLength - 1;
    if (this.#tailLength > 0) {
      const nBorder = bytes.copy(this.#tail, this.#tailLength, 0, keep);
      this.#scan(this.#tail.subarray(0, this.#tailLength + nBorder));
    }
    this.#scan(bytes);
    if (bytes.length >= keep) this.#tailLength = bytes.copy(this.#tail, 0, bytes.length - keep);
    else {
      // The tail already holds old tail + chunk: its last 31 bytes are the new tail.
      if (this.#tailLength === 0) bytes.copy(this.#tail, 0);
      const total = this.#tailLength + bytes.length;
      const start = Math.max(0, total - keep);
      this.#tail.copyWithin(0, start, total);
      this.#tailLength = total - start;
    }
  }

  /** The hash parts found so far. */
  get found(): ReadonlySet<string> {
    return this.#found;
  }

  #scan(bytes: Buffer): void {
    const last = bytes.length - hashPartLength;
    for (let start = 0; start <= last; ) {
      let at = start + hashPartLength - 1;
      while (at >= start && isBase32Byte[bytes[at]!] === 1) at--;
      if (at >= start) {
        start = at + 1;
        continue;
      }
      // A run of digits: slide on as long as the next byte is one too.
      for (;;) {
        this.#check(bytes, start);
        start++;
        if (start > last || isBase32Byte[bytes[start + hashPartLength - 1]!] !== 1) break;
      }
      start += hashPartLength;
    }
  }

  #check(bytes: Buffer, start: number): void {
    if (this.#starts[startKey(bytes, start)] !== 1) return;
    const part = bytes.toString('latin1', start, start + hashPartLength);
    if (this.#candidates.has(part)) this.#found.add(part);
  }
}

const DIGIT = new Uint8Array(256);
for (let value = 0; value < 32; value++) DIGIT[base32Alphabet.charCodeAt(value)] = value;

const startKey = (bytes: Uint8Array, at: number): number =>
  (DIGIT[bytes[at]!]! << 10) | (DIGIT[bytes[at + 1]!]! << 5) | DIGIT[bytes[at + 2]!]!;
