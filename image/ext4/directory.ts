/** What stands in a folder of an ext4 file system: a list, read from its start. */
import type { Bytes } from '../../base/index.ts';
import type { ImageEntry } from '../entry.ts';
import { roundUp } from '../layout.ts';
import { crc32c } from './crc32c.ts';
import { BLOCK_BYTES } from './geometry.ts';

export interface Listed {
  readonly name: Bytes;
  readonly inode: number;
  readonly kind: ImageEntry['kind'];
}

const KINDS: Readonly<Record<ImageEntry['kind'], number>> = {
  file: 1,
  directory: 2,
  char: 3,
  block: 4,
  fifo: 5,
  socket: 6,
  symlink: 7,
};
const HEAD_BYTES = 8;
/** A record that names nothing, with the checksum of its block. */
const TAIL_BYTES = 12;
const TAIL_KIND = 0xde;
const ROOM: number = BLOCK_BYTES - TAIL_BYTES;

/**
 * @param seed  what checksums of its inode begin with
 * @returns     whole blocks
 */
export function encodeDirectory(own: number, parent: number, listed: readonly Listed[], seed: number): Buffer {
  const blocks: Buffer[] = [];
  let block = Buffer.alloc(BLOCK_BYTES);
  let [last, end] = [0, 0];
  const endBlock = (): void => {
    // Its last record reaches to the tail.
    block.writeUInt16LE(ROOM - last, last + 4);
    block.writeUInt16LE(TAIL_BYTES, ROOM + 4);
    block[ROOM + 7] = TAIL_KIND;
    block.writeUInt32LE(crc32c(seed, block.subarray(0, ROOM)), ROOM + 8);
    blocks.push(block);
  };
  const here = { inode: own, name: '.', kind: 'directory' } as const;
  for (const { inode, name, kind } of [here, { ...here, inode: parent, name: '..' }, ...listed]) {
    const sizeBytes = roundUp(HEAD_BYTES + name.length, 4);
    if (end + sizeBytes > ROOM) {
      endBlock();
      block = Buffer.alloc(BLOCK_BYTES);
      end = 0;
    }
    block.writeUInt32LE(inode, end);
    block.writeUInt16LE(sizeBytes, end + 4);
    block[end + 6] = name.length;
    block[end + 7] = KINDS[kind];
    block.write(name, end + HEAD_BYTES, 'latin1');
    last = end;
    end += sizeBytes;
  }
  endBlock();
  return Buffer.concat(blocks);
}
