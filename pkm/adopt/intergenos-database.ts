/**
 * The package database of InterGenOS's pkm 0.1, read: its tables as plain data. Whatever is in it came from outside, and is checked
 * where it is used.
 *
 * @source the tables that InterGenOS's pkm creates: installed, files, depends, history, config_files
 */
import type { Database, SqlRow, SqlValue } from '../state/database.ts';

export interface ForeignPackage {
  readonly id: number;
  readonly name: string;
  readonly version: string;
  readonly release: number;
  readonly tier: string;
  readonly summary: string;
  readonly license: string;
  /** As it was written: ISO 8601, mostly. */
  readonly installDate: string;
  readonly archive: string;
  readonly supersededBy: string;
  readonly supersededAt: string;
  readonly isHeld: boolean;
  readonly isDependency: boolean;
}

/** Relative to the root; a directory has no slash at the end. */
export interface ForeignFile {
  readonly path: string;
  readonly package: string;
  readonly isFolder: boolean;
  readonly isConfig: boolean;
  /** Lower-case hex, or ''. Of a symlink it is the hash of what the link led to. */
  readonly sha256: string;
}

export interface ForeignHistory {
  readonly time: string;
  readonly operation: string;
  readonly package: string;
  readonly oldVersion: string;
  readonly newVersion: string;
  readonly method: string;
  readonly isSuccess: boolean;
}

/** Whether a database is InterGenOS's rather than ours: ours numbers its schema. */
export const isForeign = (database: Database): boolean =>
  Number(database.get('PRAGMA user_version')?.['user_version'] ?? 0) === 0 &&
  TABLES.every((name) => isNoView(database, name)) &&
  columnsOf(database, 'installed').includes('install_method') &&
  columnsOf(database, 'files').includes('package_id');

const TABLES = ['installed', 'files', 'depends', 'history', 'config_files'];

/** A view is a program: one of a stranger need never end. */
const isNoView = (database: Database, name: string): boolean =>
  database.get("SELECT 1 FROM sqlite_schema WHERE name = ? AND (type <> 'table' OR sql NOT LIKE 'CREATE TABLE%')", name) ===
  undefined;

const columnsOf = (database: Database, table: string): string[] =>
  database.all('SELECT name FROM pragma_table_info(?)', table).map((row) => text(row['name']));

const text = (value: SqlValue | undefined): string => (value === null || value === undefined ? '' : String(value));

/** Lower-case hex; '' for what is no SHA-256. */
const sha256Of = (value: SqlValue | undefined): string => /^[0-9a-f]{64}$/i.exec(text(value))?.[0].toLowerCase() ?? '';

/** Databases of before some columns lack them. */
const optional = (row: SqlRow, column: string): string => (column in row ? text(row[column]) : '');

export const foreignPackages = (database: Database): ForeignPackage[] =>
  database.all('SELECT * FROM installed ORDER BY name').map((row) => ({
    id: Number(row['id']),
    name: text(row['name']),
    version: text(row['version']),
    release: Number(row['release'] ?? 1) || 1,
    tier: text(row['tier']),
    summary: text(row['description']),
    license: text(row['license']),
    installDate: text(row['install_date']),
    archive: text(row['archive_path']),
    supersededBy: optional(row, 'superseded_by'),
    supersededAt: optional(row, 'superseded_at'),
    isHeld: Number(optional(row, 'held') || 0) === 1,
    isDependency: optional(row, 'install_reason') === 'dependency',
  }));

/** All rows of one path after the other, the oldest first. */
export function* foreignFiles(database: Database): Iterable<ForeignFile> {
  const rows = database.each(`
    SELECT rtrim(f.path, '/') AS path, p.name AS package, f.is_dir OR f.path LIKE '%/' AS is_dir, f.is_config, f.checksum
    FROM files f JOIN installed p ON p.id = f.package_id ORDER BY 1, f.id`);
  for (const row of rows) {
    yield {
      path: text(row['path']).replace(/^(?:\.?\/+)+/, ''),
      package: text(row['package']),
      isFolder: row['is_dir'] === 1,
      isConfig: row['is_config'] === 1,
      sha256: sha256Of(row['checksum']),
    };
  }
}

/** What each package needs at run time. */
export function foreignNeeds(database: Database): Map<string, string[]> {
  const needs = new Map<string, string[]>();
  const rows = database.all(
    "SELECT p.name AS package, d.dep_name FROM depends d JOIN installed p ON p.id = d.package_id WHERE d.dep_type = 'runtime' ORDER BY 1, 2",
  );
  for (const row of rows) {
    const name = text(row['package']);
    const known = needs.get(name);
    if (known === undefined) needs.set(name, [text(row['dep_name'])]);
    else known.push(text(row['dep_name']));
  }
  return needs;
}

export const foreignHistory = (database: Database): ForeignHistory[] =>
  database.all('SELECT * FROM history ORDER BY id').map((row) => ({
    time: text(row['timestamp']),
    operation: text(row['operation']),
    package: text(row['package_name']),
    oldVersion: text(row['old_version']),
    newVersion: text(row['new_version']),
    method: text(row['method']),
    isSuccess: Number(row['success'] ?? 1) !== 0,
  }));

/** The hash that each configuration file had when it was installed; '' where what stands there is none. */
export const foreignBaselines = (database: Database): Map<string, string> =>
  new Map(
    database
      .all('SELECT path, original_checksum FROM config_files')
      .map((row) => [text(row['path']), sha256Of(row['original_checksum'])]),
  );
