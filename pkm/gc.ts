import { compareBytes, Fault, isDiskFull, SystemFault } from '../base/index.ts';
import type { RootLayout } from './layout.ts';
import { collectObjects, unneededObjects } from './objects.ts';
import { type RoomMade, withRoom } from './reserve.ts';
import type { Actor } from './run.ts';
import type { Database } from './state/database.ts';
import { appendHistory } from './state/history.ts';
import { currentGeneration, readGenerations } from './state/state.ts';
import type { StorePins } from './store-pins.ts';
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
  /** `undefined` in a dry run of who may not look at them: they are private. */
  readonly nObjects: number | undefined;
  /** Store paths that no kept generation needs any more. */
  readonly unpinned: readonly string[];
}

/**
 * Forgets generations, and lets go of archives, configuration originals and store paths that only they needed.
 *
 * First it is written that the generations are gone: few pages, for which `room` is made where the disk is full. Then everything
 * goes that is found to be of no use to those that stay; killed between, the next one finds it. Rows go last: they say what else may.
 */
export function collectGenerations(
  context: RootContext,
  options: GcOptions,
  by: { actor: Actor; pins: StorePins | undefined; room: RoomMade | undefined },
): GcReport {
  if (options.keepLast === undefined && options.keepDays === undefined) {
    throw new Fault('E-PKM-016', 'nothing says which generations to keep', {
      hints: ['keep the newest few: pkm gc --keep 5', 'or the younger ones: pkm gc --days 30'],
    });
  }
  const { layout, database, io } = context;
  const current = currentGeneration(database);
  const all = readGenerations(database);
  const youngest = by.actor.now - (options.keepDays ?? 0) * 86_400;
  const newest = new Set(all.slice(-Math.max(1, options.keepLast ?? 1)).map((generation) => generation.number));
  const times = timesOf(all, by.actor.now);
  const isKept = ({ number }: (typeof all)[number]): boolean =>
    number === current || newest.has(number) || (options.keepDays !== undefined && times.get(number)! >= youngest);
  const removed = all.filter((one) => !isKept(one)).map((one) => one.number);
  const uses = usesOf(
    database,
    all.filter(isKept).map((one) => one.number),
  );
  const unneeded = (sha256: string): boolean => !uses.objects.has(sha256);
  const unpinned = [...new Set([...uses.leftStorePaths, ...(by.pins?.besides(uses.storePaths) ?? [])])].sort(compareBytes);
  if (options.dryRun === true) return { removed, nObjects: countObjects(layout, unneeded), unpinned };
  const inRoom = <T>(work: () => T): T => (by.room === undefined ? work() : withRoom(layout, io, by.room, work));
  if (removed.length > 0) inRoom(() => io.commit('gc', () => forget(database, removed, by.actor)));
  collectTrees(context);
  for (const path of unpinned) by.pins?.remove(path);
  const nObjects = collectObjects(layout, io, unneeded).length;
  if (uses.dead.length > 0) inRoom(() => dropRows(context, uses.dead));
  return { removed, nObjects, unpinned };
}

/**
 * When generations were made, by what is sure: their order. A clock that was behind makes none older than the one before it, and one
 * that was ahead, beyond now, says nothing: such a one was made before the next that has a time.
 */
function timesOf(all: readonly { readonly number: number; readonly createdAt: number }[], now: number): Map<number, number> {
  const times = new Map<number, number>();
  let next = now;
  for (const { number, createdAt } of all.toReversed()) {
    if (createdAt <= now) next = createdAt;
    times.set(number, next);
  }
  let last = 0;
  for (const { number } of all) {
    last = Math.max(last, times.get(number)!);
    times.set(number, last);
  }
  return times;
}

function countObjects(layout: RootLayout, isUnneeded: (sha256: string) => boolean): number | undefined {
  try {
    return unneededObjects(layout, isUnneeded).length;
  } catch (error) {
    if (error instanceof SystemFault && error.errno === 'EACCES') return undefined;
    throw error;
  }
}

function forget(database: Database, removed: readonly number[], actor: Actor): void {
  database.transaction(() => {
    for (const number of removed) database.run('DELETE FROM generations WHERE number = ?', number);
    const detail = JSON.stringify({ command: actor.command, removed });
    const blank = { package: '', oldVersion: '', newVersion: '' };
    const generation = currentGeneration(database);
    appendHistory(database, { time: actor.now, user: actor.user, operation: 'gc', generation, detail, ...blank });
  });
}

/** Rows that were true from one generation until another. */
interface Interval {
  readonly table: 'files_past' | 'installed_past';
  readonly from: number;
  readonly to: number;
}

interface Uses {
  /** Of past rows that lie between the kept generations. */
  readonly dead: readonly Interval[];
  readonly objects: ReadonlySet<string>;
  readonly storePaths: ReadonlySet<string>;
  readonly leftStorePaths: readonly string[];
}

/** What the kept generations need, and what nothing does. Cost: one scan of the past rows. */
function usesOf(database: Database, kept: readonly number[]): Uses {
  const isUsed = (from: number, to: number): boolean => kept.some((number) => number >= from && number < to);
  const dead = (['files_past', 'installed_past'] as const).flatMap((table) =>
    database
      .lists(`SELECT DISTINCT from_generation, to_generation FROM ${table}`)
      .map(([from, to]) => ({ table, from: Number(from), to: Number(to) }))
      .filter(({ from, to }) => !isUsed(from, to)),
  );
  const texts = (sql: string): string[] => database.lists(sql).flatMap(([value]) => (value === null ? [] : [String(value)]));
  const past = (columns: string, tail: string): string[] =>
    database
      .lists(`SELECT DISTINCT ${columns}, from_generation, to_generation FROM ${tail}`)
      .flatMap(([value, from, to]) => (value !== null && isUsed(Number(from), Number(to)) ? [String(value)] : []));
  const storePaths = new Set([...texts('SELECT store_path FROM installed'), ...past('store_path', 'installed_past')]);
  return {
    dead,
    objects: new Set([
      ...texts(`SELECT archive_sha256 FROM installed UNION SELECT original_sha256 FROM config_files
        UNION SELECT upstream_sha256 FROM config_files UNION SELECT sha256 FROM files WHERE is_config = 1`),
      ...past('archive_sha256', 'installed_past'),
      ...past('sha256', 'files_past WHERE is_config = 1'),
    ]),
    storePaths,
    leftStorePaths: texts('SELECT DISTINCT store_path FROM installed_past').filter((path) => !storePaths.has(path)),
  };
}

/** Some thirty pages of SQLite's log. */
const SMALL_CHUNK = 256;

/** All at once; where there is no room for so long a log, piece by piece with the log emptied between. */
function dropRows({ database, io }: RootContext, dead: readonly Interval[]): void {
  const dropSome = (limit: number): boolean => {
    let nLeft = limit;
    for (const { table, from, to } of dead) {
      const where = 'to_generation = ? AND from_generation = ?';
      const n = Number(database.get(`SELECT count(*) AS n FROM ${table} WHERE ${where}`, to, from)!['n']);
      const nDropped = Math.min(n, nLeft);
      if (nDropped === 0) continue;
      database.run(
        nDropped === n
          ? `DELETE FROM ${table} WHERE ${where}`
          : `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${where} LIMIT ${nDropped})`,
        to,
        from,
      );
      nLeft -= nDropped;
      if (nLeft === 0) return true;
    }
    return false;
  };
  const commit = (limit: number): boolean => io.commit('gc rows', () => database.transaction(() => dropSome(limit)));
  try {
    commit(Number.POSITIVE_INFINITY);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    const emptyLog = (): unknown => database.get('PRAGMA wal_checkpoint(TRUNCATE)');
    emptyLog();
    while (commit(SMALL_CHUNK)) emptyLog();
  }
}
