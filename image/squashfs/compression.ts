/** How blocks of a squashfs are compressed. */
import { constants, deflate, deflateSync, zstdCompress, zstdCompressSync } from 'node:zlib';

export type CompressionName = 'zstd' | 'gzip';

export interface Compression {
  /** As the superblock names it. */
  readonly id: number;
  /** On threads of Node's. */
  packLater(bytes: Uint8Array): Promise<Buffer>;
  pack(bytes: Uint8Array): Buffer;
}

const zstdOptions = (level: number, length: number) => ({
  params: { [constants.ZSTD_c_compressionLevel]: level },
  // Linux unpacks with a window of one block: that of a frame is no longer than what is known to be in it.
  pledgedSrcSize: length,
});

/** @param level  1 to 19 for zstd, 1 to 9 for gzip */
export function compressionOf(name: CompressionName, level: number): Compression {
  if (name === 'gzip')
    return {
      id: 1,
      pack: (bytes) => deflateSync(bytes, { level }),
      packLater: (bytes) => settled((done) => deflate(bytes, { level }, done)),
    };
  return {
    id: 6,
    pack: (bytes) => zstdCompressSync(bytes, zstdOptions(level, bytes.length)),
    packLater: (bytes) => settled((done) => zstdCompress(bytes, zstdOptions(level, bytes.length), done)),
  };
}

const settled = (start: (done: (error: Error | null, result: Buffer) => void) => void): Promise<Buffer> =>
  new Promise((resolve, reject) => start((error, result) => (error === null ? resolve(result) : reject(error))));
