/** Folders that are there for a while, and go in any case: with the work, with a process that a signal ends, or some time after its death. */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sys } from './fault.ts';
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
  return sys('make a folder in', parent, () => mkdtempSync(join(parent, `${purpose}-${process.pid}-`)));
}

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

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Signals are the process's, and so are these. */
const folders = new Set<string>();

/**
 * Removes a folder where a signal ends the process, too. For work that waits for something in between: while code runs on and on, a signal
 * that somebody listens for waits until it ends.
 *
 * @returns removes it when it is disposed of
 */
export function removedAtEnd(folder: string): Disposable {
  if (folders.size === 0) for (const signal of ENDING) process.on(signal, end);
  folders.add(folder);
  return {
    [Symbol.dispose]: () => {
      folders.delete(folder);
      if (folders.size === 0) for (const signal of ENDING) process.off(signal, end);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function end(signal: NodeJS.Signals): void {
  // Others who listen end their work, and so what it is done in.
  if (process.listenerCount(signal) > 1) return;
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // it is being written to, or the disk refuses it
    }
  }
  process.off(signal, end);
  process.kill(process.pid, signal);
}
