import { compareBytes, Fault } from '../../base/index.ts';
import type { PackageRecord } from '../types.ts';
import { accepts, parseRequirement } from './requirement.ts';
import { Roster } from './roster.ts';

/** Who meets what. Superseded records meet nothing; their heirs do for them. */
export class Satisfaction {
  readonly #roster: Roster;

  constructor(records: readonly PackageRecord[]) {
    this.#roster = Roster.ofRecords(records);
  }

  /** The packages that meet a requirement (`name` or `name>=1.2`). */
  by(text: string): string[] {
    return [...this.#roster.meeting(parseRequirement(text))].map(({ about }) => about.name);
  }

  /** Whether there is one. */
  has(text: string): boolean {
    return this.#roster.meeting(parseRequirement(text)).next().done === false;
  }

  /** What there is of the name, whatever its version: `by` and version, for messages. */
  nearly(text: string): { readonly by: string; readonly version: string | undefined }[] {
    return [...this.#roster.standIns(parseRequirement(text).name)].map(({ by, version }) => ({ by: by.about.name, version }));
  }
}

export interface Unmet {
  readonly package: string;
  readonly needs: string;
  /** What is there of it, in a version that will not do; '' where nothing is. */
  readonly there: string;
}

/** Dependencies of active packages that nothing satisfies. */
export function unmetDependencies(records: readonly PackageRecord[]): Unmet[] {
  const satisfied = new Satisfaction(records);
  const there = (needs: string): string =>
    satisfied
      .nearly(needs)
      .map(({ by, version }) => `'${by}' has ${version ?? 'no version of it'}`)
      .join(', ');
  return records
    .filter((record) => record.supersededBy.length === 0)
    .flatMap((record) =>
      record.runtime
        .filter((needs) => !satisfied.has(needs))
        .map((needs) => ({ package: record.name, needs, there: there(needs) })),
    );
}

/** Active packages that need an active one, sorted; perhaps not it alone. */
export function dependantsOf(records: readonly PackageRecord[], record: PackageRecord): string[] {
  if (record.supersededBy.length > 0) return [];
  const offers = Roster.ofRecords(records).offersOf(record);
  const isMet = (text: string): boolean => {
    const requirement = parseRequirement(text);
    return offers.has(requirement.name) && accepts(requirement, offers.get(requirement.name));
  };
  return records
    .filter(({ supersededBy, runtime }) => supersededBy.length === 0 && runtime.some(isMet))
    .map(({ name }) => name)
    .sort(compareBytes);
}

/** What an operation broke: unmet now, but not before. */
export function newlyUnmet(before: readonly PackageRecord[], after: readonly PackageRecord[]): Unmet[] {
  const old = new Set(unmetDependencies(before).map((unmet) => `${unmet.package} ${unmet.needs}`));
  return unmetDependencies(after).filter((unmet) => !old.has(`${unmet.package} ${unmet.needs}`));
}

/**
 * @param queue  what comes now: of two that exclude each other, the one to leave out
 * @throws Fault E-PKM-012 two active packages that say they cannot be together
 */
export function checkConflicts(records: readonly PackageRecord[], queue: ReadonlySet<string> = new Set()): void {
  const satisfied = new Satisfaction(records);
  for (const record of records) {
    if (record.supersededBy.length > 0) continue;
    for (const name of record.conflicts) {
      const other = satisfied.by(name).find((by) => by !== record.name);
      if (other === undefined) continue;
      const [comes, there] = queue.has(other) && !queue.has(record.name) ? [other, record.name] : [record.name, other];
      throw new Fault('E-PKM-012', `'${comes}' cannot be installed together with '${there}'`, {
        notes: [
          other === parseRequirement(name).name
            ? `'${record.name}' conflicts with '${name}'`
            : `'${record.name}' conflicts with '${name}', which '${other}' provides`,
        ],
        hints: [queue.has(there) ? 'install one of them only' : `remove '${there}' first, or leave '${comes}' out`],
      });
    }
  }
}
