/** Checksums of what one file system holds: each begins with its UUID, so that what is left of another is never taken for its own. */
import { CRC_START, crc32c, crc32cOf } from './crc32c.ts';

export class Checksums {
  readonly #seed: number;

  constructor(uuid: Uint8Array) {
    this.#seed = crc32c(CRC_START, uuid);
  }

  /** Of bytes that belong to no inode. */
  of(bytes: Uint8Array): number {
    return crc32c(this.#seed, bytes);
  }

  /** What checksums of an inode, and of blocks that are its own, begin with. */
  seedOf(inode: number): number {
    // The second number is its generation.
    return crc32cOf(crc32cOf(this.#seed, inode), 0);
  }

  /** @param bytes  its descriptor, with zeros where this goes @returns 16 bits */
  ofDescriptor(group: number, bytes: Uint8Array): number {
    return crc32c(crc32cOf(this.#seed, group), bytes) & 0xffff;
  }

  /** @param bytes  with zeros where this goes */
  ofAttributeBlock(block: number, bytes: Uint8Array): number {
    const place = Buffer.alloc(8);
    place.writeBigUInt64LE(BigInt(block));
    return crc32c(crc32c(this.#seed, place), bytes);
  }
}
