/**
 * Makes the index anew from the log of registrations and the objects themselves: nothing is taken over that has neither its recorded hash nor
 * a name that is made of its content.
 */
import { existsSync, lstatSync, renameSync } from 'node:fs';
import { bytesToPath, Fault, SystemFault, sys, textToBytes } from '../base/index.ts';
import { ReferenceGraph } from './graph.ts';
import { ingestTree } from './ingest.ts';
import { packManifest } from './packed-manifest.ts';
import { objectsOnDisk, recoverUnlogged } from './recover-unlogged.ts';
import type { Places } from './register.ts';
import { storePathBase, storePathHash } from './store-path.ts';
import { listTree } from './tree.ts';
import type { Manifest, PathInfo, Realisation, RebuildResult, StorePath } from './types.ts';

const BATCH = 500;

/** @see ObjectStore.rebuildIndex. Cost: reads and hashes every byte of the store. */
export function rebuildIndex(
  home: string,
  places: Places,
  storeDir: string,
  onPath?: (path: StorePath, done: number, total: number) => void,
): RebuildResult {
  const infos = new Map<StorePath, PathInfo>();
  const realisations: Realisation[] = [];
  for (const record of places.log.read()) {
    if ('info' in record) infos.set(record.info.path, record.info);
    else realisations.push(record.realisation);
  }
  const dropped = new Map<StorePath, string>();
  const manifests = new Map<StorePath, Buffer>();
  let done = 0;
  for (const [path, info] of infos) {
    onPath?.(path, done++, infos.size);
    const manifest = manifestOf(`${places.objects}/${storePathBase(path)}`, info);
    if (manifest === 'absent') infos.delete(path);
    else if (manifest === 'damaged') dropped.set(path, 'its bytes are not those that were recorded');
    else manifests.set(path, packManifest(manifest));
  }
  for (const path of dropped.keys()) infos.delete(path);
  const nRecovered = takeUnlogged(places, storeDir, { infos, dropped, manifests });
  dropDangling(infos, dropped);
  // Damage comes with full disks.
  places.reserve.release();
  const old = setAside(home, places);
  // What is referred to comes first: a transaction knows what earlier ones wrote.
  const graph = new ReferenceGraph(infos.values());
  const valid = graph.order.map((node) => graph.infos[node]!);
  for (let at = 0; at === 0 || at < valid.length; at += BATCH) {
    places.index.write((transaction) => {
      for (const info of valid.slice(at, at + BATCH)) transaction.put(info, manifests.get(info.path)!);
    });
  }
  const kept = realisations.filter(({ path }) => infos.has(path));
  places.index.write((transaction) => {
    for (const realisation of kept) transaction.putRealisation(realisation);
    places.log.replace([...valid.map((info) => ({ info })), ...kept.map((realisation) => ({ realisation }))]);
  });
  places.reserve.make();
  return {
    nPaths: valid.length,
    nRecovered,
    dropped: Array.from(dropped, ([path, reason]) => ({ path, reason })),
    ...(old === undefined ? {} : { old }),
  };
}

/** What the log does not know, and proves itself. @returns how many that are */
function takeUnlogged(
  places: Places,
  storeDir: string,
  to: { infos: Map<StorePath, PathInfo>; dropped: Map<StorePath, string>; manifests: Map<StorePath, Buffer> },
): number {
  if (!existsSync(places.objects)) return 0;
  const { infos, dropped, manifests } = to;
  const onDisk = objectsOnDisk(places.objects, storeDir);
  const byHash = new Map([...onDisk, ...infos.keys()].map((path) => [storePathHash(path), path]));
  let nRecovered = 0;
  for (const path of onDisk) {
    if (infos.has(path) || dropped.has(path)) continue;
    const found = recoverUnlogged(path, { real: `${places.objects}/${storePathBase(path)}`, storeDir, byHash });
    if ('lost' in found) dropped.set(path, found.lost);
    else {
      infos.set(path, found.info);
      manifests.set(path, packManifest(found.manifest));
      nRecovered++;
    }
  }
  return nRecovered;
}

function manifestOf(real: string, info: PathInfo): Manifest | 'absent' | 'damaged' {
  const at = textToBytes(real);
  if (lstatSync(bytesToPath(at), { throwIfNoEntry: false }) === undefined) return 'absent';
  try {
    const found = ingestTree(listTree(at));
    return found.narHash === info.narHash ? found.manifest : 'damaged';
  } catch (error) {
    if (error instanceof Fault || error instanceof SystemFault) return 'damaged';
    throw error;
  }
}

/** A path counts only with everything that it refers to. */
function dropDangling(infos: Map<StorePath, PathInfo>, dropped: Map<StorePath, string>): void {
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const { path, references } of infos.values()) {
      const missing = references.find((reference) => !infos.has(reference));
      if (missing === undefined) continue;
      infos.delete(path);
      dropped.set(path, `it refers to '${missing}', which is not valid`);
      isChanged = true;
    }
  }
}

/** The damaged index is kept: what it holds besides, somebody may want to look for. */
function setAside(home: string, places: Places): string | undefined {
  places.index.close();
  places.index.beginAnew();
  const folder = `${home}/var/index`;
  if (!existsSync(folder)) return undefined;
  for (let i = 1; ; i++) {
    const old = `${folder}.damaged-${i}`;
    if (existsSync(old)) continue;
    sys('move away', folder, () => renameSync(folder, old));
    return old;
  }
}
