import { Fault } from '../../base/index.ts';
import type { TimedFiles } from '../../store/index.ts';
import { parseRequirement } from '../plan/requirement.ts';
import type { ConfigRow, FileRow, GenerationRecord, PackageRecord } from '../types.ts';
import type { Database, SqlRow } from './database.ts';
import { fileColumns, fileRows } from './file-rows.ts';
import { FILE_COLUMNS, insertFiles } from './insert-files.ts';
import { KnownRows, OWNER, type PathRows, SharedRows } from './path-rows.ts';
import { NO_FILES, plainAndOthers } from './plain-files.ts';
import { fromConfig, fromRecord, toConfig, toGeneration, toRecord } from './rows.ts';
import { integerOf } from './wrong-value.ts';

/** What planning asks of a generation. Implemented by the database; tests may put maps behind it. */
export interface StateView {
  /** 0 where nothing was ever installed. */
  readonly generation: number;
  record(name: string): PackageRecord | undefined;
  /** Sorted by name, superseded ones too. */
  records(): readonly PackageRecord[];
  /** Sorted by path. */
  filesOf(owner: string): readonly FileRow[];
  /**
   * All rows of some owners, those of the paths of `rest` read by then. With `isPlain` those of plain files (regular, no configuration,
   * placed by pkm at a time that is known) by what a look at the disk tells: that is all that is asked of them. Each has one owner.
   */
  departing(owners: readonly string[], isPlain: boolean): { readonly plain: TimedFiles; readonly rest: readonly FileRow[] };
  /** Several only where all are directories; sorted by owner. */
  rowsAt(path: string): readonly FileRow[];
  /** The same, of which few may be read. */
  at(path: string): PathRows;
  config(path: string): ConfigRow | undefined;
  /** Reads the rows of many paths at once: `at` answers them without a question each. Of directories that very many own it reads none. */
  prefetch(paths: Iterable<string>): void;
}

/** The difference between two generations, as rows. Drops happen before puts. */
export interface StateDelta {
  /** With a record all its rows go, whether `dropFiles` has them or not. */
  readonly dropRecords: readonly string[];
  /** Replace records of the same name. */
  readonly putRecords: readonly PackageRecord[];
  readonly dropFiles: readonly FileRow[];
  /** Replace rows of the same path and owner. */
  readonly putFiles: readonly FileRow[];
  /** Further rows of records that go, which `dropFiles` does not have. */
  readonly dropPlain?: TimedFiles;
  /** Rows of an earlier generation from which the current ones differ in time only: what a tree that is shown again has. */
  readonly otherTimes?: readonly FileRow[];
}

/** @throws Fault E-PKM-021 */
export const currentGeneration = (database: Database): number =>
  integerOf(Number(readSetting(database, 'current_generation') ?? 0), 'the current generation');

export const readSetting = (database: Database, key: string): string | undefined =>
  database.get('SELECT value FROM settings WHERE key = ?', key)?.['value'] as string | undefined;

export const writeSetting = (database: Database, key: string, value: string): void =>
  database.run('INSERT OR REPLACE INTO settings VALUES (?, ?)', key, value);

/** The generation as it is now: make a new view after a commit. Paths and names that were asked for are remembered. */
export function databaseState(database: Database): StateView {
  const atPath = new Map<string, PathRows>();
  /** Directories of some packages, by path. */
  const foldersOf = new Map<string, ReadonlyMap<string, FileRow>>();
  const byName = new Map<string, PackageRecord | undefined>();
  const folderOf = (owner: string, path: string): FileRow | undefined => {
    let folders = foldersOf.get(owner);
    if (folders === undefined) {
      const rows = view.record(owner) === undefined ? [] : fileRows(database, FOLDERS, owner);
      folders = new Map(rows.map((row) => [row.path, row]));
      foldersOf.set(owner, folders);
    }
    return folders.get(path);
  };
  const view: StateView = {
    generation: currentGeneration(database),
    record(name) {
      // asked for every owner of every shared directory
      if (!byName.has(name)) byName.set(name, optional(database.get('SELECT * FROM installed WHERE name = ?', name), toRecord));
      return byName.get(name);
    },
    records() {
      const records = database.all('SELECT * FROM installed ORDER BY name').map(toRecord);
      for (const record of records) byName.set(record.name, record);
      return records;
    },
    filesOf(owner) {
      const rows = fileRows(database, 'files WHERE package = ? ORDER BY path', owner);
      const folders = new Map<string, FileRow>();
      for (const row of rows) {
        if (row.kind === 'directory') folders.set(row.path, row);
        // one that is none has one owner, and nothing else has its path
        else if (!atPath.has(row.path)) atPath.set(row.path, new KnownRows([row]));
      }
      foldersOf.set(owner, folders);
      return rows;
    },
    departing(owners, isPlain) {
      if (!isPlain) {
        const rest = owners.flatMap((owner) => this.filesOf(owner));
        this.prefetch(rest.map((row) => row.path));
        return { plain: NO_FILES, rest };
      }
      const { plain, others } = plainAndOthers(database, owners);
      this.prefetch(others.flat());
      const rest = owners.flatMap((owner, index) => others[index]!.map((path) => this.at(path).of(owner)!));
      return { plain, rest };
    },
    rowsAt(path) {
      return this.at(path).all();
    },
    at(path) {
      if (!atPath.has(path)) this.prefetch([path]);
      return atPath.get(path)!;
    },
    config: (path) => optional(database.get('SELECT * FROM config_files WHERE path = ?', path), toConfig),
    prefetch(paths) {
      const wanted = [...new Set(paths)].filter((path) => !atPath.has(path));
      if (wanted.length === 0) return;
      const list = JSON.stringify(wanted);
      let rows = fileRows(database, AT_PATHS, list, wanted.length + MANY);
      if (rows.length === wanted.length + MANY) {
        for (const [path] of database.lists(FOLDERS_AMONG, list))
          atPath.set(path as string, new SharedRows(database, path as string, (owner) => folderOf(owner, path as string)));
        rows = fileRows(database, OTHERS_AT_PATHS, list);
      }
      const found = new Map<string, FileRow[]>();
      for (const row of rows) {
        const known = found.get(row.path);
        if (known === undefined) found.set(row.path, [row]);
        else known.push(row);
      }
      for (const [path, at] of found) atPath.set(path, new KnownRows(at));
      for (const path of wanted) if (!atPath.has(path)) atPath.set(path, NONE);
    },
  };
  return view;
}

/** So many owners of directories are read at once, beside one row a path. More are read as they are asked for. */
const MANY = 1000;
const FOLDERS = "files WHERE package = ? AND kind = 'directory'";
const AT_PATHS = `files WHERE path IN (SELECT value FROM json_each(?)) ORDER BY path, ${OWNER} LIMIT ?`;
const FOLDERS_AMONG = `SELECT value FROM json_each(?) AS wanted
  WHERE EXISTS (SELECT 1 FROM files WHERE path = wanted.value AND kind = 'directory')`;
const OTHERS_AT_PATHS = `files WHERE path IN (SELECT value FROM json_each(?)) AND ${OWNER} = ''`;

/** Of rows of `files` that came after a generation. Every row is of a package that is installed, whose rows stand by their age. */
export const SINCE_1 = 'package IN (SELECT name FROM installed) AND from_generation > ?1';

const IS_LISTED = 'IN (SELECT value FROM json_each(?))';
const IS_LISTED_1 = 'IN (SELECT value FROM json_each(?1))';
const IS_LISTED_2 = 'IN (SELECT value FROM json_each(?2))';

const NONE: PathRows = new KnownRows([]);

/** A root where pkm never wrote anything. */
export const emptyState: StateView = {
  generation: 0,
  record: () => undefined,
  records: () => [],
  filesOf: () => [],
  departing: () => ({ plain: NO_FILES, rest: [] }),
  rowsAt: () => [],
  at: () => NONE,
  config: () => undefined,
  prefetch: () => {},
};

/** Ends and begins rows at generation `number`. Call inside a transaction. Cost: the difference. */
export function writeDelta(database: Database, delta: StateDelta, number: number): void {
  endRecords(database, [...delta.dropRecords, ...delta.putRecords.map((record) => record.name)], number);
  const gone = new Set(delta.dropRecords);
  endFilesOf(database, delta.dropRecords, number);
  endFiles(database, [...delta.dropFiles.filter((row) => !gone.has(row.owner)), ...delta.putFiles], number);
  for (const record of delta.putRecords) {
    database.run(INSERT_RECORD, ...fromRecord({ ...record, fromGeneration: number }));
    for (const needs of record.runtime)
      database.run('INSERT OR IGNORE INTO depends VALUES (?, ?)', record.name, parseRequirement(needs).name);
  }
  insertFiles(database, delta.putFiles, number);
}

function endRecords(database: Database, names: readonly string[], number: number): void {
  if (names.length === 0) return;
  const list = JSON.stringify(names);
  const rows = `SELECT ${RECORD_COLUMNS}, ? FROM installed WHERE name ${IS_LISTED}`;
  database.run(`INSERT INTO installed_past (${RECORD_COLUMNS}, to_generation) ${rows}`, number, list);
  database.run(`DELETE FROM installed WHERE name ${IS_LISTED}`, list);
  database.run(`DELETE FROM depends WHERE package ${IS_LISTED}`, list);
}

/** All rows of these owners move to the past. */
function endFilesOf(database: Database, owners: readonly string[], number: number): void {
  if (owners.length === 0) return;
  const past = `INSERT INTO files_past (${FILE_COLUMNS}, to_generation) SELECT ${FILE_COLUMNS}, ? FROM files WHERE package = ?`;
  // What was right in `files` need not be held against the same rules again: a quarter of the time.
  database.exec('PRAGMA ignore_check_constraints = ON');
  try {
    for (const owner of owners) database.run(past, number, owner);
  } finally {
    database.exec('PRAGMA ignore_check_constraints = OFF');
  }
  for (const owner of owners) database.run('DELETE FROM files WHERE package = ?', owner);
}

const END_CHUNK = 20_000;
/** By both columns of `files_path`: not through all that the owner has, nor through all owners of a directory. */
export const OF_OWNER_AT =
  "+package = ?1 AND CASE kind WHEN 'directory' THEN package ELSE '' END IN (?1, '') AND path IN (SELECT value FROM json_each(?2))";

/** Rows of these paths and owners move to the past, those that are there. SQLite reads a list of texts much faster than one of pairs. */
function endFiles(database: Database, rows: readonly FileRow[], number: number): void {
  const paths = new Map<string, string[]>();
  for (const { owner, path } of rows) {
    const known = paths.get(owner);
    if (known === undefined) paths.set(owner, [path]);
    else known.push(path);
  }
  const past = `INSERT INTO files_past (${FILE_COLUMNS}, to_generation) SELECT ${FILE_COLUMNS}, ?3 FROM files WHERE ${OF_OWNER_AT}`;
  for (const [owner, all] of paths) {
    for (let start = 0; start < all.length; start += END_CHUNK) {
      const chunk = JSON.stringify(all.slice(start, start + END_CHUNK));
      database.run(past, owner, chunk, number);
      database.run(`DELETE FROM files WHERE ${OF_OWNER_AT}`, owner, chunk);
    }
  }
}

export function writeConfig(database: Database, put: readonly ConfigRow[], drop: readonly string[]): void {
  for (const path of drop) database.run('DELETE FROM config_files WHERE path = ?', path);
  for (const row of put) database.run('INSERT OR REPLACE INTO config_files VALUES (?,?,?,?,?,?,?)', ...fromConfig(row));
}

/** Oldest first. */
export const readGenerations = (database: Database): GenerationRecord[] =>
  database.all('SELECT * FROM generations ORDER BY number').map(toGeneration);

/** @throws Fault E-PKM-016 there is no such generation, or it was collected */
export function checkGeneration(database: Database, number: number, what: string = `there is no generation ${number}`): void {
  if (database.get('SELECT 1 FROM generations WHERE number = ?', number) !== undefined) return;
  const known = readGenerations(database).map((generation) => generation.number);
  throw new Fault('E-PKM-016', what, {
    notes: [known.length === 0 ? 'this root has none yet' : `kept generations: ${known.join(', ')}`],
    hints: ["see them with 'pkm generations'"],
  });
}

/** The records of a kept generation, sorted by name. */
export const recordsAt = (database: Database, number: number): PackageRecord[] =>
  database
    .all(
      `SELECT ${RECORD_COLUMNS} FROM installed WHERE from_generation <= ?1
       UNION ALL SELECT ${RECORD_COLUMNS} FROM installed_past WHERE from_generation <= ?1 AND to_generation > ?1 ORDER BY name`,
      number,
    )
    .map(toRecord);

/** The generation in which the last of these packages came, changed or went; `undefined` where none was ever there. */
export function lastChangeOf(database: Database, names: readonly string[]): number | undefined {
  const row = database.get(
    `SELECT max(number) AS number FROM (SELECT from_generation AS number FROM installed WHERE name ${IS_LISTED_1}
     UNION ALL SELECT to_generation FROM installed_past WHERE name ${IS_LISTED_1})`,
    JSON.stringify(names),
  );
  return row?.['number'] === null || row === undefined ? undefined : Number(row['number']);
}

/** The managed paths of some packages in a kept generation, sorted by path and owner. */
export const filesOfAt = (database: Database, number: number, owners: Iterable<string>): FileRow[] =>
  fileRows(
    database,
    `files WHERE from_generation <= ?1 AND package ${IS_LISTED_2}
     UNION ALL SELECT ${fileColumns(database)} FROM files_past WHERE from_generation <= ?1 AND to_generation > ?1
     AND package ${IS_LISTED_2} ORDER BY path, package`,
    number,
    JSON.stringify([...owners]),
  );

/** The managed paths of a kept generation, sorted by path and owner. `paths`: only these. */
export const filesAt = (database: Database, number: number, paths?: readonly string[]): FileRow[] => {
  const only = paths === undefined ? '' : 'AND path IN (SELECT value FROM json_each(?2))';
  const columns = fileColumns(database);
  return fileRows(
    database,
    `files WHERE from_generation <= ?1 ${only}
     UNION ALL SELECT ${columns} FROM files_past WHERE from_generation <= ?1 AND to_generation > ?1 ${only} ORDER BY path, package`,
    number,
    ...(paths === undefined ? [] : [JSON.stringify(paths)]),
  );
};

/** Paths with a row that is true in one of two generations, and not in the other. `low` < `high`. */
export const pathsBetween = (database: Database, low: number, high: number): string[] =>
  database
    .all(
      `SELECT path FROM files WHERE ${SINCE_1} AND from_generation <= ?2
       UNION SELECT path FROM files_past
       WHERE (from_generation <= ?1 AND to_generation > ?1 AND to_generation <= ?2)
          OR (from_generation > ?1 AND from_generation <= ?2 AND to_generation > ?2)`,
      low,
      high,
    )
    .map((row) => String(row['path']));

const RECORD_COLUMNS = `name, version, release, tier, summary, license, homepage, origin, store_path, archive, archive_sha256,
  reason, provides, conflicts, supersedes, config, runtime, installed_at, superseded_by, superseded_at, from_generation, triggers`;
const insertInto = (table: string, columns: string): string =>
  `INSERT INTO ${table} (${columns}) VALUES (?${',?'.repeat(columns.split(',').length - 1)})`;
const INSERT_RECORD = insertInto('installed', RECORD_COLUMNS);

/** What must change to get from the current generation to a kept one. Cost: the difference, and a look for each package. */
export function deltaTo(database: Database, number: number): StateDelta {
  const fileKey = (row: FileRow): string => `${row.path}\0${row.owner}`;
  const addedRecords = database.all('SELECT * FROM installed WHERE from_generation > ?', number).map(toRecord);
  const lostRecords = database
    .all('SELECT * FROM installed_past WHERE from_generation <= ?1 AND to_generation > ?1', number)
    .map(toRecord);
  const addedFiles = fileRows(database, `files WHERE ${SINCE_1}`, number);
  const lostFiles = fileRows(database, 'files_past WHERE from_generation <= ?1 AND to_generation > ?1', number);
  const backNames = new Set(lostRecords.map((record) => record.name));
  const byName = new Map(addedRecords.map((record) => [record.name, record]));
  const current = new Map(addedFiles.map((row) => [fileKey(row), row]));
  const back = new Set(lostFiles.map(fileKey));
  return {
    dropRecords: addedRecords.filter((record) => !backNames.has(record.name)).map((record) => record.name),
    putRecords: lostRecords.filter((record) => {
      const now = byName.get(record.name);
      return now === undefined || !sameRecord(withoutTimes(now), withoutTimes(record));
    }),
    dropFiles: addedFiles.filter((row) => !back.has(fileKey(row))),
    putFiles: lostFiles.filter((row) => {
      const now = current.get(fileKey(row));
      return now === undefined || !sameFile(now, row);
    }),
    otherTimes: lostFiles.filter((row) => {
      const now = current.get(fileKey(row));
      return now !== undefined && now.mtimeSeconds !== row.mtimeSeconds && sameFile(now, row);
    }),
  };
}

/** Whether two rows say the same of the disk and its owner; when it was written does not matter. */
export const sameFile = (a: FileRow, b: FileRow): boolean =>
  a.path === b.path &&
  a.owner === b.owner &&
  a.kind === b.kind &&
  a.mode === b.mode &&
  a.uid === b.uid &&
  a.gid === b.gid &&
  a.sizeBytes === b.sizeBytes &&
  a.sha256 === b.sha256 &&
  a.capability === b.capability &&
  a.target === b.target &&
  a.isConfig === b.isConfig &&
  a.wasThere === b.wasThere;

/** A package that went and came back the same is no difference to go back over. */
const withoutTimes = (record: PackageRecord): PackageRecord => ({
  ...record,
  installedAt: 0,
  supersededAt: Math.min(1, record.supersededAt),
});

export const sameRecord = (a: PackageRecord, b: PackageRecord): boolean =>
  JSON.stringify({ ...a, fromGeneration: 0 }) === JSON.stringify({ ...b, fromGeneration: 0 });

const optional = <T>(row: SqlRow | undefined, convert: (row: SqlRow) => T): T | undefined =>
  row === undefined ? undefined : convert(row);
