import { compareBytes } from '../../base/index.ts';
import type { Database } from './database.ts';

/** A package that no transaction changes until it is let go. */
export interface Hold {
  readonly name: string;
  /** Seconds since 1970. */
  readonly time: number;
  readonly user: string;
}

/** Sorted by name. */
export function readHolds(database: Database): Hold[] {
  if (database.get("SELECT 1 FROM sqlite_schema WHERE name = 'holds'") === undefined) return []; // of an older igos, read only
  return database
    .all('SELECT name, time, user FROM holds')
    .map((row) => ({ name: String(row['name']), time: Number(row['time']), user: String(row['user']) }))
    .sort((a, b) => compareBytes(a.name, b.name));
}

/** @returns the names that were not so before; call it inside a transaction */
export function changeHolds(
  database: Database,
  names: readonly string[],
  hold: { isHeld: boolean; time: number; user: string },
): string[] {
  const held = new Set(readHolds(database).map((one) => one.name));
  const changed = [...new Set(names)].filter((name) => held.has(name) !== hold.isHeld);
  for (const name of changed) {
    if (hold.isHeld) database.run('INSERT INTO holds VALUES (?, ?, ?)', name, hold.time, hold.user);
    else database.run('DELETE FROM holds WHERE name = ?', name);
  }
  return changed;
}
