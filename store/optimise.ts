/**
 * Makes identical files of the store share one inode. The manifests tell which files are equal, so only files that stand for others
 * are read. Folders are opened for the time of a rename and sealed again; a journal in the scratch folder tells the next process
 * which to seal where this one was killed between.
 */
import { closeSync, fsyncSync, lstatSync, openSync, readFileSync } from 'node:fs';
import { type Bytes, bytesToPath, sys, textToBytes, writeAll } from '../base/index.ts';
import { OptimisedMarks } from './optimised-marks.ts';
import { Pool } from './pool.ts';
import type { Staging } from './staging.ts';
import type { StoreIndex } from './store-index.ts';
import { storePathBase } from './store-path.ts';
import { joinPath, parentPath } from './tree.ts';
import type { Manifest, OptimiseResult, StorePath } from './types.ts';
import { openDirectory, removeTree, sealDirectory, unsealedDirectories } from './write-tree.ts';

/** In a scratch folder: the bases of objects whose folders may be open, one a line. */
const JOURNAL = 'open';

interface Places {
  readonly home: string;
  readonly objects: string;
  readonly staging: Staging;
  readonly index: StoreIndex;
}

/**
 * @param options.paths  default: every valid path that was not optimised since it was registered
 * @see ObjectStore.optimise
 */
export function optimiseStore(
  places: Places,
  options: {
    readonly paths?: readonly StorePath[];
    readonly pool?: Pool;
    readonly onPath?: ((path: StorePath, done: number, total: number) => void) | undefined;
  } = {},
): OptimiseResult {
  const pool = options.pool ?? new Pool(places.home);
  const done = new OptimisedMarks(places.home, !pool.exists());
  const known = options.paths ?? places.index.allPaths();
  const marks = new Map<StorePath, number>();
  for (const path of known) {
    const registeredAt = places.index.info(path)?.registeredAt;
    if (registeredAt !== undefined && !done.has(storePathBase(path), registeredAt)) marks.set(path, registeredAt);
  }
  const total = { nFiles: 0, nReplaced: 0, nBytesSaved: 0 };
  if (marks.size === 0) return total;
  const folder = places.staging.make('optimise');
  try {
    writeJournal(`${folder}/${JOURNAL}`, [...marks.keys()]);
    let nDone = 0;
    for (const path of marks.keys()) {
      options.onPath?.(path, nDone++, marks.size);
      const manifest = places.index.manifest(path);
      if (manifest !== undefined)
        optimiseObject(pool, textToBytes(`${places.objects}/${storePathBase(path)}`), manifest, folder, total);
    }
  } catch (error) {
    // What cannot be sealed now is left to the next process, with the journal.
    if (isSealed(places.objects, folder)) removeTree(textToBytes(folder));
    throw error;
  }
  removeTree(textToBytes(folder));
  const bases = new Map(Array.from(marks, ([path, registeredAt]) => [storePathBase(path), registeredAt]));
  done.add(bases, options.paths === undefined ? new Set(Array.from(known, storePathBase)) : undefined);
  return total;
}

function optimiseObject(
  pool: Pool,
  root: Bytes,
  manifest: Manifest,
  scratch: string,
  total: { nFiles: number; nReplaced: number; nBytesSaved: number },
): void {
  const opened = new Set<Bytes>();
  try {
    for (const entry of manifest) {
      // Empty files share nothing, and would be the first to run out of links.
      if (entry.kind !== 'file' || entry.sizeBytes === 0) continue;
      total.nFiles++;
      const real = joinPath(root, entry.path);
      const folder = parentPath(real);
      const own = lstatSync(bytesToPath(real), { throwIfNoEntry: false });
      if (own === undefined) continue;
      const joined = pool.join(entry, real, own, `${scratch}/link`, () => {
        // The root of an object that is one file stands in the store's folder, which is ours and stays open.
        if (entry.path === '' || opened.has(folder)) return;
        openDirectory(folder);
        opened.add(folder);
      });
      if (joined !== 'replaced') continue;
      total.nReplaced++;
      // Other names of the old inode keep it on disk.
      if (own.nlink === 1) total.nBytesSaved += own.blocks * 512;
    }
  } finally {
    for (const folder of opened) if (isThere(folder)) sealDirectory(folder);
  }
}

const isThere = (real: Bytes): boolean => lstatSync(bytesToPath(real), { throwIfNoEntry: false }) !== undefined;

function writeJournal(path: string, paths: readonly StorePath[]): void {
  sys('write', path, () => {
    const fd = openSync(path, 'wx');
    try {
      writeAll(fd, Buffer.from(paths.map((path) => `${storePathBase(path)}\n`).join(''), 'latin1'));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/** Objects that the journal in a scratch folder names; none where there is no whole one. */
export function openObjects(scratch: string): string[] {
  try {
    return readFileSync(`${scratch}/${JOURNAL}`, 'latin1').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

function isSealed(objects: string, scratch: string): boolean {
  try {
    sealLeftOpen(objects, scratch);
    return true;
  } catch {
    return false;
  }
}

/** Seals what a killed process left open. Cost: one `lstat` a folder of the objects it was at. */
export function sealLeftOpen(objects: string, scratch: string): void {
  for (const base of openObjects(scratch)) {
    for (const folder of unsealedDirectories(textToBytes(`${objects}/${base}`))) sealDirectory(folder);
  }
}
