/**
 * The reference graph once more, so that it is read in few pieces: table `graph` of the index. The records of 5,000 paths stand at
 * 5,000 places, since they are sorted by hash; here stand those together that were registered together.
 *
 * Every valid path has a number, which its record names. A value has the lines of 64 numbers, empty where a number is free:
 *
 * ```ebnf
 * line = base " " NAR-size " " registered-at " " [ base-of-deriver ] { " " number } ;
 * ```
 *
 * The entry `stamp` is the number of the transaction that wrote last: where the index has a newer one, somebody wrote who does not
 * know this table. Then nothing here is believed, and the next writer makes it anew.
 *
 * @source docs/store.md §6
 */
import type { Database } from 'lmdb';

export type GraphTable = Database<string, string>;

const LINES = 64;
const STAMP = 'stamp';

/** Eight digits, so that keys are sorted as numbers are. */
const chunkKey = (chunk: number): string => `c${chunk.toString(16).padStart(8, '0')}`;
const chunkNumber = (key: string): number => Number.parseInt(key.slice(1), 16);
/** A new one each time: lmdb writes into it. */
const all = () => ({ start: 'c', end: 'd' });

/** What a line says. */
export interface GraphNode {
  readonly base: string;
  readonly narSizeBytes: number;
  readonly registeredAt: number;
  readonly deriver: string | undefined;
  readonly references: readonly number[];
}

function encodeNode({ base, narSizeBytes, registeredAt, deriver, references }: GraphNode): string {
  return [base, narSizeBytes, registeredAt, deriver ?? '', ...references].join(' ');
}

/** Of a line: base, NAR size, registered at, deriver, numbers. Not made into a `GraphNode`, which takes longer than all the rest. */
export type GraphFields = readonly string[];
export const FIRST_REFERENCE = 4;

/** @param transaction  the newest of the index */
export const isCurrent = (table: GraphTable | undefined, transaction: number): boolean =>
  table?.get(STAMP) === String(transaction);

/** The nodes and all they lead to, by their numbers; `undefined` where a number is free that is referred to. */
export function reachable(table: GraphTable, starts: Iterable<number>): Map<number, GraphFields> | undefined {
  const chunks: (readonly string[])[] = [];
  const numbers = new Set(starts);
  const found = new Map<number, GraphFields>();
  for (const number of numbers) {
    const chunk = Math.floor(number / LINES);
    chunks[chunk] ??= table.get(chunkKey(chunk))?.split('\n') ?? [];
    const line = chunks[chunk][number % LINES] ?? '';
    if (line === '') return undefined;
    const fields = line.split(' ');
    found.set(number, fields);
    for (let at = FIRST_REFERENCE; at < fields.length; at++) numbers.add(Number(fields[at]));
  }
  return found;
}

/** Every node, by its number. */
export function allNodes(table: GraphTable): Map<number, GraphFields> {
  const nodes = new Map<number, GraphFields>();
  for (const { key, value } of table.getRange(all())) {
    const first = chunkNumber(key) * LINES;
    value.split('\n').forEach((line, i) => {
      if (line !== '') nodes.set(first + i, line.split(' '));
    });
  }
  return nodes;
}

/** The writing side, for one transaction. Lines are collected and written by `flush`. */
export class GraphWriter {
  readonly #table: GraphTable;
  readonly #chunks = new Map<number, string[]>();
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
    this.#lines(number)[number % LINES] = encodeNode(node);
  }

  remove(number: number): void {
    const lines = this.#lines(number);
    if (number % LINES < lines.length) lines[number % LINES] = '';
  }

  /** @param transaction  the number of this one */
  flush(transaction: number): void {
    for (const [chunk, lines] of this.#chunks) {
      // Holes of an array are joined as nothing, as free numbers are.
      const text = lines.join('\n').replace(/\n+$/, '');
      if (text === '') this.#table.removeSync(chunkKey(chunk));
      else this.#table.putSync(chunkKey(chunk), text);
    }
    this.#table.putSync(STAMP, String(transaction));
  }

  #end(): number {
    for (const { key, value } of this.#table.getRange({ start: 'd', end: 'c', reverse: true, limit: 1 })) {
      return chunkNumber(key) * LINES + value.split('\n').length;
    }
    return 0;
  }

  #lines(number: number): string[] {
    const chunk = Math.floor(number / LINES);
    let lines = this.#chunks.get(chunk);
    if (lines === undefined) {
      lines = this.#table.get(chunkKey(chunk))?.split('\n') ?? [];
      this.#chunks.set(chunk, lines);
    }
    return lines;
  }
}
