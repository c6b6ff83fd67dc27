/**
 * Manifests as the index holds them: one zstd frame. Most are of one file, and too short to shrink: making a compressor for each takes
 * 100 µs and 16 KiB, so those frames hold their bytes as they are.
 *
 * @source RFC 8878 §3.1.1
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { fillFromZstd, hasKoffi } from '../base/index.ts';
import { decodeManifest, encodeManifest } from './manifest.ts';
import type { Manifest } from './types.ts';

/** What the frame's one byte of size can say. */
const MAX_PLAIN = 255;
/** Magic number; then that there is one segment, whose size is one byte. */
const PLAIN_START = [0x28, 0xb5, 0x2f, 0xfd, 0x20];
const PLAIN_HEADER = PLAIN_START.length + 4;

/** What `node:zlib` asks for at least, and as much memory as is taken because a frame says so. */
const MIN_CHUNK = 64;
const MAX_CHUNK: number = 1 << 24;
/** From here on loading koffi, where nothing else has, is worth its time. */
const MIN_NATIVE: number = 1 << 16;

/** Level 1: hashes do not compress, names do at any level. */
export function packManifest(manifest: Manifest): Buffer {
  const text = encodeManifest(manifest);
  if (text.length > MAX_PLAIN) {
    const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
    return zstdCompressSync(Buffer.from(text, 'latin1'), options);
  }
  const frame = Buffer.allocUnsafe(PLAIN_HEADER + text.length);
  frame.set(PLAIN_START);
  frame[PLAIN_START.length] = text.length;
  // The last block, of bytes as they are.
  frame.writeUIntLE(1 | (text.length << 3), PLAIN_START.length + 1, 3);
  frame.write(text, PLAIN_HEADER, 'latin1');
  return frame;
}

/** @throws an error of `node:zlib` for what is no frame */
export const unpackManifest = (frame: Buffer): Manifest => decodeManifest(unpackManifestBytes(frame).toString('latin1'));

/** What `encodeManifest` wrote; may be part of the frame's memory. @throws as `unpackManifest` */
export function unpackManifestBytes(frame: Buffer): Buffer {
  const isPlain =
    frame.length === PLAIN_HEADER + frame[PLAIN_START.length]! &&
    PLAIN_START.every((byte, i) => frame[i] === byte) &&
    frame.readUIntLE(PLAIN_START.length + 1, 3) === (1 | (frame[PLAIN_START.length]! << 3));
  if (isPlain) return frame.subarray(PLAIN_HEADER);
  const size = contentBytes(frame);
  if (size > 0 && size <= MAX_CHUNK && (size >= MIN_NATIVE || hasKoffi())) {
    const content = Buffer.allocUnsafeSlow(size);
    if (fillFromZstd(content, frame)) return content;
  }
  return zstdDecompressSync(frame, { chunkSize: Math.min(Math.max(size, MIN_CHUNK), MAX_CHUNK) });
}

/** How much comes out, as the frame says; 0 where it does not. In one piece it takes half the time of pieces that are put together. */
function contentBytes(frame: Buffer): number {
  const descriptor = frame[4] ?? 0;
  const isOneSegment = (descriptor & 0x20) !== 0;
  const at = 5 + (isOneSegment ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  const width = [isOneSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  if (width === 0 || frame.length < at + width) return 0;
  // From 256 on, sizes of two bytes are counted.
  return width === 8 ? Number(frame.readBigUInt64LE(at)) : frame.readUIntLE(at, width) + (width === 2 ? 256 : 0);
}
