import type { Address } from './file-calls.ts';
import { loadKoffi } from './koffi.ts';

/** OpenSSL's own function, which Node has in it: for many short texts Node's `hash` takes longer than the work. */
export interface NativeHash {
  /** Writes the 32 bytes of the SHA-256 of `sizeBytes` bytes. */
  sha256(data: Address, sizeBytes: number, to: Address): void;
  /** Where memory starts. */
  addressOf(memory: Uint8Array): Address;
}

let native: NativeHash | undefined | null;

/** `undefined` where there is no binding for this platform, or Node has no such function. Bound on first use: 1 ms. */
export function nativeHash(): NativeHash | undefined {
  if (native === undefined) {
    try {
      native = bind();
    } catch {
      native = null;
    }
  }
  return native ?? undefined;
}

function bind(): NativeHash {
  const koffi = loadKoffi();
  const node = koffi.load(null);
  return {
    // It says where it wrote, which is known.
    sha256: node.func('void SHA256(uintptr_t data, size_t size, uintptr_t to)') as NativeHash['sha256'],
    addressOf: (memory) => Number(koffi.address(memory)),
  };
}
