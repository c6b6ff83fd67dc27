/**
 * Folders that are there for a while. Where a signal ends the process they go, too. For work that waits for something in between: while
 * code runs on and on, a signal that somebody listens for waits until it ends.
 */
import { rmSync } from 'node:fs';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Signals are the process's, and so are these. */
const folders = new Set<string>();

/** @returns removes the folder when it is disposed of. @throws SystemFault then, where that is refused */
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
