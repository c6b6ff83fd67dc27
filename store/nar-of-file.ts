/**
 * What a NAR puts around the bytes of a file that stands alone.
 *
 * @source docs/store.md §4
 */
import type { Bytes } from '../base/index.ts';

/** One string of a NAR: its length, its bytes, zeros up to a multiple of 8. */
export function narToken(text: Bytes): Buffer {
  const bytes = Buffer.alloc(8 + Math.ceil(text.length / 8) * 8);
  bytes.writeUInt32LE(text.length, 0);
  bytes.write(text, 8, 'latin1');
  return bytes;
}

export const narTokens = (...texts: readonly Bytes[]): Buffer => Buffer.concat(texts.map(narToken));

export const MAGIC: Buffer = narToken('nix-archive-1');
export const OPEN_FILE: Buffer = narTokens('(', 'type', 'regular', 'contents');
export const OPEN_EXECUTABLE: Buffer = narTokens('(', 'type', 'regular', 'executable', '', 'contents');
export const CLOSE: Buffer = narToken(')');

const FILE = Buffer.concat([MAGIC, OPEN_FILE]);
const EXECUTABLE = Buffer.concat([MAGIC, OPEN_EXECUTABLE]);

/** Begins the NAR. The size follows in 8 bytes, the content, zeros up to a multiple of 8, and `CLOSE`. */
export const fileOpening = (isExecutable: boolean): Buffer => (isExecutable ? EXECUTABLE : FILE);

/** The whole of it. */
export function narOfBytes(data: Uint8Array, isExecutable = false): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(data.length));
  const padding = Buffer.alloc((8 - (data.length % 8)) % 8);
  return Buffer.concat([fileOpening(isExecutable), size, data, padding, CLOSE]);
}
