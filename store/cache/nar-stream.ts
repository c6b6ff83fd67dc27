/** The NAR of an object as a stream that its reader paces: memory is one buffer, whatever the object's size. */

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { bytesToPath, bytesToText, Fault, textToBytes } from '../../base/index.ts';
import { NarEncoder } from '../nar-encode.ts';
import { joinPath } from '../tree.ts';
import type { Manifest, ObjectStore, StorePath } from '../types.ts';
import type { CacheCode } from './codes.ts';
import { visitManifest } from './visit-manifest.ts';

const CHUNK = 1 << 18;

/**
 * The NAR of a valid path, checked while it is read: where the bytes are not those that were registered, the stream ends in a fault
 * before its last chunk, so that no reader takes damaged content for whole.
 *
 * @throws Fault E-CACHE-004, E-STORE-014
 */
export async function* narStream(store: ObjectStore, path: StorePath): AsyncIterable<Buffer> {
  const info = store.info(path);
  const manifest = store.manifest(path);
  const hash = createHash('sha256');
  let last: Buffer | undefined;
  let sizeBytes = 0;
  for await (const chunk of encode(manifest, textToBytes(store.toReal(path)))) {
    if (last !== undefined) yield last;
    hash.update(chunk);
    sizeBytes += chunk.length;
    last = chunk;
  }
  if (hash.digest('hex') !== info?.narHash || sizeBytes !== info.narSizeBytes) throw damaged(path);
  if (last !== undefined) yield last;
}

export const damaged = (path: StorePath): Fault =>
  new Fault('E-CACHE-004' satisfies CacheCode, `'${path}' in this store is not what was registered`, {
    hints: ['see what is wrong: igos store verify --contents'],
  });

async function* encode(manifest: Manifest, root: string): AsyncIterable<Buffer> {
  const ready: Buffer[] = [];
  const encoder = new NarEncoder((chunk) => ready.push(Buffer.from(chunk)));
  for await (const _ of visitManifest(manifest, encoder, (entry) => readPieces(joinPath(root, entry.path), entry.sizeBytes))) {
    while (ready.length > 0) yield ready.shift()!;
  }
  encoder.end();
  yield* ready;
}

/** Exactly as many bytes as are recorded; else the encoder's announcement would not hold. */
async function* readPieces(real: string, sizeBytes: number): AsyncIterable<Uint8Array> {
  const handle = await open(bytesToPath(real), 'r');
  try {
    for (let done = 0; done < sizeBytes; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(CHUNK, sizeBytes - done)), 0);
      if (bytesRead === 0)
        throw new Fault('E-CACHE-004' satisfies CacheCode, `'${bytesToText(real)}' is shorter than was registered`);
      yield buffer.subarray(0, bytesRead);
      done += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
