/** How large an ext4 file system is, and what of it goes to the file system itself. */
import { imageFault } from '../faults.ts';
import { roundUp } from '../layout.ts';
import { mediaFault } from '../media-faults.ts';

export const BLOCK_BYTES = 4096;
export const INODE_BYTES = 256;
export const INODES_PER_BLOCK: number = BLOCK_BYTES / INODE_BYTES;
/** As many as one block has bits. */
export const GROUP_BLOCKS: number = BLOCK_BYTES * 8;
/** Groups whose tables stand together. */
export const LOG_FLEX_GROUPS = 4;
export const FLEX_GROUPS: number = 1 << LOG_FLEX_GROUPS;
export const DESCRIPTOR_BYTES = 64;
/** Inodes that are the file system's own. */
export const N_OWN_INODES = 10;

const DESCRIPTORS_PER_BLOCK: number = BLOCK_BYTES / DESCRIPTOR_BYTES;
const NUMBERS_PER_BLOCK: number = BLOCK_BYTES / 4;
const MIB_BLOCKS: number = 2 ** 20 / BLOCK_BYTES;
/** Where block numbers of the table for growing end: 16 TiB. All others fit into the lower half of what the format has for them. */
const MAX_BLOCKS: number = 2 ** 32 - 1;
const TIB_BLOCKS: number = 2 ** 40 / BLOCK_BYTES;
/** What of a last group has to be there for files; a shorter one is not worth its tables. */
const MIN_FREE_IN_GROUP = 50;
/** Where nobody says a size: as much room as the contents take, and this at least. */
const MIN_RESERVE_BLOCKS: number = 2 ** 28 / BLOCK_BYTES;

export interface Geometry {
  readonly sizeBytes: number;
  readonly blocks: number;
  readonly groups: number;
  readonly inodesPerGroup: number;
  /** Of the inodes of one group. */
  readonly tableBlocks: number;
  /** Of the descriptors of all groups. */
  readonly descriptorBlocks: number;
  /** Kept behind these, for groups that come when it grows. */
  readonly growthBlocks: number;
  readonly journalBlocks: number;
}

export interface Demand {
  /** Contents, folders, attributes and the like. */
  readonly blocks: number;
  readonly inodes: number;
}

/** Blocks of the superblock and what stands behind each copy of it. */
export const copyBlocks = ({ descriptorBlocks, growthBlocks }: Geometry): number => 1 + descriptorBlocks + growthBlocks;

/** With `sparse_super`: the first two groups, and the powers of 3, 5 and 7. */
export function hasCopy(group: number): boolean {
  const isPowerOf = (base: number): boolean => {
    let power = base;
    while (power < group) power *= base;
    return power === group;
  };
  return group < 2 || isPowerOf(3) || isPowerOf(5) || isPowerOf(7);
}

/**
 * @param wantedBytes  of the whole; without it there is room for as much again as the demand, since an upgrade has old and new side by side
 * @throws Fault E-IMG-003 more than 16 TiB · E-IMG-024 too small
 */
export function geometryFor(demand: Demand, wantedBytes?: number): Geometry {
  if (wantedBytes === undefined) {
    const blocks = demand.blocks + Math.max(demand.blocks, MIN_RESERVE_BLOCKS);
    return smallestFor({ blocks, inodes: 2 * demand.inodes });
  }
  const wanted = Math.floor(wantedBytes / BLOCK_BYTES);
  const geometry = shapeOf(wanted, demand);
  if (roomIn(geometry) >= demand.blocks && geometry.groups * geometry.inodesPerGroup >= demand.inodes + N_OWN_INODES)
    return geometry;
  throw mediaFault.tooSmall('a file system', wantedBytes, smallestFor(demand).sizeBytes);
}

function smallestFor(demand: Demand): Geometry {
  let blocks = roundUp(demand.blocks, MIB_BLOCKS);
  for (;;) {
    const geometry = shapeOf(blocks, demand);
    const missing = demand.blocks - roomIn(geometry);
    const hasInodes = geometry.groups * geometry.inodesPerGroup >= demand.inodes + N_OWN_INODES;
    if (missing <= 0 && hasInodes && geometry.blocks === blocks) return geometry;
    blocks += roundUp(Math.max(missing, hasInodes ? 1 : GROUP_BLOCKS), MIB_BLOCKS);
  }
}

function shapeOf(blocks: number, { inodes }: Demand): Geometry {
  if (blocks > MAX_BLOCKS) throw imageFault.tooMuch(`the size of a file system of ${blocks} blocks`, '16 TiB');
  const groups = Math.max(1, Math.ceil(blocks / GROUP_BLOCKS));
  const nInodes = Math.max(blocks / 4, inodes * 1.25 + N_OWN_INODES);
  const inodesPerGroup = Math.min(roundUp(nInodes / groups, INODES_PER_BLOCK), GROUP_BLOCKS);
  const descriptorBlocks = Math.ceil(groups / DESCRIPTORS_PER_BLOCK);
  const grown = Math.min(Math.max(blocks * 1024, TIB_BLOCKS), MAX_BLOCKS);
  const growthBlocks = Math.ceil(grown / GROUP_BLOCKS / DESCRIPTORS_PER_BLOCK) - descriptorBlocks;
  const geometry: Geometry = {
    sizeBytes: blocks * BLOCK_BYTES,
    blocks,
    groups,
    inodesPerGroup,
    tableBlocks: inodesPerGroup / INODES_PER_BLOCK,
    descriptorBlocks,
    growthBlocks: Math.min(growthBlocks, NUMBERS_PER_BLOCK),
    journalBlocks: journalFor(blocks),
  };
  const last = blocks - (groups - 1) * GROUP_BLOCKS;
  if (groups === 1 || last >= groupOverhead(geometry, groups - 1) + MIN_FREE_IN_GROUP) return geometry;
  return { ...shapeOf((groups - 1) * GROUP_BLOCKS, { blocks, inodes }), sizeBytes: blocks * BLOCK_BYTES };
}

const groupOverhead = (geometry: Geometry, group: number): number =>
  (hasCopy(group) ? copyBlocks(geometry) : 0) + 2 + geometry.tableBlocks;

/** What is left for the demand. */
function roomIn(geometry: Geometry): number {
  const { blocks, groups, journalBlocks } = geometry;
  let own = journalBlocks + 1;
  // A file that goes on behind tables may need a further block to say so.
  for (let group = 0; group < groups; group++) own += groupOverhead(geometry, group) + 4;
  return blocks - own;
}

/** As mke2fs gives it. */
function journalFor(blocks: number): number {
  const steps = [2 ** 15, 2 ** 18, 2 ** 19, 2 ** 22, 2 ** 23, 2 ** 24, 2 ** 25];
  const sizes = [2 ** 10, 2 ** 12, 2 ** 13, 2 ** 14, 2 ** 15, 2 ** 16, 2 ** 17, 2 ** 18];
  return sizes[steps.filter((step) => blocks >= step).length]!;
}
