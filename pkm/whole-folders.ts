/**
 * Folders that a change brings are made whole in the staging folder, before the commit, and placed by one rename each: what is in them need
 * not be renamed one by one after it, nor stand in the journal.
 */
import { lstatSync } from 'node:fs';
import { hasDefaultAcl, sys } from '../base/index.ts';
import { tolerantLstat } from './disk.ts';
import { ownerOf } from './io.ts';
import { type RootLayout, under } from './layout.ts';
import type { Move, MovesAtWork } from './loops/renaming.ts';
import { isIn, parentOf } from './names.ts';
import type { Operation } from './plan/operations.ts';
import { RealFolders } from './real-folders.ts';
import type { RootContext } from './transaction.ts';

export interface WholeFolders {
  /** Those of the plan, with each folder a staged item; what is put into it is none of them any more. */
  readonly operations: readonly Operation[];
  /** Of all staged items, relative to the root. */
  readonly sources: readonly string[];
  /**
   * Begins to put staged files into their folders, beside whoever calls. All have to be there, and nobody may need them where they are.
   * @throws SystemFault
   */
  start(): void;
  /** Waits until they are whole. @throws SystemFault */
  end(): void;
  /** Waits until nothing is at work any more, whatever became of it. */
  settle(): void;
}

/** Fewer files are placed as quickly one by one. */
const MANY = 50;
const S_ISGID = 0o2000;
/** Others may not be renamed, or renamed into, by everyone. */
const OWNER_MAY = 0o700;
const IS_ROOT = process.geteuid?.() === 0;

/**
 * Which folders of a plan can be made whole. Nothing is done yet.
 *
 * @param staged  where staged items are, relative to the root
 * @returns `undefined` where there is little to gain
 */
export function wholeFolders(
  { layout, io }: RootContext,
  operations: readonly Operation[],
  staged: readonly string[],
): WholeFolders | undefined {
  const sorted = sortOut(layout, operations, staged);
  const { folders, moves } = sorted;
  if (moves.length < MANY) return undefined;
  let atWork: MovesAtWork | undefined;
  const settle = (): readonly number[] => {
    const failed = atWork?.end() ?? [];
    atWork = undefined;
    return failed;
  };
  return {
    operations: sorted.operations,
    sources: sorted.sources,
    start() {
      const top = under(layout, wholeFolder(layout));
      sys('create the folder', top, () => {
        io.mkdir(top, OWNER_MAY, undefined);
        for (const { place, mode, uid, gid } of folders) io.mkdir(under(layout, place), mode, ownerOf({ uid, gid }));
      });
      atWork = io.renameMany(layout.root, moves);
    },
    end() {
      const left = atWork === undefined ? moves : settle().map((index) => moves[index]!);
      for (const { from, to } of left) sys('write', under(layout, to), () => io.rename(under(layout, from), under(layout, to)));
    },
    settle: () => void settle(),
  };
}

const wholeFolder = (layout: RootLayout): string =>
  `${layout.staging.slice(layout.root === '/' ? 1 : layout.root.length + 1)}/whole`;

interface Sorted {
  readonly operations: readonly Operation[];
  readonly sources: readonly string[];
  /** To be made, those around first. */
  readonly folders: readonly { readonly place: string; readonly mode: number; readonly uid: number; readonly gid: number }[];
  readonly moves: readonly Move[];
}

function sortOut(layout: RootLayout, operations: readonly Operation[], staged: readonly string[]): Sorted {
  const sources = [...staged];
  const kept: Operation[] = [];
  const folders: Sorted['folders'][number][] = [];
  const moves: Move[] = [];
  /** Where what shall be in a folder is put together. */
  const places = new Map<string, string>();
  const { dev } = lstatSync(layout.staging);
  const real = new RealFolders(layout);
  let folder = '';
  let around: string | undefined;
  for (const operation of operations) {
    if (operation.kind !== 'mkdir' && operation.kind !== 'place') {
      kept.push(operation);
      continue;
    }
    const { path } = operation;
    if (!isIn(folder, path)) {
      folder = parentOf(path);
      around = places.get(folder);
    }
    const inside = around === undefined ? undefined : `${around}${path.slice(path.lastIndexOf('/'))}`;
    if (operation.kind === 'place') {
      const from = staged[operation.stage]!;
      if (inside === undefined || !from.startsWith(stagingOf(layout))) kept.push(operation);
      else moves.push({ from, to: inside });
      continue;
    }
    const { mode, uid, gid } = operation;
    if ((mode & OWNER_MAY) !== OWNER_MAY || (inside === undefined && !isFresh(layout, path, dev, real))) {
      kept.push(operation);
      continue;
    }
    if (inside === undefined) {
      kept.push({ kind: 'place', path, stage: sources.length });
      sources.push(`${wholeFolder(layout)}/${sources.length - staged.length}`);
    }
    const place = inside ?? sources.at(-1)!;
    folders.push({ place, mode, uid, gid });
    places.set(path, place);
  }
  return { operations: kept, sources, folders, moves };
}

const stagingOf = (layout: RootLayout): string => `${parentOf(wholeFolder(layout))}/`;

/** Whether nothing stands there, in a folder on the file system of the staged files that gives what is new in it nothing of its own, and where others cannot put something in its way. */
function isFresh(layout: RootLayout, path: string, dev: number, real: RealFolders): boolean {
  if (tolerantLstat(under(layout, path)) !== undefined || !real.isOurs(parentOf(path))) return false;
  const around = tolerantLstat(under(layout, parentOf(path)));
  if (around?.isDirectory() !== true || around.dev !== dev) return false;
  return (IS_ROOT || (around.mode & S_ISGID) === 0) && !hasDefaultAcl(under(layout, parentOf(path)));
}
