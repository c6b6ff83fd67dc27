/** A root, opened with what its packages come from; and what a transaction did, in words. */
import { createHash } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { makeDirectory, symlinkAtomic } from '../base/index.ts';
import { openRoot, type PackageImage, type Root, type StorePins, type TransactionReport } from '../pkm/index.ts';
import { type ObjectStore, parseStorePath } from '../store/index.ts';
import type { Arguments } from './arguments.ts';
import type { Context } from './context.ts';
import { rootOf } from './root-reading.ts';

const WAIT_MS = 10 * 60_000;

/** Takes the root's lock, waiting for another pkm, and finishes what was interrupted. */
export function openForChange(context: Context, args: Arguments, store: ObjectStore, command: string): Root {
  const root = rootOf(args);
  const user = context.environment['SUDO_USER'];
  return openRoot(root, {
    command,
    ...(user === undefined ? {} : { user }),
    waitMs: WAIT_MS,
    onWait: (holder) => {
      context.out.talk(
        holder === undefined ? 'waiting for another pkm' : `waiting for process ${holder.pid} (${holder.command})`,
      );
    },
    storeFolder: (path) => store.toReal(parseStorePath(path, context.storeDir)),
    pins: pinsOf(context, root),
  });
}

/** Keeps what a root's generations need from being collected: one link a store path, in a folder a root. */
function pinsOf(context: Context, root: string): StorePins {
  const folder = join(context.home, 'var', 'gcroots', 'pkm', createHash('sha256').update(root).digest('hex').slice(0, 32));
  return {
    add: (storePath) => {
      makeDirectory(folder);
      symlinkAtomic(storePath, join(folder, basename(storePath)));
    },
    remove: (storePath) => {
      try {
        unlinkSync(join(folder, basename(storePath)));
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

const ACTIONS = {
  install: 'installed',
  upgrade: 'upgraded',
  supersede: 'superseded',
  remove: 'removed',
  restore: 'restored',
} as const;
const PLANNED = { install: 'install', upgrade: 'upgrade', supersede: 'supersede', remove: 'remove', restore: 'restore' } as const;
const OUTCOMES = {
  placed: undefined,
  replaced: undefined,
  removed: undefined,
  kept: 'kept as you changed it',
  merged: 'your changes and the new version merged',
  'new-file': 'both changed: yours stays, the new version is beside it',
  'stays-deleted': 'you deleted it: it stays so',
  left: 'left in place',
  saved: 'removed, and your version saved',
} as const;

/** Prints what was done, or with --dry-run would be. */
export function printReport(context: Context, args: Arguments, report: TransactionReport): void {
  const isPlan = args.has('dry-run');
  if (context.isJson) {
    context.out.json({ ...report, dryRun: isPlan });
    return;
  }
  const words = isPlan ? PLANNED : ACTIONS;
  for (const { name, action, from, to, by } of report.packages) {
    // an equal version with other bytes: its build or what it was built with changed
    const isRenewed = action === 'upgrade' && from === to;
    const versions = action === 'upgrade' && !isRenewed ? ` ${from} -> ${to}` : ` ${to ?? from ?? ''}`;
    context.out.line(
      `${isRenewed ? (isPlan ? 'renew' : 'renewed') : words[action]} ${name}${versions.trimEnd()}${by === undefined ? '' : ` by ${by}`}`,
    );
  }
  for (const { path, outcome, newPath } of report.config) {
    const text = OUTCOMES[outcome];
    if (text !== undefined) context.out.line(`config ${path}: ${text}${newPath === undefined ? '' : ` (${newPath})`}`);
  }
  for (const warning of report.warnings)
    context.out.talk(`warning: ${warning.path === undefined ? '' : `${warning.path}: `}${warning.text}`);
  if (!report.isChanged) context.out.line('nothing to do');
  else {
    context.out.line(
      `generation ${report.generation}${isPlan ? ' it would be' : ''}: ${report.nFilesPlaced} files placed, ${report.nFilesRemoved} removed`,
    );
  }
}
