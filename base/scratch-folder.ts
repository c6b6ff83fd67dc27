/** Folders that are there for a while, and go in any case: with the work, with a process that a signal ends, or some time after its death. */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atEnd } from './ending.ts';
import { errorCode, SystemFault } from './fault.ts';
import { processStartTime } from './process.ts';

const HOUR_MS = 3_600_000;

/**
 * Makes a folder for this user alone. What processes left behind that were killed goes first.
 *
 * @param purpose  begins its name: `igos-git`
 * @throws SystemFault
 */
export function temporaryFolder(purpose: string, parent: string = tmpdir()): string {
  removeLeftovers(purpose, parent);
  try {
    return mkdtempSync(join(parent, `${purpose}-${process.pid}-`));
  } catch (error) {
    throw new SystemFault('make a folder in', parent, error, parent === tmpdir() && isClosed(error) ? [ELSEWHERE] : []);
  }
}

const isClosed = (error: unknown): boolean => ['EACCES', 'EPERM', 'EROFS', 'ENOENT'].includes(errorCode(error) ?? '');
const ELSEWHERE = 'have TMPDIR name a folder that you may write in';

/** An hour, as processes of another container may use this folder, and we see none of them. */
function removeLeftovers(purpose: string, parent: string): void {
  if (processStartTime(process.pid) === undefined) return; // no /proc here
  try {
    for (const name of readdirSync(parent)) {
      const pid = name.startsWith(`${purpose}-`) ? /^(\d+)-\w{6}$/.exec(name.slice(purpose.length + 1))?.[1] : undefined;
      if (pid === undefined || processStartTime(Number(pid)) !== undefined) continue;
      const stat = lstatSync(join(parent, name));
      if (!stat.isDirectory() || stat.uid !== process.getuid?.() || Date.now() - stat.mtimeMs < HOUR_MS) continue;
      rmSync(join(parent, name), { recursive: true, force: true });
    }
  } catch {
    // Another time, or another process does.
  }
}

/**
 * Removes a folder where a signal ends the process, too: see `atEnd`.
 *
 * @returns removes it when it is disposed of
 */
export function removedAtEnd(folder: string): Disposable {
  // It may be written to still.
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  const held = atEnd(remove);
  return {
    [Symbol.dispose]: () => {
      held[Symbol.dispose]();
      remove();
    },
  };
}
