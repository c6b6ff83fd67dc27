/**
 * The inode that keeps room behind the descriptors of groups, where those of further groups go when the file system grows: a file whose
 * double indirect block names the blocks behind the first descriptors, each of which names its own copies.
 */
import { BLOCK_BYTES, type Geometry, GROUP_BLOCKS, hasCopy } from './geometry.ts';
import { PLACE_BYTES } from './inode.ts';

const NUMBERS: number = BLOCK_BYTES / 4;
/** Of the numbers in the inode. */
const DOUBLE_INDIRECT = 13;
const DIRECT = 12;

export interface Growth {
  readonly place: Buffer;
  readonly sizeBytes: number;
  readonly blocks: number;
  /** What stands in which block. */
  readonly written: readonly { readonly block: number; readonly bytes: Buffer }[];
}

/** @param block  the one for the double indirect numbers */
export function growthOf({ groups, descriptorBlocks, growthBlocks }: Geometry, block: number): Growth {
  const copies: number[] = [];
  for (let group = 1; group < groups; group++) if (hasCopy(group)) copies.push(group * GROUP_BLOCKS);
  const table = Buffer.alloc(BLOCK_BYTES);
  const written = [{ block, bytes: table }];
  for (let index = descriptorBlocks; index < descriptorBlocks + growthBlocks; index++) {
    const first = 1 + index;
    table.writeUInt32LE(first, (index % NUMBERS) * 4);
    const bytes = Buffer.alloc(BLOCK_BYTES);
    for (const [at, copy] of copies.entries()) bytes.writeUInt32LE(copy + first, at * 4);
    written.push({ block: first, bytes });
  }
  const place = Buffer.alloc(PLACE_BYTES);
  place.writeUInt32LE(block, DOUBLE_INDIRECT * 4);
  return {
    place,
    sizeBytes: (DIRECT + NUMBERS + NUMBERS * NUMBERS) * BLOCK_BYTES,
    blocks: 1 + growthBlocks * (1 + copies.length),
    written,
  };
}
