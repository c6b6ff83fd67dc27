/**
 * Opening and closing the index exclude each other, over all processes. The last one that closes an LMDB environment destroys the locks
 * in its lock file, and one that joins at that very moment goes on with what was destroyed: every transaction of it fails (`EINVAL`).
 *
 * The guard is a link that names its process and counts for nothing when that process is gone. It need not be perfect: without it, as in
 * a store that we may only read, two processes in some thousands meet.
 */
import { readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { processStartTime, temporaryName, uptimeMs } from '../base/index.ts';

/** Nobody needs it for longer than some milliseconds. */
const MAX_WAIT_MS = 10_000;

/** Runs `run` while nobody else opens or closes the index of this folder. Cost: 30 µs. */
export function whileGuarded<T>(folder: string, run: () => T): T {
  const path = `${folder}/guard`;
  const isOurs = take(path);
  try {
    return run();
  } finally {
    if (isOurs) removeQuietly(path);
  }
}

function take(path: string): boolean {
  const own = `${process.pid} ${processStartTime(process.pid) ?? ''}`;
  let pause: Int32Array | undefined;
  // The clock brings a module of Node's with it: it is looked at by who has to wait.
  for (let end: number | undefined; end === undefined || uptimeMs() < end; ) {
    try {
      // A link appears with its content, which a file does not.
      symlinkSync(own, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
    end ??= uptimeMs() + MAX_WAIT_MS;
    if (removeStale(path)) continue;
    pause ??= new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(pause, 0, 0, 1);
  }
  return false;
}

/** Takes a dead process's guard away: by moving it, so that one that was taken in between is noticed and put back. @returns whether it is gone */
function removeStale(path: string): boolean {
  try {
    const owner = readlinkSync(path);
    const [pid, start] = owner.split(' ');
    if (start !== '' && processStartTime(Number(pid)) === start) return false;
    const away = temporaryName(path);
    renameSync(path, away);
    if (readlinkSync(away) !== owner) renameSync(away, path);
    else unlinkSync(away);
  } catch {
    // another process was quicker
  }
  return true;
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // its folder was moved away under us
  }
}
