/**
 * A database made anew of the text manifests, where the one there was is gone or damaged. The new one is made complete beside its
 * place and renamed into it; what is left of the old one stays, under another name. Killed anywhere, it can be done again.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { count, Fault, sys } from '../../base/index.ts';
import { type RootIo, realIo } from '../io.ts';
import type { RootLayout } from '../layout.ts';
import { type LockOptions, lockRoot } from '../lock.ts';
import { syncManifests } from '../manifest-text.ts';
import { clock, physicalLayout } from '../open-database.ts';
import { processUser } from '../process-user.ts';
import { damageOf, openDatabase } from '../state/database.ts';
import { appendHistory } from '../state/history.ts';
import { prepareSchema } from '../state/schema.ts';
import { writeConfig, writeDelta, writeSetting } from '../state/state.ts';
import { type StorePins, storePathsOf } from '../store-pins.ts';
import { shownTree } from '../trees.ts';
import { type RebuildFindings, type RebuiltRows, rowsOfManifests } from './plan-rebuild.ts';

export interface RebuildOptions extends Partial<Pick<LockOptions, 'command' | 'waitMs' | 'onWait'>> {
  /** Who, for the history. Default: the user of the process. */
  readonly user?: string | undefined;
  readonly dryRun?: boolean;
  readonly pins?: StorePins;
  readonly io?: RootIo;
  /** Seconds since 1970. */
  readonly now?: () => number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface RebuildReport extends RebuildFindings {
  /** Why the old one is no use. */
  readonly why: string;
  /** The one that is current now. There is none before it. */
  readonly generation: number;
  readonly nPackages: number;
  readonly nSuperseded: number;
  readonly nPaths: number;
  readonly nConfig: number;
  /** Configuration that both sides changed: which version they have in common is not known. */
  readonly configConflicts: readonly string[];
  /** A transaction was interrupted before: the disk may stand between two generations. */
  readonly wasInterrupted: boolean;
  /** What no manifest says. */
  readonly unknown: readonly string[];
  /** Where the damaged database is kept, relative to the root; '' where there was none, and with a dry run. */
  readonly keptAs: string;
}

const UNKNOWN = [
  'the history, and the generations before',
  'holds',
  'configuration that packages left behind when they went',
  "what repositories offer, and which index of theirs is the newest known: run 'pkm sync'",
  'triggers that had not run',
];

/** @throws Fault E-PKM-028 it can be read, or there are no manifests · E-PKM-020 locked · E-PKM-021 nobody can tell */
export function rebuildDatabase(root: string, options: RebuildOptions): RebuildReport {
  const layout = physicalLayout(root);
  const io = options.io ?? realIo;
  checkNeeded(layout);
  if (options.dryRun === true) return planned(layout, options).report;
  const { command = 'pkm repair', waitMs = 0, onWait } = options;
  const unlock = lockRoot(layout, io, { command, waitMs, ...(onWait === undefined ? {} : { onWait }) });
  try {
    checkNeeded(layout); // another may have been quicker
    return replace(layout, io, options);
  } finally {
    unlock();
  }
}

function checkNeeded(layout: RootLayout): { why: string; names: readonly string[] } {
  const why = damageOf(layout.database);
  if (why === undefined) {
    throw new Fault('E-PKM-028', `the package database '${layout.database}' can be read`, {
      notes: ['the manifests say less than it does'],
      hints: ["check what it says with 'pkm verify'", "what differs on the disk is put right by 'pkm repair'"],
    });
  }
  const names = existsSync(layout.manifests)
    ? sys('read', layout.manifests, () => readdirSync(layout.manifests)).filter((name) => !name.startsWith('.'))
    : [];
  if (names.length > 0) return { why, names };
  throw new Fault('E-PKM-028', `there are no manifests in '${layout.manifests}'`, {
    notes: [`the package database: ${why}`],
    hints: ['restore the database from a backup', 'name the root with --root'],
  });
}

function planned(layout: RootLayout, options: RebuildOptions): { rows: RebuiltRows; report: RebuildReport } {
  const { why, names } = checkNeeded(layout);
  const findings: RebuildFindings = { skipped: [], incomplete: [], missing: [], modified: [], conflicts: [] };
  const rows = rowsOfManifests(layout, names, findings, options.onProgress);
  const nSuperseded = rows.records.filter((record) => record.supersededBy.length > 0).length;
  const report: RebuildReport = {
    ...findings,
    why,
    generation: Math.max(1, shownTree(layout) ?? 1),
    nPackages: rows.records.length - nSuperseded,
    nSuperseded,
    nPaths: new Set(rows.files.map((row) => row.path)).size,
    nConfig: rows.config.length,
    configConflicts: rows.config.filter((row) => row.newPath !== '').map((row) => row.path),
    wasInterrupted: existsSync(layout.staging),
    unknown: UNKNOWN,
    keptAs: '',
  };
  return { rows, report };
}

function replace(layout: RootLayout, io: RootIo, options: RebuildOptions): RebuildReport {
  const made = `${layout.database}.rebuilding`;
  for (const end of ENDS) if (existsSync(made + end)) io.unlink(made + end);
  const { rows, report } = planned(layout, options);
  options.pins?.add(storePathsOf(rows.records), () => []);
  const database = openDatabase(made, { readOnly: false });
  try {
    prepareSchema(database, made, false);
    io.commit('rebuild', () => database.transaction(() => write(database, layout, { rows, report, options })));
    database.get('PRAGMA journal_mode = DELETE'); // one file, to be renamed
  } finally {
    database.close();
  }
  io.syncFileSystem(layout.state);
  const keptAs = putAside(layout, io);
  io.rename(made, layout.database);
  io.syncFileSystem(layout.state);
  const ours = openDatabase(layout.database, { readOnly: false });
  try {
    syncManifests(layout, ours, io);
  } finally {
    ours.close();
  }
  return { ...report, keptAs };
}

const ENDS = ['', '-wal', '-shm', '-journal'];

/** What is left of the old one, its log too: SQLite would take that for the new one's. */
function putAside(layout: RootLayout, io: RootIo): string {
  const there = ENDS.filter((end) => existsSync(layout.database + end));
  let kept = `${layout.database}.damaged`;
  for (let n = 1; ENDS.some((end) => existsSync(kept + end)); n++) kept = `${layout.database}.damaged.${n}`;
  // The log last but one: without it the file is still there to be found damaged.
  for (const end of there.reverse()) io.rename(layout.database + end, kept + end);
  return there.includes('') ? relative(layout.root, kept) : '';
}

function write(
  database: ReturnType<typeof openDatabase>,
  layout: RootLayout,
  { rows, report, options }: { rows: RebuiltRows; report: RebuildReport; options: RebuildOptions },
): void {
  const number = report.generation;
  const now = (options.now ?? clock)();
  const summary = `rebuilt of the manifests of ${count(report.nPackages, 'package')}`;
  writeDelta(database, { dropRecords: [], putRecords: rows.records, dropFiles: [], putFiles: rows.files }, number);
  writeConfig(database, rows.config, []);
  const tree = shownTree(layout);
  database.run(
    'INSERT INTO generations (number, kind, created_at, summary, packages, tree) VALUES (?,?,?,?,?,?)',
    number,
    'rebuild',
    now,
    summary,
    report.nPackages,
    tree ?? null,
  );
  if (tree !== undefined) writeSetting(database, 'layout', 'atomic');
  writeSetting(database, 'owners', process.geteuid?.() === 0 ? 'declared' : 'caller');
  writeSetting(database, 'current_generation', String(number));
  const blank = { package: '', oldVersion: '', newVersion: '' };
  const detail = JSON.stringify({
    command: options.command ?? 'pkm repair',
    summary,
    why: report.why,
    was: basename(layout.database),
  });
  appendHistory(database, {
    time: now,
    user: options.user ?? processUser(),
    operation: 'rebuild',
    generation: number,
    detail,
    ...blank,
  });
}
