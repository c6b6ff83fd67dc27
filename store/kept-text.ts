/**
 * Byte strings outside of the engine's heap, hashed on their way there. A young generation is copied as long as what is in it lives, and
 * the text of each derivation lives until the end: 2 KB, most of what one keeps.
 */
import { type Bytes, HashedMemory, type Latin1Buffer, Sha256 } from '../base/index.ts';

/** Many texts share one: a derivation has a few KB. */
const SLAB_BYTES = 1 << 18;
/** Longer texts are hashed in pieces, or get memory of their own. */
const LARGE = SLAB_BYTES >> 1;

/** Kept texts stand before `used`; what is behind is written anew by every call. */
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

/** SHA-256 of byte strings after each other, as hex. They are never put together: what many texts share stays one string. */
export function hashParts(first: Bytes, second: Bytes, others: readonly Bytes[]): string {
  const length = lengthOf(first, second, others);
  if (length > LARGE) {
    const large = new Sha256().update(first).update(second);
    for (const other of others) large.update(other);
    return large.digest();
  }
  const to = slabFor(length);
  writeParts(to.bytes, used, first, second, others);
  return to.sha256(used, used + length);
}

/** The same, and the text. */
export function keepParts(first: Bytes, second: Bytes, others: readonly Bytes[]): KeptText {
  const length = lengthOf(first, second, others);
  if (length > LARGE) {
    const own = new HashedMemory(length);
    writeParts(own.bytes, 0, first, second, others);
    return new KeptText(own.sha256(0, length), own.bytes, 0, length);
  }
  const to = slabFor(length);
  const start = used;
  writeParts(to.bytes, start, first, second, others);
  used += length;
  return new KeptText(to.sha256(start, used), to.bytes, start, used);
}

/** With room for so many bytes behind `used`. */
function slabFor(length: number): HashedMemory {
  if (slab === undefined || used + length > SLAB_BYTES) {
    slab = new HashedMemory(SLAB_BYTES);
    used = 0;
  }
  return slab;
}

function lengthOf(first: Bytes, second: Bytes, others: readonly Bytes[]): number {
  let length = first.length + second.length;
  for (let i = 0; i < others.length; i++) length += others[i]!.length;
  return length;
}

function writeParts(bytes: Latin1Buffer, start: number, first: Bytes, second: Bytes, others: readonly Bytes[]): void {
  let at = start + bytes.latin1Write(first, start, first.length);
  at += bytes.latin1Write(second, at, second.length);
  for (let i = 0; i < others.length; i++) {
    const other = others[i]!;
    at += bytes.latin1Write(other, at, other.length);
  }
}
