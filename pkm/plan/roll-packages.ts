/**
 * Some packages as they were in an earlier generation, on top of all others as they are now. Unlike a rollback of the whole root
 * this makes a state that never was, so everything that an install has to hold is looked at again.
 */
import { compareBytes, Fault } from '../../base/index.ts';
import type { Disk } from '../disk.ts';
import { printable } from '../names.ts';
import type { FileRow, PackageRecord } from '../types.ts';
import { checkEntry } from './critical.ts';
import { checkConflicts, newlyUnmet, Satisfaction, type Unmet } from './dependencies.ts';
import type { Draft } from './draft.ts';
import { notInstalled } from './remove.ts';

/** What is asked of the generation to go back to. */
export interface EarlierState {
  readonly generation: number;
  readonly records: ReadonlyMap<string, PackageRecord>;
  /** The rows of some packages. */
  filesOf(names: ReadonlySet<string>): readonly FileRow[];
}

/**
 * Puts packages into the draft as an earlier generation has them; those that it does not have go. Packages that superseded one of
 * them since, or that one of them superseded, come along: they share files and a name.
 * @returns the packages that are as they were, sorted
 * @throws Fault E-PKM-015 neither generation has a package · E-PKM-003 · E-PKM-004 · E-PKM-012 · E-PKM-013 it does not fit with the others
 */
export function rollPackages(draft: Draft, names: readonly string[], earlier: EarlierState, disk: Disk): string[] {
  const before = draft.records();
  const known = [...before.map((record) => record.name), ...earlier.records.keys()];
  for (const name of names) if (draft.record(name) === undefined && !earlier.records.has(name)) throw notInstalled(name, known);
  const together = withKin(names, before, earlier.records);
  for (const name of together) {
    draft.dropFilesOf(name);
    const record = earlier.records.get(name);
    if (record === undefined) draft.dropRecord(name);
    else draft.putRecord(record);
  }
  const rows = earlier.filesOf(together);
  draft.base.prefetch(rows.map((row) => row.path));
  for (const row of rows) placeRow(draft, row, earlier.generation, disk);
  const after = draft.records();
  checkConflicts(after, together);
  checkNeeds(newlyUnmet(before, after), together, earlier);
  return [...together].sort(compareBytes);
}

/** With all whose successions are others now than they were. */
function withKin(
  names: readonly string[],
  now: readonly PackageRecord[],
  then: ReadonlyMap<string, PackageRecord>,
): ReadonlySet<string> {
  const pairs = new Map<string, readonly [string, string]>();
  for (const record of [...now, ...then.values()]) {
    for (const successor of record.supersededBy) {
      const key = `${record.name}\0${successor}`;
      // what is in both generations is no difference
      if (!pairs.delete(key)) pairs.set(key, [record.name, successor]);
    }
  }
  const kin = new Map<string, string[]>();
  const add = (one: string, other: string): void => {
    const known = kin.get(one);
    if (known === undefined) kin.set(one, [other]);
    else known.push(other);
  };
  for (const [one, other] of pairs.values()) {
    add(one, other);
    add(other, one);
  }
  const together = new Set(names);
  // A set that grows while it is walked is walked to its end.
  for (const name of together) for (const other of kin.get(name) ?? []) together.add(other);
  return together;
}

function placeRow(draft: Draft, row: FileRow, generation: number, disk: Disk): void {
  const other = draft.at(row.path).first(row.owner);
  if (other !== undefined && (other.kind !== 'directory' || row.kind !== 'directory')) {
    throw new Fault(
      'E-PKM-004',
      `'/${printable(row.path)}' of '${row.owner}' in generation ${generation} belongs to '${other.owner}' now`,
      { hints: [`go back with both: --package ${row.owner} --package ${other.owner}`, `or remove '${other.owner}' first`] },
    );
  }
  checkEntry(draft, { name: row.owner }, row, disk);
  draft.put(row);
}

function checkNeeds(broken: readonly Unmet[], together: ReadonlySet<string>, earlier: EarlierState): void {
  const [first, ...others] = broken;
  if (first === undefined) return;
  const { generation, records } = earlier;
  const isOurs = together.has(first.package);
  const [provider] = isOurs ? new Satisfaction([...records.values()]).by(first.needs) : [];
  const missing = isOurs ? provider : first.package;
  const what = isOurs
    ? `'${first.package}' of generation ${generation} needs '${first.needs}', which is not installed now`
    : `'${first.package}' needs '${first.needs}', and is installed: this would break it`;
  throw new Fault('E-PKM-013', what, {
    notes: [first, ...others.slice(0, 19)].flatMap((unmet) => {
      const needs = unmet === first ? [] : [`'${unmet.package}' needs '${unmet.needs}'`];
      const text = [...needs, ...(unmet.there === '' ? [] : [unmet.there])].join('; ');
      return text === '' ? [] : [text];
    }),
    hints: [
      ...(missing === undefined ? [] : [`go back with '${missing}' too: --package ${missing}`]),
      `${missing === undefined ? 'go back' : 'or'} with the whole root: pkm rollback ${generation}`,
    ],
  });
}
