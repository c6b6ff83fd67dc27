/**
 * Byte strings outside of the engine's heap, hashed on their way there. A young generation is copied as long as what is in it lives, and
 * the text of each derivation lives until the end: 2 KB, most of what one keeps.
 */
import { type Bytes, Sha256, sha256 } from '../base/index.ts';

/** Many texts share one: a derivation has a few KB. */
const SLAB_BYTES = 1 << 18;
/** Longer texts are hashed in pieces, or get memory of their own. */
const LARGE = SLAB_BYTES >> 1;

/** Not in Node's documentation, but what `write` calls: that looks at its arguments for as long as the copy takes. */
interface Latin1Buffer extends Buffer {
  latin1Write(text: Bytes, offset: number, length: number): number;
  latin1Slice(start: number, end: number): Bytes;
}

const newSlab = (sizeBytes: number): Latin1Buffer => Buffer.allocUnsafeSlow(sizeBytes) as Latin1Buffer;

/** Kept texts stand before `used`; what is behind is written anew by every call. */
let slab = newSlab(0);
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
  if (used + length > slab.length) startSlab();
  writeParts(slab, used, first, second, others);
  return sha256(slab.subarray(used, used + length));
}

/** The same, and the text. */
export function keepParts(first: Bytes, second: Bytes, others: readonly Bytes[]): KeptText {
  const length = lengthOf(first, second, others);
  if (length > LARGE) {
    const own = newSlab(length);
    writeParts(own, 0, first, second, others);
    return new KeptText(sha256(own), own, 0, length);
  }
  if (used + length > slab.length) startSlab();
  const start = used;
  writeParts(slab, start, first, second, others);
  used += length;
  return new KeptText(sha256(slab.subarray(start, used)), slab, start, used);
}

function startSlab(): void {
  slab = newSlab(SLAB_BYTES);
  used = 0;
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
