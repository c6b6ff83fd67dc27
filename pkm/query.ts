/** Questions about a root. Reading only; none touches the disk outside the database. */

import { changeOf, isOther, supersededChange } from './package-change.ts';
import { dependantsOf } from './plan/dependencies.ts';
import { effective } from './plan/path-draft.ts';
import type { Database } from './state/database.ts';
import { toFile, toRecord } from './state/rows.ts';
import { filesAt, pathsBetween, recordsAt, sameFile } from './state/state.ts';
import type { FileRow, PackageChange, PackageDescription, PackageRecord } from './types.ts';

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
  return { record, nFiles: Number(sums['n']), sizeBytes: Number(sums['size']), requiredBy: dependantsOf(records, record) };
}

/** Who owns a path; '/' before it is fine. A directory may have several owners. */
export function ownersOf(database: Database, path: string): FileRow[] {
  const relative = path.replace(/^\/+/, '').replace(/\/+$/, '');
  return database.all('SELECT * FROM files WHERE path = ? ORDER BY package', relative).map(toFile);
}

/** How each path stands whose owner is not root, or that has capabilities. Cost: one scan of the rows. */
export function notPlain(database: Database): Map<string, FileRow> {
  const rows = new Map<string, FileRow[]>();
  const odd = "uid <> 0 OR gid <> 0 OR capability IS NOT NULL OR (kind = 'directory' AND mode <> 493)";
  for (const row of database.all(`SELECT * FROM files WHERE ${odd} ORDER BY path, package`).map(toFile))
    rows.set(row.path, [...(rows.get(row.path) ?? []), row]);
  return new Map([...rows].map(([path, all]) => [path, effective(all)!]));
}

export interface AvailablePackage extends Omit<PackageDescription, 'config' | 'triggers'> {
  /** Address of its repository. */
  readonly repository: string;
  /** Of its repository. */
  readonly priority: number;
  /** Relative to the repository's address. */
  readonly file: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Of the files once they are in place; 0: not said. */
  readonly installedBytes: number;
  /** Files for which the publisher answers that they are setuid, setgid or have capabilities. */
  readonly privileged: readonly string[];
}

export interface GenerationDiff {
  readonly packages: readonly PackageChange[];
  readonly added: readonly FileRow[];
  readonly removed: readonly FileRow[];
  readonly changed: readonly { readonly from: FileRow; readonly to: FileRow }[];
}

/** What is in generation `b` that is not in `a`, and the other way round, by path. Cost: the difference, and one scan of the rows. */
export function diffGenerations(database: Database, a: number, b: number): GenerationDiff {
  const paths = pathsBetween(database, Math.min(a, b), Math.max(a, b));
  const before = standingAt(database, a, paths);
  const after = standingAt(database, b, paths);
  const added = [...after.values()].filter((row) => !before.has(row.path));
  const removed = [...before.values()].filter((row) => !after.has(row.path));
  const changed = [...after.values()].flatMap((to) => {
    const from = before.get(to.path);
    const isSame =
      from === undefined || sameFile(from, to) || (from.kind === 'directory' && sameFile({ ...from, owner: to.owner }, to));
    return isSame ? [] : [{ from, to }];
  });
  return { packages: packageDiff(recordsAt(database, a), recordsAt(database, b)), added, removed, changed };
}

/** How each of the paths stands in a generation: of several owners of a directory, the row that counts. */
function standingAt(database: Database, number: number, paths: readonly string[]): Map<string, FileRow> {
  const rows = new Map<string, FileRow[]>();
  for (const row of filesAt(database, number, paths)) rows.set(row.path, [...(rows.get(row.path) ?? []), row]);
  return new Map([...rows].map(([path, all]) => [path, effective(all)!]));
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
    else changes.push(...changesBetween(was, record));
  }
  return changes.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function changesBetween(was: PackageRecord, record: PackageRecord): PackageChange[] {
  const { name, version, reason } = record;
  if (was.supersededBy.length === 0 && record.supersededBy.length > 0)
    return [supersededChange({ ...record, version: was.version })];
  if (was.supersededBy.length > 0 && record.supersededBy.length === 0)
    return [{ name, action: 'restore', from: was.version, to: version }];
  if (isOther(was, record)) return [changeOf(name, was.version, version)];
  return was.reason === reason ? [] : [{ name, action: 'mark', to: version, reason }];
}
