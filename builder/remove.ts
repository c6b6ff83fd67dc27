/** Removes what builds leave behind, whatever modes they gave it. */
import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { sys } from '../base/index.ts';

/** Removes a tree; fine if it is gone. Folders that their owner locked (mode 000) are opened first. @throws SystemFault */
export function removeScratch(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    unlock(Buffer.from(path));
    sys('remove', path, () => rmSync(path, { recursive: true, force: true }));
  }
}

function unlock(path: Buffer): void {
  try {
    if (!lstatSync(path).isDirectory()) return;
    chmodSync(path, 0o700);
    for (const name of readdirSync(path, { encoding: 'buffer' })) unlock(Buffer.concat([path, Buffer.from('/'), name]));
  } catch {
    // the removal that follows says what is wrong, with the path
  }
}
