/** Moves finished objects to their places and makes them valid: the only way into the store. */
import { chmodSync, lstatSync, renameSync } from 'node:fs';
import { Fault, makeDirectory, syncDirectory, syncFileSystem, sys, textToBytes } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import type { IndexTransaction } from './index-transaction.ts';
import { packManifest } from './packed-manifest.ts';
import type { RegistrationLog } from './registration-log.ts';
import type { Reserve } from './reserve.ts';
import type { Staging } from './staging.ts';
import type { StoreIndex } from './store-index.ts';
import { storePathBase } from './store-path.ts';
import type { TemporaryRoots } from './temporary-roots.ts';
import { checkPathLengths } from './tree.ts';
import type { FinishedObject, PathInfo, Realisation, StorePath } from './types.ts';
import { removeTree, sealDirectory } from './write-tree.ts';

export interface Places {
  /** `<home>/store`. */
  readonly objects: string;
  readonly staging: Staging;
  readonly index: StoreIndex;
  readonly log: RegistrationLog;
  readonly temporaryRoots: TemporaryRoots;
  readonly reserve: Reserve;
  /** Told what is valid now and was not before. */
  readonly onRegistered?: (paths: readonly StorePath[]) => void;
}

/**
 * Registers objects that may refer to each other, all or none. Those that are valid already are left where they are.
 * Bytes are durable before any name is, and names before the index: a crash leaves at most unregistered objects, which the next
 * registration of the same path replaces. What is registered is held until the store is closed. Cost: one `syncfs`, one `fsync`, one transaction.
 *
 * @param options.isDurable  the bytes are on the disk: no `syncfs`
 * @param options.notes  for the cache of the index, in the same transaction
 * @param options.realisations  in the same transaction too
 * @throws Fault E-STORE-015 a reference is neither valid nor among them · E-STORE-012 paths too long · SystemFault
 */
export function registerObjects(
  places: Places,
  objects: readonly FinishedObject[],
  { isDurable = false, notes = [], realisations = [] }: Partial<Together> & { readonly isDurable?: boolean } = {},
): void {
  if (objects.length === 0 && notes.length === 0 && realisations.length === 0) return;
  const { objects: folder, index } = places;
  places.temporaryRoots.add(objects.map(({ info }) => info.path));
  // A build that made what was there before: held from here on, it needs no transaction.
  if (objects.every(({ info }) => index.has(info.path))) {
    noteDown(places, { notes, realisations });
    return;
  }
  for (const { info, manifest } of objects) checkPathLengths(`${folder}/${storePathBase(info.path)}`, manifest);
  makeDirectory(folder);
  places.reserve.make();
  // Outside of the transaction, which others wait for.
  const manifests = objects.map(({ manifest }) => packManifest(manifest));
  if (!isDurable) syncFileSystem(folder);
  const registeredAt = Math.floor(Date.now() / 1000);
  const replaced: string[] = [];
  const registered: PathInfo[] = [];
  try {
    index.write((transaction) => {
      const together = new Set(objects.map(({ info }) => info.path));
      for (const { info } of objects) {
        const missing = info.references.find((reference) => !together.has(reference) && !transaction.has(reference));
        if (missing !== undefined) throw notValidReference(info.path, missing);
      }
      objects.forEach((object, i) => {
        const { path } = object.info;
        if (transaction.has(path)) return;
        const final = `${folder}/${storePathBase(path)}`;
        sys('move into the store', final, () => {
          if (!tryRename(object.realPath, final)) {
            replaced.push(moveAway(places, final));
            renameSync(object.realPath, final);
          }
        });
        // Files and links have their mode and time.
        if (object.manifest[0]?.kind === 'directory') sealDirectory(textToBytes(final));
        transaction.put({ ...object.info, registeredAt }, manifests[i]!);
        registered.push({ ...object.info, registeredAt });
      });
      syncDirectory(folder);
      putTogether(transaction, { notes, realisations });
      places.log.append([...registered.map((info) => ({ info })), ...realisations.map((realisation) => ({ realisation }))]);
    });
  } finally {
    for (const left of replaced) removeTree(textToBytes(left));
  }
  if (registered.length > 0) places.onRegistered?.(registered.map(({ path }) => path));
}

/** What else is written in one transaction. */
interface Together {
  readonly notes: readonly (readonly [key: string, value: string])[];
  readonly realisations: readonly Realisation[];
}

/** In a transaction of its own. @throws SystemFault */
export function noteDown({ index, log }: Pick<Places, 'index' | 'log'>, together: Together): void {
  const { notes, realisations } = together;
  if (notes.length === 0 && realisations.length === 0) return;
  index.write((transaction) => {
    putTogether(transaction, together);
    log.append(realisations.map((realisation) => ({ realisation })));
  });
}

function putTogether(transaction: IndexTransaction, { notes, realisations }: Together): void {
  for (const realisation of realisations) transaction.putRealisation(realisation);
  for (const [key, value] of notes) transaction.putCache(key, value);
}

const notValidReference = (path: string, missing: string): Fault =>
  new Fault('E-STORE-015' satisfies StoreCode, `'${path}' refers to '${missing}', which is not in the store`, {
    hints: ['add what it refers to first'],
  });

/** What a rename that meets a folder, or is one and meets a file, fails with. A file in place of a file needs no second look. */
const IN_THE_WAY = new Set(['EEXIST', 'ENOTEMPTY', 'EISDIR', 'ENOTDIR']);

/** @returns whether it is done: a left-over may be in the way */
function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (!IN_THE_WAY.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return false;
  }
}

/** Puts the left-over of a crash aside: while we hold the index, an unregistered object has no owner. */
function moveAway(places: Places, final: string): string {
  const folder = places.staging.make('add');
  if (lstatSync(final).isDirectory()) sys('change the mode of', final, () => chmodSync(final, 0o755));
  sys('move out of the store', final, () => renameSync(final, `${folder}/x`));
  return folder;
}
