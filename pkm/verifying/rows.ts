/** Rows of the current generation as they are compared with the disk, piece by piece: memory does not grow with the root. */
import { effective } from '../plan/path-draft.ts';
import type { Database, SqlValue } from '../state/database.ts';
import { fileRows, hasCapabilities } from '../state/file-rows.ts';
import type { FileRow } from '../types.ts';

const CHUNK_ROWS = 2000;
/** The first piece is soon there, and others have something to do. */
const FIRST_PIECE_ROWS = 1000;
const PIECE_ROWS = 8000;

export type Packages = readonly string[] | undefined;

/** The end of a condition, and its value. */
function ofPackages(packages: Packages): { sql: string; values: SqlValue[] } {
  if (packages === undefined) return { sql: '', values: [] };
  const sql = 'AND path IN (SELECT path FROM files WHERE package IN (SELECT value FROM json_each(?)))';
  return { sql, values: [JSON.stringify(packages)] };
}

/** How many paths there are. */
export function countPaths(database: Database, packages: Packages): number {
  const { sql, values } = ofPackages(packages);
  return Number(database.get(`SELECT count(DISTINCT path) AS n FROM files WHERE true ${sql}`, ...values)!['n']);
}

/** Whether there are so many rows, whatever they are. */
export function hasManyRows(database: Database, nRows: number): boolean {
  return database.lists('SELECT 1 FROM files LIMIT ?', nRows).length === nRows;
}

/** Files of which size, mode, owner and bytes are all there is to be compared: those that may be run have no capabilities either. */
const isPlain = (database: Database): string =>
  `(kind = 'file' AND size >= 0 AND ifnull(length(sha256), 0) = 64${hasCapabilities(database) ? ' AND capability IS NULL' : ''})`;

/** For each path the row that says how it stands, sorted by path. @param which  `others`: those that are not in pieces of `plainPieces` */
export function* effectiveRows(database: Database, packages: Packages, which: 'all' | 'others'): Iterable<FileRow> {
  const { sql, values } = ofPackages(packages);
  const rest = which === 'all' ? '' : `AND NOT ${isPlain(database)}`;
  // Behind the last row: a directory may have more owners than a piece has rows.
  const tail = `files WHERE path >= ?1 AND (path > ?1 OR package > ?2) ${sql} ${rest} ORDER BY path, package LIMIT ?`;
  let [path, owner] = ['', ''];
  let group: FileRow[] = [];
  for (let isLast = false; !isLast; ) {
    const rows = fileRows(database, tail, path, owner, ...values, CHUNK_ROWS);
    for (const row of rows) {
      if (group.length > 0 && group[0]!.path !== row.path) {
        yield effective(group)!;
        group = [];
      }
      group.push(row);
    }
    isLast = rows.length < CHUNK_ROWS;
    if (!isLast) ({ path, owner } = rows.at(-1)!);
  }
  if (group.length > 0) yield effective(group)!;
}

export interface PlainPiece {
  /** As `PlacedLoop` reads them. */
  readonly records: Uint8Array;
  readonly nFiles: number;
  readonly nBytes: number;
  /** For `pathsOfPiece`: behind the first, up to and with the second. */
  readonly range: readonly [string, string];
}

/** Of most files one number or two differ. SQLite writes the records: no row becomes an object first. */
const RECORD = `path || char(0) || sha256 || size || iif(mode = 420 AND uid = 0 AND gid = 0, ':420:0:0:',
  ':' || mode || ':' || uid || ':' || gid || ':') || char(0)`;

/** Plain files, sorted by path. */
export function* plainPieces(database: Database, packages: Packages): Iterable<PlainPiece> {
  const { sql, values } = ofPackages(packages);
  const query = `SELECT CAST(group_concat(${RECORD}, '') AS BLOB), count(*), sum(size), max(path)
    FROM (SELECT path, sha256, size, mode, uid, gid FROM files WHERE path > ? ${sql} AND ${isPlain(database)} ORDER BY path LIMIT ?)`;
  let from = '';
  for (let nRows = FIRST_PIECE_ROWS; ; nRows = PIECE_ROWS) {
    const [records, nFiles, nBytes, last] = database.lists(query, from, ...values, nRows)[0]!;
    if (nFiles === 0) return;
    const range = [from, last as string] as const;
    yield { records: records as Uint8Array, nFiles: nFiles as number, nBytes: nBytes as number, range };
    if ((nFiles as number) < nRows) return;
    from = last as string;
  }
}

export function pathsOfPiece(database: Database, packages: Packages, { range: [from, to] }: PlainPiece): string[] {
  const { sql, values } = ofPackages(packages);
  const query = `SELECT path FROM files WHERE path > ? AND path <= ? ${sql} AND ${isPlain(database)}`;
  return database.lists(query, from, to, ...values).map(([path]) => path as string);
}

/** Rows of files, by path. */
export function* filesAt(database: Database, paths: readonly string[]): Iterable<FileRow> {
  for (let from = 0; from < paths.length; from += CHUNK_ROWS) {
    const piece = JSON.stringify(paths.slice(from, from + CHUNK_ROWS));
    yield* fileRows(database, "files WHERE path IN (SELECT value FROM json_each(?)) AND kind = 'file'", piece);
  }
}
