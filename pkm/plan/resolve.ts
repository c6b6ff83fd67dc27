import { didYouMean, Fault } from '../../base/index.ts';
import type { AvailablePackage } from '../query.ts';
import type { PackageRecord } from '../types.ts';
import { satisfiers } from './dependencies.ts';

/**
 * What must be fetched so that `names` can be installed: they and what they need and is not there, predecessors and dependencies
 * first. A name is a package or something that a package provides; of several repositories the first by address wins.
 * @throws Fault E-PKM-013 no repository offers something that is needed
 */
export function resolveAvailable(
  available: readonly AvailablePackage[],
  installed: readonly PackageRecord[],
  names: readonly string[],
): AvailablePackage[] {
  const there = satisfiers(installed);
  const known = new Set(installed.map((record) => record.name));
  const offers = new Map<string, AvailablePackage>();
  const offer = (name: string, item: AvailablePackage): void => {
    if (!offers.has(name)) offers.set(name, item);
  };
  for (const item of available) offer(item.name, item);
  for (const item of available) for (const name of item.provides) offer(name, item);
  const chosen = new Map<string, AvailablePackage>();
  const entered = new Set<string>();
  const visit = (name: string, neededBy: string | undefined): void => {
    const item = offers.get(name);
    if (item === undefined) throw notOffered(name, neededBy, offers.keys());
    if (entered.has(item.name)) return; // chosen already, or a cycle: they are installed in one transaction anyway
    entered.add(item.name);
    for (const predecessor of item.supersedes)
      if (!known.has(predecessor) && !known.has(item.name)) visit(predecessor, item.name);
    for (const need of item.runtime) if (!there.has(need)) visit(need, item.name);
    chosen.set(item.name, item);
  };
  for (const name of names) visit(name, undefined);
  return [...chosen.values()];
}

function notOffered(name: string, neededBy: string | undefined, offered: Iterable<string>): Fault {
  const what =
    neededBy === undefined
      ? `no synced repository offers '${name}'`
      : `'${neededBy}' needs '${name}', which no synced repository offers`;
  return new Fault('E-PKM-013', what, { hints: [...didYouMean(name, offered), "fetch the newest indexes with 'pkm sync'"] });
}
