/** Standard input, and other descriptors that were handed to us. Whoever hands over one that does not block is waited for all the same. */
import { readSync } from 'node:fs';

const CHUNK_BYTES = 1 << 16;
const PAUSE_MS = 2;

/** @returns how many bytes; 0 at the end. @throws as `readSync`, but for EAGAIN */
export function readWaiting(fd: number, buffer: Uint8Array, offset: number, length: number): number {
  for (;;) {
    try {
      return readSync(fd, buffer, offset, length, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      // It is empty: a moment for its writer.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

/** To its end. @throws as `readSync`, but for EAGAIN */
export function readAllWaiting(fd: number): Buffer {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const length = readWaiting(fd, chunk, 0, CHUNK_BYTES);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
  }
}
