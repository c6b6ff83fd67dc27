import { compareBytes, Fault } from '../base/index.ts';
import { collectObjects } from './objects.ts';
import type { Actor, StorePins } from './run.ts';
import { appendHistory } from './state/history.ts';
import { currentGeneration, readGenerations } from './state/state.ts';
import type { RootContext } from './transaction.ts';
import { collectTrees } from './trees.ts';

/** What stays: the current generation always, and what either rule keeps. */
export interface GcOptions {
  /** The newest so many generations. */
  readonly keepLast?: number;
  /** Those younger than so many days. */
  readonly keepDays?: number;
  readonly dryRun?: boolean;
}

export interface GcReport {
  readonly removed: readonly number[];
  readonly nObjects: number;
  /** Store paths that no kept generation needs any more. */
  readonly unpinned: readonly string[];
}

/** Forgets generations, and lets go of archives, configuration originals and store paths that only they needed. */
export function collectGenerations(
  { layout, database, io }: RootContext,
  options: GcOptions,
  by: { actor: Actor; pins: StorePins | undefined },
): GcReport {
  if (options.keepLast === undefined && options.keepDays === undefined) {
    throw new Fault('E-PKM-016', 'nothing says which generations to keep', {
      hints: ['keep the newest few: pkm gc --keep 5', 'or the younger ones: pkm gc --days 30'],
    });
  }
  const current = currentGeneration(database);
  const all = readGenerations(database);
  const youngest = by.actor.now - (options.keepDays ?? 0) * 86_400;
  const newest = new Set(all.slice(-Math.max(1, options.keepLast ?? 1)).map((generation) => generation.number));
  const removed = all
    .filter(
      ({ number, createdAt }) =>
        number !== current && !newest.has(number) && !(options.keepDays !== undefined && createdAt >= youngest),
    )
    .map((generation) => generation.number);
  if (options.dryRun === true || removed.length === 0) return { removed, nObjects: 0, unpinned: [] };
  const storePaths = (): Set<string> =>
    new Set(
      database
        .all(
          'SELECT store_path FROM installed WHERE store_path IS NOT NULL UNION SELECT store_path FROM installed_past WHERE store_path IS NOT NULL',
        )
        .map((row) => String(row['store_path'])),
    );
  const before = storePaths();
  io.commit('gc', () =>
    database.transaction(() => {
      for (const number of removed) database.run('DELETE FROM generations WHERE number = ?', number);
      // A past row is of use while a kept generation lies in its interval.
      for (const table of ['files_past', 'installed_past']) {
        database.run(
          `DELETE FROM ${table} WHERE NOT EXISTS (SELECT 1 FROM generations WHERE number >= from_generation AND number < to_generation)`,
        );
      }
      const detail = JSON.stringify({ command: by.actor.command, removed });
      const blank = { package: '', oldVersion: '', newVersion: '' };
      appendHistory(database, {
        time: by.actor.now,
        user: by.actor.user,
        operation: 'gc',
        generation: current,
        detail,
        ...blank,
      });
    }),
  );
  collectTrees({ layout, database, io });
  const after = storePaths();
  const unpinned = [...before].filter((path) => !after.has(path)).sort(compareBytes);
  for (const path of unpinned) by.pins?.remove(path);
  const needed = new Set(
    database
      .all(
        `SELECT archive_sha256 AS h FROM installed UNION SELECT archive_sha256 FROM installed_past
         UNION SELECT original_sha256 FROM config_files UNION SELECT upstream_sha256 FROM config_files
         UNION SELECT sha256 FROM files WHERE is_config = 1 UNION SELECT sha256 FROM files_past WHERE is_config = 1`,
      )
      .map((row) => row['h']),
  );
  return { removed, nObjects: collectObjects(layout, io, (sha256) => needed.has(sha256)).length, unpinned };
}
