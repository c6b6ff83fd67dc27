import { Fault } from '../../base/index.ts';
import type { PackageRecord } from '../types.ts';

/** Who stands for a name: the package itself, what provides it, and what supersedes it. Superseded records stand for nothing. */
export function satisfiers(records: readonly PackageRecord[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const add = (name: string, by: string): void => {
    const set = found.get(name) ?? new Set();
    found.set(name, set.add(by));
  };
  const active = records.filter((record) => record.supersededBy.length === 0);
  const names = new Set(active.map((record) => record.name));
  for (const record of active) {
    add(record.name, record.name);
    for (const name of [...record.provides, ...record.supersedes]) add(name, record.name);
  }
  for (const record of records) {
    for (const successor of record.supersededBy) if (names.has(successor)) add(record.name, successor);
  }
  return found;
}

export interface Unmet {
  readonly package: string;
  readonly needs: string;
}

/** Dependencies of active packages that nothing satisfies. */
export function unmetDependencies(records: readonly PackageRecord[]): Unmet[] {
  const satisfied = satisfiers(records);
  return records
    .filter((record) => record.supersededBy.length === 0)
    .flatMap((record) =>
      record.runtime.filter((name) => !satisfied.has(name)).map((name) => ({ package: record.name, needs: name })),
    );
}

/** What an operation broke: unmet now, but not before. */
export function newlyUnmet(before: readonly PackageRecord[], after: readonly PackageRecord[]): Unmet[] {
  const old = new Set(unmetDependencies(before).map((unmet) => `${unmet.package} ${unmet.needs}`));
  return unmetDependencies(after).filter((unmet) => !old.has(`${unmet.package} ${unmet.needs}`));
}

/** @throws Fault E-PKM-012 two active packages that say they cannot be together */
export function checkConflicts(records: readonly PackageRecord[]): void {
  const satisfied = satisfiers(records);
  for (const record of records) {
    if (record.supersededBy.length > 0) continue;
    for (const name of record.conflicts) {
      const other = [...(satisfied.get(name) ?? [])].find((by) => by !== record.name);
      if (other === undefined) continue;
      throw new Fault('E-PKM-012', `'${record.name}' cannot be installed together with '${other}'`, {
        notes: [
          other === name
            ? `'${record.name}' conflicts with '${name}'`
            : `'${record.name}' conflicts with '${name}', which '${other}' provides`,
        ],
        hints: [`remove '${other}' first, or leave '${record.name}' out`],
      });
    }
  }
}
