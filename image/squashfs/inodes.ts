/** Inodes of a squashfs, as their table has them. */
import type { DeviceEntry, ImageEntry, SymlinkEntry } from '../entry.ts';
import { NO_ATTRIBUTES } from './attributes.ts';
import type { Placement } from './blocks.ts';

/** What all inodes begin with. */
export interface InodeHead {
  readonly entry: ImageEntry;
  readonly uidIndex: number;
  readonly gidIndex: number;
  readonly seconds: number;
  readonly number: number;
  readonly nLinks: number;
  readonly attributes: number;
}

/** Kinds by number; the one with further fields is 7 higher. */
export const INODE_KIND: Readonly<Record<ImageEntry['kind'], number>> = {
  directory: 1,
  file: 2,
  symlink: 3,
  block: 4,
  char: 5,
  fifo: 6,
  socket: 7,
};
const EXTENDED = 7;
const NO_FRAGMENT = 0xffffffff;

function begin(head: InodeHead, isExtended: boolean, bodyBytes: number): Buffer {
  const bytes = Buffer.alloc(16 + bodyBytes);
  bytes.writeUInt16LE(INODE_KIND[head.entry.kind] + (isExtended ? EXTENDED : 0), 0);
  bytes.writeUInt16LE(head.entry.mode & 0o7777, 2);
  bytes.writeUInt16LE(head.uidIndex, 4);
  bytes.writeUInt16LE(head.gidIndex, 6);
  bytes.writeUInt32LE(head.seconds, 8);
  bytes.writeUInt32LE(head.number, 12);
  return bytes;
}

const hasAttributes = (head: InodeHead): boolean => head.attributes !== NO_ATTRIBUTES;

export function fileInode(head: InodeHead, placement: Placement): Buffer {
  const { sizeBytes, start, blockSizes, fragment, sparseBytes } = placement;
  const isExtended = hasAttributes(head) || head.nLinks > 1 || sparseBytes > 0 || start > 0xffffffff || sizeBytes > 0xffffffff;
  const fixed = isExtended ? 40 : 16;
  const bytes = begin(head, isExtended, fixed + 4 * blockSizes.length);
  const index = fragment?.index ?? NO_FRAGMENT;
  const offset = fragment?.offset ?? 0;
  if (isExtended) {
    bytes.writeBigUInt64LE(BigInt(start), 16);
    bytes.writeBigUInt64LE(BigInt(sizeBytes), 24);
    // Of a file that is not empty at least a byte is there: with no sector at all it would look empty to `du` and `cp`.
    bytes.writeBigUInt64LE(BigInt(Math.min(sparseBytes, Math.max(0, sizeBytes - 1))), 32);
    bytes.writeUInt32LE(head.nLinks, 40);
    bytes.writeUInt32LE(index, 44);
    bytes.writeUInt32LE(offset, 48);
    bytes.writeUInt32LE(head.attributes, 52);
  } else {
    bytes.writeUInt32LE(start, 16);
    bytes.writeUInt32LE(index, 20);
    bytes.writeUInt32LE(offset, 24);
    bytes.writeUInt32LE(sizeBytes, 28);
  }
  for (const [block, size] of blockSizes.entries()) bytes.writeUInt32LE(size, 16 + fixed + 4 * block);
  return bytes;
}

export function symlinkInode(head: InodeHead, { target }: SymlinkEntry): Buffer {
  const isExtended = hasAttributes(head);
  const bytes = begin(head, isExtended, 8 + target.length + (isExtended ? 4 : 0));
  bytes.writeUInt32LE(head.nLinks, 16);
  bytes.writeUInt32LE(target.length, 20);
  bytes.write(target, 24, 'latin1');
  if (isExtended) bytes.writeUInt32LE(head.attributes, 24 + target.length);
  return bytes;
}

/** Devices, pipes and sockets. */
export function specialInode(head: InodeHead, device: DeviceEntry | undefined): Buffer {
  const isExtended = hasAttributes(head);
  const nNumber = device === undefined ? 0 : 4;
  const bytes = begin(head, isExtended, 4 + nNumber + (isExtended ? 4 : 0));
  bytes.writeUInt32LE(head.nLinks, 16);
  // As `new_encode_dev` of Linux has it.
  if (device !== undefined)
    bytes.writeUInt32LE(((device.minor & 0xff) | (device.major << 8) | ((device.minor & ~0xff) << 12)) >>> 0, 20);
  if (isExtended) bytes.writeUInt32LE(head.attributes, 20 + nNumber);
  return bytes;
}

/** Where the list of a directory is, and how long. */
export interface Listing {
  readonly blockStart: number;
  readonly offset: number;
  readonly lengthBytes: number;
  readonly index: readonly Buffer[];
}

export function directoryInode(head: InodeHead, listing: Listing, parent: number): Buffer {
  const { blockStart, offset, lengthBytes, index } = listing;
  // What is said is 3 more: the kernel counts `.` and `..`.
  const size = lengthBytes + 3;
  if (!hasAttributes(head) && index.length === 0 && size <= 0xffff) {
    const bytes = begin(head, false, 16);
    bytes.writeUInt32LE(blockStart, 16);
    bytes.writeUInt32LE(head.nLinks, 20);
    bytes.writeUInt16LE(size, 24);
    bytes.writeUInt16LE(offset, 26);
    bytes.writeUInt32LE(parent, 28);
    return bytes;
  }
  const bytes = begin(head, true, 24);
  bytes.writeUInt32LE(head.nLinks, 16);
  bytes.writeUInt32LE(size, 20);
  bytes.writeUInt32LE(blockStart, 24);
  bytes.writeUInt32LE(parent, 28);
  bytes.writeUInt16LE(index.length, 32);
  bytes.writeUInt16LE(offset, 34);
  bytes.writeUInt32LE(head.attributes, 36);
  return Buffer.concat([bytes, ...index]);
}
