/** Rows of files into the current generation, very many at once. */
import type { FileRow } from '../types.ts';
import type { Database } from './database.ts';
import { fromFile } from './rows.ts';

/** What `fromFile` gives, in its order. */
export const FILE_COLUMNS =
  'path, package, kind, mode, uid, gid, size, sha256, target, is_config, was_there, mtime, capability, from_generation';

const INSERT = `INSERT INTO files (${FILE_COLUMNS}) VALUES (?${',?'.repeat(FILE_COLUMNS.split(',').length - 1)})`;

/**
 * The same where only path, mode, size and hash differ: two thirds of the time. Each text has hash, mode, size and path, by their places:
 * SQLite would read a list of them anew for each of its items.
 */
const INSERT_USUAL = `INSERT INTO files (${FILE_COLUMNS})
  SELECT substr(value, 85), ?, 'file', CAST(substr(value, 65, 4) AS INTEGER), 0, 0, CAST(substr(value, 69, 16) AS INTEGER),
    substr(value, 1, 64), NULL, 0, 0, ?, NULL, ? FROM json_each(?)`;

/** Fewer go one by one. */
const MANY = 16;
/** More are put into several texts. */
const CHUNK = 20_000;

/** Call inside a transaction. No row of the same path and owner may be there. */
export function insertFiles(database: Database, rows: readonly FileRow[], fromGeneration: number): void {
  const insert = (row: FileRow): void => database.run(INSERT, ...fromFile(row, fromGeneration));
  const usual = new Map<string, FileRow[]>();
  for (const row of rows) {
    if (!isUsual(row)) {
      insert(row);
      continue;
    }
    const key = `${row.owner} ${row.mtimeSeconds}`;
    const known = usual.get(key);
    if (known === undefined) usual.set(key, [row]);
    else known.push(row);
  }
  for (const group of usual.values()) {
    if (group.length < MANY) group.forEach(insert);
    else
      for (let start = 0; start < group.length; start += CHUNK)
        insertUsual(database, group.slice(start, start + CHUNK), fromGeneration);
  }
}

const isUsual = (row: FileRow): boolean =>
  row.kind === 'file' &&
  row.uid === 0 &&
  row.gid === 0 &&
  row.sha256.length === 64 &&
  !row.isConfig &&
  !row.wasThere &&
  row.capability === undefined;

/** Of one owner and time. */
function insertUsual(database: Database, rows: readonly FileRow[], fromGeneration: number): void {
  const { owner, mtimeSeconds } = rows[0]!;
  const values = JSON.stringify(
    rows.map(({ path, mode, sizeBytes, sha256 }) => `${sha256}${`${mode}`.padStart(4)}${`${sizeBytes}`.padStart(16)}${path}`),
  );
  database.run(INSERT_USUAL, owner, mtimeSeconds, fromGeneration, values);
}
