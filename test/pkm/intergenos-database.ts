/** A package database as InterGenOS's pkm 0.1 makes it, for the tests of `pkm adopt`. */
import { hash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** @source the tables and columns of its database; no text of its is here */
const TABLES = `
CREATE TABLE installed (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version TEXT NOT NULL, release INTEGER DEFAULT 1, tier TEXT, description TEXT,
  license TEXT, build_date TEXT, install_date TEXT, install_method TEXT, archive_path TEXT, uncompressed_size INTEGER,
  compressed_size INTEGER, superseded_by TEXT, superseded_at TEXT, held INTEGER DEFAULT 0, install_reason TEXT DEFAULT 'manual');
CREATE TABLE files (
  id INTEGER PRIMARY KEY, package_id INTEGER NOT NULL REFERENCES installed (id) ON DELETE CASCADE, path TEXT NOT NULL,
  is_dir BOOLEAN DEFAULT 0, is_config BOOLEAN DEFAULT 0, checksum TEXT);
CREATE INDEX idx_files_path ON files (path);
CREATE INDEX idx_files_package ON files (package_id);
CREATE TABLE depends (
  id INTEGER PRIMARY KEY, package_id INTEGER NOT NULL REFERENCES installed (id) ON DELETE CASCADE, dep_name TEXT NOT NULL,
  dep_type TEXT NOT NULL, UNIQUE (package_id, dep_name, dep_type));
CREATE TABLE available (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, version TEXT NOT NULL);
CREATE TABLE history (
  id INTEGER PRIMARY KEY, timestamp TEXT NOT NULL, operation TEXT NOT NULL, package_name TEXT NOT NULL, old_version TEXT,
  new_version TEXT, method TEXT, success BOOLEAN);
CREATE TABLE config_files (
  id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, package_id INTEGER REFERENCES installed (id) ON DELETE SET NULL,
  original_checksum TEXT);`;

export interface TheirPackage {
  readonly name: string;
  readonly version: string;
  /** Path to the text that was installed; `undefined` for no hash; a path with a slash at its end is a directory. */
  readonly files: Readonly<Record<string, string | undefined>>;
  readonly needs?: readonly string[];
  readonly columns?: Readonly<Record<string, string | number>>;
}

/** Writes the database; it is left with a write-ahead log, as a running system has it. */
export function makeTheirDatabase(path: string, packages: readonly TheirPackage[], options: { wal?: boolean } = {}): void {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  if (options.wal !== false) database.exec('PRAGMA journal_mode = WAL');
  database.exec(TABLES);
  for (const { name, version, files, needs = [], columns = {} } of packages) {
    const { lastInsertRowid: id } = database
      .prepare(
        "INSERT INTO installed (name, version, tier, description, license, install_date, install_method) VALUES (?, ?, 'core', ?, 'MIT', '2026-05-01T10:00:00Z', 'archive')",
      )
      .run(name, version, `about ${name}`);
    for (const [column, value] of Object.entries(columns))
      database.prepare(`UPDATE installed SET ${column} = ? WHERE id = ?`).run(value, id);
    for (const [file, text] of Object.entries(files)) {
      const isFolder = file.endsWith('/');
      const isConfig = file.startsWith('etc/') && !isFolder;
      const sha256 = text === undefined || isFolder ? null : hash('sha256', text);
      database
        .prepare('INSERT INTO files (package_id, path, is_dir, is_config, checksum) VALUES (?, ?, ?, ?, ?)')
        .run(id, file, isFolder ? 1 : 0, isConfig ? 1 : 0, isConfig ? null : sha256);
      if (isConfig && sha256 !== null) {
        database
          .prepare('INSERT OR IGNORE INTO config_files (path, package_id, original_checksum) VALUES (?, ?, ?)')
          .run(file, id, sha256);
      }
    }
    for (const need of needs)
      database.prepare("INSERT INTO depends (package_id, dep_name, dep_type) VALUES (?, ?, 'runtime')").run(id, need);
    database
      .prepare("INSERT INTO history VALUES (NULL, '2026-05-01T10:00:00Z', 'install', ?, NULL, ?, 'archive', 1)")
      .run(name, version);
  }
  database.close();
}
