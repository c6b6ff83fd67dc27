import { lstatSync } from 'node:fs';
import { Fault } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { formatHash } from './hash.ts';
import type { ObjectStore, StorePath } from './types.ts';

/**
 * The error where bytes of the store are not those that were registered.
 *
 * @param what  a store path, or a file of one
 * @param registered  SHA-256, hex; so is `found`
 */
export function damaged(what: string, registered: string, found: string): Fault {
  const show = (hex: string): string => formatHash({ algorithm: 'sha256', hex }, 'sri');
  return new Fault('E-STORE-041' satisfies StoreCode, `'${what}' is damaged: its bytes are not what was registered`, {
    notes: [`registered ${show(registered)}\nfound      ${show(found)}`],
    hints: ["'igos store verify --contents' names every file that changed"],
  });
}

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
