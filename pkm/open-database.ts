/** Where the state of a root is, and its database. */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { Fault, sys } from '../base/index.ts';
import { rootDisk } from './disk.ts';
import { type RootLayout, rootLayout, STATE_DIR } from './layout.ts';
import { type Database, openDatabase } from './state/database.ts';
import { prepareSchema } from './state/schema.ts';
import { currentGeneration, readSetting, writeSetting } from './state/state.ts';

/** The state may be behind a symlink inside the root (`/var -> data/var`), never outside of it. */
export function physicalLayout(root: string): RootLayout {
  if (statSync(root, { throwIfNoEntry: false }) === undefined) return rootLayout(root);
  const layout = rootLayout(realpathSync(root)); // the root itself is a folder, by whatever link it was named
  return rootLayout(
    layout.root,
    rootDisk(layout)
      .physical(`${STATE_DIR}/pkm.db`)
      .replace(/\/pkm\.db$/, ''),
  );
}

/**
 * Whether the root has a database: not where pkm never was. An empty file is none. Where manifests say that there was one it must
 * not be begun anew: all that is installed would be nobody's. @throws Fault E-PKM-027
 */
export function hasDatabase(layout: RootLayout): boolean {
  const stat = statSync(layout.database, { throwIfNoEntry: false });
  if (stat !== undefined && (stat.size > 0 || existsSync(`${layout.database}-wal`))) return true;
  const manifests = namesIn(layout.manifests);
  if (manifests.length === 0) return false;
  throw new Fault('E-PKM-027', `the package database '${layout.database}' is ${stat === undefined ? 'gone' : 'empty'}`, {
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

/** @throws SystemFault what cannot be read is not nothing */
function namesIn(folder: string): string[] {
  return sys('read the folder', folder, () => {
    try {
      return readdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
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

/** What a plan is made from: one moment, whatever others write meanwhile. A root without state is an empty one. @param now  seconds since 1970 */
export function openForPlans(layout: RootLayout, now: () => number): Database {
  if (!hasDatabase(layout)) return openForWriting({ ...layout, database: ':memory:' }, now);
  const database = openPrepared(layout, true);
  try {
    database.exec('BEGIN');
    currentGeneration(database); // its first question fixes the moment
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The database for changes, with generation 0 in it. @param now  seconds since 1970 */
export function openForWriting(layout: RootLayout, now: () => number): Database {
  const database = openPrepared(layout, false);
  try {
    putFirstGeneration(database, now);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function putFirstGeneration(database: Database, now: () => number): void {
  if (readSetting(database, 'owners') === undefined) {
    database.transaction(() => {
      database.run(
        "INSERT OR IGNORE INTO generations (number, kind, created_at, summary, packages) VALUES (0, 'install', ?, 'empty', 0)",
        now(),
      );
      writeSetting(database, 'owners', process.geteuid?.() === 0 ? 'declared' : 'caller');
    });
  }
}

/** Seconds since 1970. */
export const clock = (): number => Math.floor(Date.now() / 1000);
