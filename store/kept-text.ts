/**
 * Byte strings outside of the engine's heap, and their hashes. A young generation is copied as long as what is in it lives, and
 * the text of each derivation lives until the end: 2 KB, most of what one keeps.
 */
import { type Bytes, HashedMemory, type Latin1Buffer, memoryParts } from '../base/index.ts';

/** Many texts share one: a derivation has a few KB. */
const SLAB_BYTES = 1 << 18;
/** Longer texts get memory of their own. */
const LARGE = SLAB_BYTES >> 1;

/** Texts stand before `used`. */
let slab: HashedMemory | undefined;
let used = 0;

/** A byte string and its SHA-256. */
export class KeptText {
  /** Of the text, as hex. */
  readonly sha256: string;
  readonly #bytes: Latin1Buffer;
  readonly #start: number;
  readonly #end: number;

  constructor(sha256: string, bytes: Latin1Buffer, start: number, end: number) {
    this.sha256 = sha256;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
  }

  get length(): number {
    return this.#end - this.#start;
  }

  copyTo(target: Buffer, at: number): void {
    this.#bytes.copy(target, at, this.#start, this.#end);
  }

  /** Decoded each time. */
  get text(): Bytes {
    return this.#bytes.latin1Slice(this.#start, this.#end);
  }
}

/** A text that stands where it will be kept, but for what is yet to be written into it. Places are counted from its start. */
export class DraftText {
  readonly #memory: HashedMemory;
  readonly #start: number;
  readonly #length: number;

  constructor(text: Bytes) {
    const { length } = text;
    if (length > LARGE) {
      this.#memory = new HashedMemory(length);
      this.#start = 0;
    } else {
      if (slab === undefined || used + length > SLAB_BYTES) {
        slab = new HashedMemory(SLAB_BYTES);
        used = 0;
      }
      this.#memory = slab;
      this.#start = used;
      used += length;
    }
    this.#length = length;
    this.#memory.bytes.latin1Write(text, this.#start, length);
  }

  /** For what is written by number. */
  get bytes(): Uint8Array {
    return this.#memory.bytes;
  }

  /** Where a place is in `bytes`. */
  at(place: number): number {
    return this.#start + place;
  }

  /** What stands there now. */
  slice(from: number, to: number): Bytes {
    return this.#memory.bytes.latin1Slice(this.#start + from, this.#start + to);
  }

  /** Writes again what stands there already. */
  copy(from: number, to: number, length: number): void {
    const start = this.#start + from;
    this.#memory.bytes.copyWithin(this.#start + to, start, start + length);
  }

  /** The next part of what is hashed, between `memoryParts.begin` and `digest`. */
  hash(from: number, to: number): void {
    memoryParts.add(this.#memory, this.#start + from, this.#start + to);
  }

  /** Nothing is written into it any more. */
  keep(): KeptText {
    const start = this.#start;
    const end = start + this.#length;
    return new KeptText(this.#memory.sha256(start, end), this.#memory.bytes, start, end);
  }
}

/** A text that is only hashed, as a part of others: until the next one is written. */
export class AsideText {
  #memory: HashedMemory | undefined;
  #length = 0;

  write(text: Bytes): void {
    const { length } = text;
    if (this.#memory === undefined || this.#memory.bytes.length < length)
      this.#memory = new HashedMemory(Math.max(length, ASIDE_BYTES));
    this.#memory.bytes.latin1Write(text, 0, length);
    this.#length = length;
  }

  hash(): void {
    memoryParts.add(this.#memory!, 0, this.#length);
  }
}

/** Of a hundred inputs. */
const ASIDE_BYTES = 1 << 13;
