/** From a wish to a new generation: plan, check, stage, commit, apply. */
import { accessSync, constants } from 'node:fs';
import { Bug, type EarlyFlush, Fault, lookClosely, SystemFault, singleQuoted, sys, systemFaultOf } from '../base/index.ts';
import { type Contents, readContents } from './contents.ts';
import { type Disk, rootDisk, tolerantLstat } from './disk.ts';
import { checkFirmware } from './firmware.ts';
import { type RootLayout, under } from './layout.ts';
import { syncManifests } from './manifest-text.ts';
import { foldersOf, printable } from './names.ts';
import { keepObject, readObject } from './objects.ts';
import { changeOf, isOther, supersededChange, withFilesLeft } from './package-change.ts';
import { planDisk } from './plan/disk-plan.ts';
import { joinHardLinks } from './plan/hard-links.ts';
import { kernelsLeft } from './plan/kernel-left.ts';
import { LateLook } from './plan/late-look.ts';
import type { DiskPlan, Operation } from './plan/operations.ts';
import { linksLeftBehind } from './plan/own-links.ts';
import { splitPlan, type TreeSplit } from './plan/tree-plan.ts';
import type { Database } from './state/database.ts';
import { fileRows } from './state/file-rows.ts';
import { appendHistory } from './state/history.ts';
import { NO_FILES } from './state/plain-files.ts';
import {
  currentGeneration,
  databaseState,
  type StateDelta,
  type StateView,
  writeConfig,
  writeDelta,
  writeSetting,
} from './state/state.ts';
import { type StorePins, storePathsInUse, storePathsOf } from './store-pins.ts';
import { summaryOf } from './summary.ts';
import {
  applyJournal,
  checkSpace,
  emptyStaging,
  type JournalRow,
  type KnownJournal,
  type RootContext,
  stagePlan,
  syncStaged,
  writeJournal,
} from './transaction.ts';
import { buildTree, collectTrees, hasTree, isAtomic, TREE_TOPS, type TreeBuild, treeHolds, treeOf } from './trees.ts';
import { dueTriggers } from './triggers/due.ts';
import { runPending, writePending } from './triggers/pending.ts';
import type { RunInRoot } from './triggers/run-in-root.ts';
import type {
  FileRow,
  KeptBack,
  LeftToSwitch,
  PackageChange,
  PackageImage,
  PackageRecord,
  TransactionKind,
  TransactionReport,
  TriggerOutcome,
  Warning,
} from './types.ts';
import { type WholeFolders, wholeFolders } from './whole-folders.ts';

export interface Actor {
  readonly user: string;
  readonly command: string;
  /** Seconds since 1970. */
  readonly now: number;
}

export interface Wish {
  readonly kind: TransactionKind;
  readonly summary: string;
  /** The generation that the new one shall equal; rollbacks only. */
  readonly target?: number;
  /** The new generation, as the difference to the current one. */
  readonly delta: StateDelta;
  /** The current generation, if the caller has looked at it already. */
  readonly base?: StateView;
  readonly disk: Disk;
  readonly contents: Contents;
  readonly withdrawal: (row: FileRow) => 'remove' | 'remove-by-force' | 'replace';
  readonly overwrite: boolean;
  readonly dryRun: boolean;
  /** Asked once everything is planned and checked, and before anything is written. */
  readonly confirm: ((plan: TransactionReport) => boolean) | undefined;
  /** Is told what will happen, right before. */
  readonly onPlan?: (plan: TransactionReport) => void;
  readonly warnings: readonly Warning[];
  readonly keptBack?: readonly KeptBack[] | undefined;
  readonly leftToSwitch?: readonly LeftToSwitch[] | undefined;
  readonly images: readonly PackageImage[];
  /** Of what was written for the images, begun meanwhile. */
  readonly flush?: EarlyFlush | undefined;
  /** How triggers are run. */
  readonly runInRoot: RunInRoot;
}

/** @throws Fault E-PKM-… and nothing was changed; or E-PKM-019, and the next run finishes */
export function runWish(context: RootContext, asked: Wish, actor: Actor, pins: StorePins | undefined): TransactionReport {
  const { layout, database, io } = context;
  const base = asked.base ?? databaseState(database);
  const packages = packageChanges(base, asked);
  const wish = asked.kind === 'install' ? { ...asked, summary: summaryOf(packages) || asked.summary } : asked;
  base.prefetch([...wish.delta.putFiles, ...wish.delta.dropFiles].map((row) => row.path));
  let planned = planWish(context, { wish, base, packages, actor, disk: wish.disk });
  checkSpace(layout, planned.plan);
  if (wish.dryRun || !planned.report.isChanged) return planned.report;
  checkWritable(context, planned.plan, planned.disk);
  // Who is asked may take their time, and write to the root before they answer: what they are told has to be what will happen.
  for (let told = ''; wish.confirm !== undefined && told !== textOf(planned.report); ) {
    const { report } = planned;
    told = textOf(report);
    if (!wish.confirm(report))
      return { ...report, generation: base.generation, isChanged: false, isDeclined: true, stagedBytes: 0 };
    planned = planWish(context, { wish, base, packages, actor, disk: rootDisk(layout) });
    checkSpace(layout, planned.plan);
    checkWritable(context, planned.plan, planned.disk);
  }
  const { plan, split, due, report, disk } = planned;
  wish.onPlan?.(report);
  pins?.add(storePathsOf(wish.delta.putRecords), () => storePathsInUse(database));
  const rowsOf = (paths: readonly string[]): readonly FileRow[] => {
    const ended = 'files_past WHERE to_generation = ? AND path IN (SELECT value FROM json_each(?)) ORDER BY path';
    return fileRows(database, ended, report.generation, JSON.stringify(paths));
  };
  const late = (wish.delta.dropPlain ?? NO_FILES).paths.length === 0 ? undefined : new LateLook(disk, plan.plain, rowsOf);
  const aside: Warning[] = [];
  execute(context, plan, wish.contents, actor.now, {
    late,
    onAside: (path, to) => aside.push(asideWarning(path, to)),
    build: split?.build,
    finish: () => {
      for (const image of wish.images) image.scratch?.finish();
    },
    beforeSync: () => keepBytes(context, plan, wish),
    afterSync: () => wish.flush?.end(),
    commit: (putFiles) => {
      const number = base.generation + 1;
      writeDelta(database, { ...wish.delta, putFiles: split?.rowsOf(putFiles) ?? putFiles }, number);
      writeConfig(database, plan.putConfig, plan.dropConfig);
      const nPackages = Number(database.get('SELECT count(*) AS n FROM installed WHERE superseded_by IS NULL')!['n']);
      database.run(
        'INSERT INTO generations (number, kind, created_at, summary, packages, tree) VALUES (?,?,?,?,?,?)',
        number,
        wish.kind,
        actor.now,
        wish.summary,
        nPackages,
        split?.tree ?? null,
      );
      writeSetting(database, 'current_generation', String(number));
      logChanges(context, { wish, packages, actor, number });
      writePending(database, due, { generation: number, operation: wish.kind });
    },
  });
  syncManifests(layout, database, io);
  const triggers = due.length === 0 ? [] : runPending(context, actor, wish.runInRoot);
  const failed = triggers.filter((outcome) => outcome.status !== 'ok');
  const fatal = failed.find((outcome) => outcome.isFatal);
  if (fatal !== undefined) throw triggerFault(fatal, report.generation);
  return {
    ...report,
    nFilesRemoved: report.nFilesRemoved - (late?.nAbsent ?? 0),
    triggers,
    warnings: [...report.warnings, ...(late?.warnings ?? []), ...aside, ...failed.map(triggerWarning)],
  };
}

/** Of a plan that somebody makes who is not the owner of the root. */
const UNKNOWN_MERGE =
  'the originals of configuration files may be read by the owner of the root alone: a change that would merge is shown as a conflict';

interface Wishing {
  readonly wish: Wish;
  readonly base: StateView;
  readonly packages: readonly PackageChange[];
  readonly actor: Actor;
  readonly disk: Disk;
}

/** Reads only. */
function planWish(context: RootContext, { wish, base, packages, actor, disk }: Wishing) {
  const { layout, database } = context;
  lookClosely();
  const unknown: Warning[] = [];
  checkFirmware(layout, base, wish.delta, disk);
  const { delta, names: joined } = joinHardLinks(wish.images, wish.delta, base);
  const wanted = planDisk({
    base,
    delta,
    joined,
    disk,
    nextBytes: (row) => readContents(wish.contents, row),
    // What a dry run unpacks is no part of the root.
    storage: wish.dryRun ? (row) => ({ ...wish.contents.storage(row), isWritten: false }) : wish.contents.storage,
    oldBytes: (sha256) => {
      try {
        return readObject(layout, sha256);
      } catch (error) {
        if (!wish.dryRun || systemFaultOf(error)?.errno !== 'EACCES') throw error;
        unknown[0] ??= { kind: 'note', text: UNKNOWN_MERGE };
        return undefined;
      }
    },
    withdrawal: wish.withdrawal,
    isRollback: wish.kind === 'rollback',
    overwrite: wish.overwrite,
    now: actor.now,
    stagingDevice: rootDisk(layout).entry(layout.state.slice(layout.root.length).replace(/^\//, ''))?.device ?? 0,
  });
  const split = splitForTrees(context, wish, wanted);
  const plan = split?.plan ?? wanted;
  const isChanged = !isEmptyDelta(wish.delta) || plan.operations.length > 0;
  const due = dueTriggers(layout, database, wish.delta);
  const report: TransactionReport = {
    kind: wish.kind,
    generation: isChanged ? base.generation + 1 : base.generation,
    isChanged,
    packages,
    ...(wish.keptBack === undefined ? {} : { keptBack: wish.keptBack }),
    ...(wish.leftToSwitch === undefined ? {} : { leftToSwitch: wish.leftToSwitch }),
    config: plan.configChanges,
    warnings: [
      ...wish.warnings,
      ...unknown,
      ...plan.warnings,
      ...linksLeftBehind(base, delta, disk),
      ...kernelsLeft(database, delta, due),
    ],
    nFilesPlaced: plan.nFilesPlaced,
    nFilesRemoved: plan.nFilesRemoved,
    stagedBytes: [...plan.space.values()].reduce((sum, item) => sum + item.sizeBytes, 0),
    triggers: due.map(({ package: by, name, isFatal }) => ({ package: by, name, isFatal, status: 'planned', detail: '' })),
  };
  return { plan, split, due, report, disk };
}

const textOf = (report: TransactionReport): string => JSON.stringify(report);

const asideWarning = (path: string, to: string): Warning => ({
  kind: 'modified-file',
  path,
  text: `it was written while this went on; that version is now '/${to}'`,
});

const triggerWarning = ({ package: by, name, status, detail }: TriggerOutcome): Warning => ({
  kind: 'trigger',
  ...(by === '' ? {} : { package: by }),
  text: `trigger '${name}' ${status === 'failed' ? 'failed' : 'did not run'}: ${printable(detail)}`,
});

function triggerFault({ package: by, name, detail }: TriggerOutcome, generation: number): Fault {
  const [why = '', ...output] = detail.split('\n');
  return new Fault('E-PKM-042', `trigger '${name}' of package '${by}' failed: ${printable(why)}`, {
    notes: [...output.slice(-10).map(printable), `generation ${generation} is complete and current`],
    hints: [`go back with: pkm rollback ${generation - 1}`],
  });
}

/** In the atomic layout, what of a plan makes a tree. A rollback finds its tree made already. */
function splitForTrees(
  { layout, database }: RootContext,
  wish: Wish,
  plan: DiskPlan,
): (TreeSplit & { rowsOf(rows: readonly FileRow[]): readonly FileRow[] }) | undefined {
  if (!isAtomic(database)) return undefined;
  const generation = currentGeneration(database);
  const current = treeOf(database, generation);
  if (current === undefined) throw new Bug(`generation ${generation} of an atomic root has no tree`);
  // Configuration in a tree is what its user made of it: it goes through the table of rules, not back in time.
  const target = wish.target === undefined || hasTreeConfig(database) ? undefined : treeOf(database, wish.target);
  const isWhole = target !== undefined && hasTree(layout, target) && treeHolds(layout, target, wish.delta.putFiles);
  const reusable = isWhole ? target : undefined;
  const split = splitPlan(layout, plan, { current, reusable, fresh: generation + 1 });
  const old = new Map(wish.delta.putFiles.map((row) => [`${row.path}\0${row.owner}`, row]));
  // What is in a tree that is shown again has the times it had.
  const isBack = (row: FileRow): boolean => reusable !== undefined && TREE_TOPS.some((top) => row.path.startsWith(`${top}/`));
  const rowsOf = (rows: readonly FileRow[]): readonly FileRow[] => [
    ...rows.map((row) => (isBack(row) ? old.get(`${row.path}\0${row.owner}`)! : row)),
    ...(wish.delta.otherTimes ?? []).filter(isBack),
  ];
  return { ...split, rowsOf };
}

const hasTreeConfig = (database: Database): boolean =>
  TREE_TOPS.some(
    (top) => database.get('SELECT 1 FROM config_files WHERE path > ?1 AND path < ?2 LIMIT 1', `${top}/`, `${top}0`) !== undefined,
  );

interface Steps {
  /** A tree to be made of the staged files, before the commit. */
  readonly build?: TreeBuild | undefined;
  /** Waits for files that are being written. @throws SystemFault */
  readonly finish?: () => void;
  /** Keeps bytes beside the staged files. @returns whether it wrote any */
  readonly beforeSync: () => boolean;
  /** What other flushes were told. @throws SystemFault */
  readonly afterSync?: () => void;
  readonly commit: (putFiles: readonly FileRow[]) => void;
  readonly late?: LateLook | undefined;
  readonly onAside?: KnownJournal['onAside'];
}

/** Stage, commit, apply. A failure before the commit leaves no trace. */
export function execute(context: RootContext, plan: DiskPlan, contents: Contents, now: number, steps: Steps): void {
  const { layout, database, io } = context;
  let rows: readonly JournalRow[];
  let whole: WholeFolders | undefined;
  try {
    sys('create the folder', layout.staging, () => io.makeOwnFolder(layout.staging, 0o700));
    const staged = stagePlan(context, plan, contents, now);
    const keep = (): boolean => sys('write', layout.objects, steps.beforeSync);
    if (steps.build !== undefined) {
      steps.finish?.();
      keep(); // while staged files are where their bytes are read from: a tree takes them
      buildTree(context, steps.build, staged.sources);
    }
    const putFiles = plan.putFiles.map((row) => {
      const mtimeSeconds = row.kind === 'file' && row.mtimeSeconds === now ? staged.times.get(row.path) : undefined;
      return mtimeSeconds === undefined || mtimeSeconds === now ? row : { ...row, mtimeSeconds };
    });
    if (steps.build === undefined && steps.late === undefined) whole = wholeFolders(context, plan.operations, staged.sources);
    rows = io.commit('generation', () =>
      database.transaction(() => {
        // Rows are written while files are, or while they come into their folders: what they say is durable before they are.
        if (whole === undefined) steps.commit(putFiles);
        steps.finish?.();
        const isMore = steps.build !== undefined || keep();
        if (whole !== undefined) {
          whole.start();
          steps.commit(putFiles);
        }
        const { operations, sources } = whole ?? { operations: plan.operations, sources: staged.sources };
        const journal = writeJournal(database, operations, sources);
        whole?.end();
        syncStaged(context, plan, isMore);
        steps.afterSync?.();
        return journal;
      }),
    );
  } catch (error) {
    try {
      whole?.settle();
      emptyStaging(context);
      collectTrees(context);
    } catch {
      // the disk is failing: the next start cleans up
    }
    throw error;
  }
  applyJournal(context, { rows, late: steps.late, onAside: steps.onAside });
  sys('remove', layout.staging, () => emptyStaging(context));
}

function keepBytes({ layout, io }: RootContext, plan: DiskPlan, wish: Wish): boolean {
  const needed = new Set(
    wish.delta.putRecords.flatMap((record) => (record.origin.kind === 'archive' ? [record.origin.sha256] : [])),
  );
  for (const image of wish.images) {
    if (image.origin.kind !== 'archive' || !needed.has(image.origin.sha256)) continue;
    const scratch = image.scratch?.archive;
    keepObject(layout, io, image.origin.sha256, scratch === undefined ? { file: image.origin.file } : { scratch });
  }
  for (const row of plan.keepBytes) keepObject(layout, io, row.sha256, { bytes: readContents(wish.contents, row) });
  return needed.size + plan.keepBytes.length > 0;
}

/** A read-only file system, or a folder of somebody else, is found before the point of no return rather than after. */
export function checkWritable({ layout }: RootContext, plan: DiskPlan, disk: Disk): void {
  checkFixed({ layout }, plan, disk);
  // Folders that are made, or opened first.
  const made = new Set(
    plan.operations.flatMap((operation) =>
      operation.kind === 'mkdir' || (operation.kind === 'metadata' && (operation.mode & 0o300) === 0o300) ? [operation.path] : [],
    ),
  );
  const named = plan.operations.flatMap(({ kind, path }) => (kind === 'unlink-ended' ? [] : [path]));
  for (const folder of new Set([...foldersOf(named), ...plan.plain.folders])) {
    if (made.has(folder)) continue;
    const path = under(layout, folder);
    try {
      accessSync(path, constants.W_OK | constants.X_OK);
    } catch (error) {
      if (tolerantLstat(path)?.isDirectory() === true) throw new SystemFault('write in', path, error);
    }
  }
}

/** @throws Fault E-PKM-044 */
export function checkFixed(
  { layout }: Pick<RootContext, 'layout'>,
  plan: Pick<DiskPlan, 'operations'>,
  disk: Pick<Disk, 'fixed'>,
): void {
  const isFixed = ({ kind, path }: Operation): boolean => kind !== 'mkdir' && disk.fixed.has(path);
  const fixed = disk.fixed.size === 0 ? [] : plan.operations.filter(isFixed).map(({ path }) => path);
  if (fixed.length > 0) throw fixedFault(layout, [...new Set(fixed)]);
}

function fixedFault(layout: RootLayout, [first, ...others]: readonly string[]): Fault {
  const shown = printable(under(layout, first!));
  return new Fault(
    'E-PKM-044',
    `'/${printable(first!)}' may not be changed by anybody: it is immutable, or open at its end only`,
    {
      notes: others.slice(0, 9).map((path) => `'/${printable(path)}' too`),
      hints: [`let it go with: chattr -i -a ${singleQuoted(shown)}`, 'and run the command again; nothing was changed'],
    },
  );
}

const isEmptyDelta = (delta: StateDelta): boolean =>
  delta.dropFiles.length + delta.putFiles.length + delta.dropRecords.length + delta.putRecords.length === 0;

function packageChanges(base: StateView, wish: Wish): PackageChange[] {
  const changes: PackageChange[] = wish.delta.dropRecords.map((name) => ({
    name,
    action: 'remove',
    from: base.record(name)!.version,
  }));
  for (const record of wish.delta.putRecords) {
    const old = base.record(record.name);
    changes.push(packageChange(old, record, wish.kind));
    if (old !== undefined && isOther(old, record) && record.supersededBy.length > 0) changes.push(supersededChange(record));
  }
  changes.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return withFilesLeft(changes, base, wish.delta);
}

function packageChange(old: PackageRecord | undefined, record: PackageRecord, kind: TransactionKind): PackageChange {
  const { name, version: to, reason } = record;
  const isNowSuperseded = record.supersededBy.length > 0 && String(old?.supersededBy ?? '') !== String(record.supersededBy);
  if (old === undefined)
    return isNowSuperseded ? supersededChange(record) : { name, action: kind === 'rollback' ? 'restore' : 'install', to };
  const isRenewed = isOther(old, record);
  if (!isRenewed && isNowSuperseded) return supersededChange(record);
  const isBack = kind === 'rollback' || (old.supersededBy.length > 0 && record.supersededBy.length === 0);
  if (isBack) return { name, action: 'restore', from: old.version, to };
  if (!isRenewed && old.reason !== reason && String(old.supersededBy) === String(record.supersededBy))
    return { name, action: 'mark', to, reason };
  return isRenewed || record.supersededBy.length === 0 ? changeOf(name, old.version, to) : supersededChange(record);
}

interface Logged {
  readonly wish: Wish;
  readonly packages: readonly PackageChange[];
  readonly actor: Actor;
  readonly number: number;
}

function logChanges({ database }: RootContext, { wish, packages, actor, number }: Logged): void {
  const common = { time: actor.now, user: actor.user, generation: number };
  const blank = { operation: wish.kind as string, package: '', oldVersion: '', newVersion: '' };
  appendHistory(database, { ...common, ...blank, detail: JSON.stringify({ command: actor.command, summary: wish.summary }) });
  for (const change of packages) {
    appendHistory(database, {
      ...common,
      operation: change.action,
      package: change.name,
      oldVersion: change.from ?? '',
      newVersion: change.to ?? '',
      detail:
        change.by === undefined && change.reason === undefined ? '' : JSON.stringify({ by: change.by, reason: change.reason }),
    });
  }
}
