import { Fault } from '../../base/index.ts';
import type { PackageRecord } from '../types.ts';
import { accepts, offersOf, parseRequirement } from './requirement.ts';

/** Who stands for which name, in which version. Superseded records stand for nothing; their successors do for them. */
export class Satisfaction {
  readonly #offers = new Map<string, Map<string, string | undefined>>();

  constructor(records: readonly PackageRecord[]) {
    const active = new Map(
      records.filter((record) => record.supersededBy.length === 0).map((record) => [record.name, record] as const),
    );
    for (const record of active.values()) for (const [name, version] of offersOf(record)) this.#add(name, record.name, version);
    for (const record of records) {
      for (const successor of record.supersededBy) {
        const by = active.get(successor);
        if (by !== undefined) this.#add(record.name, successor, by.version);
      }
    }
  }

  #add(name: string, by: string, version: string | undefined): void {
    const found = this.#offers.get(name) ?? new Map<string, string | undefined>();
    if (!found.has(by) || found.get(by) === undefined) found.set(by, version);
    this.#offers.set(name, found);
  }

  /** The packages that meet a requirement (`name` or `name>=1.2`). */
  by(text: string): string[] {
    const requirement = parseRequirement(text);
    const found: string[] = [];
    for (const [by, version] of this.#offers.get(requirement.name) ?? []) if (accepts(requirement, version)) found.push(by);
    return found;
  }

  /** What there is of the name, whatever its version: `by` and version, for messages. */
  nearly(text: string): { readonly by: string; readonly version: string | undefined }[] {
    return [...(this.#offers.get(parseRequirement(text).name) ?? [])].map(([by, version]) => ({ by, version }));
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
        .filter((needs) => satisfied.by(needs).length === 0)
        .map((needs) => ({ package: record.name, needs, there: there(needs) })),
    );
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
