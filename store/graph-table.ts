/**
 * The reference graph once more, so that it is read in few pieces: table `graph` of the index. The records of 5,000 paths stand at
 * 5,000 places, since they are sorted by hash; here stand those together that were registered together.
 *
 * Every valid path has a number, which its record names. A value is the JSON of an array of 64 nodes, with 0 where a number is free:
 * nothing else is read as fast by a program that has just started.
 *
 * The entry `stamp` is the number of the transaction that wrote last: where the index has a newer one, somebody wrote who does not
 * know this table. Then nothing here is believed, and the next writer makes it anew.
 *
 * @source docs/store.md §6
 */
import type { Database } from 'lmdb';

export type GraphTable = Database<string, string>;

const CHUNK = 64;
const STAMP = 'stamp';

/** Eight digits, so that keys are sorted as numbers are. */
const chunkKey = (chunk: number): string => `c${chunk.toString(16).padStart(8, '0')}`;
const chunkNumber = (key: string): number => Number.parseInt(key.slice(1), 16);
/** A new one each time: lmdb writes into it. */
const all = () => ({ start: 'c', end: 'd' });

/** A path: its base, NAR size in bytes, when it was registered, base of its deriver or nothing, and the numbers of what it refers to. */
export type GraphNode = readonly [
  base: string,
  narSizeBytes: number,
  registeredAt: number,
  deriver: string,
  ...references: number[],
];
export const FIRST_REFERENCE = 4;

type Chunk = (GraphNode | 0)[];

const readChunk = (table: GraphTable, chunk: number): Chunk => JSON.parse(table.get(chunkKey(chunk)) ?? '[]') as Chunk;

/** @param transaction  the newest of the index */
export const isCurrent = (table: GraphTable | undefined, transaction: number): boolean =>
  table?.get(STAMP) === String(transaction);

/** The nodes and all they lead to, by their numbers; `undefined` where a number is free that is referred to. */
export function reachable(table: GraphTable, starts: Iterable<number>): Map<number, GraphNode> | undefined {
  const chunks: Chunk[] = [];
  const numbers = new Set(starts);
  const found = new Map<number, GraphNode>();
  for (const number of numbers) {
    const at = Math.floor(number / CHUNK);
    chunks[at] ??= readChunk(table, at);
    const node = chunks[at][number % CHUNK];
    if (node === undefined || node === 0) return undefined;
    found.set(number, node);
    for (let i = FIRST_REFERENCE; i < node.length; i++) numbers.add(node[i] as number);
  }
  return found;
}

/** Every node, by its number. */
export function allNodes(table: GraphTable): Map<number, GraphNode> {
  const nodes = new Map<number, GraphNode>();
  for (const { key, value } of table.getRange(all())) {
    const first = chunkNumber(key) * CHUNK;
    (JSON.parse(value) as Chunk).forEach((node, i) => {
      if (node !== 0) nodes.set(first + i, node);
    });
  }
  return nodes;
}

/** The writing side, for one transaction. Nodes are collected and written by `flush`. */
export class GraphWriter {
  readonly #table: GraphTable;
  readonly #chunks = new Map<number, Chunk>();
  #next: number | undefined;

  constructor(table: GraphTable) {
    this.#table = table;
  }

  /** Forgets everything. */
  clear(): void {
    this.#chunks.clear();
    for (const key of [...this.#table.getKeys(all())]) this.#table.removeSync(key);
    this.#next = 0;
  }

  /** A number that nothing has. */
  allocate(): number {
    this.#next ??= this.#end();
    return this.#next++;
  }

  put(number: number, node: GraphNode): void {
    const chunk = this.#chunk(number);
    while (chunk.length < number % CHUNK) chunk.push(0);
    chunk[number % CHUNK] = node;
  }

  remove(number: number): void {
    const chunk = this.#chunk(number);
    if (number % CHUNK < chunk.length) chunk[number % CHUNK] = 0;
  }

  /** @param transaction  the number of this one */
  flush(transaction: number): void {
    for (const [number, chunk] of this.#chunks) {
      while (chunk.at(-1) === 0) chunk.pop();
      if (chunk.length === 0) this.#table.removeSync(chunkKey(number));
      else this.#table.putSync(chunkKey(number), JSON.stringify(chunk));
    }
    this.#table.putSync(STAMP, String(transaction));
  }

  #end(): number {
    for (const key of this.#table.getKeys({ start: 'd', end: 'c', reverse: true, limit: 1 })) {
      const last = chunkNumber(key);
      return last * CHUNK + this.#chunk(last * CHUNK).length;
    }
    return 0;
  }

  #chunk(number: number): Chunk {
    const at = Math.floor(number / CHUNK);
    const known = this.#chunks.get(at);
    if (known !== undefined) return known;
    const chunk = readChunk(this.#table, at);
    this.#chunks.set(at, chunk);
    return chunk;
  }
}
