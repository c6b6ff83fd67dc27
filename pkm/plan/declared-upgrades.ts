/** What an upgrade takes of the packages that a tree declares. */
import { keptBack, outdatedPackages } from '../repository/available.ts';
import type { KeptBack, PackageRecord } from '../types.ts';
import { installOrder } from './install-order.ts';
import { type Candidate, Offers } from './offers.ts';
import { Roster } from './roster.ts';

export interface DeclaredUpgrades<T extends Candidate> {
  /** Predecessors first. */
  readonly chosen: readonly T[];
  readonly keptBack: readonly KeptBack[];
}

/**
 * Installed packages as the tree has them, be that newer or older: what it says is meant. And their successors, to the ends of chains,
 * as of what repositories offer (docs/decisions/0027-succession.md). Held ones are left as they are.
 *
 * @param name  of this alone: an installed package, held or not, or one that takes the place of such
 */
export function declaredUpgrades<T extends Candidate>(
  declared: readonly T[],
  records: readonly PackageRecord[],
  { name, holds }: { readonly name: string | undefined; readonly holds: ReadonlySet<string> },
): DeclaredUpgrades<T> {
  const offers = new Offers(declared);
  const roster = Roster.ofRecords(records);
  const active = records.filter((record) => record.supersededBy.length === 0);
  const found = (): T[] => {
    if (name !== undefined && roster.active(name) === undefined)
      return active.flatMap((record) => offers.successorsOf(record.name, roster, name));
    const meant = active.filter((record) => (name === undefined ? !holds.has(record.name) : record.name === name));
    return meant.flatMap((record) => [...offers.named(record.name), ...offers.successorsOf(record.name, roster)]);
  };
  const held = name === undefined ? outdatedPackages(declared, records).filter(({ record }) => holds.has(record.name)) : [];
  return { chosen: installOrder([...new Set(found())]), keptBack: keptBack(held, [], () => true) };
}
