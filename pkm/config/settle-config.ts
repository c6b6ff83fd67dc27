/**
 * A conflict of configuration, settled: the user's version, the package's, both, or what the user made of them. Journalled like
 * any transaction; the generation stays what it is. What the user wrote stays on the disk: where the package's version takes the
 * place of a modified file, that file is kept as `<path>.pkmsave`.
 */
import { Bug, didYouMean, Fault, lookClosely } from '../../base/index.ts';
import type { DiskEntry } from '../disk.ts';
import { printable } from '../names.ts';
import { readObject } from '../objects.ts';
import { freeName, like } from '../plan/config-plan.ts';
import type { DiskPlanner } from '../plan/disk-plan.ts';
import { mergeText } from '../plan/merge.ts';
import { standingPlanner } from '../plan/standing.ts';
import { type Actor, checkWritable, execute } from '../run.ts';
import { appendHistory } from '../state/history.ts';
import { toConfig } from '../state/rows.ts';
import { writeConfig } from '../state/state.ts';
import { checkSpace, type RootContext } from '../transaction.ts';
import type { ConfigRow, FileRow } from '../types.ts';
import { liveFingerprint } from './list-config.ts';

export type ConfigChoice = {
  /** Relative to the root; '/' before it is fine. */
  readonly path: string;
} & (
  | {
      /** `mine`: the file as it stands. `theirs`: the package's version. `merged`: both, where that is clean. */
      readonly take: 'mine' | 'theirs' | 'merged';
    }
  | {
      readonly take: 'bytes';
      readonly bytes: Uint8Array;
      /** What stood there when they were made of it: anything that was written since is kept beside them. */
      readonly mine?: Uint8Array | undefined;
    }
);

export interface ConfigSettled {
  readonly path: string;
  readonly owner: string;
  readonly take: ConfigChoice['take'];
  /** The bytes at `path` were replaced. */
  readonly isChanged: boolean;
  /** Where what stood there is kept; '' where nothing had to be. */
  readonly savedAs: string;
}

/** The three versions that a merge needs; `undefined` where there is none, or it is no file. */
/** The bytes; of a symlink a line that says where it leads, to be looked at only. */
export interface ConfigVersions {
  /** One of them is a symlink: they cannot become one text. */
  readonly hasLink: boolean;
  readonly mine: Buffer | undefined;
  readonly original: Buffer | undefined;
  readonly theirs: Buffer | undefined;
}

/** @throws Fault E-PKM-060 pkm does not track the path */
export function configVersions(context: Pick<RootContext, 'layout' | 'database'>, path: string): ConfigVersions {
  const planner = standingPlanner({ ...context, io: NO_IO }, 0);
  return versionsOf(context, planner, trackedRow(context, path));
}

/** Reading needs no way to write. */
const NO_IO = undefined as unknown as RootContext['io'];

/** All of the choices or none. @throws Fault E-PKM-060 · E-PKM-061 both changed the same lines · E-PKM-062 no version to take */
export function settleConfig(context: RootContext, choices: readonly ConfigChoice[], actor: Actor): ConfigSettled[] {
  const { layout, database, io } = context;
  lookClosely();
  const planner = standingPlanner(context, actor.now);
  const settled: ConfigSettled[] = [];
  const rows: ConfigRow[] = [];
  const byPath = new Map(choices.map((choice) => [relative(choice.path), choice]));
  for (const [path, choice] of byPath) {
    const row = trackedRow(context, path);
    const result = settleOne(context, planner, row, choice);
    rows.push({ ...row, originalSha256: row.newSha256 || row.upstreamSha256, newPath: '', newSha256: '' });
    settled.push({ path, owner: row.owner, take: choice.take, ...result });
  }
  const plan = planner.result();
  checkSpace(layout, plan);
  checkWritable(context, plan, planner.input.disk);
  const refuse = (): never => {
    throw new Bug('configuration is staged as bytes');
  };
  const contents = { locate: refuse, storage: refuse };
  execute({ layout, database, io }, plan, contents, actor.now, {
    beforeSync: () => false,
    commit: () => {
      writeConfig(database, rows, []);
      for (const { path, owner, take, savedAs } of settled) {
        appendHistory(database, {
          time: actor.now,
          user: actor.user,
          operation: 'config',
          package: owner,
          oldVersion: '',
          newVersion: '',
          generation: planner.input.base.generation,
          detail: JSON.stringify({ command: actor.command, path, take, ...(savedAs === '' ? {} : { savedAs }) }),
        });
      }
    },
  });
  return settled;
}

const relative = (path: string): string => path.replace(/^\/+/, '');

function trackedRow({ database }: Pick<RootContext, 'database'>, path: string): ConfigRow {
  const wanted = relative(path);
  const row = database.get('SELECT * FROM config_files WHERE path = ?', wanted);
  if (row !== undefined) return toConfig(row);
  const known = database.all('SELECT path FROM config_files').map((other) => String(other['path']));
  throw new Fault('E-PKM-060', `'/${printable(wanted)}' is no configuration of a package`, {
    hints: [...didYouMean(wanted, known), "see what is tracked with 'pkm config list --all'"],
  });
}

/** What the package offers: the waiting file, edited or not, else the version it brought. */
function theirsOf(
  { layout }: Pick<RootContext, 'layout'>,
  planner: DiskPlanner,
  row: ConfigRow,
): { bytes: Buffer; there: DiskEntry | undefined } | { target: string } | undefined {
  const { disk, base } = planner.input;
  const waiting = row.newPath === '' ? undefined : disk.entry(row.newPath);
  if (waiting?.kind === 'symlink') return { target: waiting.target };
  if (waiting?.kind === 'file') return { bytes: disk.bytes(row.newPath), there: waiting };
  if (row.orphanedAt !== 0 || base.rowsAt(row.path).length === 0) return undefined;
  const link = /^link:(.*)$/s.exec(row.upstreamSha256);
  if (link !== null) return { target: link[1]! };
  const bytes = readObject(layout, row.upstreamSha256);
  return bytes === undefined ? undefined : { bytes, there: undefined };
}

function versionsOf(context: Pick<RootContext, 'layout'>, planner: DiskPlanner, row: ConfigRow): ConfigVersions {
  const { disk } = planner.input;
  const there = disk.entry(row.path);
  const theirs = theirsOf(context, planner, row);
  const mineLink = there?.kind === 'symlink' ? there.target : undefined;
  const originalLink = /^link:(.*)$/s.exec(row.originalSha256)?.[1];
  const theirLink = theirs !== undefined && 'target' in theirs ? theirs.target : undefined;
  return {
    hasLink: [mineLink, originalLink, theirLink].some((target) => target !== undefined),
    mine: linkLine(mineLink) ?? (there?.kind === 'file' ? disk.bytes(row.path) : undefined),
    original: linkLine(originalLink) ?? (row.originalSha256 === '' ? undefined : readObject(context.layout, row.originalSha256)),
    theirs: linkLine(theirLink) ?? (theirs !== undefined && 'bytes' in theirs ? theirs.bytes : undefined),
  };
}

const linkLine = (target: string | undefined): Buffer | undefined =>
  target === undefined ? undefined : Buffer.from(`symlink to '${printable(target)}'\n`);

function settleOne(
  context: RootContext,
  planner: DiskPlanner,
  row: ConfigRow,
  choice: ConfigChoice,
): { isChanged: boolean; savedAs: string } {
  const { disk, base } = planner.input;
  planner.remember(row.path);
  if (row.newPath !== '') planner.remember(row.newPath);
  const there = disk.entry(row.path);
  if (there?.kind === 'directory' || there?.kind === 'other') {
    throw new Fault(
      'E-PKM-062',
      `'/${printable(row.path)}' is a ${there.kind === 'other' ? 'device or socket' : 'directory'} now`,
      {
        hints: ['move it aside and run the command again'],
      },
    );
  }
  if (choice.take === 'mine') return { isChanged: false, savedAs: dropWaiting(planner, row, false) };
  if (choice.take === 'theirs') return takeTheirs(context, planner, row, there);
  const bytes = choice.take === 'bytes' ? Buffer.from(choice.bytes) : merge(versionsOf(context, planner, row), row);
  const owned = base.rowsAt(row.path)[0];
  const { mode, uid, gid } = [there, owned].find((one) => one?.kind === 'file') ?? { mode: 0o644, uid: 0, gid: 0 };
  const live = there?.kind === 'file' ? disk.bytes(row.path) : undefined;
  const isChanged = live?.equals(bytes) !== true;
  const isLater = choice.take === 'bytes' && choice.mine !== undefined && live?.equals(choice.mine) === false;
  const savedAs = isChanged && isLater ? saveCopy(planner, row.path, there!) : '';
  if (isChanged)
    planner.stage(row.path, { kind: 'bytes', bytes, mode, uid, gid, ...like(planner, row.path, there) }, bytes.length);
  return { isChanged, savedAs: dropWaiting(planner, row, choice.take === 'bytes' || choice.take === 'merged') || savedAs };
}

function takeTheirs(context: RootContext, planner: DiskPlanner, row: ConfigRow, there: DiskEntry | undefined) {
  const { disk, base } = planner.input;
  const theirs = theirsOf(context, planner, row);
  if (theirs === undefined) throw nothingToTake(row);
  const offered: Pick<FileRow, 'mode' | 'uid' | 'gid'> = base.rowsAt(row.path)[0] ?? { mode: 0o644, uid: 0, gid: 0 };
  const live = there === undefined ? undefined : liveFingerprint(disk, row.path, there);
  const isUsers = live !== undefined && live !== row.originalSha256 && live !== row.upstreamSha256;
  const isEqual =
    'target' in theirs ? live === `link:${theirs.target}` : there?.kind === 'file' && disk.bytes(row.path).equals(theirs.bytes);
  let savedAs = '';
  if (isUsers && !isEqual) {
    savedAs = saveCopy(planner, row.path, there!);
  }
  if (!isEqual) {
    if ('target' in theirs) planner.stage(row.path, { kind: 'symlink', target: theirs.target, ...ids(offered) }, 0);
    else planner.stage(row.path, { kind: 'bytes', bytes: theirs.bytes, ...ids(theirs.there ?? offered) }, theirs.bytes.length);
  }
  dropWaiting(planner, row, true);
  return { isChanged: !isEqual, savedAs };
}

/** A copy, renamed into place before the new version is: at no moment is there no file. @returns its path */
function saveCopy(planner: DiskPlanner, path: string, { kind, target, mode, uid, gid, sizeBytes }: DiskEntry): string {
  const savedAs = freeName(planner, path, 'pkmsave');
  const from = planner.input.disk.physical(path);
  if (kind === 'symlink') planner.stage(savedAs, { kind: 'symlink', target, mode, uid, gid }, 0);
  else planner.stage(savedAs, { kind: 'bytes', bytes: planner.input.disk.bytes(path), mode, uid, gid, like: from }, sizeBytes);
  return savedAs;
}

const ids = ({ mode, uid, gid }: { mode: number; uid: number; gid: number }) => ({ mode, uid, gid });

/** The waiting version has had its day. One that somebody edited is kept, unless its text went into what stands now. */
function dropWaiting(planner: DiskPlanner, row: ConfigRow, isTaken: boolean): string {
  const { disk } = planner.input;
  const waiting = row.newPath === '' ? undefined : disk.entry(row.newPath);
  if (waiting === undefined || waiting.kind === 'directory') return '';
  if (isTaken || liveFingerprint(disk, row.newPath, waiting) === row.newSha256) {
    planner.unlink(row.newPath);
    return '';
  }
  const savedAs = freeName(planner, row.path, 'pkmsave');
  planner.moveAside(row.newPath, savedAs);
  return savedAs;
}

function merge({ mine, original, theirs, hasLink }: ConfigVersions, row: ConfigRow): Buffer {
  if (theirs === undefined) throw nothingToTake(row);
  const merged = hasLink || mine === undefined || original === undefined ? undefined : mergeText(original, mine, theirs);
  if (merged !== undefined) return merged;
  const why = hasLink
    ? 'one side is a symlink'
    : mine === undefined
      ? 'there is no file of yours to merge'
      : original === undefined
        ? 'the version that yours descends from is not known'
        : 'both sides changed the same lines, or one is no text';
  throw new Fault('E-PKM-061', `'/${printable(row.path)}' cannot be merged: ${why}`, {
    hints: [
      `see both with: pkm config diff /${printable(row.path)}`,
      ...(hasLink ? [] : [`edit the merged text with: pkm config resolve --edit /${printable(row.path)}`]),
      'or take one side with --mine or --theirs',
    ],
  });
}

const nothingToTake = (row: ConfigRow): Fault =>
  new Fault('E-PKM-062', `there is no version of a package to take for '/${printable(row.path)}'`, {
    notes: row.orphanedAt === 0 ? [] : [`package '${row.owner}', which brought it, is not installed`],
    hints:
      row.orphanedAt === 0
        ? [`install package '${row.owner}' again, which brings its version back`]
        : ['remove the file if you do not want it', `or install '${row.owner}' again: it takes the file up`],
  });
