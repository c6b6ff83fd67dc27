/**
 * Damaged objects get their recorded bytes back: from the parts of them that are whole and the files that others share with them,
 * from a NAR, or from a new build. Whatever the source, the NAR hash that was recorded decides; the damaged object is exchanged for
 * the good one by one rename, so that the path stands for something at every moment.
 */
import { chmodSync, linkSync, lstatSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import {
  type Bytes,
  bytesToPath,
  bytesToText,
  exchangePaths,
  syncDirectory,
  syncFileSystem,
  sys,
  textToBytes,
} from '../base/index.ts';
import { canonicalise } from './canonical.ts';
import { ingest, ingestTree } from './ingest.ts';
import { type ByteSource, readNar } from './nar-decode.ts';
import { hashOfFile, type Pool } from './pool.ts';
import type { Places } from './register.ts';
import { storePathBase } from './store-path.ts';
import { joinPath, listTree } from './tree.ts';
import type { FinishedObject, Manifest, PathInfo, StorePath } from './types.ts';
import { openDirectory, removeTree, sealRoot } from './write-tree.ts';

/** Puts the object together again from what is whole of it, and from the pool. @returns whether it has its recorded bytes again */
export function repairFromParts(places: Places, pool: Pool, path: StorePath): boolean {
  const info = places.index.info(path);
  const manifest = places.index.manifest(path);
  if (info === undefined || manifest === undefined) return false;
  return inScratch(places, (scratch) => {
    const copy = textToBytes(`${scratch}/x`);
    return assemble(textToBytes(`${places.objects}/${storePathBase(path)}`), manifest, pool, copy) && replace(places, info, copy);
  });
}

/** @throws Fault E-STORE-009. @returns whether the NAR was the recorded one, and stands now */
export function repairFromNar(places: Places, path: StorePath, source: ByteSource): boolean {
  const info = places.index.info(path);
  if (info === undefined) return false;
  return inScratch(places, (scratch) => {
    const copy = textToBytes(`${scratch}/x`);
    ingest((visitor) => readNar(source, visitor), { copyTo: copy });
    return replace(places, info, copy);
  });
}

/** @param source  a file or folder elsewhere. @returns whether it was what is recorded, and stands now */
export function repairFromTree(places: Places, path: StorePath, source: Bytes): boolean {
  const info = places.index.info(path);
  if (info === undefined) return false;
  return inScratch(places, (scratch) => {
    const copy = textToBytes(`${scratch}/x`);
    ingestTree(listTree(source), { copyTo: copy });
    return replace(places, info, copy);
  });
}

/** Exchanges those valid objects that have the very hash of the finished ones, which are left with what was there. @returns their paths */
export function replaceObjects(places: Places, finished: readonly FinishedObject[]): StorePath[] {
  return finished.flatMap(({ info, realPath }) => {
    const recorded = places.index.info(info.path);
    return recorded !== undefined && replace(places, recorded, textToBytes(realPath)) ? [info.path] : [];
  });
}

/** Moves what is in the store's folder and not in the index away. @returns base names of what was there */
export function removeUnregistered(places: Places): string[] {
  if (lstatSync(places.objects, { throwIfNoEntry: false }) === undefined) return [];
  return inScratch(places, (scratch) => {
    const removed: string[] = [];
    // While we hold the index nobody registers, so that what is not in it now has no owner.
    places.index.write((transaction) => {
      for (const name of readdirSync(places.objects, { encoding: 'latin1' })) {
        if (transaction.hasBase(name)) continue;
        const real = `${textToBytes(places.objects)}/${name}`;
        if (lstatSync(bytesToPath(real)).isDirectory()) openDirectory(real);
        sys('move out of the store', bytesToText(real), () => renameSync(bytesToPath(real), `${scratch}/${removed.length}`));
        removed.push(name);
      }
    });
    return removed;
  });
}

function inScratch<T>(places: Places, use: (scratch: string) => T): T {
  const scratch = places.staging.make('add');
  try {
    return use(scratch);
  } finally {
    removeTree(textToBytes(scratch));
  }
}

/** A copy of the manifest's tree out of hard links; `false` where a file is nowhere to be had. */
function assemble(damaged: Bytes, manifest: Manifest, pool: Pool, copy: Bytes): boolean {
  for (const entry of manifest) {
    const to = joinPath(copy, entry.path);
    const at = bytesToPath(to);
    switch (entry.kind) {
      case 'directory':
        sys('create the folder', bytesToText(to), () => mkdirSync(at, 0o755));
        break;
      case 'symlink':
        sys('create the link', bytesToText(to), () => symlinkSync(bytesToPath(entry.target), at));
        break;
      case 'file': {
        const own = joinPath(damaged, entry.path);
        const from = hashOfFile(own) === entry.sha256 ? bytesToPath(own) : pool.intact(entry);
        if (from === undefined) return false;
        sys('link', bytesToText(to), () => linkSync(from, at));
        chmodSync(at, entry.isExecutable ? 0o555 : 0o444);
      }
    }
  }
  canonicalise(copy, 'x');
  return true;
}

function replace(places: Places, info: PathInfo, copy: Bytes): boolean {
  if (ingestTree(listTree(copy)).narHash !== info.narHash) return false;
  const final = `${places.objects}/${storePathBase(info.path)}`;
  syncFileSystem(places.objects);
  places.index.write(() => {
    if (places.index.info(info.path) === undefined) return; // collected meanwhile
    const old = lstatSync(final, { throwIfNoEntry: false });
    if (old?.isDirectory() === true) openDirectory(textToBytes(final));
    if (old === undefined) sys('move into the store', final, () => renameSync(bytesToPath(copy), final));
    else exchangePaths(bytesToText(copy), final);
    sealRoot(textToBytes(final));
    syncDirectory(places.objects);
  });
  return true;
}
