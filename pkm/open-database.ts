/** Where the state of a root is, and its database. */
import { lstatSync } from 'node:fs';
import { rootDisk } from './disk.ts';
import { type RootLayout, rootLayout, STATE_DIR } from './layout.ts';
import { type Database, openDatabase } from './state/database.ts';
import { prepareSchema } from './state/schema.ts';
import { readSetting, writeSetting } from './state/state.ts';

/** The state may be behind a symlink inside the root (`/var -> data/var`), never outside of it. */
export function physicalLayout(root: string): RootLayout {
  const layout = rootLayout(root);
  if (lstatSync(layout.root, { throwIfNoEntry: false }) === undefined) return layout;
  return rootLayout(
    root,
    rootDisk(layout)
      .physical(`${STATE_DIR}/pkm.db`)
      .replace(/\/pkm\.db$/, ''),
  );
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

/** The same, with generation 0 in it. @param now  seconds since 1970 */
export function openForWriting(layout: RootLayout, now: () => number): Database {
  const database = openPrepared(layout, false);
  if (readSetting(database, 'owners') === undefined) {
    database.transaction(() => {
      database.run(
        "INSERT OR IGNORE INTO generations (number, kind, created_at, summary, packages) VALUES (0, 'install', ?, 'empty', 0)",
        now(),
      );
      writeSetting(database, 'owners', process.geteuid?.() === 0 ? 'declared' : 'caller');
    });
  }
  return database;
}

/** Seconds since 1970. */
export const clock = (): number => Math.floor(Date.now() / 1000);
