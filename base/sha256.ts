/**
 * SHA-256 by the functions of OpenSSL that Node has inside and offers to its add-ons. `node:crypto` asks the same of OpenSSL, but loading it
 * brings streams, keys and OpenSSL's tables of algorithms: 4 ms of each short run that hashes anything, where binding these takes 1, and
 * none where koffi is needed anyway; and each short text takes four times as long. Where they cannot be had, `node:crypto` does it.
 */
import { type Hash, hash as hashOnce, createHash as newHash } from 'node:crypto';
import type { Bytes } from './bytes.ts';
import type { Address } from './file-calls.ts';
import { loadKoffi } from './koffi.ts';

interface Calls {
  init(context: Address): void;
  /** Of memory that stays where it is. */
  update(context: Address, data: Address, length: number): void;
  /** Of memory that koffi keeps meanwhile. */
  updateOf(context: Address, data: Uint8Array, length: number): void;
  final(digest: Address, context: Address): void;
  addressOf(memory: Uint8Array): Address;
}

/** Not in Node's documentation, but what `write` and `toString` call: those look at their arguments for as long as the work takes. */
export interface Latin1Buffer extends Buffer {
  hexSlice(start: number, end: number): string;
  latin1Slice(start: number, end: number): Bytes;
  latin1Write(text: Bytes, offset: number, length: number): number;
}

const DIGEST_BYTES = 32;
/** `SHA256_CTX` has 112. */
const CONTEXT_BYTES = 256;
/** Longer texts get memory of their own. */
const TEXT_BYTES: number = 1 << 13;
const OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

let calls: Calls | null | undefined;
/** Where each result is written, what is hashed at once is hashed, and short texts stand before they are. */
let digest: Latin1Buffer;
let digestAt: Address = 0;
let contextAt: Address = 0;
let texts: Latin1Buffer;
let textsAt: Address = 0;

/** `null` where there is no binding for the machine, or Node's OpenSSL keeps these to itself. */
function bound(): Calls | null {
  if (calls === undefined) calls = bind();
  return calls;
}

/** Whether OpenSSL is asked without `node:crypto`. */
export const isSha256Native = (): boolean => bound() !== null;

function bind(): Calls | null {
  try {
    const koffi = loadKoffi();
    const node = koffi.load(null);
    // The function that does all three looks for its algorithm by name each time: 0.12 µs more than three calls.
    const found: Calls = {
      init: node.func('int SHA256_Init(uintptr_t context)') as Calls['init'],
      update: node.func('int SHA256_Update(uintptr_t context, uintptr_t data, size_t length)') as Calls['update'],
      updateOf: node.func('int SHA256_Update(uintptr_t context, const uint8_t *data, size_t length)') as Calls['updateOf'],
      final: node.func('int SHA256_Final(uintptr_t digest, uintptr_t context)') as Calls['final'],
      addressOf: (memory) => Number(koffi.address(memory)),
    };
    const memory = (sizeBytes: number): Latin1Buffer => Buffer.allocUnsafeSlow(sizeBytes) as Latin1Buffer;
    const own = memory(DIGEST_BYTES + CONTEXT_BYTES);
    digest = own.subarray(0, DIGEST_BYTES) as Latin1Buffer;
    digestAt = found.addressOf(own);
    contextAt = digestAt + DIGEST_BYTES;
    texts = memory(TEXT_BYTES);
    textsAt = found.addressOf(texts);
    run(found, 'abc');
    return digest.hexSlice(0, DIGEST_BYTES) === OF_ABC ? found : null;
  } catch {
    return null;
  }
}

/** Leaves the result in `digest`. */
function run(found: Calls, data: Uint8Array | Bytes): void {
  if (typeof data === 'string' && data.length > TEXT_BYTES) data = Buffer.from(data, 'latin1');
  found.init(contextAt);
  if (typeof data === 'string') found.update(contextAt, textsAt, texts.latin1Write(data, 0, data.length));
  else found.updateOf(contextAt, data, data.byteLength);
  found.final(digestAt, contextAt);
}

const bytesOf = (data: Uint8Array | Bytes): Uint8Array => (typeof data === 'string' ? Buffer.from(data, 'latin1') : data);

/** As lower-case hex. */
export function sha256(data: Uint8Array | Bytes): string {
  const found = bound();
  if (found === null) return hashOnce('sha256', bytesOf(data), 'hex');
  run(found, data);
  return digest.hexSlice(0, DIGEST_BYTES);
}

/** As 32 bytes, which are good until anything else is hashed. */
export function sha256Raw(data: Uint8Array | Bytes): Uint8Array {
  const found = bound();
  if (found === null) return hashOnce('sha256', bytesOf(data), 'buffer');
  run(found, data);
  return digest;
}

/** Of data that comes in pieces. */
export class Sha256 {
  readonly #calls: Calls | null = bound();
  readonly #state: Buffer | Hash;
  /** Of the state, which the buffer keeps where it is. */
  readonly #at: Address = 0;

  constructor() {
    if (this.#calls === null) this.#state = newHash('sha256');
    else {
      this.#state = Buffer.allocUnsafe(CONTEXT_BYTES);
      this.#at = this.#calls.addressOf(this.#state);
      this.#calls.init(this.#at);
    }
  }

  update(data: Uint8Array | Bytes): this {
    const bytes = bytesOf(data);
    if (this.#calls === null) (this.#state as Hash).update(bytes);
    else if (bytes.byteLength > 0) this.#calls.updateOf(this.#at, bytes, bytes.byteLength);
    return this;
  }

  /** As lower-case hex. Once. */
  digest(): string {
    if (this.#calls === null) return (this.#state as Hash).digest('hex');
    this.#calls.final(digestAt, this.#at);
    return digest.hexSlice(0, DIGEST_BYTES);
  }
}

/** Memory that no collection moves, parts of which are hashed without telling koffi each time where it is. */
export class HashedMemory {
  readonly bytes: Latin1Buffer;
  readonly at: Address;

  constructor(sizeBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes) as Latin1Buffer;
    this.at = bound()?.addressOf(this.bytes) ?? 0;
  }

  /** SHA-256 of the bytes there, as lower-case hex. */
  sha256(start: number, end: number): string {
    memoryParts.begin();
    memoryParts.add(this, start, end);
    return memoryParts.digest();
  }
}

/** SHA-256 of what stands in such memories, as if it stood together. Nothing else may be hashed between `begin` and `digest`. */
class MemoryParts {
  #other: Hash | undefined;

  begin(): void {
    const found = bound();
    if (found === null) this.#other = newHash('sha256');
    else found.init(contextAt);
  }

  add(memory: HashedMemory, start: number, end: number): void {
    if (this.#other === undefined) calls!.update(contextAt, memory.at + start, end - start);
    else this.#other.update(memory.bytes.subarray(start, end));
  }

  /** As lower-case hex. */
  digest(): string {
    if (this.#other !== undefined) return this.#other.digest('hex');
    calls!.final(digestAt, contextAt);
    return digest.hexSlice(0, DIGEST_BYTES);
  }

  /** As 32 bytes, from `at` of a memory on. */
  digestInto(memory: HashedMemory, at: number): void {
    if (this.#other !== undefined) memory.bytes.set(this.#other.digest(), at);
    else calls!.final(memory.at + at, contextAt);
  }
}

/** There is one: nothing interrupts it. */
export const memoryParts: MemoryParts = new MemoryParts();
