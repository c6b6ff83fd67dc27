import { hash } from 'node:crypto';
import { loadKoffi } from './koffi.ts';

type Sha256 = (data: Uint8Array, sizeBytes: number, to: Uint8Array) => unknown;

let native: Sha256 | undefined | null;
const sum: Buffer = Buffer.alloc(32);

/**
 * SHA-256 in lower-case hex by the OpenSSL in Node, without `node:crypto`: that takes 8 ms to load, with all that it needs of streams. For programs
 * that have a few hundred short texts to hash and would load it for nothing else.
 */
export function sha256Hex(data: Uint8Array | string): string {
  if (native === undefined) {
    try {
      native = loadKoffi()
        .load(null)
        .func('uintptr_t SHA256(const uint8_t *data, unsigned long size, _Out_ uint8_t *to)') as Sha256;
    } catch {
      native = null; // this Node's library is its system's, or there is no binding
    }
  }
  if (native === null) return hash('sha256', data);
  const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data;
  native(bytes, bytes.length, sum);
  return sum.toString('hex');
}
