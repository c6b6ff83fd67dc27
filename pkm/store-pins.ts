/** What keeps store paths from being collected for a root. */
import type { Database } from './state/database.ts';
import type { PackageRecord } from './types.ts';

export interface StorePins {
  /**
   * Keeps these as well; adding one twice is fine.
   *
   * @param inUse  all that generations need. A place that keeps nothing for this root yet, which was copied or moved there, asks for it
   */
  add(storePaths: readonly string[], inUse: () => readonly string[]): void;
  /** What is kept besides these. */
  besides(storePaths: ReadonlySet<string>): readonly string[];
  remove(storePath: string): void;
}

export const storePathsOf = (records: readonly PackageRecord[]): readonly string[] =>
  records.flatMap(({ origin }) => (origin.kind === 'store' ? [origin.storePath] : []));

/** Of all generations. Cost: one scan of the rows of packages. */
export const storePathsInUse = (database: Database): readonly string[] =>
  database
    .lists('SELECT store_path FROM installed UNION SELECT store_path FROM installed_past')
    .flatMap(([path]) => (path === null ? [] : [String(path)]));
