/**
 * SHA-256 by OpenSSL itself, where that can be called: a short text takes a quarter of the time that it takes by way of `node:crypto`,
 * which takes 4 ms to load. Who makes derivations brings it; what else is hashed then goes this way too.
 */
import { hash } from 'node:crypto';
import { type Bytes, type NativeHash, nativeHash } from '../base/index.ts';

/** Not in Node's documentation, but what `write` and `toString` call: those look at their arguments for as long as the work takes. */
export interface Latin1Buffer extends Buffer {
  hexSlice(start: number, end: number): string;
  latin1Slice(start: number, end: number): Bytes;
  latin1Write(text: Bytes, offset: number, length: number): number;
}

const ANSWER_BYTES = 32;
/** Longer texts get memory of their own. */
const SCRATCH_BYTES = 1 << 13;

let native: NativeHash | undefined;
/** Where each answer is written, and short texts before they are hashed. */
let answer: Latin1Buffer;
let answerAt = 0;
let scratch: Slab;

/** Memory that no collection moves. The first one brings OpenSSL's function. */
export class Slab {
  readonly bytes: Latin1Buffer;
  readonly #at: number;

  constructor(sizeBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes) as Latin1Buffer;
    if (answerAt === 0) bring();
    this.#at = native?.addressOf(this.bytes) ?? 0;
  }

  /** Puts a byte string at the start. @returns its address */
  write(text: Bytes): number {
    this.bytes.latin1Write(text, 0, text.length);
    return this.#at;
  }

  /** SHA-256 of the bytes there, as hex. */
  sha256(start: number, end: number): string {
    if (native === undefined) return hash('sha256', this.bytes.subarray(start, end), 'hex');
    native.sha256(this.#at + start, end - start, answerAt);
    return answer.hexSlice(0, ANSWER_BYTES);
  }
}

function bring(): void {
  answerAt = -1;
  native = nativeHash();
  if (native === undefined) return;
  answer = Buffer.allocUnsafeSlow(ANSWER_BYTES) as Latin1Buffer;
  answerAt = native.addressOf(answer);
  scratch = new Slab(SCRATCH_BYTES);
}

/** Of a byte string or of bytes, as hex; `undefined` where nobody has brought OpenSSL's function. */
export function nativeSha256(data: Bytes | Uint8Array): string | undefined {
  return digest(data) ? answer.hexSlice(0, ANSWER_BYTES) : undefined;
}

/** The same as 32 bytes, which are good until anything else is hashed. */
export const nativeSha256Bytes = (data: Bytes): Uint8Array | undefined => (digest(data) ? answer : undefined);

function digest(data: Bytes | Uint8Array): boolean {
  if (native === undefined) return false;
  if (typeof data !== 'string') native.sha256(native.addressOf(data), data.length, answerAt);
  else if (data.length <= SCRATCH_BYTES) native.sha256(scratch.write(data), data.length, answerAt);
  else return digest(Buffer.from(data, 'latin1'));
  return true;
}
