import { atEnd } from './ending.ts';
import { processStartTime } from './process.ts';

/** Programs clean up in this time, or not at all. */
const GRACE_MS = 2000;
const LOOK_MS = 5;

/**
 * Ends a process that leads a group of its own (`detached`), and all of the group, where a signal ends this process: see `atEnd`. What it
 * worked in is then left alone.
 *
 * @returns forgets it when it is disposed of: once it has ended
 */
export const endedAtEnd = (leader: number): Disposable => atEnd(() => endGroup(leader));

function endGroup(leader: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  if (!tell(leader, 'SIGTERM')) return;
  for (let waited = 0; waited < GRACE_MS && processStartTime(leader) !== undefined; waited += LOOK_MS)
    Atomics.wait(pause, 0, 0, LOOK_MS);
  tell(leader, 'SIGKILL');
}

/** @returns whether there is still one of the group */
function tell(leader: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}
