/**
 * Walks the trees of an LMDB file without LMDB, which maps the file and dies of what is not there. Layout, little-endian:
 *
 * | what | where |
 * | --- | --- |
 * | page | 8 own number, 8 transaction, 2 –, 2 flags, 2 bytes of offsets, 2 –; then offsets of nodes from here on, 2 each |
 * | node | 2 + 2 low number, 2 flags, 2 size of the key, key, data |
 * | node of a branch | number, flags as its upper 16 bits: the page below |
 * | node of a leaf | number: size of the data; flags 1: data is 8 first page, 8 –, 8 pages; flags 2: data is a tree |
 * | tree | 4 –, 2 –, 2 depth, 32 –, 8 page of the root, all ones where it is empty |
 * | meta page | trees of free pages and of everything else at 48 and 96 |
 */
import { readSync } from 'node:fs';

const HEADER_LENGTH = 24;
const NODE_LENGTH = 8;
const TREE_LENGTH = 48;
const BRANCH = 1;
const LEAF = 2;
const ELSEWHERE = 1;
const TREE = 2;
const NO_PAGE = 0xffff_ffff_ffff_ffffn;
const MAX_DEPTH = 32;

/**
 * What a tree of the file refers to and the file does not hold, in words; `undefined` where it holds everything.
 *
 * @param meta  the meta page that counts
 * Cost: reads every page of the trees once.
 */
export function missingPage(fd: number, meta: Buffer, pageBytes: number, sizeBytes: number): string | undefined {
  const walk = new Walk(fd, pageBytes, Math.floor(sizeBytes / pageBytes));
  return walk.tree(meta.subarray(48)) ?? walk.tree(meta.subarray(96));
}

class Walk {
  readonly #fd: number;
  readonly #pageBytes: number;
  readonly #nPages: number;

  constructor(fd: number, pageBytes: number, nPages: number) {
    this.#fd = fd;
    this.#pageBytes = pageBytes;
    this.#nPages = nPages;
  }

  tree(record: Buffer): string | undefined {
    const root = record.readBigUInt64LE(40);
    return root === NO_PAGE ? undefined : this.#page(Number(root), 0);
  }

  #page(number: number, depth: number): string | undefined {
    if (number >= this.#nPages) return `page ${number} is not there`;
    const page = Buffer.alloc(this.#pageBytes);
    readSync(this.#fd, page, 0, this.#pageBytes, number * this.#pageBytes);
    const flags = page.readUInt16LE(18);
    const nNodes = page.readUInt16LE(20) >> 1;
    const isBranch = (flags & BRANCH) !== 0;
    if ((!isBranch && (flags & LEAF) === 0) || depth > MAX_DEPTH || HEADER_LENGTH + 2 * nNodes > page.length)
      return `page ${number} is none of a tree`;
    for (let i = 0; i < nNodes; i++) {
      const at = HEADER_LENGTH + page.readUInt16LE(HEADER_LENGTH + 2 * i);
      const node = page.subarray(at);
      if (node.length < NODE_LENGTH) return `page ${number} is damaged`;
      const wrong = isBranch ? this.#page(childOf(node), depth + 1) : this.#leaf(node, number);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  #leaf(node: Buffer, number: number): string | undefined {
    const flags = node.readUInt16LE(4);
    const data = node.subarray(NODE_LENGTH + node.readUInt16LE(6));
    if ((flags & ELSEWHERE) !== 0) {
      if (data.length < HEADER_LENGTH) return `page ${number} is damaged`;
      const end = Number(data.readBigUInt64LE(0)) + Number(data.readBigUInt64LE(16));
      return end > this.#nPages ? `page ${end - 1} is not there` : undefined;
    }
    if ((flags & TREE) === 0) return undefined;
    return data.length < TREE_LENGTH ? `page ${number} is damaged` : this.tree(data);
  }
}

const childOf = (node: Buffer): number => node.readUInt32LE(0) + node.readUInt16LE(4) * 2 ** 32;
