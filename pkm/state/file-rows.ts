/** Rows of files in bulk. */
import type { FileRow } from '../types.ts';
import type { Database, SqlValue } from './database.ts';
import { LISTED_COLUMNS, listedFile } from './rows.ts';

const withCapabilities = new WeakMap<Database, boolean>();

/** Whether rows say what capabilities files have: not in a database of an older igos that is read only. */
export function hasCapabilities(database: Database): boolean {
  let isThere = withCapabilities.get(database);
  if (isThere === undefined) {
    isThere = database.get("SELECT 1 FROM pragma_table_info('files') WHERE name = 'capability'") !== undefined;
    withCapabilities.set(database, isThere);
  }
  return isThere;
}

/** What to select, in any table that has rows of files. */
export const fileColumns = (database: Database): string =>
  `${LISTED_COLUMNS}, ${hasCapabilities(database) ? 'capability' : 'NULL AS capability'}`;

/** @param tail  of a query of `files` or `files_past`, from the name of the table on */
export const fileRows = (database: Database, tail: string, ...values: SqlValue[]): FileRow[] =>
  database.lists(`SELECT ${fileColumns(database)} FROM ${tail}`, ...values).map(listedFile);
