/** Everything of an ext4 file system but what its files hold: superblock and descriptors with their copies, maps, inodes. */
import type { Checksums } from './checksums.ts';
import { BLOCK_BYTES, DESCRIPTOR_BYTES, type Geometry, GROUP_BLOCKS, hasCopy, INODE_BYTES } from './geometry.ts';
import { encodeDescriptor, type Group, groupUse } from './groups.ts';
import type { Space } from './space.ts';
import type { Patch } from './standing.ts';
import { encodeSuperblock, SUPERBLOCK_BYTES, type SuperblockFields } from './superblock.ts';

export interface Tables {
  readonly geometry: Geometry;
  readonly groups: readonly Group[];
  /** Nothing is taken any more. */
  readonly space: Space;
  readonly checksums: Checksums;
  readonly usedInodes: number;
  /** Bytes of one, from 1 to `usedInodes`. */
  readonly inode: (number: number) => Buffer;
  readonly isDirectory: (inode: number) => boolean;
  readonly about: Omit<SuperblockFields, 'geometry' | 'freeBlocks' | 'freeInodes'>;
}

/** @throws SystemFault */
export function writeTables(tables: Tables, patch: Patch): void {
  const { geometry, groups, space, checksums, usedInodes } = tables;
  const { inodesPerGroup, descriptorBlocks } = geometry;
  const descriptors = Buffer.alloc(descriptorBlocks * BLOCK_BYTES);
  let [freeBlocks, freeInodes] = [0, 0];
  for (const [index, group] of groups.entries()) {
    const use = groupUse(geometry, space, index, usedInodes);
    if (use.hasBlocks) patch(group.blockMap, use.blocks);
    let nDirectories = 0;
    if (use.hasInodes) {
      const used = inodesPerGroup - use.freeInodes;
      patch(group.inodeMap, use.inodes);
      const table = Buffer.alloc(Math.ceil((used * INODE_BYTES) / BLOCK_BYTES) * BLOCK_BYTES);
      for (let at = 0; at < used; at++) {
        const number = index * inodesPerGroup + at + 1;
        table.set(tables.inode(number), at * INODE_BYTES);
        if (tables.isDirectory(number)) nDirectories++;
      }
      patch(group.inodeTable, table);
    }
    descriptors.set(encodeDescriptor(index, group, use, geometry, nDirectories, checksums), index * DESCRIPTOR_BYTES);
    freeBlocks += use.freeBlocks;
    freeInodes += use.freeInodes;
  }
  const fields: SuperblockFields = { ...tables.about, geometry, freeBlocks, freeInodes };
  for (let group = 0; group < groups.length; group++) {
    if (!hasCopy(group)) continue;
    const head = Buffer.alloc(BLOCK_BYTES + descriptors.length);
    // The first is behind what starts a machine from a disk without partitions.
    head.set(encodeSuperblock(fields, group), group === 0 ? SUPERBLOCK_BYTES : 0);
    head.set(descriptors, BLOCK_BYTES);
    patch(group * GROUP_BLOCKS, head);
  }
}
