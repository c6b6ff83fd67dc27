import { Fault } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { formatHash } from './hash.ts';

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
