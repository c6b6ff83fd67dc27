/**
 * The append-only log. Each row carries the hash of the row before it, and `settings.history_head` the hash of the last one, so
 * that a changed, removed or cut-off row shows. It shows tampering by whoever does not recompute the chain; it is no signature.
 */
import { didYouMean, Fault, sha256 } from '../../base/index.ts';
import type { Database, SqlRow } from './database.ts';
import { integerOf, timeOf } from './wrong-value.ts';

export interface HistoryEntry {
  readonly id: number;
  /** Seconds since 1970. */
  readonly time: number;
  readonly user: string;
  readonly operation: string;
  readonly package: string;
  readonly oldVersion: string;
  readonly newVersion: string;
  readonly generation: number;
  readonly detail: string;
}

const START = '0'.repeat(64);

/** Appends one entry; call it inside the transaction that it is about. */
export function appendHistory(database: Database, entry: Omit<HistoryEntry, 'id'>): void {
  const id = Number(database.get('SELECT max(id) AS id FROM history')!['id'] ?? 0) + 1;
  // Not the row that is the last one now: where rows were cut off, it must show as long as the log is kept.
  const previous = headOf(database);
  const digest = entryHash({ id, ...entry }, previous);
  database.run(
    'INSERT INTO history VALUES (?,?,?,?,?,?,?,?,?,?,?)',
    id,
    entry.time,
    entry.user,
    entry.operation,
    entry.package,
    entry.oldVersion,
    entry.newVersion,
    entry.generation,
    entry.detail,
    previous,
    digest,
  );
  database.run("INSERT OR REPLACE INTO settings VALUES ('history_head', ?)", digest);
}

export interface HistoryOptions {
  /** What happened to these; default: everything. */
  readonly packages?: readonly string[];
  readonly limit?: number;
}

/** Newest first. @throws Fault E-PKM-015 a package that the history does not know */
export function readHistory(database: Database, { packages, limit = -1 }: HistoryOptions = {}): HistoryEntry[] {
  if (packages === undefined) return database.all('SELECT * FROM history ORDER BY id DESC LIMIT ?', limit).map(checkedEntry);
  const known = new Set(
    database.all("SELECT DISTINCT package FROM history WHERE package <> ''").map((row) => String(row['package'])),
  );
  for (const name of packages) if (!known.has(name)) throw unknownToHistory(name, known);
  return database
    .all(
      'SELECT * FROM history WHERE package IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT ?',
      JSON.stringify(packages),
      limit,
    )
    .map(checkedEntry);
}

const unknownToHistory = (name: string, known: Iterable<string>): Fault =>
  new Fault('E-PKM-015', `package '${name}' was never installed here`, {
    hints: [...didYouMean(name, known), "see what is with 'pkm list'"],
  });

/** The first thing wrong with the chain, or `undefined` where it is whole. Cost: one hash a row. */
export function checkHistory(database: Database): string | undefined {
  let previous = START;
  let expectedId = 1;
  for (const row of database.each('SELECT * FROM history ORDER BY id')) {
    const entry = toEntry(row);
    if (entry.id !== expectedId) return `entry ${expectedId} is missing`;
    if (row['previous_hash'] !== previous) return `entry ${entry.id} does not follow the entry before it`;
    previous = entryHash(entry, previous);
    if (row['hash'] !== previous) return `entry ${entry.id} was changed after it was written`;
    expectedId += 1;
  }
  return headOf(database) === previous ? undefined : `entries after ${expectedId - 1} are missing`;
}

const headOf = (database: Database): string =>
  String(database.get("SELECT value FROM settings WHERE key = 'history_head'")?.['value'] ?? START);

const entryHash = (entry: HistoryEntry, previous: string): string =>
  sha256(
    Buffer.from(
      JSON.stringify([
        previous,
        entry.id,
        entry.time,
        entry.user,
        entry.operation,
        entry.package,
        entry.oldVersion,
        entry.newVersion,
        entry.generation,
        entry.detail,
      ]),
    ),
  );

/** @throws Fault E-PKM-021 a value that pkm does not write */
function checkedEntry(row: SqlRow): HistoryEntry {
  const what = (column: string): string => `column '${column}' of entry ${String(row['id'])} of the history`;
  timeOf(row['time'], what('time'));
  integerOf(row['generation'], what('generation'));
  return toEntry(row);
}

const toEntry = (row: SqlRow): HistoryEntry => ({
  id: Number(row['id']),
  time: Number(row['time']),
  user: String(row['user']),
  operation: String(row['operation']),
  package: String(row['package'] ?? ''),
  oldVersion: String(row['old_version'] ?? ''),
  newVersion: String(row['new_version'] ?? ''),
  generation: Number(row['generation']),
  detail: String(row['detail']),
});
