/** What the synced repositories offer. */
import { compareBytes } from '../../base/index.ts';
import type { AvailablePackage } from '../query.ts';
import type { Database, SqlRow } from '../state/database.ts';
import type { PackageRecord } from '../types.ts';
import { compareReleases } from '../versions.ts';
import { hasRepositories } from './known.ts';

const SELECT = `SELECT available.*, repositories.priority FROM available JOIN repositories ON repositories.address = available.repository
  WHERE ?1 IS NULL OR available.name = ?1`;

/**
 * By name, and of one name the newest first. What a repository of higher priority offers hides the name in the others: a version
 * that somebody chose on purpose is not to be overtaken from elsewhere. `name`: one package only.
 */
export function availablePackages(database: Database, name?: string): AvailablePackage[] {
  if (!hasRepositories(database)) return [];
  const offers = database.all(SELECT, name ?? null).map(toAvailable);
  const highest = new Map<string, number>();
  for (const offer of offers) highest.set(offer.name, Math.max(offer.priority, highest.get(offer.name) ?? offer.priority));
  return offers
    .filter((offer) => offer.priority === highest.get(offer.name))
    .sort((a, b) => compareBytes(a.name, b.name) || compareReleases(b, a) || compareBytes(a.repository, b.repository));
}

/** Whether a synced repository has a package of that name. */
export const isOffered = (database: Database, name: string): boolean =>
  database.get('SELECT 1 FROM available WHERE name = ? LIMIT 1', name) !== undefined;

const toAvailable = (row: SqlRow): AvailablePackage => {
  const list = (key: string): string[] => JSON.parse(String(row[key])) as string[];
  return {
    repository: String(row['repository']),
    priority: Number(row['priority']),
    name: String(row['name']),
    version: String(row['version']),
    release: Number(row['release']),
    tier: String(row['tier']),
    summary: String(row['summary']),
    license: String(row['license']),
    homepage: String(row['homepage']),
    file: String(row['file']),
    sha256: String(row['sha256']),
    sizeBytes: Number(row['size']),
    installedBytes: Number(row['installed_size']),
    runtime: list('runtime'),
    provides: list('provides'),
    conflicts: list('conflicts'),
    supersedes: list('supersedes'),
    privileged: list('privileged'),
  };
};

export interface OutdatedPackage {
  readonly record: PackageRecord;
  readonly offer: AvailablePackage;
}

/** Active packages of which a newer version is offered; or, where none is, one that supersedes them. Sorted by name. */
export function outdatedPackages(database: Database, installed: readonly PackageRecord[]): OutdatedPackage[] {
  const names = new Map<string, AvailablePackage>();
  const successors = new Map<string, AvailablePackage>();
  const there = new Set(installed.map((record) => record.name));
  for (const offer of availablePackages(database)) {
    if (!names.has(offer.name)) names.set(offer.name, offer);
    else continue;
    for (const name of offer.supersedes) if (!there.has(offer.name) && !successors.has(name)) successors.set(name, offer);
  }
  return installed.flatMap((record) => {
    if (record.supersededBy.length > 0) return [];
    const same = names.get(record.name);
    const offer = same !== undefined && compareReleases(record, same) < 0 ? same : successors.get(record.name);
    return offer === undefined ? [] : [{ record, offer }];
  });
}
