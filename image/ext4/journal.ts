/** An empty journal. @source https://docs.kernel.org/filesystems/ext4/journal.html */
import { BLOCK_BYTES } from './geometry.ts';

/**
 * The first block of it. What the others hold is whatever lay on the disk: after a crash Linux reads on until something is not of this
 * file system, or not the next transaction. So their numbers do not begin with 1, as those of any other would.
 */
export function encodeJournal(blocks: number, uuid: Buffer): Buffer {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  bytes.writeUInt32BE(0xc03b3998, 0);
  bytes.writeUInt32BE(4, 4); // a superblock of version 2
  bytes.writeUInt32BE(BLOCK_BYTES, 12);
  bytes.writeUInt32BE(blocks, 16);
  bytes.writeUInt32BE(1, 20); // where the log begins
  bytes.writeUInt32BE(uuid.readUInt32BE(), 24); // number of the first transaction
  bytes.set(uuid, 48);
  bytes.writeUInt32BE(1, 64); // file systems that use it
  return bytes;
}
