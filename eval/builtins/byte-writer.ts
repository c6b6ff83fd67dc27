/** Byte strings put together from many short pieces: faster than a rope, which costs two objects a piece and is copied in the end. */
import type { Bytes } from '../../base/index.ts';

export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(expected + (expected >> 2) + 64);
  }

  /** Appends `text.slice(from, to)`. */
  write(text: Bytes, from: number, to: number): void {
    let at = this.#length;
    const end = at + to - from;
    if (end > this.#bytes.length) this.#grow(end);
    const bytes = this.#bytes;
    if (to - from > LONG) bytes.write(from === 0 && to === text.length ? text : text.slice(from, to), at, 'latin1');
    else for (let i = from; i < to; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = end;
  }

  end(): Bytes {
    return this.#bytes.toString('latin1', 0, this.#length);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafe(2 * needed);
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Above this a call into the engine is cheaper than a loop. */
const LONG = 200;
