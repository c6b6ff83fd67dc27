import { compareBytes } from '../../base/index.ts';
import type { Database } from './database.ts';
import { appendHistory } from './history.ts';
import { currentGeneration } from './state.ts';
import { timeOf } from './wrong-value.ts';

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
    .map((row) => ({
      name: String(row['name']),
      time: timeOf(row['time'], `the time of the hold of '${String(row['name'])}'`),
      user: String(row['user']),
    }))
    .sort((a, b) => compareBytes(a.name, b.name));
}

/** Pins packages or lets them go, and says so in the history. @returns those for which that is new */
export function changeHolds(
  database: Database,
  names: readonly string[],
  isHeld: boolean,
  { now, user, command }: { readonly now: number; readonly user: string; readonly command: string },
): string[] {
  return database.transaction(() => {
    const held = new Set(readHolds(database).map((one) => one.name));
    const changed = [...new Set(names)].filter((name) => held.has(name) !== isHeld);
    const blank = { oldVersion: '', newVersion: '', generation: currentGeneration(database) };
    for (const name of changed) {
      if (isHeld) database.run('INSERT INTO holds VALUES (?, ?, ?)', name, now, user);
      else database.run('DELETE FROM holds WHERE name = ?', name);
      const operation = isHeld ? 'hold' : 'unhold';
      appendHistory(database, { time: now, user, operation, package: name, detail: JSON.stringify({ command }), ...blank });
    }
    return changed;
  });
}
