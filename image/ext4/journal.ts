/** An empty journal. @source https://docs.kernel.org/filesystems/ext4/journal.html */
import { BLOCK_BYTES } from './geometry.ts';

/** The first block of it; of the others nothing is read before Linux wrote there. */
export function encodeJournal(blocks: number): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  bytes.writeUInt32BE(0xc03b3998, 0);
  bytes.writeUInt32BE(4, 4); // a superblock of version 2
  bytes.writeUInt32BE(BLOCK_BYTES, 12);
  bytes.writeUInt32BE(blocks, 16);
  bytes.writeUInt32BE(1, 20); // where the log begins
  bytes.writeUInt32BE(1, 24); // number of the first transaction
  bytes.writeUInt32BE(1, 64); // file systems that use it
  return bytes;
}
