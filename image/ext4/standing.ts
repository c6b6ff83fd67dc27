/** What stands in an ext4 file system, in its place: its blocks, its inode. */
import { Bug } from '../../base/index.ts';
import type { ImageEntry } from '../entry.ts';
import { sizeOf } from '../output.ts';
import { placedAttributes } from './attributes.ts';
import type { Checksums } from './checksums.ts';
import type { Item } from './contents.ts';
import { encodeDirectory } from './directory.ts';
import { type Extent, extentsOf, extentTree, maxExtents, type TreeBlock, treeBlocksFor } from './extents.ts';
import { BLOCK_BYTES } from './geometry.ts';
import { devicePlace, encodeInode, MAX_LINKS, PLACE_BYTES } from './inode.ts';
import { storedPieces } from './scan.ts';
import type { Run, Space } from './space.ts';

/** Writes from the start of a block on. */
export type Patch = (block: number, bytes: Uint8Array) => void;

export class Standing {
  readonly item: Item;
  readonly #checksums: Checksums;
  /** What a folder lists. */
  readonly #listing: Buffer | undefined;
  #extents: readonly Extent[] = [];
  #tree: readonly TreeBlock[] = [];
  #place: Buffer;
  #attributeBlock = 0;

  constructor(item: Item, checksums: Checksums) {
    const { holds, inode, entry } = item;
    this.item = item;
    this.#checksums = checksums;
    if (holds.kind === 'folder') this.#listing = encodeDirectory(inode, holds.parent, holds.listed, checksums.seedOf(inode));
    this.#place = ownPlace(entry);
  }

  /** Blocks that it needs, where nothing is in the way of its runs. */
  get demand(): number {
    const counts = this.#runs().map(({ count }) => count);
    const tree = treeBlocksFor(maxExtents(counts));
    return counts.reduce((sum, count) => sum + count, tree) + (this.item.attributes.block === undefined ? 0 : 1);
  }

  /** Once. */
  settle(space: Space): void {
    const takeBlock = (): number => space.take(1)[0]!.start;
    const { attributes, inode, holds } = this.item;
    if (attributes.block !== undefined) this.#attributeBlock = takeBlock();
    if (holds.kind === 'inode') return;
    this.#extents = this.#runs().flatMap(({ start, count }) => extentsOf(start, space.take(count)));
    const { root, blocks } = extentTree(this.#extents, this.#checksums.seedOf(inode), takeBlock);
    this.#place = root;
    this.#tree = blocks;
  }

  #runs(): readonly Run[] {
    const { holds } = this.item;
    if (this.#listing !== undefined) return [{ start: 0, count: this.#listing.length / BLOCK_BYTES }];
    return holds.kind === 'content' ? holds.runs : [];
  }

  encodeInode(seconds: number): Buffer {
    const { inode, entry, nLinks, holds, attributes } = this.item;
    const stored = this.#extents.reduce((sum, { count }) => sum + count, this.#tree.length);
    return encodeInode(
      inode,
      {
        kind: entry.kind,
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        // Of a folder with too many folders in it 1 stands for any number.
        nLinks: nLinks > MAX_LINKS ? 1 : nLinks,
        sizeBytes: this.#listing?.length ?? sizeIn(this.item),
        blocks: stored + (this.#attributeBlock === 0 ? 0 : 1),
        place: this.#place,
        hasExtents: holds.kind !== 'inode',
        attributeBlock: this.#attributeBlock,
        ...(attributes.inInode === undefined ? {} : { attributes: attributes.inInode }),
      },
      seconds,
      this.#checksums,
    );
  }

  /** All but the inode. @throws SystemFault · Fault E-IMG-001 */
  write(patch: Patch): void {
    const { holds, attributes } = this.item;
    if (attributes.block !== undefined)
      patch(this.#attributeBlock, placedAttributes(attributes.block, this.#attributeBlock, this.#checksums));
    for (const { block, bytes } of this.#tree) patch(block, bytes);
    if (this.#listing !== undefined) this.#writeAt(0, this.#listing, patch, this.#extents.values());
    if (holds.kind !== 'content') return;
    const extents = this.#extents.values();
    let extent: Extent | undefined;
    for (const { block, bytes } of storedPieces(holds.content, holds.runs))
      extent = this.#writeAt(block, bytes, patch, extents, extent);
  }

  /** Pieces come in order, and so do extents. @returns where the last byte went */
  #writeAt(logical: number, bytes: Uint8Array, patch: Patch, extents: Iterator<Extent>, current?: Extent): Extent | undefined {
    let extent = current;
    for (let at = 0; at < bytes.length; ) {
      const block = logical + at / BLOCK_BYTES;
      while (extent === undefined || extent.logical + extent.count <= block) {
        extent = extents.next().value;
        if (extent === undefined) throw new Bug(`block ${block} of '${this.item.entry.path}' has no place in an image`);
      }
      const length = Math.min(bytes.length - at, (extent.logical + extent.count - block) * BLOCK_BYTES);
      patch(extent.start + block - extent.logical, lastPadded(bytes.subarray(at, at + length)));
      at += length;
    }
    return extent;
  }
}

/** With zeros to the end of its last block: what lay on the disk before is nobody's to read. */
function lastPadded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % BLOCK_BYTES === 0) return bytes;
  const padded = Buffer.alloc(Math.ceil(bytes.length / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(bytes);
  return padded;
}

/** What stands in the inode of what has no blocks. */
function ownPlace(entry: ImageEntry): Buffer {
  if (entry.kind === 'block' || entry.kind === 'char') return devicePlace(entry.major, entry.minor);
  const place = Buffer.alloc(PLACE_BYTES);
  if (entry.kind === 'symlink') place.write(entry.target.slice(0, PLACE_BYTES), 'latin1');
  return place;
}

function sizeIn({ entry }: Item): number {
  if (entry.kind === 'file') return sizeOf(entry.content);
  return entry.kind === 'symlink' ? entry.target.length : 0;
}
