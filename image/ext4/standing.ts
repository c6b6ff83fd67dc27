/** What stands in an ext4 file system, in its place: its blocks, its inode. */
import { Bug } from '../../base/index.ts';
import type { ImageEntry } from '../entry.ts';
import { sizeOf } from '../output.ts';
import { placedAttributes } from './attributes.ts';
import type { Checksums } from './checksums.ts';
import type { Item } from './contents.ts';
import { encodeDirectory } from './directory.ts';
import { type Extent, type ExtentTree, extentsOf, extentTree, maxExtents, smallTree, treeBlocksFor } from './extents.ts';
import { BLOCK_BYTES } from './geometry.ts';
import { devicePlace, encodeInode, PLACE_BYTES } from './inode.ts';
import { dividedPieces } from './scan.ts';
import type { Run, Space } from './space.ts';

/** Writes from the start of a block on. */
export type Patch = (block: number, bytes: Uint8Array) => void;

export class Standing {
  readonly item: Item;
  readonly #checksums: Checksums;
  /** What a folder lists. */
  readonly #listing: Buffer | undefined;
  #extents: readonly Extent[] = [];
  #tree: ExtentTree | undefined;
  #attributeBlock = 0;

  constructor(item: Item, checksums: Checksums) {
    const { holds, inode } = item;
    this.item = item;
    this.#checksums = checksums;
    if (holds.kind === 'folder') this.#listing = encodeDirectory(inode, holds.parent, holds.listed, checksums.seedOf(inode));
  }

  get sizeBytes(): number {
    return this.#listing?.length ?? sizeIn(this.item);
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
    const tree = extentTree(this.#extents, this.#checksums.seedOf(inode), takeBlock);
    // Most have no block of their own: what is in the inode is made again when that is written.
    if (tree.blocks.length > 0) this.#tree = tree;
  }

  #runs(): readonly Run[] {
    const { holds } = this.item;
    if (this.#listing !== undefined) return [{ start: 0, count: this.#listing.length / BLOCK_BYTES }];
    return holds.kind === 'content' ? holds.runs : [];
  }

  encodeInode(seconds: number): Buffer {
    const { inode, entry, nLinks, holds, attributes } = this.item;
    const stored = this.#extents.reduce((sum, { count }) => sum + count, this.#tree?.blocks.length ?? 0);
    return encodeInode(
      inode,
      {
        kind: entry.kind,
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        nLinks,
        sizeBytes: this.sizeBytes,
        blocks: stored + (this.#attributeBlock === 0 ? 0 : 1),
        place: holds.kind === 'inode' ? ownPlace(entry) : (this.#tree ?? smallTree(this.#extents)).root,
        hasExtents: holds.kind !== 'inode',
        attributeBlock: this.#attributeBlock,
        ...(attributes.inInode === undefined ? {} : { attributes: attributes.inInode }),
      },
      seconds,
      this.#checksums,
    );
  }

  /** All but the inode, piece by piece. @returns how many bytes of contents are done @throws SystemFault · Fault E-IMG-001 */
  *write(patch: Patch): Generator<number> {
    const { holds, attributes } = this.item;
    if (attributes.block !== undefined)
      patch(this.#attributeBlock, placedAttributes(attributes.block, this.#attributeBlock, this.#checksums));
    for (const { block, bytes } of this.#tree?.blocks ?? []) patch(block, bytes);
    if (this.#listing !== undefined) this.#writeAt(0, this.#listing, patch, this.#extents.values());
    yield this.#listing?.length ?? 0;
    if (holds.kind !== 'content') return;
    const extents = this.#extents.values();
    let extent: Extent | undefined;
    for (const { block, bytes, isStored } of dividedPieces(holds.content, holds.runs)) {
      if (isStored) extent = this.#writeAt(block, bytes, patch, extents, extent);
      yield bytes.length;
    }
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
      patch(extent.start + block - extent.logical, bytes.subarray(at, at + length));
      at += length;
    }
    return extent;
  }
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
