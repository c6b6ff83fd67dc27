/**
 * Tables. `installed` and `files` are the current generation and nothing else, so that an admin who opens the database with
 * `sqlite3` reads what is true now. Rows that a later generation ended move to `installed_past` and `files_past` with the
 * half-open interval [from_generation, to_generation) in which they were true: generation N+1 costs its difference, and any
 * kept generation G is `from_generation <= G AND (current OR G < to_generation)`.
 */
import { Fault } from '../../base/index.ts';
import type { Database } from './database.ts';
import { migrations } from './migrations.ts';

const FIRST_VERSION = 1;
const NEWEST_VERSION = Math.max(FIRST_VERSION, ...migrations.map((migration) => migration.number));

const INSTALLED = `
  name TEXT NOT NULL, version TEXT NOT NULL, release INTEGER NOT NULL, tier TEXT NOT NULL, summary TEXT NOT NULL,
  license TEXT NOT NULL, homepage TEXT NOT NULL, origin TEXT NOT NULL CHECK (origin IN ('store', 'archive')),
  store_path TEXT, archive TEXT, archive_sha256 TEXT, reason TEXT NOT NULL CHECK (reason IN ('explicit', 'dependency')),
  provides TEXT NOT NULL, conflicts TEXT NOT NULL, supersedes TEXT NOT NULL, config TEXT NOT NULL, runtime TEXT NOT NULL,
  installed_at INTEGER NOT NULL, superseded_by TEXT, superseded_at INTEGER, from_generation INTEGER NOT NULL`;

const FILES = `
  path TEXT NOT NULL, package TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('file', 'directory', 'symlink')),
  mode INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL, size INTEGER NOT NULL, sha256 TEXT, target TEXT,
  is_config INTEGER NOT NULL, was_there INTEGER NOT NULL, mtime INTEGER NOT NULL, from_generation INTEGER NOT NULL`;

/** Schema number 1. */
export const FIRST_SCHEMA = `
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE generations (
  number INTEGER PRIMARY KEY, kind TEXT NOT NULL, created_at INTEGER NOT NULL, summary TEXT NOT NULL, packages INTEGER NOT NULL);
CREATE TABLE installed (${INSTALLED}, PRIMARY KEY (name)) WITHOUT ROWID;
CREATE TABLE installed_past (${INSTALLED}, to_generation INTEGER NOT NULL);
CREATE INDEX installed_past_to ON installed_past (to_generation);
CREATE TABLE files (${FILES}, PRIMARY KEY (path, package)) WITHOUT ROWID;
CREATE UNIQUE INDEX files_one_owner ON files (path) WHERE kind <> 'directory';
CREATE INDEX files_package ON files (package, path);
CREATE TABLE files_past (${FILES}, to_generation INTEGER NOT NULL);
CREATE INDEX files_past_to ON files_past (to_generation);
CREATE TABLE depends (package TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (package, name)) WITHOUT ROWID;
CREATE INDEX depends_name ON depends (name);
CREATE TABLE config_files (
  path TEXT PRIMARY KEY, package TEXT NOT NULL, original_sha256 TEXT, upstream_sha256 TEXT NOT NULL,
  new_path TEXT, new_sha256 TEXT, orphaned_at INTEGER) WITHOUT ROWID;
CREATE TABLE available (
  repository TEXT NOT NULL, name TEXT NOT NULL, version TEXT NOT NULL, release INTEGER NOT NULL, tier TEXT NOT NULL,
  summary TEXT NOT NULL, license TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  runtime TEXT NOT NULL, provides TEXT NOT NULL, conflicts TEXT NOT NULL, supersedes TEXT NOT NULL,
  PRIMARY KEY (repository, name)) WITHOUT ROWID;
CREATE INDEX available_sha256 ON available (sha256);
CREATE TABLE history (
  id INTEGER PRIMARY KEY, time INTEGER NOT NULL, user TEXT NOT NULL, operation TEXT NOT NULL, package TEXT,
  old_version TEXT, new_version TEXT, generation INTEGER NOT NULL, detail TEXT NOT NULL, previous_hash TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TRIGGER history_no_update BEFORE UPDATE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TRIGGER history_no_delete BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'history is append-only'); END;
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY, operation TEXT NOT NULL, path TEXT NOT NULL, source TEXT NOT NULL, mode INTEGER NOT NULL,
  uid INTEGER NOT NULL, gid INTEGER NOT NULL);
PRAGMA user_version = ${FIRST_VERSION};
`;

/**
 * Makes the tables where there are none, and brings older ones to the newest schema, in one transaction. A database that is
 * open for reading only is brought there by the next command that writes; until then its missing columns and tables are empty.
 * @throws Fault E-PKM-021 made by a newer igos
 */
export function prepareSchema(database: Database, path: string, isReadOnly: boolean): void {
  const version = schemaVersion(database);
  if (version > NEWEST_VERSION) {
    throw new Fault('E-PKM-021', `the package database '${path}' cannot be used: its schema is number ${version}`, {
      notes: ['a newer igos made it so'],
      hints: ['use the igos that wrote it, or a newer one'],
    });
  }
  if (version === 0 && database.get("SELECT 1 FROM sqlite_schema WHERE name = 'installed'") !== undefined) throw foreign(path);
  if (version === NEWEST_VERSION || isReadOnly) return;
  database.transaction(() => {
    const from = schemaVersion(database);
    if (from === 0) database.exec(FIRST_SCHEMA);
    for (const { number, sql } of migrations) if (number > from) database.exec(sql);
    database.exec(`PRAGMA user_version = ${NEWEST_VERSION}`);
  });
}

/** InterGenOS's pkm keeps its database in the same place, and does not number its schema. */
const foreign = (path: string): Fault =>
  new Fault('E-PKM-063', `the package database '${path}' is another package manager's`, {
    notes: ["its tables are those of InterGenOS's pkm, which keeps its database in the same place"],
    hints: ['look at what taking it over would do: pkm adopt --dry-run', 'take it over: pkm adopt'],
  });

/** Whether nothing was ever put into it. */
export const isBlank = (database: Database): boolean =>
  schemaVersion(database) === 0 && database.get('SELECT 1 FROM sqlite_schema') === undefined;

export const schemaVersion = (database: Database): number => Number(database.get('PRAGMA user_version')?.['user_version'] ?? 0);
