/** Questions about a root. Reading only; none touches the disk outside the database. */

import { compareBytes } from '../base/index.ts';
import { satisfiers } from './plan/dependencies.ts';
import type { Database } from './state/database.ts';
import { toFile, toRecord } from './state/rows.ts';
import { filesAt, recordsAt, sameFile } from './state/state.ts';
import type { FileRow, PackageChange, PackageRecord } from './types.ts';

export interface ListOptions {
  readonly tier?: string;
  readonly reason?: 'explicit' | 'dependency';
  /** Superseded records too. */
  readonly all?: boolean;
}

/** Sorted by name. */
export const listPackages = (database: Database, options: ListOptions = {}): PackageRecord[] =>
  database
    .all('SELECT * FROM installed ORDER BY name')
    .map(toRecord)
    .filter(
      (record) =>
        (options.all === true || record.supersededBy.length === 0) &&
        (options.tier === undefined || record.tier === options.tier) &&
        (options.reason === undefined || record.reason === options.reason),
    );

export interface PackageInfo {
  readonly record: PackageRecord;
  readonly nFiles: number;
  readonly sizeBytes: number;
  /** Active packages that need it. */
  readonly requiredBy: readonly string[];
}

export function packageInfo(database: Database, record: PackageRecord): PackageInfo {
  const sums = database.get(
    "SELECT count(*) AS n, total(max(size, 0)) AS size FROM files WHERE package = ? AND kind <> 'directory'",
    record.name,
  )!;
  const records = database.all('SELECT * FROM installed').map(toRecord);
  const satisfied = satisfiers(records);
  const requiredBy = records
    .filter((other) => other.supersededBy.length === 0 && other.runtime.some((name) => satisfied.get(name)?.has(record.name)))
    .map((other) => other.name)
    .sort(compareBytes);
  return { record, nFiles: Number(sums['n']), sizeBytes: Number(sums['size']), requiredBy };
}

/** Who owns a path; '/' before it is fine. A directory may have several owners. */
export function ownersOf(database: Database, path: string): FileRow[] {
  const relative = path.replace(/^\/+/, '').replace(/\/+$/, '');
  return database.all('SELECT * FROM files WHERE path = ? ORDER BY package', relative).map(toFile);
}

export interface AvailablePackage {
  readonly repository: string;
  readonly name: string;
  readonly version: string;
  readonly release: number;
  readonly tier: string;
  readonly summary: string;
  readonly license: string;
  /** Relative to the repository's address. */
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly runtime: readonly string[];
  readonly provides: readonly string[];
  readonly conflicts: readonly string[];
  readonly supersedes: readonly string[];
}

/** What the synced indexes offer, sorted by name. `name`: one package only. */
export const availablePackages = (database: Database, name?: string): AvailablePackage[] =>
  database.all('SELECT * FROM available WHERE ?1 IS NULL OR name = ?1 ORDER BY name, repository', name ?? null).map((row) => ({
    repository: String(row['repository']),
    name: String(row['name']),
    version: String(row['version']),
    release: Number(row['release']),
    tier: String(row['tier']),
    summary: String(row['summary']),
    license: String(row['license']),
    file: String(row['file']),
    sha256: String(row['sha256']),
    sizeBytes: Number(row['size']),
    runtime: JSON.parse(String(row['runtime'])) as string[],
    provides: JSON.parse(String(row['provides'])) as string[],
    conflicts: JSON.parse(String(row['conflicts'])) as string[],
    supersedes: JSON.parse(String(row['supersedes'])) as string[],
  }));

export interface GenerationDiff {
  readonly packages: readonly PackageChange[];
  readonly added: readonly FileRow[];
  readonly removed: readonly FileRow[];
  readonly changed: readonly { readonly from: FileRow; readonly to: FileRow }[];
}

/** What is in generation `b` that is not in `a`, and the other way round. */
export function diffGenerations(database: Database, a: number, b: number): GenerationDiff {
  const key = (row: FileRow): string => `${row.path}\0${row.owner}`;
  const before = new Map(filesAt(database, a).map((row) => [key(row), row]));
  const after = new Map(filesAt(database, b).map((row) => [key(row), row]));
  const added = [...after.values()].filter((row) => !before.has(key(row)));
  const removed = [...before.values()].filter((row) => !after.has(key(row)));
  const changed = [...after.values()].flatMap((to) => {
    const from = before.get(key(to));
    return from === undefined || sameFile(from, to) ? [] : [{ from, to }];
  });
  return { packages: packageDiff(recordsAt(database, a), recordsAt(database, b)), added, removed, changed };
}

function packageDiff(before: readonly PackageRecord[], after: readonly PackageRecord[]): PackageChange[] {
  const old = new Map(before.map((record) => [record.name, record]));
  const now = new Set(after.map((record) => record.name));
  const changes: PackageChange[] = [];
  for (const record of before)
    if (!now.has(record.name)) changes.push({ name: record.name, action: 'remove', from: record.version });
  for (const record of after) {
    const was = old.get(record.name);
    if (was === undefined) changes.push({ name: record.name, action: 'install', to: record.version });
    else if (was.supersededBy.length === 0 && record.supersededBy.length > 0) {
      changes.push({ name: record.name, action: 'supersede', from: was.version, by: record.supersededBy.join(', ') });
    } else if (was.version !== record.version || JSON.stringify(was.origin) !== JSON.stringify(record.origin)) {
      changes.push({ name: record.name, action: 'upgrade', from: was.version, to: record.version });
    }
  }
  return changes.sort((a, b) => (a.name < b.name ? -1 : 1));
}
