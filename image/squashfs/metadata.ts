/** Tables of squashfs: streams of blocks of 8 KiB, each compressed by itself. */

/** Compresses a block; what came out is used only where it is shorter. */
export type Compress = (bytes: Uint8Array) => Uint8Array;

const BLOCK_BYTES = 8192;
const IS_PLAIN = 0x8000;

/** A table that grows. Blocks are compressed as they fill up, so that places in it are known at once. */
export class MetadataTable {
  readonly #compress: Compress;
  readonly #block: Buffer = Buffer.alloc(BLOCK_BYTES);
  readonly #done: Buffer[] = [];
  readonly #starts: number[] = [];
  #used = 0;
  #length = 0;

  constructor(compress: Compress) {
    this.#compress = compress;
  }

  /** Where the block that is being filled will begin, in bytes from the start of the table. */
  get blockStart(): number {
    return this.#length;
  }

  /** Of what is written next, within its block: 0 to 8191. */
  get offset(): number {
    return this.#used;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const n = Math.min(BLOCK_BYTES - this.#used, bytes.length - at);
      this.#block.set(bytes.subarray(at, at + n), this.#used);
      this.#used += n;
      at += n;
      if (this.#used === BLOCK_BYTES) this.#flush();
    }
  }

  /** The whole table, and where its blocks begin in it. Nothing is written afterwards. */
  end(): { readonly bytes: Buffer; readonly starts: readonly number[] } {
    if (this.#used > 0) this.#flush();
    return { bytes: Buffer.concat(this.#done), starts: this.#starts };
  }

  #flush(): void {
    const plain = this.#block.subarray(0, this.#used);
    const packed = this.#compress(plain);
    const isShorter = packed.length < plain.length;
    const body = isShorter ? packed : plain;
    const block = Buffer.alloc(2 + body.length);
    block.writeUInt16LE(isShorter ? body.length : body.length | IS_PLAIN);
    block.set(body, 2);
    this.#starts.push(this.#length);
    this.#done.push(block);
    this.#length += block.length;
    this.#used = 0;
  }
}
