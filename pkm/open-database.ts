/** Where the state of a root is, and its database. */
import { existsSync, readdirSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault, namesIn, sys } from '../base/index.ts';
import { folderInside, rootDisk, tolerantLstat } from './disk.ts';
import { type RootLayout, rootLayout, STATE_DIR } from './layout.ts';
import { printable } from './names.ts';
import { type Database, openDatabase } from './state/database.ts';
import { isBlank, prepareSchema } from './state/schema.ts';
import { currentGeneration, readSetting, writeSetting } from './state/state.ts';

/**
 * The state may be behind a symlink inside the root (`/var -> data/var`), never outside of it. What pkm keeps there is itself no
 * symlink: pkm writes there and removes what it does not know, and a root that somebody else made must not have that done to
 * the machine (`pkm.db -> /var/lib/igos/pkm.db`). Only `objects` may be elsewhere inside the root. @throws Fault E-PKM-007
 */
export function physicalLayout(root: string): RootLayout {
  if (statSync(root, { throwIfNoEntry: false }) === undefined) return rootLayout(root);
  const layout = rootLayout(realpathSync(root)); // the root itself is a folder, by whatever link it was named
  const state = rootDisk(layout)
    .physical(`${STATE_DIR}/pkm.db`)
    .replace(/\/pkm\.db$/, '');
  const found = rootLayout(layout.root, state);
  refuseSymlinks(found);
  if (tolerantLstat(found.objects)?.isSymbolicLink() !== true) return found;
  return { ...found, objects: folderInside(found, `${state}/objects`) };
}

/** Names of pkm's own, and what SQLite puts beside its files. */
const OWN =
  /^(pkm\.db(-wal|-shm|-journal|\.adopting)?|lock(\.db(-journal|\.downloads)?)?|reserve(\.part)?|packages|staging|generations|repositories)$/;

function refuseSymlinks({ root, state }: RootLayout): void {
  if (tolerantLstat(state)?.isDirectory() !== true) return;
  for (const entry of sys('read', state, () => readdirSync(state, { withFileTypes: true }))) {
    if (!entry.isSymbolicLink() || !OWN.test(entry.name)) continue;
    const path = join(state, entry.name);
    const shown = printable(path.slice(root === '/' ? 0 : root.length));
    throw new Fault('E-PKM-007', `'${shown}' is a symlink, to '${printable(readlinkSync(path))}'`, {
      notes: ['pkm keeps its own files there, and follows no symlink to them'],
      hints: [`put back what it stands for, or move it away: '${printable(path)}'`],
    });
  }
}

/**
 * Whether the root has a database: not where pkm never was. An empty file is none. Where manifests say that there was one it must
 * not be begun anew: all that is installed would be nobody's. @throws Fault E-PKM-027
 */
export function hasDatabase(layout: RootLayout): boolean {
  const stat = statSync(layout.database, { throwIfNoEntry: false });
  if (stat !== undefined && (stat.size > 0 || existsSync(`${layout.database}-wal`))) return true;
  refuseLost(layout, stat === undefined ? 'gone' : 'empty');
  return false;
}

function refuseLost(layout: RootLayout, how: 'gone' | 'empty'): void {
  const manifests = namesIn(layout.manifests);
  if (manifests.length === 0) return;
  throw new Fault('E-PKM-027', `the package database '${layout.database}' is ${how}`, {
    notes: [
      `'${layout.manifests}' has the manifests of ${manifests.length === 1 ? 'one package' : `${manifests.length} packages`}`,
    ],
    hints: [
      'restore it from a backup',
      'or make it anew of the manifests: pkm repair --rebuild-database --dry-run says what of it would be known',
      `to begin anew, with all that is installed left on the disk as it is, move '${layout.manifests}' away`,
    ],
  });
}

/** The database with its schema brought up to date, where it may be written. */
export function openPrepared(layout: RootLayout, readOnly: boolean): Database {
  const database = openDatabase(layout.database, { readOnly });
  try {
    prepareSchema(database, layout.database, readOnly);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** `undefined` where pkm never was, or ended before its database had a table. @throws Fault E-PKM-021 E-PKM-027 */
export function openForReading(layout: RootLayout): Database | undefined {
  if (!hasDatabase(layout)) return undefined;
  const database = openPrepared(layout, true);
  try {
    if (!isBlank(database)) return database;
  } catch (error) {
    database.close();
    throw error;
  }
  database.close();
  refuseLost(layout, 'empty');
  return undefined;
}

/** What a plan is made from: one moment, whatever others write meanwhile. A root without state is an empty one. @param now  seconds since 1970 */
export function openForPlans(layout: RootLayout, now: () => number): Database {
  const database = openForReading(layout);
  if (database === undefined) return openForWriting({ ...layout, database: ':memory:' }, now);
  try {
    database.exec('BEGIN');
    currentGeneration(database); // its first question fixes the moment
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * The database for changes, with generation 0 in it.
 *
 * @param now     seconds since 1970
 * @param owners  of a root that is new: whether its files belong to whom packages say, or to whoever makes it
 */
export function openForWriting(layout: RootLayout, now: () => number, owners: 'declared' | 'caller' = ownersHere()): Database {
  const database = openPrepared(layout, false);
  try {
    putFirstGeneration(database, now, owners);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const ownersHere = (): 'declared' | 'caller' => (process.geteuid?.() === 0 ? 'declared' : 'caller');

function putFirstGeneration(database: Database, now: () => number, owners: string): void {
  if (readSetting(database, 'owners') === undefined) {
    database.transaction(() => {
      database.run(
        "INSERT OR IGNORE INTO generations (number, kind, created_at, summary, packages) VALUES (0, 'install', ?, 'empty', 0)",
        now(),
      );
      writeSetting(database, 'owners', owners);
    });
  }
}

/** Seconds since 1970. */
export const clock = (): number => Math.floor(Date.now() / 1000);
