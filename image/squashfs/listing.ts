/** Lists of directories in a squashfs. */
import type { Bytes } from '../../base/index.ts';
import type { Listing } from './inodes.ts';
import type { MetadataTable } from './metadata.ts';

/** A name, and the inode that it is of. */
export interface Listed {
  readonly name: Bytes;
  readonly kind: number;
  readonly number: number;
  /** Of the block of the inode table. */
  readonly blockStart: number;
  /** Within that block. */
  readonly offset: number;
}

/** Names behind one head. */
const N_IN_RUN = 256;
const BLOCK_BYTES = 8192;
const HEAD_BYTES = 12;

/**
 * Writes the list of a directory. Of long ones an index says with which name each block begins.
 *
 * @param entries  in the order of their names' bytes
 */
export function writeListing(table: MetadataTable, entries: readonly Listed[]): Listing {
  const { blockStart, offset } = table;
  const index: Buffer[] = [];
  let lengthBytes = 0;
  let indexedTo = 0;
  for (let from = 0; from < entries.length; ) {
    const first = entries[from]!;
    if (from > 0 && lengthBytes - indexedTo > BLOCK_BYTES / 2) {
      index.push(indexEntry(lengthBytes, table.blockStart, first.name));
      indexedTo = lengthBytes;
    }
    let to = from + 1;
    let size = HEAD_BYTES + sizeIn(first);
    for (; to < entries.length && to - from < N_IN_RUN; to++) {
      const entry = entries[to]!;
      const distance = entry.number - first.number;
      if (entry.blockStart !== first.blockStart || distance > 0x7fff || distance < -0x8000) break;
      if (lengthBytes + size + sizeIn(entry) - indexedTo > BLOCK_BYTES) break;
      size += sizeIn(entry);
    }
    table.write(run(entries.slice(from, to), size));
    lengthBytes += size;
    from = to;
  }
  return { blockStart, offset, lengthBytes, index };
}

const sizeIn = ({ name }: Listed): number => 8 + name.length;

function run(entries: readonly Listed[], size: number): Buffer {
  const first = entries[0]!;
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32LE(entries.length - 1, 0);
  bytes.writeUInt32LE(first.blockStart, 4);
  bytes.writeUInt32LE(first.number, 8);
  let at = HEAD_BYTES;
  for (const { name, kind, number, offset } of entries) {
    bytes.writeUInt16LE(offset, at);
    bytes.writeInt16LE(number - first.number, at + 2);
    bytes.writeUInt16LE(kind, at + 4);
    bytes.writeUInt16LE(name.length - 1, at + 6);
    bytes.write(name, at + 8, 'latin1');
    at += 8 + name.length;
  }
  return bytes;
}

function indexEntry(at: number, blockStart: number, name: Bytes): Buffer {
  const bytes = Buffer.alloc(12 + name.length);
  bytes.writeUInt32LE(at, 0);
  bytes.writeUInt32LE(blockStart, 4);
  bytes.writeUInt32LE(name.length - 1, 8);
  bytes.write(name, 12, 'latin1');
  return bytes;
}
