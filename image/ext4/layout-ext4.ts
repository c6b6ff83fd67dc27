/**
 * Files → an ext4 file system: a root that can be written to, and that grows with its disk. The same tree gives the same bytes.
 *
 * All that is fixed stands where `mke2fs` puts it, so that `resize2fs` and Linux find what they expect: groups of 128 MiB, tables of 16
 * of them together, descriptors behind each copy of the superblock with room for those of a larger disk. Behind these come the journal,
 * folders, and contents in the order of the tree, one after the other: what is free is free in one piece.
 *
 * @source https://docs.kernel.org/filesystems/ext4/, and fs/ext4/ext4.h of Linux
 */

import { Breath, type Watching } from '../breath.ts';
import { guidOf } from '../disk/guid.ts';
import type { ImageEntry } from '../entry.ts';
import type { ImageFile } from '../output.ts';
import { Checksums } from './checksums.ts';
import { contentsOf } from './contents.ts';
import { extentsOf, extentTree } from './extents.ts';
import { BLOCK_BYTES, geometryFor, N_OWN_INODES } from './geometry.ts';
import { placeGroups } from './groups.ts';
import { growthOf } from './growth.ts';
import { emptyInode, encodeInode } from './inode.ts';
import { encodeJournal } from './journal.ts';
import { Space } from './space.ts';
import { type Patch, Standing } from './standing.ts';
import { GROWTH_INODE, JOURNAL_INODE } from './superblock.ts';
import { writeTables } from './tables.ts';

export interface Ext4Options extends Watching {
  /** Tells file systems with the same contents from each other. Its first 16 letters are the label. */
  readonly name: string;
  /** Of all files: seconds since 1970. */
  readonly seconds: number;
  /** Of the whole, rounded down to 4096; room for as much again as the contents, and for 256 MiB at least, unless said. */
  readonly sizeBytes?: number;
}

export interface Ext4Layout {
  readonly sizeBytes: number;
  /** In lower case, with hyphens. */
  readonly uuid: string;
  /** Writes it from the byte `start` on, where there are zeros so far: what is free stays a hole. @throws SystemFault · Fault E-IMG-001 */
  write(out: ImageFile, start: number, watching?: Watching): Promise<void>;
}

/** An owner of root's alone, for files of the file system's own. */
const OWN = { kind: 'file', mode: 0o600, uid: 0, gid: 0, nLinks: 1 } as const;

const bytesOfUuid = (uuid: string): Buffer => Buffer.from(uuid.replaceAll('-', ''), 'hex');

/**
 * Reads all contents once: what is zeros in them is not stored, and the UUID is made of them. `write` reads them again. Cost: memory for
 * the entries and the lists of folders, whatever the sizes of files.
 *
 * @throws SystemFault · Fault E-IMG-001 to E-IMG-003 · E-IMG-024
 */
export async function layoutExt4(entries: Iterable<ImageEntry>, options: Ext4Options): Promise<Ext4Layout> {
  const { name, seconds } = options;
  const { items, digest } = await contentsOf(name, entries, options);
  const uuid = guidOf('ext4', name, digest);
  const uuidBytes = bytesOfUuid(uuid);
  const checksums = new Checksums(uuidBytes);
  const standing = items.map((item) => new Standing(item, checksums));
  const blocks = standing.reduce((sum, { demand }) => sum + demand, 0);
  const geometry = geometryFor({ blocks, inodes: items.length }, options.sizeBytes);

  const space = new Space(geometry.blocks);
  const groups = placeGroups(geometry, space);
  const takeBlock = (): number => space.take(1)[0]!.start;
  const growth = growthOf(geometry, takeBlock());
  const journalExtents = extentsOf(0, space.take(geometry.journalBlocks));
  const journal = extentTree(journalExtents, checksums.seedOf(JOURNAL_INODE), takeBlock);
  // Folders stand together, so that all names are found with few reads.
  const isFolder = ({ item }: Standing): boolean => item.holds.kind === 'folder';
  for (const each of standing) if (isFolder(each)) each.settle(space);
  for (const each of standing) if (!isFolder(each)) each.settle(space);

  const journalBytes = geometry.journalBlocks * BLOCK_BYTES;
  const journalFields = {
    ...OWN,
    sizeBytes: journalBytes,
    blocks: geometry.journalBlocks + journal.blocks.length,
    place: journal.root,
    hasExtents: true,
  };
  const own = new Map([
    [JOURNAL_INODE, encodeInode(JOURNAL_INODE, journalFields, seconds, checksums)],
    [GROWTH_INODE, encodeInode(GROWTH_INODE, { ...OWN, ...growth, hasExtents: false }, seconds, checksums)],
  ]);
  const byNumber = new Map(standing.map((each) => [each.item.inode, each]));
  const tables = {
    geometry,
    groups,
    space,
    checksums,
    usedInodes: N_OWN_INODES + items.length - 1,
    inode: (number: number): Buffer =>
      byNumber.get(number)?.encodeInode(seconds) ?? own.get(number) ?? emptyInode(number, checksums),
    isDirectory: (number: number): boolean => byNumber.get(number)?.item.entry.kind === 'directory',
    about: {
      uuid: uuidBytes,
      hashSeed: bytesOfUuid(guidOf('ext4 names', name, digest)),
      label: name.slice(0, 16),
      seconds,
      journalPlace: journal.root,
      journalBytes,
    },
  };
  return {
    sizeBytes: geometry.sizeBytes,
    uuid,
    async write(out, start, watching = {}) {
      const patch: Patch = (block, bytes) => out.patch(start + block * BLOCK_BYTES, bytes);
      writeTables(tables, patch);
      for (const { block, bytes } of [...growth.written, ...journal.blocks]) patch(block, bytes);
      patch(journalExtents[0]!.start, encodeJournal(geometry.journalBlocks, uuidBytes));
      const breath = new Breath(
        standing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
        watching,
      );
      for (const each of standing) for (const bytes of each.write(patch)) await breath.did(bytes);
    },
  };
}
