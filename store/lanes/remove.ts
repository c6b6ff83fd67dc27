/** Removing files, whichever thread does it: most of the time it waits for the disk to take the blocks back. */
import { unlinkSync } from 'node:fs';
import { AT_FDCWD, bytesToPath, errorCode, fileCalls } from '../../base/index.ts';

/**
 * A slot holds absolute paths, each ended by NUL, behind what came of them:
 *
 * | at | |
 * | --- | --- |
 * | 0 | where the path is that could not be removed; 0: none |
 * | 4 | the code of its error, ended by NUL |
 * | 36 | paths |
 */
export const PATHS_OFFSET = 36;
const CODE_BYTES = 32;

export interface NotRemoved {
  readonly path: string;
  readonly code: string;
}

/** Removes all files of a slot, up to the first that cannot be. */
export function removeFiles(slot: Buffer, start: number, end: number): void {
  slot.fill(0, start, start + PATHS_OFFSET);
  const calls = fileCalls();
  const slotAt = calls?.addressOf(slot) ?? 0;
  for (let at = start + PATHS_OFFSET; at < end; ) {
    const pathEnd = slot.indexOf(0, at);
    let code: string | undefined;
    if (calls === undefined) code = unlink(slot.toString('latin1', at, pathEnd));
    else if (calls.unlinkat(AT_FDCWD, slotAt + at, 0) === -1) code = calls.errorName();
    if (code !== undefined) {
      slot.writeUInt32LE(at, start);
      slot.write(code.slice(0, CODE_BYTES - 1), start + 4, 'latin1');
      return;
    }
    at = pathEnd + 1;
  }
}

function unlink(path: string): string | undefined {
  try {
    unlinkSync(bytesToPath(path));
    return undefined;
  } catch (error) {
    return errorCode(error) ?? 'EIO';
  }
}

/** The path as bytes. */
export function notRemoved(slot: Buffer, start: number): NotRemoved | undefined {
  const at = slot.readUInt32LE(start);
  if (at === 0) return undefined;
  const code = slot.toString('latin1', start + 4, slot.indexOf(0, start + 4));
  return { path: slot.toString('latin1', at, slot.indexOf(0, at)), code };
}
