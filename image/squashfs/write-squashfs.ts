/**
 * A squashfs 4.0 of a tree of files. The same tree gives the same bytes: no clock, no owner and no order of the machine is in them.
 *
 * @source https://docs.kernel.org/filesystems/squashfs.html, and fs/squashfs/squashfs_fs.h of Linux
 */
import { bytesToText } from '../../base/index.ts';
import type { Watching } from '../breath.ts';
import type { FileEntry, ImageEntry } from '../entry.ts';
import { imageFault } from '../faults.ts';
import { type Node, numberInodes } from '../numbered.ts';
import { type ImageFile, sizeOf } from '../output.ts';
import { placed } from '../placed.ts';
import { Attributes } from './attributes.ts';
import { Blocks, type Placement } from './blocks.ts';
import { type CompressionName, compressionOf } from './compression.ts';
import { directoryInode, fileInode, INODE_KIND, type InodeHead, specialInode, symlinkInode } from './inodes.ts';
import { type Listed, writeListing } from './listing.ts';
import { MetadataTable } from './metadata.ts';

export interface SquashfsOptions extends Watching {
  /** Of all files: seconds since 1970, at most 2^32 - 1. */
  readonly seconds: number;
  readonly compression?: CompressionName;
  /** 1 to 19 for zstd (15 if not given), 1 to 9 for gzip (9). */
  readonly level?: number;
  /** A power of two from 4096 to 1 MiB; 128 KiB if not given. */
  readonly blockBytes?: number;
}

export interface SquashfsReport {
  readonly sizeBytes: number;
  /** Paths in it, the root included. */
  readonly nEntries: number;
}

const MAGIC = 0x73717368;
const SUPERBLOCK_BYTES = 96;
const NOTHING = 0xffffffffffffffffn;
const FLAG_DUPLICATES = 0x40;
const FLAG_NO_ATTRIBUTES = 0x200;
const MAX_TARGET_BYTES = 4095;
/** 16 bits say how many there are. */
const MAX_IDS = 65535;
const FRAGMENT_BYTES = 16;
/** Whoever mounts it through a loop device or from a disk reads whole pages. */
const PAGE_BYTES = 4096;

/**
 * Writes it to `file` from its start, and zeros up to the next 4096 bytes. Cost: one pass over all files, compressed by as many threads
 * as Node has; memory for the entries, and some 5 MiB.
 *
 * @throws SystemFault · Fault E-IMG-001 · E-IMG-002 · E-IMG-003
 */
export async function writeSquashfs(
  file: ImageFile,
  entries: Iterable<ImageEntry>,
  options: SquashfsOptions,
): Promise<SquashfsReport> {
  const name = options.compression ?? 'zstd';
  const compression = compressionOf(name, options.level ?? (name === 'zstd' ? 15 : 9));
  const blockBytes = options.blockBytes ?? 1 << 17;
  const root = placed(entries);
  const inodes = numberInodes(root);
  file.write(Buffer.alloc(SUPERBLOCK_BYTES));
  const blocks = new Blocks(file, compression, blockBytes, contentsIn(root), options.signal);
  const placements = await writeContents(root, blocks, options);

  const { pack } = compression;
  const attributes = new Attributes(pack);
  const inodeTable = new MetadataTable(pack);
  const listings = new MetadataTable(pack);
  const ids = new Map<number, number>();
  const indexOfId = (id: number): number => {
    const known = ids.get(id);
    if (known !== undefined) return known;
    if (ids.size === MAX_IDS) throw imageFault.tooMuch('the number of owners', `${MAX_IDS} users and groups`);
    ids.set(id, ids.size);
    return ids.size - 1;
  };
  const places = new Map<number, { blockStart: number; offset: number }>();

  // What a directory lists stands before it.
  const writeNode = (node: Node, parent: number): void => {
    const inode = inodes.byNode.get(node)!;
    if (places.has(inode.number)) return;
    const { entry } = inode;
    for (const child of node.children) writeNode(child, inode.number);
    const head: InodeHead = {
      entry,
      uidIndex: indexOfId(entry.uid),
      gidIndex: indexOfId(entry.gid),
      seconds: options.seconds,
      number: inode.number,
      nLinks: inode.nLinks,
      attributes: attributes.indexOf(entry),
    };
    const bytes = ((): Buffer => {
      switch (entry.kind) {
        case 'directory': {
          const listed = node.children.map((child): Listed => {
            const { number, entry } = inodes.byNode.get(child)!;
            return { name: child.name, kind: INODE_KIND[entry.kind], number, ...places.get(number)! };
          });
          return directoryInode(head, writeListing(listings, listed), parent);
        }
        case 'file':
          return fileInode(head, placements.get(keyOf(entry))!);
        case 'symlink': {
          const { length } = entry.target;
          if (length === 0 || length > MAX_TARGET_BYTES)
            throw imageFault.tooMuch(`the target of '/${bytesToText(entry.path)}'`, `1 to ${MAX_TARGET_BYTES} bytes`);
          return symlinkInode(head, entry);
        }
        case 'block':
        case 'char':
          return specialInode(head, entry);
        default:
          return specialInode(head, undefined);
      }
    })();
    places.set(inode.number, { blockStart: inodeTable.blockStart, offset: inodeTable.offset });
    inodeTable.write(bytes);
  };
  writeNode(root, inodes.count + 1);

  const superblock = Buffer.alloc(SUPERBLOCK_BYTES);
  const { fragments } = blocks;
  const inodeTableAt = file.position;
  file.write(inodeTable.end().bytes);
  const listingsAt = file.position;
  file.write(listings.end().bytes);
  const fragmentsAt = writeTable(file, pack, fragments.map(fragmentBytes));
  const idsAt = writeTable(file, pack, [...ids.keys()].map(idBytes));
  const sets = attributes.end(file.position);
  if (sets !== undefined) file.write(sets.bytes);
  const rootPlace = places.get(1)!;

  superblock.writeUInt32LE(MAGIC, 0);
  superblock.writeUInt32LE(inodes.count, 4);
  superblock.writeUInt32LE(options.seconds, 8);
  superblock.writeUInt32LE(blockBytes, 12);
  superblock.writeUInt32LE(fragments.length, 16);
  superblock.writeUInt16LE(compression.id, 20);
  superblock.writeUInt16LE(Math.log2(blockBytes), 22);
  superblock.writeUInt16LE(FLAG_DUPLICATES | (sets === undefined ? FLAG_NO_ATTRIBUTES : 0), 24);
  superblock.writeUInt16LE(ids.size, 26);
  superblock.writeUInt16LE(4, 28);
  superblock.writeBigUInt64LE((BigInt(rootPlace.blockStart) << 16n) | BigInt(rootPlace.offset), 32);
  superblock.writeBigUInt64LE(BigInt(file.position), 40);
  superblock.writeBigUInt64LE(BigInt(idsAt), 48);
  superblock.writeBigUInt64LE(sets === undefined ? NOTHING : BigInt(sets.headAt), 56);
  superblock.writeBigUInt64LE(BigInt(inodeTableAt), 64);
  superblock.writeBigUInt64LE(BigInt(listingsAt), 72);
  superblock.writeBigUInt64LE(fragments.length === 0 ? NOTHING : BigInt(fragmentsAt), 80);
  superblock.writeBigUInt64LE(NOTHING, 88);
  file.patch(0, superblock);
  file.pad(PAGE_BYTES);
  return { sizeBytes: file.position, nEntries: inodes.byNode.size };
}

function* nodesIn(root: Node): Generator<Node> {
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    for (let at = node.children.length - 1; at >= 0; at--) waiting.push(node.children[at]!);
  }
}

function* contentsIn(root: Node): Generator<FileEntry['content']> {
  for (const { entry } of nodesIn(root)) if (entry?.kind === 'file' && sizeOf(entry.content) > 0) yield entry.content;
}

const NO_CONTENT: Placement = { sizeBytes: 0, start: 0, blockSizes: [], sparseBytes: 0 };

/** In the order of the tree, so that what stands together is read together. */
async function writeContents(
  root: Node,
  blocks: Blocks,
  { signal, onBytes }: Watching,
): Promise<ReadonlyMap<string | FileEntry, Placement>> {
  const placements = new Map<string | FileEntry, Placement>();
  let totalBytes = 0;
  for (const content of contentsIn(root)) totalBytes += sizeOf(content);
  let doneBytes = 0;
  for (const { entry } of nodesIn(root)) {
    signal?.throwIfAborted();
    if (entry?.kind !== 'file') continue;
    if (!placements.has(keyOf(entry)))
      placements.set(keyOf(entry), sizeOf(entry.content) === 0 ? NO_CONTENT : await blocks.add(entry.content));
    doneBytes += sizeOf(entry.content);
    onBytes?.(doneBytes, totalBytes);
  }
  await blocks.end();
  return placements;
}

const keyOf = (entry: FileEntry): string | FileEntry => entry.link ?? entry;

/** A table whose blocks are found by a list behind it. @returns where that list is */
function writeTable(file: ImageFile, pack: (bytes: Uint8Array) => Buffer, rows: readonly Buffer[]): number {
  const table = new MetadataTable(pack);
  for (const row of rows) table.write(row);
  const { bytes, starts } = table.end();
  const at = file.position;
  file.write(bytes);
  const list = Buffer.alloc(8 * starts.length);
  for (const [index, start] of starts.entries()) list.writeBigUInt64LE(BigInt(at + start), 8 * index);
  const listAt = file.position;
  file.write(list);
  return listAt;
}

function fragmentBytes({ start, size }: Blocks['fragments'][number]): Buffer {
  const bytes = Buffer.alloc(FRAGMENT_BYTES);
  bytes.writeBigUInt64LE(BigInt(start), 0);
  bytes.writeUInt32LE(size, 8);
  return bytes;
}

function idBytes(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(id);
  return bytes;
}
