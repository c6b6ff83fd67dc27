/** The small part of SQLite that pkm uses, so that nothing else knows which binding it is. */
import { accessSync, closeSync, constants, existsSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { errorCode, Fault, SystemFault, temporaryName } from '../../base/index.ts';

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;
/** Bytes come of expressions alone: no column has any. */
export type SqlList = readonly (SqlValue | Uint8Array)[];

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

/** @throws Fault E-PKM-021 the file is no database, is damaged, or is of a newer igos · SystemFault the disk is full */
export function openDatabase(path: string, options: { readOnly: boolean }): Database {
  const database = guard(path, () => {
    const stat = statSync(path, { throwIfNoEntry: false });
    // A pipe would be waited for, and SQLite calls a folder a disk error.
    if (stat !== undefined && !stat.isFile()) throw unusable(path, 'it is no ordinary file');
    const opened = open(path, options.readOnly);
    try {
      if (!options.readOnly) opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
      opened.exec('PRAGMA trusted_schema = OFF; PRAGMA cache_size = -16384;');
      opened.prepare('SELECT count(*) FROM sqlite_schema').get();
      return opened;
    } catch (error) {
      opened.close(); // it may be opened again, once there is room
      throw error;
    }
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
    each: (sql, ...values) => guarded(path, () => database.prepare(sql).iterate(...values) as IterableIterator<SqlRow>),
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
        try {
          if (database.isTransaction) database.exec('ROLLBACK');
        } catch {
          // SQLite undoes it when the database is opened again; why it came to this is what counts
        }
        throw error;
      }
    },
    close: () => database.close(),
  };
}

/**
 * Without write permission, and on a full disk, SQLite cannot make the shared-memory file of a write-ahead log. Where no log is
 * left, nothing can be missing from the main file, and it is read as it is: an ordinary user may ask what is installed.
 */
function open(path: string, readOnly: boolean): DatabaseSync {
  const options = { readOnly, timeout: 10_000, enableForeignKeyConstraints: false };
  try {
    const opened = new DatabaseSync(path, options);
    if (readOnly) opened.prepare('SELECT count(*) FROM sqlite_schema').get();
    return opened;
  } catch (error) {
    if (!readOnly || hasLog(path) || !/unable to open|readonly|disk I\/O error/.test((error as Error).message)) throw error;
    const url = pathToFileURL(path);
    url.searchParams.set('immutable', '1');
    return new DatabaseSync(url, options);
  }
}

/** Rows are read, and damage is found, while somebody walks through them. */
function* guarded(path: string, rows: () => IterableIterator<SqlRow>): Iterable<SqlRow> {
  const iterator = guard(path, rows);
  try {
    for (;;) {
      const step = guard(path, () => iterator.next());
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    // Who stops early must not leave the statement at work.
    iterator.return?.();
  }
}

/** Why no database can be read there; `undefined` where one can. Whoever may not look at it gets an error. Cost: a read of all of it. @throws Fault E-PKM-021 */
export function damageOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'it is gone';
  if (stat.size === 0 && !existsSync(`${path}-wal`)) return 'it is empty';
  let opened: DatabaseSync | undefined;
  try {
    opened = open(path, true);
    const said = opened.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
    return said === 'ok' ? undefined : String(said);
  } catch (error) {
    if (!DAMAGE.includes(((error as { errcode?: number }).errcode ?? 0) & 0xff)) throw databaseFault(path, error);
    return (error as Error).message;
  } finally {
    opened?.close();
  }
}

/** SQLite's primary result codes. */
const SQLITE = { ioError: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;
const DAMAGE: readonly number[] = [SQLITE.corrupt, SQLITE.notADatabase];

function guard<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw databaseFault(path, error);
  }
}

/** What an error of SQLite says about the file; other errors as they are. */
export function databaseFault(path: string, error: unknown): unknown {
  const { code, errcode = 0, message } = error as { code?: string; errcode?: number; message: string };
  // An integer of 64 bits, of which none that pkm writes needs more than 53.
  if (code === 'ERR_OUT_OF_RANGE')
    return unusable(path, `a value in it is too large (${/-?\d{16,}/.exec(message)?.[0]})`, { cause: error });
  if (code !== 'ERR_SQLITE_ERROR') return error;
  const primary = errcode & 0xff; // the rest says which operation
  // The files beside it cannot grow either, which SQLite calls an error of the disk.
  if (primary === SQLITE.full || (primary === SQLITE.ioError && isFull(path))) {
    return new SystemFault('write', path, { code: 'ENOSPC' });
  }
  if (primary === SQLITE.ioError) {
    const refused = refusalOf(path);
    if (refused !== undefined) return new SystemFault('write', path, { code: refused });
  }
  if (primary === SQLITE.cannotOpen) {
    try {
      accessSync(path, constants.R_OK);
    } catch (refused) {
      return new SystemFault('read', path, refused);
    }
    if (hasLog(path)) return interrupted(path, error);
  }
  return unusable(path, message, { cause: error, isDamaged: DAMAGE.includes(primary) });
}

const hasLog = (path: string): boolean => (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;

/** Who may not write beside the database cannot read its log, unless the owner has it open. */
const interrupted = (path: string, cause: unknown): Fault =>
  new Fault('E-PKM-021', `the package database '${path}' can be read only by its owner now`, {
    cause,
    notes: ['what changed the root last was interrupted, and left a log'],
    hints: ['run, as the owner of the root: pkm recover'],
  });

function isFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < 1 << 16;
  } catch {
    return false;
  }
}

/** Why the system takes nothing more there; SQLite does not say, and quotas and limits of a process show nowhere else. */
function refusalOf(path: string): string | undefined {
  const probe = temporaryName(path);
  const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let fd: number | undefined;
  try {
    fd = openSync(probe, 'wx', 0o600);
    const longest = Math.max(...[path, `${path}-wal`, `${path}-shm`].map(sizeOf));
    writeSync(fd, Buffer.alloc(1 << 16), 0, 1 << 16, longest);
    return undefined;
  } catch (error) {
    const code = errorCode(error) ?? '';
    return ['EDQUOT', 'EFBIG', 'EROFS', 'ENOSPC'].includes(code) ? code : undefined;
  } finally {
    if (fd !== undefined) {
      closeSync(fd);
      rmSync(probe, { force: true });
    }
  }
}

function unusable(path: string, why: string, details: { cause?: unknown; isDamaged?: boolean } = {}): Fault {
  const { cause, isDamaged = false } = details;
  const check = `check it with: sqlite3 '${path}' 'PRAGMA integrity_check'`;
  return new Fault('E-PKM-021', `the package database '${path}' cannot be used: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    notes: isDamaged ? ['what it said of each package stands as text in the folder packages beside it'] : [],
    hints:
      cause === undefined
        ? ['move it away, and restore the database from a backup']
        : isDamaged
          ? [check, RESTORE, REBUILD]
          : [check],
  });
}

const REBUILD = 'or make it anew of the text manifests: pkm repair --rebuild-database --dry-run says what of it would be known';
const RESTORE = 'restore it from a backup, with the files pkm.db-wal and pkm.db-shm of the same time or without any';
