/** GUIDs: as text, as the bytes in a partition table, and made of names, so that the same input gives the same disk. */
import { sha256, textToBytes } from '../../base/index.ts';
import { mediaFault } from '../media-faults.ts';

/**
 * A GUID that hangs on nothing but these names: the first bits of a SHA-256, marked as version 8 of RFC 9562.
 * Names in another division give another GUID.
 */
export function guidOf(...names: readonly string[]): string {
  const hex = sha256(textToBytes(JSON.stringify(names)));
  const variant = ((Number.parseInt(hex[16]!, 16) & 0x3) | 0x8).toString(16);
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, variant + hex.slice(17, 20), hex.slice(20, 32)].join('-');
}

/**
 * The 16 bytes of it: the first three groups are numbers, and stand with their low byte first.
 *
 * @throws Fault E-IMG-027
 */
export function guidBytes(guid: string): Buffer {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(guid)) throw mediaFault.guid(guid);
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
