/** Removes what builds leave behind, whatever modes and depth they gave it. */
import { rmSync } from 'node:fs';
import { textToBytes } from '../base/index.ts';
import { removeTree } from '../store/index.ts';

/** Removes a tree; fine if it is gone. Folders that their owner locked (mode 000) are opened first. @throws SystemFault */
export function removeScratch(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    removeTree(textToBytes(path)); // it says what is wrong, with the path
  }
}
