/** A damaged object, whole again out of a cache. */
import { closeSync, openSync } from 'node:fs';
import { Fault, sys, textToBytes, writeAll } from '../../base/index.ts';
import { dumpNar, withFileSource } from '../nar.ts';
import type { ObjectStore, StorePath } from '../types.ts';
import { removeTree } from '../write-tree.ts';
import type { BinaryCache } from './binary-cache.ts';
import { fetchNar } from './fetch-nar.ts';
import { Partials } from './partial.ts';

/**
 * Puts the content of a valid path back as it was registered. What the store recorded decides, so nobody has to be trusted.
 *
 * @returns false where no cache has that content; what went wrong is told
 */
export async function repairFromCaches(
  store: ObjectStore,
  caches: readonly BinaryCache[],
  path: StorePath,
  onRefused: (fault: Fault) => void,
): Promise<boolean> {
  const recorded = store.info(path);
  const scratch = store.makeScratch();
  const nar = `${scratch}/nar`;
  try {
    for (const cache of caches) {
      try {
        const info = await cache.narInfo(path);
        if (info === undefined || info.narHash !== recorded?.narHash) continue;
        const quarantine = `${scratch}/${caches.indexOf(cache)}`;
        const { realPath } = await fetchNar({ cache, info, quarantine, partials: new Partials(store.home) });
        const fd = sys('write', nar, () => openSync(nar, 'w', 0o600));
        try {
          dumpNar(textToBytes(realPath), (chunk) => sys('write', nar, () => writeAll(fd, chunk)));
        } finally {
          closeSync(fd);
        }
        if (withFileSource(textToBytes(nar), (source) => store.repair(path, source))) return true;
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        onRefused(error);
      }
    }
    return false;
  } finally {
    removeTree(textToBytes(scratch));
  }
}
