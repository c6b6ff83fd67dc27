/** The small part of SQLite that pkm uses, so that nothing else knows which binding it is. */
import { existsSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { Fault } from '../../base/index.ts';

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;
export type SqlList = readonly SqlValue[];

export interface Database {
  all(sql: string, ...values: SqlValue[]): SqlRow[];
  /** The same with rows as lists of their columns: half the time where there are many. */
  lists(sql: string, ...values: SqlValue[]): SqlList[];
  get(sql: string, ...values: SqlValue[]): SqlRow | undefined;
  /** Row after row, for answers that need not be held in memory at once. */
  each(sql: string, ...values: SqlValue[]): Iterable<SqlRow>;
  run(sql: string, ...values: SqlValue[]): void;
  exec(sql: string): void;
  /** All of `work` or nothing of it; durable when it returns. Not nestable. */
  transaction<T>(work: () => T): T;
  close(): void;
}

/** @throws Fault E-PKM-021 the file is no database, is damaged, or is of a newer igos */
export function openDatabase(path: string, options: { readOnly: boolean }): Database {
  const database = guard(path, () => {
    const opened = open(path, options.readOnly);
    if (!options.readOnly) opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    opened.exec('PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384;');
    opened.prepare('SELECT count(*) FROM sqlite_schema').get();
    return opened;
  });
  const statements = new Map<string, StatementSync>();
  const listing = new Map<string, StatementSync>();
  const prepare = (sql: string, known = statements): StatementSync => {
    let statement = known.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      if (known === listing) statement.setReturnArrays(true);
      known.set(sql, statement);
    }
    return statement;
  };
  return {
    all: (sql, ...values) => guard(path, () => prepare(sql).all(...values) as SqlRow[]),
    lists: (sql, ...values) => guard(path, () => prepare(sql, listing).all(...values) as unknown as SqlList[]),
    get: (sql, ...values) => guard(path, () => prepare(sql).get(...values) as SqlRow | undefined),
    each: (sql, ...values) => database.prepare(sql).iterate(...values) as Iterable<SqlRow>,
    run: (sql, ...values) => {
      guard(path, () => prepare(sql).run(...values));
    },
    exec: (sql) => guard(path, () => database.exec(sql)),
    transaction(work) {
      guard(path, () => database.exec('BEGIN IMMEDIATE'));
      try {
        const result = work();
        guard(path, () => database.exec('COMMIT'));
        return result;
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}

/**
 * Without write permission SQLite cannot make the shared-memory file of a write-ahead log. Where no log is left, nothing can
 * be missing from the main file, and it is read as it is: an ordinary user may ask what is installed.
 */
function open(path: string, readOnly: boolean): DatabaseSync {
  const options = { readOnly, timeout: 10_000, enableForeignKeyConstraints: false };
  try {
    const opened = new DatabaseSync(path, options);
    if (readOnly) opened.prepare('SELECT count(*) FROM sqlite_schema').get();
    return opened;
  } catch (error) {
    if (!readOnly || existsSync(`${path}-wal`) || !/unable to open|readonly/.test((error as Error).message)) throw error;
    const url = pathToFileURL(path);
    url.searchParams.set('immutable', '1');
    return new DatabaseSync(url, options);
  }
}

function guard<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code !== 'ERR_SQLITE_ERROR') throw error;
    throw new Fault('E-PKM-021', `the package database '${path}' cannot be used: ${(error as Error).message}`, {
      cause: error,
      hints: [`check it with: sqlite3 '${path}' 'PRAGMA integrity_check'`, 'free disk space or restore the file from a backup'],
    });
  }
}
