import { didYouMean, Fault } from '../../base/index.ts';
import type { PackageRecord } from '../types.ts';
import { newlyUnmet, Satisfaction, type Unmet, unmetDependencies } from './dependencies.ts';
import type { Draft } from './draft.ts';
import { parseRequirement } from './requirement.ts';
import { Roster } from './roster.ts';

/**
 * Takes packages, and with `cascade` all that need them, out of the draft.
 * @param options.isLate  plain files are looked at when they are removed
 * @returns the names taken out, in the order of removal: dependants before what they need
 * @throws Fault E-PKM-015 · E-PKM-014 something that stays needs one of them
 */
export function removePackages(
  draft: Draft,
  names: readonly string[],
  options: { cascade?: boolean; isLate?: boolean },
): string[] {
  const before = draft.records();
  const known = new Set(before.map((record) => record.name));
  for (const name of names) if (!known.has(name)) throw notInstalled(name, [...known]);
  const gone = new Set(names);
  const broken = newlyUnmet(
    before,
    before.filter((record) => !gone.has(record.name)),
  );
  if (broken.length > 0) {
    if (options.cascade !== true) throw dependants([...gone], broken, new Satisfaction(before));
    cascade(before, gone);
  }
  const all = [...gone];
  draft.dropPackages(all, options.isLate === true);
  return all.reverse();
}

/** Adds what needs one of them and has nothing else for it, what needs that, and so on. */
function cascade(records: readonly PackageRecord[], gone: Set<string>): void {
  const roster = Roster.ofRecords(records);
  const byName = new Map(records.map((record) => [record.name, record]));
  const needed = new Map<string, Set<PackageRecord>>();
  for (const record of records) {
    for (const text of record.supersededBy.length > 0 ? [] : record.runtime) {
      const { name } = parseRequirement(text);
      needed.set(name, (needed.get(name) ?? new Set()).add(record));
    }
  }
  const isMet = (text: string): boolean => roster.meeting(parseRequirement(text)).next().done === false;
  const before = new Set(unmetDependencies(records).map((unmet) => `${unmet.package} ${unmet.needs}`));
  for (let layer: readonly string[] = [...gone]; layer.length > 0; ) {
    const shaken = new Set<PackageRecord>();
    for (const name of layer) {
      for (const offered of roster.offersOf(byName.get(name)!).keys())
        for (const record of needed.get(offered) ?? []) shaken.add(record);
    }
    for (const name of layer) roster.delete(name);
    const isBroken = ({ name, runtime }: PackageRecord): boolean =>
      !gone.has(name) && runtime.some((needs) => !isMet(needs) && !before.has(`${name} ${needs}`));
    layer = [...shaken].filter(isBroken).map(({ name }) => name);
    for (const name of layer) gone.add(name);
  }
}

/** @param left  configuration that stayed when it went */
export function notInstalled(name: string, known: readonly string[], left: readonly string[] = []): Fault {
  if (left.length === 0) {
    return new Fault('E-PKM-015', `package '${name}' is not installed`, {
      hints: [...didYouMean(name, known), "see what is with 'pkm list'"],
    });
  }
  const more = left.length - MANY_LEFT;
  return new Fault('E-PKM-015', `package '${name}' is not installed any more; its configuration stayed`, {
    notes: [...left.slice(0, MANY_LEFT).map((path) => `/${path}`), ...(more > 0 ? [`and ${more} more: pkm config list`] : [])],
    hints: [
      `${left.length === 1 ? 'it is' : 'they are'} yours: remove what you do not need with rm, or install '${name}' again, which takes it up`,
    ],
  });
}

const MANY_LEFT = 10;

/** @param satisfied  by what was there before */
function dependants(names: readonly string[], broken: readonly Unmet[], satisfied: Satisfaction): Fault {
  const shown = broken.slice(0, 20).map(({ package: by, needs }) => {
    const met = satisfied.by(needs).filter((name) => name !== parseRequirement(needs).name);
    return `'${by}' needs '${needs}'${met.length === 0 ? '' : `, which '${met.join("', '")}' stands for`}`;
  });
  if (broken.length > 20) shown.push(`and ${broken.length - 20} more`);
  const what = names.length === 1 ? `'${names[0]}'` : `${names.length} packages`;
  const it = names.length === 1 ? 'it' : 'them';
  return new Fault('E-PKM-014', `cannot remove ${what}: other packages need ${it}`, {
    notes: shown,
    hints: ['remove these too with --cascade', `or keep ${it}`],
  });
}
