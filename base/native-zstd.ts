/**
 * zstd by the function that Node brings for itself, called by koffi: `node:zlib` takes 1.6 ms to load, and half as long again for what
 * it makes piece by piece.
 */
import { loadKoffi } from './koffi.ts';

type Decompress = (to: number, room: number, from: number, sizeBytes: number) => number | bigint;

interface Bound {
  readonly decompress: Decompress;
  readonly addressOf: (memory: Uint8Array) => number;
}

let bound: Bound | undefined | null;

function bind(): Bound {
  const koffi = loadKoffi();
  const decompress = koffi
    .load(null)
    .func('size_t ZSTD_decompress(uintptr_t to, size_t room, uintptr_t from, size_t size)') as Decompress;
  return { decompress, addressOf: (memory) => Number(koffi.address(memory)) };
}

/**
 * Takes whole frames apart.
 *
 * @param to  as long as what comes out
 * @returns whether it was filled; not where there is no binding, or the frames say otherwise: `node:zlib` then says what is wrong
 */
export function fillFromZstd(to: Uint8Array, frames: Uint8Array): boolean {
  if (bound === undefined) {
    try {
      bound = bind();
    } catch {
      bound = null;
    }
  }
  if (bound === null) return false;
  const { decompress, addressOf } = bound;
  return decompress(addressOf(to), to.length, addressOf(frames), frames.length) === to.length;
}
