/**
 * A root that InterGenOS's pkm managed becomes one of ours: its packages, paths, hashes, configuration baselines, holds and history
 * are taken over as generation 1, and no file of the system is touched. The new database is made complete beside the old one and
 * takes its place by one rename; the old one stays, under another name. Killed anywhere, the root has the one or the other.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { count, Fault, sys } from '../../base/index.ts';
import { fileSha256, rootDisk } from '../disk.ts';
import { type RootIo, realIo } from '../io.ts';
import { type RootLayout, under } from '../layout.ts';
import { lockRoot } from '../lock.ts';
import { syncManifests } from '../manifest-text.ts';
import { badPath } from '../names.ts';
import { keepObject } from '../objects.ts';
import { physicalLayout } from '../open-database.ts';
import { type Unmet, unmetDependencies } from '../plan/dependencies.ts';
import { processUser } from '../process-user.ts';
import { type Database, openDatabase } from '../state/database.ts';
import { appendHistory } from '../state/history.ts';
import { prepareSchema } from '../state/schema.ts';
import { readSetting, writeConfig, writeDelta, writeSetting } from '../state/state.ts';
import type { FileRow, PackageRecord } from '../types.ts';
import {
  type ForeignPackage,
  foreignBaselines,
  foreignFiles,
  foreignHistory,
  foreignNeeds,
  foreignPackages,
  isForeign,
} from './intergenos-database.ts';
import { type AdoptionFindings, adoptPaths, adoptRecords, secondsOf } from './plan-adoption.ts';

export interface AdoptOptions {
  /** Their database. Default: where both package managers have it, `var/lib/igos/pkm.db` below the root. */
  readonly database?: string;
  readonly dryRun?: boolean;
  /** Keep the archives that packages came from, where they are still there: what rollback and repair take bytes from. */
  readonly archives?: boolean;
  /** Who, for the history. Default: the user of the process. */
  readonly user?: string | undefined;
  readonly command?: string;
  readonly waitMs?: number;
  readonly io?: RootIo;
  /** Seconds since 1970. */
  readonly now?: () => number;
  readonly onProgress?: (paths: number, total: number) => void;
}

export interface AdoptReport extends AdoptionFindings {
  /** The root had been taken over before: nothing was done. */
  readonly isAdoptedAlready: boolean;
  readonly nPackages: number;
  readonly nSuperseded: number;
  readonly nPaths: number;
  readonly nConfig: number;
  readonly nHistory: number;
  readonly nArchives: number;
  readonly held: readonly string[];
  /** Needs that nothing meets: theirs did not check. */
  readonly unmet: readonly Unmet[];
  /** Where their database is kept; '' with a dry run, and where it was not in our place. */
  readonly keptAs: string;
}

/** @throws Fault E-PKM-064 nothing to adopt, or a root of ours · E-PKM-020 locked · E-PKM-021 · E-PKM-001 */
export function adoptRoot(root: string, options: AdoptOptions): AdoptReport {
  const layout = physicalLayout(root);
  const source = options.database === undefined ? layout.database : resolve(options.database);
  if (isOurs(layout.database)) {
    const database = openDatabase(layout.database, { readOnly: true });
    const isAdopted = readSetting(database, 'adopted_from') !== undefined;
    database.close();
    if (isAdopted) return ALREADY;
    throw new Fault('E-PKM-064', `the root '${layout.root}' has packages of igos's pkm already`, {
      hints: ['adopt into a root that has none', "see what is there with 'pkm list'"],
    });
  }
  if (!existsSync(source)) {
    throw new Fault('E-PKM-064', `there is no package database '${source}'`, {
      hints: ['name the root with --root', 'or the database: pkm adopt DATABASE'],
    });
  }
  if (options.dryRun === true) return withDatabase(source, true, (theirs) => takeOver(theirs, layout, options, undefined));
  const io = options.io ?? realIo;
  sys('create the folder', layout.state, () => io.makeOwnFolder(layout.state));
  const unlock = lockRoot(layout, io, { command: options.command ?? 'pkm adopt', waitMs: options.waitMs ?? 0 });
  try {
    return replaceDatabase(layout, source, options, io);
  } finally {
    unlock();
  }
}

const ALREADY: AdoptReport = {
  isAdoptedAlready: true,
  missing: [],
  modified: [],
  conflicts: [],
  skipped: [],
  configConflicts: [],
  nPackages: 0,
  nSuperseded: 0,
  nPaths: 0,
  nConfig: 0,
  nHistory: 0,
  nArchives: 0,
  held: [],
  unmet: [],
  keptAs: '',
};

function isOurs(path: string): boolean {
  if (!existsSync(path)) return false;
  return withDatabase(path, true, (database) => Number(database.get('PRAGMA user_version')!['user_version']) > 0);
}

function withDatabase<T>(path: string, readOnly: boolean, work: (database: Database) => T): T {
  const database = openDatabase(path, { readOnly });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function replaceDatabase(layout: RootLayout, source: string, options: AdoptOptions, io: RootIo): AdoptReport {
  const made = `${layout.database}.adopting`;
  const isInPlace = source === layout.database;
  for (const end of ['', '-wal', '-shm', '-journal']) if (existsSync(`${made}${end}`)) io.unlink(`${made}${end}`);
  if (isInPlace) settleLog(source);
  const report = withDatabase(source, true, (theirs) =>
    withDatabase(made, false, (ours) => {
      prepareSchema(ours, made, false);
      const result = io.commit('adopt', () => ours.transaction(() => takeOver(theirs, layout, options, { database: ours, io })));
      ours.get('PRAGMA journal_mode = DELETE'); // one file, to be renamed
      return result;
    }),
  );
  io.syncFileSystem(layout.state);
  const keptAs = isInPlace ? keepTheirs(layout, io) : '';
  io.rename(made, layout.database);
  io.syncFileSystem(layout.state);
  withDatabase(layout.database, false, (ours) => syncManifests(layout, ours, io));
  return { ...report, keptAs };
}

/** Their write-ahead log goes into the file: left beside ours, SQLite would take it for ours. @throws Fault E-PKM-064 in use */
function settleLog(path: string): void {
  const mode = withDatabase(path, false, (theirs) => {
    if (!isForeign(theirs)) throw notTheirs(path);
    return theirs.get('PRAGMA journal_mode = DELETE')?.['journal_mode'];
  });
  if (mode === 'delete' && !existsSync(`${path}-wal`)) return;
  throw new Fault('E-PKM-064', `the package database '${path}' is in use`, {
    hints: ['wait until the other package manager has finished, and run the command again'],
  });
}

const notTheirs = (path: string): Fault =>
  new Fault('E-PKM-064', `'${path}' is no package database of InterGenOS`, {
    notes: ["it lacks the tables 'installed' and 'files' as its pkm makes them"],
    hints: ['name their database: pkm adopt DATABASE'],
  });

/** Their database and text manifests, under names that nobody else uses. */
function keepTheirs(layout: RootLayout, io: RootIo): string {
  const kept = freeName(layout.database, (path) => statSync(path).ino === statSync(layout.database).ino);
  if (!existsSync(kept)) io.link(layout.database, kept);
  if (existsSync(layout.manifests))
    io.rename(
      layout.manifests,
      freeName(layout.manifests, () => false),
    );
  return relative(layout.root, kept);
}

function freeName(path: string, isSame: (path: string) => boolean): string {
  for (let n = 0; ; n++) {
    const candidate = n === 0 ? `${path}.intergenos` : `${path}.intergenos.${n}`;
    if (!existsSync(candidate) || isSame(candidate)) return candidate;
  }
}

/** Reads all of theirs; with `target` writes all of ours. Call inside a transaction. */
function takeOver(
  theirs: Database,
  layout: RootLayout,
  options: AdoptOptions,
  target: { database: Database; io: RootIo } | undefined,
): AdoptReport {
  if (!isForeign(theirs)) throw notTheirs(options.database ?? layout.database);
  const now = (options.now ?? (() => Math.floor(Date.now() / 1000)))();
  const packages = foreignPackages(theirs);
  const findings: AdoptionFindings = { missing: [], modified: [], conflicts: [], skipped: [], configConflicts: [] };
  const kept = new Map(
    packages.map((item) => [item.name, target === undefined ? '' : keepArchive(layout, options, target.io, item)]),
  );
  const records = adoptRecords(packages, foreignNeeds(theirs), now).map((record): PackageRecord => {
    const sha256 = kept.get(record.name)!;
    return sha256 === '' ? record : { ...record, origin: { kind: 'archive', file: basename(originFile(record)), sha256 } };
  });
  if (target !== undefined) {
    writeDelta(target.database, { dropRecords: [], putRecords: records, dropFiles: [], putFiles: [] }, 1);
  }
  const total = Number(theirs.get('SELECT count(*) AS n FROM files')!['n']);
  let nPaths = 0;
  let nConfig = 0;
  const source = {
    files: foreignFiles(theirs),
    active: new Set(records.filter((record) => record.supersededBy.length === 0).map((record) => record.name)),
    baselines: foreignBaselines(theirs),
  };
  let rows: FileRow[] = [];
  const flush = (): void => {
    if (target !== undefined) writeDelta(target.database, { dropRecords: [], putRecords: [], dropFiles: [], putFiles: rows }, 1);
    rows = [];
  };
  for (const { rows: found, config, keep } of adoptPaths(source, layout, findings)) {
    nPaths += 1;
    rows.push(...found);
    if (rows.length >= 1000) flush();
    if (config !== undefined) nConfig += 1;
    if (nPaths % 256 === 0) options.onProgress?.(nPaths, total);
    if (target === undefined) continue;
    if (config !== undefined) writeConfig(target.database, [config], []);
    for (const { path, sha256 } of keep) {
      const file = under(layout, rootDisk(layout).physical(path));
      keepObject(layout, target.io, sha256, { bytes: sys('read', file, () => readFileSync(file)) });
    }
  }
  flush();
  const history = foreignHistory(theirs);
  const held = packages.filter((item) => item.isHeld).map((item) => item.name);
  const nSuperseded = records.filter((record) => record.supersededBy.length > 0).length;
  const report: AdoptReport = {
    ...findings,
    isAdoptedAlready: false,
    nPackages: records.length - nSuperseded,
    nSuperseded,
    nPaths,
    nConfig,
    nHistory: history.length,
    nArchives: [...kept.values()].filter((sha256) => sha256 !== '').length,
    held,
    unmet: unmetDependencies(records),
    keptAs: '',
  };
  if (target !== undefined) writeRest(target.database, { report, history, options, now, layout });
  return report;
}

const originFile = (record: PackageRecord): string =>
  record.origin.kind === 'archive' && record.origin.file !== ''
    ? record.origin.file
    : `${record.name}-${record.version}.igos.tar.gz`;

/** @returns the hash of the kept archive; '' where there is none, or none was asked for */
function keepArchive(layout: RootLayout, options: AdoptOptions, io: RootIo, item: ForeignPackage): string {
  if (options.archives !== true) return '';
  const names = [item.archive.replace(/^\/+/, ''), `var/lib/igos/archives/${item.name}-${item.version}.igos.tar.gz`];
  for (const name of names) {
    const file = fileInside(layout, name);
    if (file === undefined) continue;
    const sha256 = fileSha256(file);
    keepObject(layout, io, sha256, { file });
    return sha256;
  }
  return '';
}

/** What somebody wrote into a database leads nowhere out of the root: of what is kept the owner of that root has a copy. */
function fileInside(layout: RootLayout, path: string): string | undefined {
  if (badPath(path) !== undefined) return undefined;
  const disk = rootDisk(layout);
  try {
    return disk.entry(path)?.kind === 'file' ? under(layout, disk.physical(path)) : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

interface Rest {
  readonly report: AdoptReport;
  readonly history: ReturnType<typeof foreignHistory>;
  readonly options: AdoptOptions;
  readonly now: number;
  readonly layout: RootLayout;
}

/** Generation, settings, holds and history: theirs first, entry by entry, then that they were taken over. */
function writeRest(database: Database, { report, history, options, now, layout }: Rest): void {
  const summary = `adopted ${count(report.nPackages, 'package')} of InterGenOS's pkm`;
  database.run(
    'INSERT INTO generations (number, kind, created_at, summary, packages) VALUES (?,?,?,?,?)',
    1,
    'adopt',
    now,
    summary,
    report.nPackages,
  );
  writeSetting(database, 'owners', process.geteuid?.() === 0 ? 'declared' : 'caller');
  writeSetting(database, 'current_generation', '1');
  writeSetting(database, 'adopted_from', join(layout.root, options.database ?? 'var/lib/igos/pkm.db'));
  const user = options.user ?? processUser();
  for (const name of report.held) database.run('INSERT OR IGNORE INTO holds VALUES (?,?,?)', name, now, user);
  for (const entry of history) {
    appendHistory(database, {
      time: secondsOf(entry.time) ?? 0,
      user: '',
      operation: entry.operation,
      package: entry.package,
      oldVersion: entry.oldVersion,
      newVersion: entry.newVersion,
      generation: 0,
      detail: JSON.stringify({ from: 'intergenos', method: entry.method, success: entry.isSuccess }),
    });
  }
  appendHistory(database, {
    time: now,
    user,
    operation: 'adopt',
    package: '',
    oldVersion: '',
    newVersion: '',
    generation: 1,
    detail: JSON.stringify({ command: options.command ?? 'pkm adopt', summary }),
  });
}
