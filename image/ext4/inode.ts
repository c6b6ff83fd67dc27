/** Inodes of an ext4 file system. */
import type { ImageEntry } from '../entry.ts';
import type { Checksums } from './checksums.ts';
import { crc32c } from './crc32c.ts';
import { BLOCK_BYTES, INODE_BYTES } from './geometry.ts';

const EXTRA_BYTES = 32;
const HAS_EXTENTS = 0x80000;
const SECTORS_IN_BLOCK: number = BLOCK_BYTES / 512;
/** Names of one file; of a folder its own two, and those of the folders in it. */
export const MAX_LINKS = 65000;

/** Kinds as the mode has them. */
const KIND_BITS: Readonly<Record<ImageEntry['kind'], number>> = {
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
};

/** What an inode has to say where its blocks are. */
export const PLACE_BYTES = 60;
/** What it has for attributes. */
export const ATTRIBUTE_ROOM: number = INODE_BYTES - 128 - EXTRA_BYTES;

export interface InodeFields {
  readonly kind: ImageEntry['kind'];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nLinks: number;
  readonly sizeBytes: number;
  /** All that are its own: also those of its tree and its attributes. */
  readonly blocks: number;
  /** 60 bytes: a tree's root, a target, a device's number, numbers of blocks. */
  readonly place: Uint8Array;
  readonly hasExtents: boolean;
  readonly attributes?: Buffer;
  /** 0 for none. */
  readonly attributeBlock?: number;
}

/** One that is the file system's own, and not in use. */
export const emptyInode = (number: number, checksums: Checksums): Buffer =>
  withChecksum(Buffer.alloc(INODE_BYTES), number, checksums);

export function encodeInode(number: number, fields: InodeFields, seconds: number, checksums: Checksums): Buffer {
  const { uid, gid, sizeBytes, attributeBlock = 0 } = fields;
  const bytes = Buffer.alloc(INODE_BYTES);
  const low = seconds % 2 ** 32;
  // The low half of a time is signed; what is missing of it to the whole are two bits elsewhere.
  const epoch = Math.floor((seconds + 2 ** 31) / 2 ** 32);
  bytes.writeUInt16LE(KIND_BITS[fields.kind] | fields.mode, 0);
  bytes.writeUInt16LE(uid & 0xffff, 2);
  bytes.writeUInt32LE(sizeBytes % 2 ** 32, 4);
  for (const at of [8, 12, 16, 144]) bytes.writeUInt32LE(low, at);
  for (const at of [132, 136, 140, 148]) bytes.writeUInt32LE(epoch, at);
  bytes.writeUInt16LE(gid & 0xffff, 24);
  bytes.writeUInt16LE(fields.nLinks, 26);
  const sectors = fields.blocks * SECTORS_IN_BLOCK;
  bytes.writeUInt32LE(sectors % 2 ** 32, 28);
  bytes.writeUInt32LE(fields.hasExtents ? HAS_EXTENTS : 0, 32);
  bytes.set(fields.place, 40);
  bytes.writeUInt32LE(attributeBlock, 104);
  bytes.writeUInt32LE(Math.floor(sizeBytes / 2 ** 32), 108);
  bytes.writeUInt16LE(Math.floor(sectors / 2 ** 32), 116);
  bytes.writeUInt16LE(uid >>> 16, 120);
  bytes.writeUInt16LE(gid >>> 16, 122);
  bytes.writeUInt16LE(EXTRA_BYTES, 128);
  if (fields.attributes !== undefined) bytes.set(fields.attributes, INODE_BYTES - ATTRIBUTE_ROOM);
  return withChecksum(bytes, number, checksums);
}

function withChecksum(bytes: Buffer, number: number, checksums: Checksums): Buffer {
  const checksum = crc32c(checksums.seedOf(number), bytes);
  bytes.writeUInt16LE(checksum & 0xffff, 124);
  // Where nothing further is in use there is no second half of it.
  if (bytes.readUInt16LE(128) > 0) bytes.writeUInt16LE(checksum >>> 16, 130);
  return bytes;
}

/** As `new_encode_dev` of Linux has it, or the older form where that is enough. */
export function devicePlace(major: number, minor: number): Buffer {
  const place = Buffer.alloc(PLACE_BYTES);
  if (major < 256 && minor < 256) place.writeUInt32LE((major << 8) | minor, 0);
  else place.writeUInt32LE(((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0, 4);
  return place;
}
