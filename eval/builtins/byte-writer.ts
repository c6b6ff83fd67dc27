/** Byte strings put together from many short pieces: faster than a rope, which costs two objects a piece and is copied in the end. */
import { constants } from 'node:buffer';
import type { Bytes, Latin1Buffer } from '../../base/index.ts';

export class ByteWriter {
  #bytes: Latin1Buffer;
  #length = 0;

  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(Math.min(expected + (expected >> 2) + 64, constants.MAX_STRING_LENGTH)) as Latin1Buffer;
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
    if (to - from > LONG) bytes.latin1Write(from === 0 && to === text.length ? text : text.slice(from, to), at, to - from);
    else for (let i = from; i < to; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = end;
  }

  end(): Bytes {
    return this.#bytes.toString('latin1', 0, this.#length);
  }

  #grow(needed: number): void {
    if (needed > constants.MAX_STRING_LENGTH) throw new RangeError('Invalid string length');
    const grown = Buffer.allocUnsafe(Math.min(2 * needed, constants.MAX_STRING_LENGTH)) as Latin1Buffer;
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Above this a call into the engine is cheaper than a loop: it takes 50 ns with the piece, whatever its length, and a byte 1.1 to 1.4. */
const LONG = 40;
