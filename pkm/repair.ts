import { lookClosely } from '../base/index.ts';
import { isPrivileged } from './archive/privileged.ts';
import { isOfFirmware, isPartitionAbsent } from './firmware.ts';
import { syncManifests } from './manifest-text.ts';
import { originContents } from './origin-contents.ts';
import type { DiskPlanner } from './plan/disk-plan.ts';
import { standingPlanner } from './plan/standing.ts';
import { type Actor, checkFixed, execute } from './run.ts';
import { appendHistory } from './state/history.ts';
import { databaseState, writeSetting } from './state/state.ts';
import { wrongValue } from './state/wrong-value.ts';
import type { RootContext } from './transaction.ts';
import { otherLinks, relink, restoreLink, wrongLinks } from './trees.ts';
import type { FileRow } from './types.ts';
import { LAYOUT, verifyRoot } from './verify.ts';
import type { FileProblem } from './verifying/checker.ts';

export interface RepairOptions {
  readonly packages?: readonly string[];
  /** Missing configuration too. Modified configuration is never touched. */
  readonly config?: boolean;
  readonly dryRun?: boolean;
  readonly actor: Actor;
  readonly storeFolder: ((storePath: string) => string) | undefined;
  readonly scratch: string;
}

export interface RepairReport {
  readonly repaired: readonly FileProblem[];
  /** What stands in the way of these is for a person to move. */
  readonly left: readonly FileProblem[];
  readonly nManifests: number;
}

/** Journalled like any transaction, but the generation stays what it is: the disk is brought back to it. */
export async function repairRoot(context: RootContext, options: RepairOptions): Promise<RepairReport> {
  const { layout, database, io } = context;
  const links = wrongLinks(layout, database);
  const isShown = links.map((link) => options.dryRun !== true && restoreLink(context, link));
  if (isShown.includes(true)) io.syncFileSystem(layout.state);
  const found = verifyRoot(layout, database, options.packages === undefined ? {} : { packages: options.packages });
  const ofLinks = links.map((link): FileProblem => ({ ...link, owner: LAYOUT, kind: 'modified' }));
  const mayBe = links.map((link, index) => isShown[index] === true || (options.dryRun === true && link.actual !== 'directory'));
  const wanted = [
    ...found.problems.filter((problem) => problem.owner !== LAYOUT),
    ...(options.config === true ? found.drift.filter((problem) => problem.kind === 'missing') : []),
  ];
  const state = databaseState(database);
  const rows = wanted.map(({ path, owner }) => {
    const row = state.rowsAt(path).find((each) => each.owner === owner);
    if (row === undefined) throw wrongValue(`a path of package '${owner}', which is no UTF-8,`, path);
    return row;
  });
  const contents = await originContents(context, {
    rows,
    records: new Map(state.records().map((record) => [record.name, record])),
    storeFolder: options.storeFolder,
    scratch: options.scratch,
    now: options.actor.now,
  });
  lookClosely();
  const planner = standingPlanner(context, options.actor.now);
  const placed: FileRow[] = [];
  const { disk } = planner.input;
  const isAway = wanted.some(({ path }) => isOfFirmware(path)) && isPartitionAbsent(layout, disk);
  const isRepaired = wanted.map(
    (problem, index) => !(isAway && isOfFirmware(problem.path)) && planRepair(planner, problem, rows[index]!, placed),
  );
  const report: RepairReport = {
    repaired: [...ofLinks.filter((_, index) => mayBe[index]), ...wanted.filter((_, index) => isRepaired[index])],
    left: [...ofLinks.filter((_, index) => !mayBe[index]), ...wanted.filter((_, index) => !isRepaired[index])],
    nManifests: found.manifests.length,
  };
  if (options.dryRun === true) return report;
  const { actor } = options;
  const remember = (): void => {
    appendHistory(database, {
      time: actor.now,
      user: actor.user,
      operation: 'repair',
      generation: state.generation,
      detail: JSON.stringify({ command: actor.command, paths: report.repaired.length }),
      package: options.packages?.join(', ') ?? '',
      oldVersion: '',
      newVersion: '',
    });
  };
  if (!isRepaired.includes(true)) {
    if (report.repaired.length > 0) io.commit('repair', () => database.transaction(remember));
  } else {
    const plan = planner.result();
    checkFixed(context, plan, planner.input.disk);
    const places = plan.operations.flatMap((operation) => (operation.kind === 'place' ? [operation.path] : []));
    const others = otherLinks(context, places);
    execute(context, { ...plan, putFiles: placed }, contents, actor.now, {
      beforeSync: () => false,
      commit: (files) => {
        for (const row of files) {
          database.run('UPDATE files SET mtime = ? WHERE path = ? AND +package = ?', row.mtimeSeconds, row.path, row.owner);
        }
        remember();
      },
    });
    relink(context, others);
  }
  if (report.nManifests > 0) {
    io.commit('manifests', () => writeSetting(database, 'manifests_generation', '-1'));
    syncManifests(layout, database, io);
  }
  return report;
}

/** @returns whether it can be repaired */
function planRepair(planner: DiskPlanner, problem: FileProblem, row: FileRow, placed: FileRow[]): boolean {
  const there = planner.input.disk.entry(row.path);
  if (row.kind === 'directory') {
    if (there === undefined) planner.makeDirectory(row);
    else if (there.kind !== 'directory') return false;
    else planner.setMetadata(row.path, row);
    return true;
  }
  if (there?.kind === 'directory') return false;
  // to change an owner takes capabilities away, whose bytes get setuid is not left open, and a symlink is made anew rather than followed
  const isOfMetadata = row.kind === 'file' && (problem.kind === 'mode' || problem.kind === 'owner');
  if (isOfMetadata && !isPrivileged(row)) planner.setMetadata(row.path, row);
  else placed.push({ ...row, ...planner.place(row) });
  return true;
}
