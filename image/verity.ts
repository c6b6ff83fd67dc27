/**
 * The hash tree by which Linux (dm-verity) checks each block of an image when it is read. Whoever knows the root hash knows the data: it
 * belongs where it is signed, for instance on the command line of a signed kernel image.
 *
 * @source on-disk format of cryptsetup's `veritysetup`, version 1; Linux, Documentation/admin-guide/device-mapper/verity.rst
 */
import { Bug, HashedMemory, memoryParts, sha256 } from '../base/index.ts';
import { Breath, type Watching } from './breath.ts';
import { imageFault } from './faults.ts';
import { type Content, type ImageFile, piecesOf, sizeOf } from './output.ts';

/** Of data and of hashes. Linux takes no larger ones than its pages. */
export const VERITY_BLOCK_BYTES = 4096;

const DIGEST_BYTES = 32;
const DIGESTS_PER_BLOCK: number = VERITY_BLOCK_BYTES / DIGEST_BYTES;
const MAX_SALT_BYTES = 256;
const PIECE_BYTES: number = 1 << 20;

/** What makes one hash tree differ from another over the same data. */
export interface VerityIdentity {
  /** At most 256 bytes. */
  readonly salt: Uint8Array;
  /** In lower case, with hyphens. */
  readonly uuid: string;
}

/** What the table of the device mapper needs: blocks are those of 4096 bytes. */
export interface Verity {
  /** As lower-case hex. */
  readonly rootHash: string;
  /** Where the top of the tree is in the file that holds it; the superblock is in the block before. */
  readonly hashStartBlock: number;
  readonly nDataBlocks: number;
  /** As lower-case hex. */
  readonly salt: string;
}

/**
 * Salt and UUID that depend on nothing but these two, so that the same input gives the same image.
 *
 * @param data  what tells these data from others: a hash of them, or of what they are made of
 */
export function verityIdentity(name: string, data: string): VerityIdentity {
  const derived = (what: string): Buffer =>
    Buffer.from(sha256(Buffer.from(JSON.stringify([`verity ${what}`, name, data]))), 'hex');
  const id = derived('uuid').subarray(0, 16);
  // RFC 9562: version 8, whose bits are anybody's.
  id[6] = (id[6]! & 0x0f) | 0x80;
  id[8] = (id[8]! & 0x3f) | 0x80;
  return { salt: derived('salt'), uuid: id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') };
}

/**
 * Appends superblock and hash tree: for what the image holds so far, padded with zeros to whole blocks, or for data that are elsewhere.
 * Cost: one read of the data, one hash of each block; memory does not depend on their size.
 *
 * @throws Fault E-IMG-010 no data, or data elsewhere that end within a block · E-IMG-001 · SystemFault
 */
export async function writeVerity(
  image: ImageFile,
  identity: VerityIdentity,
  data?: Content,
  watching: Watching = {},
): Promise<Verity> {
  if (data === undefined) image.pad(VERITY_BLOCK_BYTES);
  const sizeBytes = data === undefined ? image.position : sizeOf(data);
  const name = data === undefined ? image.path : data instanceof Uint8Array ? 'data' : data.file;
  if (sizeBytes === 0) throw imageFault.uncovered(name, 'it is empty');
  if (sizeBytes % VERITY_BLOCK_BYTES !== 0)
    throw imageFault.uncovered(name, `its ${sizeBytes} bytes are not whole blocks of 4096`);
  const nDataBlocks = sizeBytes / VERITY_BLOCK_BYTES;
  image.pad(VERITY_BLOCK_BYTES);
  image.write(superblock(identity, nDataBlocks));
  image.pad(VERITY_BLOCK_BYTES);
  const hashStart = image.position;
  const tree = new Tree(image, identity.salt, nDataBlocks);
  const breath = new Breath(sizeBytes, watching);
  for (const piece of data === undefined ? ownPieces(image, sizeBytes) : piecesOf(data, PIECE_BYTES)) {
    tree.add(piece);
    await breath.did(piece.length);
  }
  return {
    rootHash: tree.root(),
    hashStartBlock: hashStart / VERITY_BLOCK_BYTES,
    nDataBlocks,
    salt: Buffer.from(identity.salt).toString('hex'),
  };
}

function* ownPieces(image: ImageFile, sizeBytes: number): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, sizeBytes));
  for (let at = 0; at < sizeBytes; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, sizeBytes - at));
    image.read(at, piece);
    yield piece;
  }
}

function superblock({ salt, uuid }: VerityIdentity, nDataBlocks: number): Buffer {
  const id = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  if (salt.length > MAX_SALT_BYTES || id.length !== 16) throw new Bug(`a salt of ${salt.length} bytes, UUID '${uuid}'`);
  const block = Buffer.alloc(512);
  block.write('verity');
  block.writeUInt32LE(1, 8); // version of the superblock
  block.writeUInt32LE(1, 12); // hashes of salt and block, in this order
  block.set(id, 16);
  block.write('sha256', 32);
  block.writeUInt32LE(VERITY_BLOCK_BYTES, 64);
  block.writeUInt32LE(VERITY_BLOCK_BYTES, 68);
  block.writeBigUInt64LE(BigInt(nDataBlocks), 72);
  block.writeUInt16LE(salt.length, 80);
  block.set(salt, 88);
  return block;
}

/** Blocks, with room before them for the salt: then both are hashed at once. */
const saltedMemory = (sizeBytes: number): HashedMemory => new HashedMemory(MAX_SALT_BYTES + sizeBytes);

interface Level {
  /** One block of hashes. */
  readonly memory: HashedMemory;
  nDigests: number;
  /** Where in the file the next block of this level goes. */
  position: number;
}

/** All levels grow at once, each with one block in memory. In the file the top comes first. */
class Tree {
  readonly #image: ImageFile;
  readonly #salt: Uint8Array;
  /** That of the data's hashes first; the last one is never written: its only hash is the root. */
  readonly #levels: readonly Level[];
  readonly #blocks: HashedMemory = saltedMemory(PIECE_BYTES);

  constructor(image: ImageFile, salt: Uint8Array, nDataBlocks: number) {
    this.#image = image;
    this.#salt = salt;
    const sizes: number[] = [];
    for (let n = nDataBlocks; n > 1; sizes.push(n)) n = Math.ceil(n / DIGESTS_PER_BLOCK);
    let end = image.position + VERITY_BLOCK_BYTES * sizes.reduce((sum, n) => sum + n, 0);
    image.zeros(end - image.position);
    this.#levels = [...sizes, 0].map((n) => {
      end -= n * VERITY_BLOCK_BYTES;
      return { memory: saltedMemory(VERITY_BLOCK_BYTES), nDigests: 0, position: end };
    });
  }

  /** Whole blocks, at most a piece of them. */
  add(data: Uint8Array): void {
    this.#blocks.bytes.set(data, MAX_SALT_BYTES);
    for (let at = 0; at < data.length; at += VERITY_BLOCK_BYTES) this.#hash(this.#blocks, MAX_SALT_BYTES + at, 0);
  }

  /** As lower-case hex. Once, when all data were added. */
  root(): string {
    for (let index = 0; index < this.#levels.length - 1; index++) if (this.#levels[index]!.nDigests > 0) this.#flush(index);
    return this.#levels.at(-1)!.memory.bytes.hexSlice(MAX_SALT_BYTES, MAX_SALT_BYTES + DIGEST_BYTES);
  }

  /** The salt overwrites what is before the block: another block, which has been hashed. */
  #hash(from: HashedMemory, start: number, index: number): void {
    const level = this.#levels[index]!;
    // Only with the next hash, so that a tree whose last block is full has its root.
    if (level.nDigests === DIGESTS_PER_BLOCK) this.#flush(index);
    const saltStart = start - this.#salt.length;
    from.bytes.set(this.#salt, saltStart);
    memoryParts.begin();
    memoryParts.add(from, saltStart, start + VERITY_BLOCK_BYTES);
    memoryParts.digestInto(level.memory, MAX_SALT_BYTES + level.nDigests * DIGEST_BYTES);
    level.nDigests += 1;
  }

  #flush(index: number): void {
    const level = this.#levels[index]!;
    const { bytes } = level.memory;
    bytes.fill(0, MAX_SALT_BYTES + level.nDigests * DIGEST_BYTES);
    this.#image.patch(level.position, bytes.subarray(MAX_SALT_BYTES));
    level.position += VERITY_BLOCK_BYTES;
    level.nDigests = 0;
    this.#hash(level.memory, MAX_SALT_BYTES, index + 1);
  }
}
