/** Packages that nobody asked for: which may go, and how one comes to be asked for. */
import { Fault } from '../../base/index.ts';
import { isOther } from '../package-change.ts';
import type { Hold } from '../state/holds.ts';
import type { StateDelta, StateView } from '../state/state.ts';
import type { InstallReason, PackageRecord } from '../types.ts';
import { Satisfaction } from './dependencies.ts';
import type { Draft } from './draft.ts';
import { notInstalled } from './remove.ts';

/**
 * Dependencies that nothing explicit needs, however far away; circles of them too. A superseded record stays as long as one of
 * its successors does, and so does what was installed by name and then superseded: its successors are in its place.
 */
export function orphans(records: readonly PackageRecord[], holds: ReadonlySet<string>): string[] {
  const byName = new Map(records.map((record) => [record.name, record]));
  const satisfied = new Satisfaction(records);
  const kept = new Set(records.flatMap(({ name, reason }) => (reason === 'explicit' || holds.has(name) ? [name] : [])));
  // What thousands need thousands may provide.
  const asked = new Set<string>();
  // A set that grows while it is walked is walked to its end.
  for (const name of kept) {
    const { supersededBy, runtime } = byName.get(name)!;
    for (const successor of supersededBy) if (byName.has(successor)) kept.add(successor);
    if (supersededBy.length > 0) continue;
    for (const needs of runtime) {
      if (asked.has(needs)) continue;
      asked.add(needs);
      for (const by of satisfied.by(needs)) kept.add(by);
    }
  }
  const predecessors = new Map<string, string[]>();
  for (const { name, supersededBy } of records) {
    for (const successor of supersededBy) {
      const known = predecessors.get(successor);
      if (known === undefined) predecessors.set(successor, [name]);
      else known.push(name);
    }
  }
  // Only now: whoever superseded one of them as well is not needed for that.
  for (const name of kept) for (const predecessor of predecessors.get(name) ?? []) kept.add(predecessor);
  return records.flatMap(({ name }) => (kept.has(name) ? [] : [name]));
}

/** @throws Fault E-PKM-015 */
export function markPackages(draft: Draft, names: readonly string[], reason: InstallReason): void {
  for (const name of names) {
    const record = draft.record(name);
    if (record === undefined)
      throw notInstalled(
        name,
        draft.records().map((other) => other.name),
      );
    draft.putRecord({ ...record, reason });
  }
}

/** @throws Fault E-PKM-040 the difference changes a held package */
export function checkHolds(base: StateView, delta: StateDelta, holds: readonly Hold[]): void {
  const held = new Set(holds.map((hold) => hold.name));
  if (held.size === 0) return;
  const changes = [
    ...delta.dropRecords.filter((name) => held.has(name)).map((name) => `'${name}' would be removed`),
    ...delta.putRecords.flatMap((record) => {
      const old = held.has(record.name) ? base.record(record.name) : undefined;
      if (old === undefined) return [];
      if (old.supersededBy.length === 0 && record.supersededBy.length > 0)
        return [`'${record.name}' would be superseded by '${record.supersededBy.join("', '")}'`];
      return isOther(old, record) ? [`'${record.name}' would go from ${old.version} to ${record.version}`] : [];
    }),
  ];
  if (changes.length === 0) return;
  const names = changes.map((text) => /^'([^']*)'/.exec(text)![1]!);
  throw new Fault('E-PKM-040', `${changes[0]}, and it is held`, {
    notes: changes.slice(1, 10),
    hints: [`let it go with: pkm unhold ${names.join(' ')}`, 'or leave the hold and change it this once with --ignore-holds'],
  });
}
