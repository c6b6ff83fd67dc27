/** Byte strings put together from many short pieces: faster than a rope, which costs two objects a piece and is copied in the end. */
import { constants } from 'node:buffer';
import type { Bytes } from '../../base/index.ts';

export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(Math.min(expected + (expected >> 2) + 64, constants.MAX_STRING_LENGTH));
  }

  /**
   * Appends `text.slice(from, to)`.
   *
   * @throws RangeError as the engine does, for a string longer than it can hold: a buffer could take all memory before
   */
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
    if (needed > constants.MAX_STRING_LENGTH) throw new RangeError('Invalid string length');
    const grown = Buffer.allocUnsafe(Math.min(2 * needed, constants.MAX_STRING_LENGTH));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Above this a call into the engine is cheaper than a loop. */
const LONG = 200;
