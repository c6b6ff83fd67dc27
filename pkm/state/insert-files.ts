/** Rows of files into the current generation, very many at once. */
import type { FileRow } from '../types.ts';
import type { Database } from './database.ts';
import { fromFile } from './rows.ts';

/** What `fromFile` gives, in its order. */
export const FILE_COLUMNS =
  'path, package, kind, mode, uid, gid, size, sha256, target, is_config, was_there, mtime, capability, from_generation';

const INSERT = `INSERT INTO files (${FILE_COLUMNS}) VALUES (?${',?'.repeat(FILE_COLUMNS.split(',').length - 1)})`;

/** The same where only path, mode, size and hash differ: three quarters of the time. */
const INSERT_USUAL = `INSERT INTO files (${FILE_COLUMNS})
  SELECT value ->> 0, ?, 'file', value ->> 1, 0, 0, value ->> 2, value ->> 3, NULL, 0, 0, ?, NULL, ? FROM json_each(?)`;

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
  row.sha256 !== '' &&
  !row.isConfig &&
  !row.wasThere &&
  row.capability === undefined;

/** Of one owner and time. */
function insertUsual(database: Database, rows: readonly FileRow[], fromGeneration: number): void {
  const { owner, mtimeSeconds } = rows[0]!;
  const values = JSON.stringify(rows.map(({ path, mode, sizeBytes, sha256 }) => [path, mode, sizeBytes, sha256]));
  database.run(INSERT_USUAL, owner, mtimeSeconds, fromGeneration, values);
}
