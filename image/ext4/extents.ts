/** Where the blocks of a file are: a tree of extents, whose root is in the inode. */
import { Bug } from '../../base/index.ts';
import { crc32c } from './crc32c.ts';
import { BLOCK_BYTES } from './geometry.ts';
import type { Run } from './space.ts';

/** Blocks of a file from `logical` on, and where they are. */
export interface Extent extends Run {
  readonly logical: number;
}

/** A block of its own, complete. */
export interface TreeBlock {
  readonly block: number;
  readonly bytes: Buffer;
}

/** What stands in the inode, and in blocks. */
export interface ExtentTree {
  readonly root: Buffer;
  readonly blocks: readonly TreeBlock[];
}

const MAGIC = 0xf30a;
const HEADER_BYTES = 12;
const ENTRY_BYTES = 12;
const ROOT_BYTES = 60;
const IN_ROOT: number = (ROOT_BYTES - HEADER_BYTES) / ENTRY_BYTES;
/** The last four bytes of a block are its checksum. */
const IN_BLOCK: number = Math.floor((BLOCK_BYTES - HEADER_BYTES - 4) / ENTRY_BYTES);
/** More would mean that they are there, but not written. */
const MAX_BLOCKS = 1 << 15;

/** Places for blocks of a file that follow one another from `logical` on. */
export function extentsOf(logical: number, runs: readonly Run[]): Extent[] {
  const extents: Extent[] = [];
  let at = logical;
  for (const { start, count } of runs)
    for (let done = 0; done < count; done += MAX_BLOCKS) {
      const some = Math.min(MAX_BLOCKS, count - done);
      extents.push({ logical: at, start: start + done, count: some });
      at += some;
    }
  return extents;
}

/** How many blocks of its own a tree of at most so many extents needs. */
export function treeBlocksFor(nExtents: number): number {
  let blocks = 0;
  for (let n = nExtents; n > IN_ROOT; blocks += n) n = Math.ceil(n / IN_BLOCK);
  return blocks;
}

/** At most this many extents describe blocks that stand in so many runs, where nothing is in their way. */
export const maxExtents = (counts: readonly number[]): number =>
  counts.reduce((sum, count) => sum + Math.ceil(count / MAX_BLOCKS), 0);

interface Entry {
  readonly logical: number;
  readonly start: number;
  /** Of a leaf only. */
  readonly count?: number;
}

/**
 * @param seed       what checksums of the inode begin with
 * @param takeBlock  gives a block for the tree itself
 */
export function extentTree(extents: readonly Extent[], seed: number, takeBlock: () => number): ExtentTree {
  const blocks: TreeBlock[] = [];
  let entries: readonly Entry[] = extents;
  let depth = 0;
  for (; entries.length > IN_ROOT; depth++) {
    const above: Entry[] = [];
    for (let at = 0; at < entries.length; at += IN_BLOCK) {
      const block = takeBlock();
      const bytes = encodeNode(BLOCK_BYTES, entries.slice(at, at + IN_BLOCK), IN_BLOCK, depth);
      const tail = HEADER_BYTES + IN_BLOCK * ENTRY_BYTES;
      bytes.writeUInt32LE(crc32c(seed, bytes.subarray(0, tail)), tail);
      blocks.push({ block, bytes });
      above.push({ logical: entries[at]!.logical, start: block });
    }
    entries = above;
  }
  return { root: encodeNode(ROOT_BYTES, entries, IN_ROOT, depth), blocks };
}

/** Of extents that fit into an inode. */
export const smallTree = (extents: readonly Extent[]): ExtentTree =>
  extentTree(extents, 0, () => {
    throw new Bug(`${extents.length} extents in an inode`);
  });

function encodeNode(sizeBytes: number, entries: readonly Entry[], most: number, depth: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  for (const [index, value] of [MAGIC, entries.length, most, depth].entries()) bytes.writeUInt16LE(value, index * 2);
  for (const [index, { logical, start, count }] of entries.entries()) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    bytes.writeUInt32LE(logical, at);
    if (count === undefined) bytes.writeUInt32LE(start, at + 4);
    else {
      bytes.writeUInt16LE(count, at + 4);
      bytes.writeUInt32LE(start, at + 8);
    }
  }
  return bytes;
}
