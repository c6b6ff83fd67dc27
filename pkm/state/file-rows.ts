/** Rows of files in bulk. */
import type { FileRow } from '../types.ts';
import type { Database, SqlValue } from './database.ts';
import { LISTED_COLUMNS, listedFile } from './rows.ts';

const columnsOf = new WeakMap<Database, string>();

/** What to select, in any table that has rows of files. */
export function fileColumns(database: Database): string {
  let columns = columnsOf.get(database);
  if (columns === undefined) {
    const isThere = database.get("SELECT 1 FROM pragma_table_info('files') WHERE name = 'capability'") !== undefined;
    columns = `${LISTED_COLUMNS}, ${isThere ? 'capability' : 'NULL AS capability'}`;
    columnsOf.set(database, columns);
  }
  return columns;
}

/** @param tail  of a query of `files` or `files_past`, from the name of the table on */
export const fileRows = (database: Database, tail: string, ...values: SqlValue[]): FileRow[] =>
  database.lists(`SELECT ${fileColumns(database)} FROM ${tail}`, ...values).map(listedFile);
