import { lstatSync } from 'node:fs';
import { Fault } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import type { ObjectStore, StorePath } from './types.ts';

/** Valid paths must be on the disk, whoever was there since: where nothing is built or read, nobody else would say so. @throws Fault E-STORE-041 */
export function assertThere(store: ObjectStore, paths: Iterable<StorePath>): void {
  for (const path of paths) {
    if (lstatSync(store.toReal(path), { throwIfNoEntry: false }) !== undefined) continue;
    throw new Fault('E-STORE-041' satisfies StoreCode, `'${path}' is damaged: it is not what was registered`, {
      notes: ['it is recorded, but not there'],
      hints: ["'igos store verify --repair' gets it back"],
    });
  }
}
