/**
 * SHA-256 by the functions of OpenSSL that Node has inside and offers to its add-ons. `node:crypto` asks the same of OpenSSL, but loading it
 * brings streams, keys and OpenSSL's tables of algorithms: 4 ms of each short run that hashes anything, where binding these takes 1, and
 * none where koffi is needed anyway. Where they cannot be had, `node:crypto` does it.
 */
import { type Hash, hash as hashOnce, createHash as newHash } from 'node:crypto';
import type { Bytes } from './bytes.ts';
import { loadKoffi } from './koffi.ts';

interface Calls {
  init(context: Uint8Array): number;
  update(context: Uint8Array, data: Uint8Array, length: number): number;
  final(digest: Uint8Array, context: Uint8Array): number;
}

/** Not in Node's documentation, but what `write` and `toString` call: those look at their arguments for as long as this takes. */
interface PlainBuffer extends Buffer {
  latin1Write(text: Bytes, offset: number, length: number): number;
  latin1Slice(start: number, end: number): Bytes;
  hexSlice(start: number, end: number): string;
}

const DIGEST_BYTES = 32;
/** `SHA256_CTX` has 112. */
const CONTEXT_BYTES = 256;
/** Longer texts get memory of their own. */
const TEXT_BYTES: number = 1 << 14;
const OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

let calls: Calls | undefined | null;
let context: Buffer;
let digest: PlainBuffer;
let texts: PlainBuffer;

function bound(): Calls | null {
  if (calls === undefined) calls = bind();
  return calls;
}

function bind(): Calls | null {
  try {
    const library = loadKoffi().load(null);
    const found = {
      init: library.func('int SHA256_Init(uint8_t *context)') as Calls['init'],
      update: library.func('int SHA256_Update(uint8_t *context, const uint8_t *data, size_t length)') as Calls['update'],
      final: library.func('int SHA256_Final(uint8_t *digest, uint8_t *context)') as Calls['final'],
    };
    context = Buffer.alloc(CONTEXT_BYTES);
    digest = Buffer.alloc(DIGEST_BYTES) as PlainBuffer;
    texts = Buffer.allocUnsafeSlow(TEXT_BYTES) as PlainBuffer;
    run(found, Buffer.from('abc'));
    return digest.hexSlice(0, DIGEST_BYTES) === OF_ABC ? found : null;
  } catch {
    return null; // no binding for this machine, or a Node whose OpenSSL keeps these to itself
  }
}

/** Leaves the result in `digest`. */
function run({ init, update, final }: Calls, data: Uint8Array): void {
  init(context);
  if (data.length > 0) update(context, data, data.length);
  final(digest, context);
}

function runText(found: Calls, text: Bytes): void {
  const { length } = text;
  if (length > TEXT_BYTES) {
    run(found, Buffer.from(text, 'latin1'));
    return;
  }
  found.init(context);
  if (length > 0) found.update(context, texts, texts.latin1Write(text, 0, length));
  found.final(digest, context);
}

/** As lower-case hex. */
export function sha256(data: Uint8Array | Bytes): string {
  const found = bound();
  if (found === null) return hashOnce('sha256', typeof data === 'string' ? Buffer.from(data, 'latin1') : data, 'hex');
  if (typeof data === 'string') runText(found, data);
  else run(found, data);
  return digest.hexSlice(0, DIGEST_BYTES);
}

/** As a byte string of 32. */
export function sha256Bytes(data: Bytes): Bytes {
  const found = bound();
  if (found === null) return hashOnce('sha256', Buffer.from(data, 'latin1'), 'binary');
  runText(found, data);
  return digest.latin1Slice(0, DIGEST_BYTES);
}

/** Of data that comes in pieces. */
export class Sha256 {
  readonly #calls: Calls | null = bound();
  readonly #state: Buffer | Hash;

  constructor() {
    if (this.#calls === null) this.#state = newHash('sha256');
    else {
      this.#state = Buffer.allocUnsafe(CONTEXT_BYTES);
      this.#calls.init(this.#state);
    }
  }

  update(data: Uint8Array | Bytes): this {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    if (this.#calls === null) (this.#state as Hash).update(bytes);
    else if (bytes.length > 0) this.#calls.update(this.#state as Buffer, bytes, bytes.byteLength);
    return this;
  }

  /** As lower-case hex. Once. */
  digest(): string {
    if (this.#calls === null) return (this.#state as Hash).digest('hex');
    this.#calls.final(digest, this.#state as Buffer);
    return digest.hexSlice(0, DIGEST_BYTES);
  }
}
