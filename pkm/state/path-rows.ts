import { isPlainDirectory } from '../plan/path-draft.ts';
import type { FileRow } from '../types.ts';
import type { Database } from './database.ts';
import { fileRows } from './file-rows.ts';

/** The rows of one path. Several only where all are directories. */
export interface PathRows {
  /** In the order in which they count: see `effective`. `undefined` behind the last. */
  nth(index: number): FileRow | undefined;
  of(owner: string): FileRow | undefined;
  /** Sorted by owner. Cost: their number. */
  all(): readonly FileRow[];
}

/** Rows that are read. */
export class KnownRows implements PathRows {
  readonly #rows: readonly FileRow[];
  #inOrder: readonly FileRow[] | undefined;

  /** @param rows  sorted by owner */
  constructor(rows: readonly FileRow[]) {
    this.#rows = rows;
  }

  nth(index: number): FileRow | undefined {
    if (this.#rows.length < 2) return this.#rows[index];
    this.#inOrder ??= [...this.#rows.filter((row) => !isPlainDirectory(row)), ...this.#rows.filter(isPlainDirectory)];
    return this.#inOrder[index];
  }

  of(owner: string): FileRow | undefined {
    let [from, to] = [0, this.#rows.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#rows[middle]!.owner < owner) from = middle + 1;
      else to = middle;
    }
    const row = this.#rows[from];
    return row?.owner === owner ? row : undefined;
  }

  all(): readonly FileRow[] {
    return this.#rows;
  }
}

/** Of rows of one path, as the index of paths has it: what is no directory has one. */
export const OWNER = "CASE kind WHEN 'directory' THEN package ELSE '' END";
/** As the index `files_odd` has it. */
const IS_ODD = "kind = 'directory' AND (mode <> 493 OR uid <> 0 OR gid <> 0)";
const ODD = `files WHERE path = ? AND ${IS_ODD} AND package > ? ORDER BY package LIMIT ?`;
const PLAIN = `files WHERE path = ? AND NOT (${IS_ODD}) AND ${OWNER} > ? ORDER BY ${OWNER} LIMIT ?`;
const FEW = 8;

/** Rows of a directory of very many owners, of which hardly anybody needs to know all: read as they are asked for. */
export class SharedRows implements PathRows {
  readonly #database: Database;
  readonly #path: string;
  readonly #ofOwner: (owner: string) => FileRow | undefined;
  readonly #read: FileRow[] = [];
  #next: typeof ODD | typeof PLAIN | undefined = ODD;
  #last = '';

  /** @param ofOwner  asks by owner, what packages have stands together */
  constructor(database: Database, path: string, ofOwner: (owner: string) => FileRow | undefined) {
    this.#database = database;
    this.#path = path;
    this.#ofOwner = ofOwner;
  }

  nth(index: number): FileRow | undefined {
    while (index >= this.#read.length && this.#next !== undefined) this.#readSome(this.#next);
    return this.#read[index];
  }

  of(owner: string): FileRow | undefined {
    return this.#ofOwner(owner);
  }

  all(): readonly FileRow[] {
    return fileRows(this.#database, 'files WHERE path = ? ORDER BY package', this.#path);
  }

  /** Who goes on asking may want all: each time as many again. */
  #readSome(query: string): void {
    const limit = Math.max(FEW, this.#read.length);
    const rows = fileRows(this.#database, query, this.#path, this.#last, limit);
    for (const row of rows) this.#read.push(row);
    this.#last = rows.at(-1)?.owner ?? '';
    if (rows.length === limit) return;
    this.#last = '';
    this.#next = query === ODD ? PLAIN : undefined;
  }
}
