/** A root, opened with what its packages come from; and what a transaction did, in words. */
import { createHash } from 'node:crypto';
import { realpathSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { count, formatBytes, makeDirectory, symlinkAtomic } from '../base/index.ts';
import {
  type ChangeOptions,
  type OpenOptions,
  openRoot,
  type PackageImage,
  type Root,
  type StorePins,
  type TransactionReport,
} from '../pkm/index.ts';
import { parseStorePath } from '../store/index.ts';
import type { Arguments } from './arguments.ts';
import { confirmation } from './confirmation.ts';
import type { Context } from './context.ts';
import { endAtOnce } from './leave.ts';
import { openContextStore } from './open-store.ts';
import { reportLines, toSettle, warningLines } from './report-lines.ts';
import { existingRoot, type RootWish } from './root-reading.ts';

/** As many are named. */
const MAX_ORPHANS = 20;
const WAIT_MS = 10 * 60_000;

/** Takes the root's lock, waiting for another pkm, and finishes what was interrupted. For a dry run it does none of this. */
export function openForChange(
  context: Context,
  args: Arguments,
  command: string,
  { mayBeMissing = false, ...options }: Pick<OpenOptions, 'makesRoom'> & RootWish = {},
): Root {
  endAtOnce();
  const root = existingRoot(args, { mayBeMissing });
  const user = context.environment['SUDO_USER'];
  return openRoot(root, {
    ...options,
    command,
    ...(user === undefined ? {} : { user }),
    ...(args.has('dry-run') ? { plansIn: tmpdir() } : waiting(context)),
    storeFolder: (path) => openContextStore(context).toReal(parseStorePath(path, context.storeDir)),
    pins: pinsOf(context, root),
  });
}

/** For another pkm, ten minutes at most; who it is is said. */
export const waiting = (context: Context): Required<Pick<OpenOptions, 'waitMs' | 'onWait'>> => ({
  waitMs: WAIT_MS,
  onWait: (holder) => {
    context.out.talk(holder === undefined ? 'waiting for another pkm' : `waiting for process ${holder.pid} (${holder.command})`);
  },
});

/** Keeps what a root's generations need from being collected: one link a store path, in a folder a root. */
export function pinsOf(context: Context, root: string): StorePins {
  let folder: string | undefined;
  // The same folder by whatever name the root is called. The root may be made meanwhile: only now is it there.
  const folderOfRoot = (): string => {
    folder ??= join(
      context.home,
      'var',
      'gcroots',
      'pkm',
      createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 32),
    );
    return folder;
  };
  return {
    add: (storePath) => {
      makeDirectory(folderOfRoot());
      symlinkAtomic(storePath, join(folderOfRoot(), basename(storePath)));
    },
    remove: (storePath) => {
      try {
        unlinkSync(join(folderOfRoot(), basename(storePath)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    },
  };
}

/** `--archive FILE…` as images, in the order given. */
export const archiveImages = (root: Root, args: Arguments): Promise<PackageImage[]> =>
  root.readArchives(
    args.all('archive').map(([file]) => resolve(file!)),
    { allowPrivileged: args.has('allow-privileged') },
  );

/**
 * Prints what was done, or with --dry-run would be. @returns exit status: 1 where the user said no
 *
 * @param root  of a change after which packages that came along may be of no use: they are named
 */
export function printReport(context: Context, args: Arguments, report: TransactionReport, root?: Root): number {
  const isPlan = args.has('dry-run');
  const orphans = root === undefined || isPlan || !report.isChanged ? undefined : root.orphans();
  const withoutSuccessor = root === undefined || orphans === undefined ? [] : lastOfTheirLine(root, report, orphans);
  if (context.isJson)
    context.out.json({ ...report, ...(orphans === undefined ? {} : { orphans, withoutSuccessor }), dryRun: isPlan });
  else {
    for (const line of report.isDeclined === true ? [] : warningLines(report)) context.out.talk(line);
    context.out.lines(report.isDeclined === true ? ['nothing was changed'] : reportLines(report, isPlan));
    const nConflicts = isPlan || report.isDeclined === true ? 0 : report.config.filter(waits).length;
    if (nConflicts > 0) context.out.talk(toSettle(nConflicts));
    if (orphans !== undefined && orphans.length > 0) context.out.talk(orphansLine(orphans));
    if (withoutSuccessor.length > 0) {
      const shown = withoutSuccessor.join(' ');
      context.out.talk(`was superseded, and its successor went: ${shown}; remove what is left of it with: pkm remove ${shown}`);
    }
  }
  return report.isDeclined === true ? 1 : 0;
}

/** A version of the package stands beside the file. */
const waits = ({ outcome, newPath }: TransactionReport['config'][number]): boolean =>
  outcome !== 'saved' && newPath !== undefined;

/** Superseded packages whose last successor went with this change: what they alone had is still there, and no list names them. */
function lastOfTheirLine(root: Root, report: TransactionReport, orphans: readonly string[]): string[] {
  const removed = new Set(report.packages.flatMap(({ name, action }) => (action === 'remove' ? [name] : [])));
  if (removed.size === 0) return [];
  const records = root.list({ all: true });
  const here = new Set(records.map(({ name }) => name));
  const isLast = (successors: readonly string[]): boolean =>
    successors.some((name) => removed.has(name)) && !successors.some((name) => here.has(name));
  return records.flatMap(({ name, supersededBy }) => (isLast(supersededBy) && !orphans.includes(name) ? [name] : []));
}

function orphansLine(orphans: readonly string[]): string {
  const shown = orphans.slice(0, MAX_ORPHANS).join(' ');
  const more = orphans.length > MAX_ORPHANS ? ` and ${orphans.length - MAX_ORPHANS} more` : '';
  return `came along, and is not needed any more: ${shown}${more}; remove it with: pkm autoremove`;
}

/** What went so that a change could be made on a full disk. */
export function tellRoomMade(context: Context, root: Root): void {
  const { nFiles, sizeBytes } = root.roomMade;
  if (nFiles > 0)
    context.out.talk(`removed ${count(nFiles, 'downloaded archive')}, ${formatBytes(sizeBytes)}, so that there was room`);
}

/** What --dry-run, --overwrite, --ignore-holds and --yes say of a change. */
export function changeRequest(context: Context, args: Arguments): ChangeOptions {
  const confirm = confirmation(context, args);
  return {
    dryRun: args.has('dry-run'),
    overwrite: args.has('overwrite'),
    ignoreHolds: args.has('ignore-holds'),
    ...(confirm === undefined ? {} : { confirm }),
  };
}
