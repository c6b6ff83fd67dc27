/** What an ext4 file system says of itself, at its start and in copies. */
import { CRC_START, crc32c } from './crc32c.ts';
import { DESCRIPTOR_BYTES, type Geometry, GROUP_BLOCKS, INODE_BYTES, LOG_FLEX_GROUPS, N_OWN_INODES } from './geometry.ts';

export const SUPERBLOCK_BYTES = 1024;
export const ROOT_INODE = 2;
export const GROWTH_INODE = 7;
export const JOURNAL_INODE = 8;

/** `has_journal`, `ext_attr`, `resize_inode`, `dir_index`. */
const COMPATIBLE: number = 0x4 | 0x8 | 0x10 | 0x20;
/** `filetype`, `extents`, `64bit`, `flex_bg`. */
const INCOMPATIBLE: number = 0x2 | 0x40 | 0x80 | 0x200;
/** `sparse_super`, `large_file`, `huge_file`, `dir_nlink`, `extra_isize`, `metadata_csum`. */
const READ_ONLY_COMPATIBLE: number = 0x1 | 0x2 | 0x8 | 0x20 | 0x40 | 0x400;
/** Of the room one part in so many is for root. */
const RESERVED_PART = 20;

export interface SuperblockFields {
  readonly geometry: Geometry;
  readonly freeBlocks: number;
  readonly freeInodes: number;
  /** 16 bytes each. */
  readonly uuid: Uint8Array;
  readonly hashSeed: Uint8Array;
  /** At most 16 bytes. */
  readonly label: string;
  readonly seconds: number;
  /** What the journal's inode has of places, and its size: for whoever finds the inode broken. */
  readonly journalPlace: Buffer;
  readonly journalBytes: number;
}

/** @param group  whose copy it is */
export function encodeSuperblock(fields: SuperblockFields, group: number): Buffer {
  const { geometry, freeBlocks, freeInodes, seconds } = fields;
  const bytes = Buffer.alloc(SUPERBLOCK_BYTES);
  bytes.writeUInt32LE(geometry.groups * geometry.inodesPerGroup, 0x0);
  bytes.writeUInt32LE(geometry.blocks, 0x4);
  bytes.writeUInt32LE(Math.floor(geometry.blocks / RESERVED_PART), 0x8);
  bytes.writeUInt32LE(freeBlocks, 0xc);
  bytes.writeUInt32LE(freeInodes, 0x10);
  bytes.writeUInt32LE(2, 0x18); // blocks of 1024 << 2
  bytes.writeUInt32LE(2, 0x1c);
  bytes.writeUInt32LE(GROUP_BLOCKS, 0x20);
  bytes.writeUInt32LE(GROUP_BLOCKS, 0x24);
  bytes.writeUInt32LE(geometry.inodesPerGroup, 0x28);
  for (const [at, highAt] of [
    [0x30, 0x274], // written
    [0x40, 0x277], // checked
    [0x108, 0x276], // made
  ] as const) {
    bytes.writeUInt32LE(seconds % 2 ** 32, at);
    bytes[highAt] = Math.floor(seconds / 2 ** 32);
  }
  bytes.writeInt16LE(-1, 0x36); // any number of mounts between two checks
  bytes.writeUInt16LE(0xef53, 0x38);
  bytes.writeUInt16LE(1, 0x3a); // whole
  bytes.writeUInt16LE(1, 0x3c); // goes on after errors
  bytes.writeUInt32LE(1, 0x4c); // revision
  bytes.writeUInt32LE(N_OWN_INODES + 1, 0x54);
  bytes.writeUInt16LE(INODE_BYTES, 0x58);
  bytes.writeUInt16LE(group % 2 ** 16, 0x5a); // all that there is room for
  bytes.writeUInt32LE(COMPATIBLE, 0x5c);
  bytes.writeUInt32LE(INCOMPATIBLE, 0x60);
  bytes.writeUInt32LE(READ_ONLY_COMPATIBLE, 0x64);
  bytes.set(fields.uuid, 0x68);
  bytes.write(fields.label, 0x78, 16, 'latin1');
  bytes.writeUInt16LE(geometry.growthBlocks, 0xce);
  bytes.writeUInt32LE(JOURNAL_INODE, 0xe0);
  bytes.set(fields.hashSeed, 0xec);
  bytes[0xfc] = 1; // names of folders that Linux puts an index to: half of MD4
  bytes[0xfd] = 1; // that of the journal follows
  bytes.writeUInt16LE(DESCRIPTOR_BYTES, 0xfe);
  bytes.writeUInt32LE(0xc, 0x100); // mounted with attributes and access lists
  fields.journalPlace.copy(bytes, 0x10c);
  bytes.writeUInt32LE(Math.floor(fields.journalBytes / 2 ** 32), 0x148);
  bytes.writeUInt32LE(fields.journalBytes % 2 ** 32, 0x14c);
  bytes.writeUInt16LE(32, 0x15c);
  bytes.writeUInt16LE(32, 0x15e);
  bytes.writeUInt32LE(1, 0x160); // bytes of names are signed where they are hashed
  bytes[0x174] = LOG_FLEX_GROUPS;
  bytes[0x175] = 1; // CRC-32C
  bytes.writeUInt32LE(crc32c(CRC_START, bytes.subarray(0, 0x3fc)), 0x3fc);
  return bytes;
}
