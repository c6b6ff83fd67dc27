/** Extended attributes of an ext4 file system: in the inode where they fit, else in a block of their own. */
import { type Bytes, bytesToText } from '../../base/index.ts';
import type { ImageEntry } from '../entry.ts';
import { imageFault } from '../faults.ts';
import { roundUp } from '../layout.ts';
import type { Checksums } from './checksums.ts';
import { BLOCK_BYTES } from './geometry.ts';

const PREFIXES: readonly (readonly [prefix: Bytes, index: number])[] = [
  ['user.', 1],
  ['trusted.', 4],
  ['security.', 6],
];
const MAGIC = 0xea020000;
const ENTRY_BYTES = 16;
const HEADER_BYTES = 32;
/** Of a whole name: Linux asks for no longer one. */
const NAME_BYTES = 255;
const BLOCK_ROOM: number = BLOCK_BYTES - HEADER_BYTES;
const CHECKSUM_AT = 16;

interface Attribute {
  readonly index: number;
  readonly name: Buffer;
  readonly value: Uint8Array;
}

/** One of the two is there, or none. */
export interface Attributes {
  /** As it stands behind the fields of an inode. */
  readonly inInode?: Buffer;
  /** A whole block, without its checksum. */
  readonly block?: Buffer;
}

/**
 * @param roomBytes  what the inode has for them
 * @throws Fault E-IMG-003
 */
export function encodeAttributes({ path, attributes }: ImageEntry, roomBytes: number): Attributes {
  if (attributes === undefined || attributes.size === 0) return {};
  const all = [...attributes].map(([name, value]) => attributeOf(path, name, value)).sort(inOrder);
  const needed = all.reduce((sum, { name, value }) => sum + entryBytes(name) + roundUp(value.length, 4), 4);
  if (needed + 4 <= roomBytes) {
    const bytes = Buffer.alloc(roomBytes);
    bytes.writeUInt32LE(MAGIC);
    // Places of values are counted from the first entry here, and from the block's start there.
    fill(bytes.subarray(4), all);
    return { inInode: bytes };
  }
  if (needed > BLOCK_ROOM)
    throw imageFault.tooMuch(`what '/${bytesToText(path)}' has of attributes`, `${BLOCK_ROOM} bytes of them for each file`);
  const block = Buffer.alloc(BLOCK_BYTES);
  block.writeUInt32LE(MAGIC);
  block.writeUInt32LE(1, 4); // inodes that have it
  block.writeUInt32LE(1, 8); // blocks
  block.writeUInt32LE(fill(block, all, HEADER_BYTES), 12);
  return { block };
}

/** With the checksum, which names its place. */
export function placedAttributes(block: Buffer, at: number, checksums: Checksums): Buffer {
  const bytes = Buffer.from(block);
  bytes.writeUInt32LE(checksums.ofAttributeBlock(at, block), CHECKSUM_AT);
  return bytes;
}

function attributeOf(path: Bytes, name: Bytes, value: Uint8Array): Attribute {
  const prefix = PREFIXES.find(([prefix]) => name.startsWith(prefix) && name.length > prefix.length);
  const what = `the attribute '${name}' of '/${bytesToText(path)}'`;
  if (prefix === undefined) throw imageFault.tooMuch(what, 'attributes of user, trusted and security');
  if (name.length > NAME_BYTES) throw imageFault.tooMuch(what, `names of ${NAME_BYTES} bytes`);
  const own = Buffer.from(name.slice(prefix[0].length), 'latin1');
  return { index: prefix[1], name: own, value };
}

const inOrder = (a: Attribute, b: Attribute): number =>
  a.index - b.index || a.name.length - b.name.length || Buffer.compare(a.name, b.name);

const entryBytes = (name: Uint8Array): number => ENTRY_BYTES + roundUp(name.length, 4);

/** Entries from `start`, values from the end. @returns the hash of all */
function fill(bytes: Buffer, all: readonly Attribute[], start = 0): number {
  let [at, end, hash] = [start, bytes.length, 0];
  for (const { index, name, value } of all) {
    end -= roundUp(value.length, 4);
    const own = hashOf(name, value);
    bytes[at] = name.length;
    bytes[at + 1] = index;
    bytes.writeUInt16LE(value.length === 0 ? 0 : end, at + 2);
    bytes.writeUInt32LE(value.length, at + 8);
    bytes.writeUInt32LE(own, at + 12);
    bytes.set(name, at + ENTRY_BYTES);
    bytes.set(value, end);
    at += entryBytes(name);
    hash = (((hash << 16) | (hash >>> 16)) ^ own) >>> 0;
  }
  return hash;
}

function hashOf(name: Uint8Array, value: Uint8Array): number {
  let hash = 0;
  // Linux took bytes of names as signed where the processor does; of ASCII it is the same.
  for (const byte of name) hash = ((hash << 5) | (hash >>> 27)) ^ byte;
  const words = Buffer.alloc(roundUp(value.length, 4));
  words.set(value);
  for (let at = 0; at < words.length; at += 4) hash = ((hash << 16) | (hash >>> 16)) ^ words.readInt32LE(at);
  return hash >>> 0;
}
