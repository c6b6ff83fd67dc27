/** What the synced repositories offer. */
import { compareBytes } from '../../base/index.ts';
import { type Candidate, Offers } from '../plan/offers.ts';
import { Roster } from '../plan/roster.ts';
import type { AvailablePackage } from '../query.ts';
import type { Database, SqlRow } from '../state/database.ts';
import { integerOf, isText, listOf } from '../state/wrong-value.ts';
import type { KeptBack, PackageRecord } from '../types.ts';
import { compareReleases } from '../versions.ts';
import { hasRepositories } from './known.ts';

const SELECT = `SELECT available.*, repositories.priority FROM available JOIN repositories ON repositories.address = available.repository
  WHERE ?1 IS NULL OR available.name = ?1`;

/**
 * By name, and of one name the newest first. What a repository of higher priority offers hides the name in the others: a version
 * that somebody chose on purpose is not to be overtaken from elsewhere. `name`: one package only.
 */
export function availablePackages(database: Database, name?: string): AvailablePackage[] {
  const { offers, isHidden } = offersIn(database, name);
  return offers.filter((offer) => !isHidden(offer));
}

/** Of a name, what is hidden so; the newest first. */
export function hiddenPackages(database: Database, name: string): AvailablePackage[] {
  const { offers, isHidden } = offersIn(database, name);
  return offers.filter(isHidden);
}

function offersIn(
  database: Database,
  name: string | undefined,
): { readonly offers: AvailablePackage[]; isHidden(offer: AvailablePackage): boolean } {
  const offers = hasRepositories(database) ? database.all(SELECT, name ?? null).map(toAvailable) : [];
  const highest = new Map<string, number>();
  for (const offer of offers) highest.set(offer.name, Math.max(offer.priority, highest.get(offer.name) ?? offer.priority));
  offers.sort((a, b) => compareBytes(a.name, b.name) || compareReleases(b, a) || compareBytes(a.repository, b.repository));
  return { offers, isHidden: (offer) => offer.priority !== highest.get(offer.name) };
}

/** The names of what synced repositories have, and of what that supersedes: a repository need not have those any more. */
export const namesOffered = (database: Database): ReadonlySet<string> =>
  new Set(
    database
      .all('SELECT name FROM available UNION SELECT old.value FROM available, json_each(available.supersedes) AS old')
      .map((row) => String(row['name'])),
  );

/** @throws Fault E-PKM-021 a value that pkm does not write */
const toAvailable = (row: SqlRow): AvailablePackage => {
  const what = (column: string): string =>
    `column '${column}' of package '${String(row['name'])}' of '${String(row['repository'])}'`;
  const list = (column: string): string[] => listOf(String(row[column]), what(column), isText);
  const number = (column: string): number => integerOf(row[column], what(column));
  return {
    repository: String(row['repository']),
    priority: number('priority'),
    name: String(row['name']),
    version: String(row['version']),
    release: number('release'),
    tier: String(row['tier']),
    summary: String(row['summary']),
    license: String(row['license']),
    homepage: String(row['homepage']),
    file: String(row['file']),
    sha256: String(row['sha256']),
    sizeBytes: number('size'),
    installedBytes: number('installed_size'),
    runtime: list('runtime'),
    provides: list('provides'),
    conflicts: list('conflicts'),
    supersedes: list('supersedes'),
    privileged: list('privileged'),
  };
};

export interface OutdatedPackage<T extends Candidate = AvailablePackage> {
  readonly record: PackageRecord;
  readonly offer: T;
  /** Where it was split: what supersedes it beside `offer`. */
  readonly others: readonly T[];
}

/** Of what is outdated, what the chosen packages do not bring as far as it could be. */
export function keptBack(
  outdated: readonly OutdatedPackage<Candidate>[],
  chosen: readonly Candidate[],
  isHeld: (name: string) => boolean,
): KeptBack[] {
  const coming = new Map(chosen.map((item) => [item.name, item]));
  const isReached = (offer: Candidate): boolean => {
    const found = coming.get(offer.name);
    return found !== undefined && compareReleases(found, offer) >= 0;
  };
  return outdated.flatMap(({ record, offer, others }) => {
    const missing = [offer, ...others].filter((end) => !isReached(end));
    const behind = new Map<Release, Candidate[]>();
    for (const end of missing) {
      const from = lastBefore(end, record, chosen);
      behind.set(from, [...(behind.get(from) ?? []), end]);
    }
    return [...behind].map(([from, [first, ...besides]]) => ({
      ...release(from),
      isHeld: isHeld(record.name),
      offered: release(first!),
      ...(besides.length === 0 ? {} : { besides: besides.map(release) }),
    }));
  });
}

type Release = Pick<PackageRecord, 'name' | 'version' | 'release'>;

const release = ({ name, version, release }: Release): Release => ({ name, version, release });

/** How far a package comes towards the end of a chain of successors, of which it may have several. */
function lastBefore(end: Candidate, record: PackageRecord, chosen: readonly Candidate[]): Release {
  const named = (name: string): Candidate | undefined => chosen.find((item) => item.name === name);
  const near = named(end.name) ?? end.supersedes.flatMap((name) => named(name) ?? [])[0];
  if (near !== undefined) return near;
  const next = (name: string): Candidate | undefined => chosen.find((item) => item.supersedes.includes(name));
  let last = next(record.name) ?? named(record.name);
  for (let item = last; item !== undefined; item = next(item.name)) last = item;
  return last ?? record;
}

/** Active packages that an upgrade would bring further, and to what: the end of a chain of successors, or the newest. Sorted by name. */
export function outdatedPackages<T extends Candidate>(
  offered: readonly T[],
  records: readonly PackageRecord[],
): OutdatedPackage<T>[] {
  const offers = new Offers(offered);
  const roster = Roster.ofRecords(records);
  return records.flatMap((record) => {
    const ways = record.supersededBy.length > 0 ? [] : offers.upgradesOf(record, roster);
    const [offer, ...others] = ways.flatMap(([end]) => end ?? []);
    return offer === undefined ? [] : [{ record, offer, others }];
  });
}
