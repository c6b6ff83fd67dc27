/**
 * What the disk alone tells of objects that no log knows. A name that is made of the content proves the content, and the references with
 * it: those are part of the name. They are found as builds find them, by looking for the names of all that lies in the store.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { compareBytes, Fault, SystemFault, sys, textToBytes } from '../base/index.ts';
import { decodeDerivation } from './aterm.ts';
import { contentAddressOf } from './content-address-of.ts';
import { derivationReferences } from './derivation.ts';
import { type Ingested, type IngestOptions, ingestTree } from './ingest.ts';
import { derivationName, formatContentAddress, storePathHash, tryParseStorePath } from './store-path.ts';
import { listTree } from './tree.ts';
import type { Manifest, PathInfo, StorePath } from './types.ts';

export type Recovered = { readonly info: PathInfo; readonly manifest: Manifest } | { readonly lost: string };

/** Objects of a store's folder, sorted; what has no such name is none. */
export function objectsOnDisk(objects: string, storeDir: string): StorePath[] {
  return sys('read the folder', objects, () => readdirSync(objects, { encoding: 'latin1' }))
    .sort(compareBytes)
    .flatMap((name) => tryParseStorePath(`${storeDir}/${name}`, storeDir) ?? []);
}

/** @param byHash  all that may be referred to. Cost: reads the object once, rarely some times more */
export function recoverUnlogged(
  path: StorePath,
  place: { readonly real: string; readonly storeDir: string; readonly byHash: ReadonlyMap<string, StorePath> },
): Recovered {
  const read = (options: IngestOptions): Ingested => ingestTree(listTree(textToBytes(place.real)), options);
  try {
    const ingested = read({ scanFor: place.byHash.keys() });
    const found = [...ingested.found].map((hash) => place.byHash.get(hash)!).sort(compareBytes);
    for (const references of candidates(path, found, place)) {
      const ca = contentAddressOf({ path, references }, ingested, read, place.storeDir);
      if (ca === undefined) continue;
      const { narHash, narSizeBytes, manifest } = ingested;
      const registeredAt = Math.floor(Date.now() / 1000);
      return { info: { path, narHash, narSizeBytes, references, ca: formatContentAddress(ca), registeredAt }, manifest };
    }
  } catch (error) {
    if (!(error instanceof Fault) && !(error instanceof SystemFault)) throw error;
    return { lost: error.message };
  }
  return { lost: 'the log does not know it, and its content does not prove its name' };
}

/** Sets of references that the name may have been made with, likely ones first. */
function* candidates(
  path: StorePath,
  found: readonly StorePath[],
  { real, storeDir }: { readonly real: string; readonly storeDir: string },
): Iterable<readonly StorePath[]> {
  // A derivation says itself, and may name what is not there.
  const ofDerivation = path.endsWith('.drv') ? referencesOfDerivation(path, real, storeDir) : undefined;
  if (ofDerivation !== undefined) yield ofDerivation;
  yield found;
  const others = found.filter((reference) => storePathHash(reference) !== storePathHash(path));
  if (others.length < found.length) yield others;
  // What is mentioned by chance, in a source.
  if (others.length > 0) yield [];
}

/** `undefined` where it only has the name of one. */
function referencesOfDerivation(path: StorePath, real: string, storeDir: string): readonly StorePath[] | undefined {
  try {
    return derivationReferences(decodeDerivation(derivationName(path), readFileSync(real, 'latin1'), storeDir));
  } catch {
    return undefined;
  }
}
