/** Reads a text of the store, a derivation mostly: what is built from it must be what was registered, to the bit. */
import { type Bytes, Fault, SystemFault, textToBytes } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { hashBytes } from './hash.ts';
import { ManifestBuilder } from './manifest.ts';
import { readTree } from './read-tree.ts';
import { listTree } from './tree.ts';
import type { Manifest, StorePath } from './types.ts';

/** @throws Fault E-STORE-041 */
export function readStoredText(path: StorePath, realPath: string, [entry]: Manifest): Bytes {
  const chunks: Buffer[] = [];
  const collector = new ManifestBuilder();
  collector.fileData = (chunk) => chunks.push(Buffer.from(chunk));
  collector.endFile = () => {};
  try {
    readTree(listTree(textToBytes(realPath)), collector);
  } catch (error) {
    if (error instanceof SystemFault && error.errno === 'ENOENT')
      throw damagedText(path, realPath, 'it is recorded, but not there');
    throw error;
  }
  const data = Buffer.concat(chunks);
  if (entry?.kind !== 'file' || hashBytes('sha256', data) !== entry.sha256)
    throw damagedText(path, realPath, 'its content changed');
  return data.toString('latin1');
}

const damagedText = (path: StorePath, realPath: string, note: string): Fault =>
  new Fault('E-STORE-041' satisfies StoreCode, `'${path}' is damaged: it is not what was registered`, {
    notes: [note],
    hints: [
      "what evaluates to it writes it anew: 'igos instantiate --no-eval-cache TREE#NAME'",
      `where that does not help, remove '${realPath}' first`,
    ],
  });
