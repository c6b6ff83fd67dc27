/** Which triggers a transaction sets off. */
import { existsSync } from 'node:fs';
import { compareBytes } from '../../base/index.ts';
import { globPrefix, pathMatcher } from '../config-globs.ts';
import { type RootLayout, under } from '../layout.ts';
import type { Database } from '../state/database.ts';
import { NO_FILES } from '../state/plain-files.ts';
import { isTrigger } from '../state/rows.ts';
import type { StateDelta } from '../state/state.ts';
import { listOf } from '../state/wrong-value.ts';
import type { FileRow, Trigger } from '../types.ts';
import { standardTriggers } from './standard.ts';

/** A trigger, and the paths that set it off: changed, new or gone. */
export interface DueTrigger extends Trigger {
  /** Who declares it; '' for a standard one. */
  readonly package: string;
  /** Sorted. */
  readonly matched: readonly string[];
}

/**
 * Once a transaction, each trigger of the packages that are there afterwards. One whose package came or changed with the
 * transaction is set off by what was there before, too: it never saw it. Call before the difference is written.
 */
export function dueTriggers(layout: RootLayout, database: Database, delta: StateDelta): DueTrigger[] {
  const { paths: dropPlain } = delta.dropPlain ?? NO_FILES;
  const isChanged = (row: FileRow): boolean => row.kind !== 'directory';
  const isNothing = dropPlain.length === 0 && !delta.dropFiles.some(isChanged) && !delta.putFiles.some(isChanged);
  if (isNothing && delta.putRecords.every((record) => record.triggers === undefined)) return [];
  const declared = declaredTriggers(database, delta);
  let known: ReadonlySet<string> | undefined;
  /** Few transactions need to know: made where one does. */
  const changed = (): ReadonlySet<string> => {
    const named = [...delta.dropFiles, ...delta.putFiles].filter(isChanged).map((row) => row.path);
    known ??= new Set([...named, ...dropPlain]);
    return known;
  };
  const names = new Set(declared.map((one) => one.trigger.name));
  const put = new Set(delta.putFiles.map((row) => row.path));
  const hasProgram = (program: string): boolean =>
    PROGRAM_FOLDERS.map((folder) => `${folder}/${program}`).some(
      (path) => put.has(path) || (existsSync(under(layout, path)) && !changed().has(path)),
    );
  const standard = standardTriggers.filter(
    ({ name, program, isLiveOnly }) => !names.has(name) && (isLiveOnly !== true || layout.root === '/') && hasProgram(program),
  );
  if (declared.length + standard.length === 0) return [];
  const paths = [...changed()].sort(compareBytes);
  const due = declared.flatMap(({ owner, trigger, isNew }): DueTrigger[] => {
    const isMatch = pathMatcher(trigger.paths);
    const matched = new Set(paths.filter(isMatch));
    if (isNew) for (const path of pathsThere(database, trigger.paths)) if (isMatch(path)) matched.add(path);
    return matched.size === 0 ? [] : [{ ...trigger, package: owner, matched: [...matched].sort(compareBytes) }];
  });
  for (const { program: _program, isLiveOnly: _isLiveOnly, ...trigger } of standard) {
    const matched = paths.filter(pathMatcher(trigger.paths));
    if (matched.length > 0) due.push({ ...trigger, package: '', matched });
  }
  return due;
}

interface Declared {
  readonly owner: string;
  readonly trigger: Trigger;
  readonly isNew: boolean;
}

/** Of the packages that are active afterwards, by name of the package, then in the order of its list. */
function declaredTriggers(database: Database, delta: StateDelta): Declared[] {
  const byOwner = new Map<string, Declared[]>();
  const rows = database.all("SELECT name, triggers FROM installed WHERE triggers <> '[]' AND superseded_by IS NULL");
  for (const row of rows) {
    const owner = String(row['name']);
    const triggers = listOf(String(row['triggers']), `column 'triggers' of package '${owner}'`, isTrigger);
    byOwner.set(
      owner,
      triggers.map((trigger) => ({ owner, trigger, isNew: false })),
    );
  }
  for (const name of delta.dropRecords) byOwner.delete(name);
  for (const record of delta.putRecords) {
    byOwner.delete(record.name);
    if (record.supersededBy.length > 0) continue;
    byOwner.set(
      record.name,
      (record.triggers ?? []).map((trigger) => ({ owner: record.name, trigger, isNew: true })),
    );
  }
  return [...byOwner.keys()].sort(compareBytes).flatMap((owner) => byOwner.get(owner)!);
}

/** Managed paths that begin like one of the patterns. */
const pathsThere = (database: Database, globs: readonly string[]): string[] =>
  globs.flatMap((glob) => {
    const prefix = globPrefix(glob);
    return database
      .all(
        "SELECT DISTINCT path FROM files WHERE path >= ?1 AND path < ?2 AND kind <> 'directory'",
        prefix,
        `${prefix}\u{10ffff}`,
      )
      .map((row) => String(row['path']));
  });

const PROGRAM_FOLDERS = ['usr/sbin', 'usr/bin', 'sbin', 'bin'];
