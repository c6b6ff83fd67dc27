/** Groups of blocks: where their tables are, and what of them is in use. */
import type { Checksums } from './checksums.ts';
import { BLOCK_BYTES, copyBlocks, DESCRIPTOR_BYTES, FLEX_GROUPS, type Geometry, GROUP_BLOCKS, hasCopy } from './geometry.ts';
import type { Space } from './space.ts';

export interface Group {
  readonly blockMap: number;
  readonly inodeMap: number;
  readonly inodeTable: number;
}

/** Whoever reads these groups makes the map by himself. */
const HAS_NO_INODES = 1;
const HAS_NO_BLOCKS = 2;

/**
 * Gives all groups their places: tables of 16 groups stand together in the first of these. Only the last group has its map of blocks itself:
 * it has to have one, and with nothing in it that would be zeros, and lost where an image is copied without its holes.
 */
export function placeGroups(geometry: Geometry, space: Space): Group[] {
  const { groups, tableBlocks } = geometry;
  for (let group = 0; group < groups; group++) if (hasCopy(group)) space.fix(group * GROUP_BLOCKS, copyBlocks(geometry));
  const placed: Group[] = [];
  for (let first = 0; first < groups; first += FLEX_GROUPS) {
    const from = first * GROUP_BLOCKS;
    const indexes = Array.from({ length: Math.min(FLEX_GROUPS, groups - first) }, (_, index) => first + index);
    const blockMaps = indexes.map((index) => space.fixFirst(index === groups - 1 ? index * GROUP_BLOCKS : from, 1));
    const inodeMaps = indexes.map(() => space.fixFirst(from, 1));
    const inodeTables = indexes.map(() => space.fixFirst(from, tableBlocks));
    for (const [at, inodeTable] of inodeTables.entries())
      placed.push({ blockMap: blockMaps[at]!, inodeMap: inodeMaps[at]!, inodeTable });
  }
  return placed;
}

/** What is in use of one. */
export interface GroupUse {
  readonly blocks: Buffer;
  readonly inodes: Buffer;
  readonly freeBlocks: number;
  readonly freeInodes: number;
  /** If not, the map is not written. */
  readonly hasBlocks: boolean;
  readonly hasInodes: boolean;
}

/** @param usedInodes  of the whole file system: numbers from 1 on, without gaps */
export function groupUse(geometry: Geometry, space: Space, group: number, usedInodes: number): GroupUse {
  const start = group * GROUP_BLOCKS;
  const count = Math.min(GROUP_BLOCKS, geometry.blocks - start);
  const blocks = Buffer.alloc(BLOCK_BYTES);
  for (const run of space.takenIn({ start, count })) setBits(blocks, run.start - start, run.count);
  const freeBlocks = count - countBits(blocks);
  // What is behind the end counts as taken.
  setBits(blocks, count, GROUP_BLOCKS - count);
  const { inodesPerGroup } = geometry;
  const nInodes = Math.min(inodesPerGroup, Math.max(0, usedInodes - group * inodesPerGroup));
  const inodes = Buffer.alloc(BLOCK_BYTES);
  setBits(inodes, 0, nInodes);
  setBits(inodes, inodesPerGroup, GROUP_BLOCKS - inodesPerGroup);
  const freeInodes = inodesPerGroup - nInodes;
  return { blocks, inodes, freeBlocks, freeInodes, hasBlocks: freeBlocks < count, hasInodes: nInodes > 0 };
}

function setBits(bytes: Buffer, from: number, count: number): void {
  const end = from + count;
  let at = from;
  for (; at < end && at % 8 !== 0; at++) bytes[at >> 3]! |= 1 << (at & 7);
  const whole = Math.max(at, end - (end % 8));
  bytes.fill(0xff, at >> 3, whole >> 3);
  for (at = whole; at < end; at++) bytes[at >> 3]! |= 1 << (at & 7);
}

function countBits(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += 4) {
    let word = bytes.readInt32LE(at);
    for (; word !== 0; word &= word - 1) count++;
  }
  return count;
}

export function encodeDescriptor(
  index: number,
  group: Group,
  use: GroupUse,
  { inodesPerGroup }: Geometry,
  nDirectories: number,
  checksums: Checksums,
): Buffer {
  const bytes = Buffer.alloc(DESCRIPTOR_BYTES);
  for (const [number, block] of [group.blockMap, group.inodeMap, group.inodeTable].entries())
    bytes.writeUInt32LE(block, number * 4);
  bytes.writeUInt16LE(use.freeBlocks, 12);
  bytes.writeUInt16LE(use.freeInodes, 14);
  bytes.writeUInt16LE(nDirectories, 16);
  // Linux clears what of a table was never in use, later: what lies on the disk where an image left a hole does no harm.
  bytes.writeUInt16LE((use.hasInodes ? 0 : HAS_NO_INODES) | (use.hasBlocks ? 0 : HAS_NO_BLOCKS), 18);
  const sum = (map: Uint8Array, low: number, high: number): void => {
    const value = checksums.of(map);
    bytes.writeUInt16LE(value & 0xffff, low);
    bytes.writeUInt16LE(value >>> 16, high);
  };
  if (use.hasBlocks) sum(use.blocks, 24, 56);
  if (use.hasInodes) sum(use.inodes.subarray(0, inodesPerGroup / 8), 26, 58);
  bytes.writeUInt16LE(use.freeInodes, 28);
  bytes.writeUInt16LE(checksums.ofDescriptor(index, bytes), 30);
  return bytes;
}
