/** Contents of files in a squashfs: whole blocks, and what is shorter packed together in fragments. */
import { createHash } from 'node:crypto';
import { type Content, type ImageFile, piecesOf, sizeOf } from '../output.ts';
import type { Compression } from './compression.ts';

/** Set in the size of a block that is stored as it is. */
const IS_PLAIN = 1 << 24;
/** Blocks that are compressed at once, or wait to be written. */
const N_IN_FLIGHT = 32;

/** Where the bytes of a file are. Complete once the blocks are ended. */
export interface Placement {
  readonly sizeBytes: number;
  /** In bytes from the start of the file system. */
  start: number;
  /** Of each block in the image; 0 is a block of zeros that is not there. */
  readonly blockSizes: number[];
  readonly fragment?: { readonly index: number; readonly offset: number };
  /** Bytes of blocks that are not there. */
  sparseBytes: number;
}

export interface Fragment {
  start: number;
  size: number;
}

interface Waiting {
  readonly plain: Uint8Array;
  readonly packed: Promise<Buffer>;
  readonly written: (start: number, size: number) => void;
}

/** Memory: some 40 blocks. Equal files are stored once. */
export class Blocks {
  readonly fragments: Fragment[] = [];
  readonly #file: ImageFile;
  readonly #compression: Compression;
  readonly #blockBytes: number;
  readonly #known = new Map<string, Placement>();
  readonly #sizes: ReadonlyMap<number, number>;
  readonly #signal: AbortSignal | undefined;
  readonly #queue: Waiting[] = [];
  #fragment: Buffer;
  #used = 0;

  /** @param contents  all that will be added: files of a size that no other has need no comparison */
  constructor(
    file: ImageFile,
    compression: Compression,
    blockBytes: number,
    contents: Iterable<Content>,
    signal: AbortSignal | undefined,
  ) {
    this.#signal = signal;
    this.#file = file;
    this.#compression = compression;
    this.#blockBytes = blockBytes;
    this.#fragment = Buffer.allocUnsafeSlow(blockBytes);
    const sizes = new Map<number, number>();
    for (const content of contents) sizes.set(sizeOf(content), (sizes.get(sizeOf(content)) ?? 0) + 1);
    this.#sizes = sizes;
  }

  async add(content: Content): Promise<Placement> {
    const sizeBytes = sizeOf(content);
    const isShort = sizeBytes < this.#blockBytes;
    const whole = isShort ? [...piecesOf(content, this.#blockBytes)][0] : undefined;
    const key = this.#sizes.get(sizeBytes)! > 1 ? `${sizeBytes} ${digestOf(whole ?? content)}` : undefined;
    const known = key === undefined ? undefined : this.#known.get(key);
    if (known !== undefined) return known;
    const placement = isShort ? await this.#addShort(whole) : await this.#addBlocks(content, sizeBytes);
    if (key !== undefined) this.#known.set(key, placement);
    return placement;
  }

  /** Nothing is added afterwards. */
  async end(): Promise<void> {
    if (this.#used > 0) await this.#endFragment();
    while (this.#queue.length > 0) await this.#writeFirst();
  }

  async #addShort(bytes: Uint8Array | undefined): Promise<Placement> {
    if (bytes === undefined) return { sizeBytes: 0, start: 0, blockSizes: [], sparseBytes: 0 };
    if (this.#used + bytes.length > this.#blockBytes) await this.#endFragment();
    this.#fragment.set(bytes, this.#used);
    const fragment = { index: this.fragments.length, offset: this.#used };
    this.#used += bytes.length;
    return { sizeBytes: bytes.length, start: 0, blockSizes: [], fragment, sparseBytes: 0 };
  }

  async #addBlocks(content: Content, sizeBytes: number): Promise<Placement> {
    const placement: Placement = { sizeBytes, start: 0, blockSizes: [], sparseBytes: 0 };
    let isFirst = true;
    for (const piece of piecesOf(content, this.#blockBytes)) {
      const index = placement.blockSizes.push(0) - 1;
      if (isZero(piece)) {
        placement.sparseBytes += piece.length;
        continue;
      }
      const begins = isFirst;
      isFirst = false;
      await this.#enqueue(Buffer.from(piece), (start, size) => {
        if (begins) placement.start = start;
        placement.blockSizes[index] = size;
      });
    }
    return placement;
  }

  async #endFragment(): Promise<void> {
    const fragment: Fragment = { start: 0, size: 0 };
    this.fragments.push(fragment);
    const plain = this.#fragment.subarray(0, this.#used);
    this.#fragment = Buffer.allocUnsafeSlow(this.#blockBytes);
    this.#used = 0;
    await this.#enqueue(plain, (start, size) => {
      fragment.start = start;
      fragment.size = size;
    });
  }

  async #enqueue(plain: Uint8Array, written: Waiting['written']): Promise<void> {
    this.#signal?.throwIfAborted();
    const packed = this.#compression.packLater(plain);
    // Whoever waits for it hears of it; one behind another that failed has nobody who waits.
    packed.catch(() => {});
    this.#queue.push({ plain, packed, written });
    if (this.#queue.length > N_IN_FLIGHT) await this.#writeFirst();
  }

  async #writeFirst(): Promise<void> {
    const { plain, packed, written } = this.#queue.shift()!;
    const bytes = await packed;
    const isShorter = bytes.length < plain.length;
    const start = this.#file.position;
    this.#file.write(isShorter ? bytes : plain);
    written(start, isShorter ? bytes.length : plain.length | IS_PLAIN);
  }
}

function digestOf(content: Content): string {
  const hash = createHash('sha256');
  for (const piece of piecesOf(content)) hash.update(piece);
  return hash.digest('base64');
}

const ZEROS: Buffer = Buffer.alloc(1 << 20);

const isZero = (piece: Uint8Array): boolean => piece[0] === 0 && Buffer.compare(piece, ZEROS.subarray(0, piece.length)) === 0;
