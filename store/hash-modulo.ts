/**
 * The hash of bytes that contain their own name. Every occurrence of the hash part counts as zeros, and where they were is hashed
 * behind the bytes as `|<offset>`: so the name can be put in afterwards, and moving an occurrence changes the hash.
 *
 * @source docs/store.md §5
 */
import { createHash } from 'node:crypto';
import type { HashAlgorithm } from './types.ts';

/** Hashes a stream modulo one hash part. */
export class ModuloHasher {
  readonly #hash: ReturnType<typeof createHash>;
  readonly #part: Buffer;
  readonly #offsets: number[] = [];
  #pending: Buffer = Buffer.alloc(0);
  #base = 0;

  constructor(algorithm: HashAlgorithm, hashPart: string) {
    this.#hash = createHash(algorithm);
    this.#part = Buffer.from(hashPart, 'latin1');
  }

  update(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#pending, chunk]);
    const found: number[] = [];
    for (let at = bytes.indexOf(this.#part); at !== -1; at = bytes.indexOf(this.#part, at + 1)) found.push(at);
    for (const at of found) {
      this.#offsets.push(this.#base + at);
      bytes.fill(0, at, at + this.#part.length);
    }
    // What could still become an occurrence waits for the next chunk.
    const done = Math.max(0, bytes.length - this.#part.length + 1);
    this.#hash.update(bytes.subarray(0, done));
    this.#pending = bytes.subarray(done);
    this.#base += done;
  }

  /** The digest in hex, and how often the part occurred. */
  end(): { hex: string; nOccurrences: number } {
    this.#hash.update(this.#pending);
    for (const offset of this.#offsets) this.#hash.update(`|${offset}`);
    return { hex: this.#hash.digest('hex'), nOccurrences: this.#offsets.length };
  }
}
