/**
 * One at a time, over all processes of the machine: a link that names its process, and that counts for nothing when that process is gone.
 * It goes when it is released, or when a signal ends the process, so it may lie in folders of the user: beside what is published, or in a
 * tree. One that a killed process or a power loss left goes with whoever takes it next. Other machines, and containers with process numbers
 * of their own, are not seen.
 */
import { lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryName } from './atomic.ts';
import { atEnd } from './ending.ts';
import { sys } from './fault.ts';
import { processStartTime } from './process.ts';

/** Longest time between two looks at a lock that another process holds. */
const MAX_WAIT_MS = 250;

/** Locks that this process holds: for others in it, the end of each. */
const held = new Map<string, Promise<void>>();

export interface Lock extends Disposable {
  /** Whether another one held it meanwhile, so that the result may be there already. */
  readonly hasWaited: boolean;
}

/**
 * Takes the lock at `path`; waits while it is taken.
 *
 * @param onWait  called once if it has to wait, with the process that holds it
 * @throws the signal's reason · SystemFault
 */
export async function takeLock(
  path: string,
  options: { onWait: (pid: number) => void; signal?: AbortSignal | undefined },
): Promise<Lock> {
  let hasWaited = false;
  const wait = (pid: number) => {
    if (!hasWaited) options.onWait(pid);
    hasWaited = true;
  };
  for (let ms = 10; ; ms = Math.min(ms * 2, MAX_WAIT_MS)) {
    options.signal?.throwIfAborted();
    const own = held.get(path);
    if (own !== undefined) {
      wait(process.pid);
      await own;
      continue;
    }
    const holder = tryTake(path);
    if (holder === undefined) break;
    wait(holder);
    await sleep(ms, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
  const { promise, resolve } = Promise.withResolvers<void>();
  held.set(path, promise);
  const release = () => {
    held.delete(path);
    removeQuietly(path);
    resolve();
  };
  return { hasWaited, [Symbol.dispose]: release };
}

/**
 * Runs something while no other process does so under this lock, which goes where a signal ends the process, too.
 *
 * @param path    in a folder that is there
 * @param onWait  as for `takeLock`
 */
export async function whileLocked<T>(path: string, onWait: (pid: number) => void, run: () => T | Promise<T>): Promise<T> {
  using _ = await takeLock(path, { onWait });
  using _end = atEnd(() => removeQuietly(path));
  return await run();
}

/**
 * @returns the process that has it, `undefined` if it is ours now
 *
 * One that names this process and that nobody here holds is ours: the disk did not let it go, or another thread has it, and whoever waits
 * for that one may be whom it waits for.
 */
function tryTake(path: string): number | undefined {
  return sys('lock', path, () => {
    const own = `${process.pid} ${processStartTime(process.pid) ?? ''}`;
    for (let isFirst = true; ; isFirst = false) {
      try {
        // A link appears with its content, which a file does not.
        symlinkSync(own, path);
        return undefined;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT' && isFirst) mkdirSync(dirname(path), { recursive: true });
        else if (code !== 'EEXIST' || isNoLock(path)) throw error;
      }
      const text = readOwner(path);
      if (text === undefined) continue;
      if (text === own) return undefined;
      const [pid, start] = text.split(' ');
      if (start !== undefined && processStartTime(Number(pid)) === start) return Number(pid);
      removeStale(path, text);
    }
  });
}

/** Takes all locks of dead processes away. @returns how many */
export function removeDeadLocks(folder: string): number {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return 0; // nothing was ever locked
  }
  let nRemoved = 0;
  for (const name of names) {
    const path = `${folder}/${name}`;
    try {
      const text = readOwner(path);
      const [, pid, start] = /^(\d+) (\d*)$/.exec(text ?? '') ?? [];
      if (pid === undefined || processStartTime(Number(pid)) === start) continue;
      removeStale(path, text!);
      nRemoved++;
    } catch {
      // in nobody's way: whoever needs it says what is wrong with it
    }
  }
  return nRemoved;
}

/**
 * Takes a dead process's lock away: by moving it, so that a lock that was taken in between is noticed and put back. Throws where it cannot
 * be moved: it would be met again at once.
 */
function removeStale(path: string, expected: string): void {
  const away = `${temporaryName(path)}-stale`;
  try {
    renameSync(path, away);
    if (readlinkSync(away) !== expected) renameSync(away, path);
  } catch (error) {
    // Another process was quicker.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    removeQuietly(away);
  }
}

/** `undefined`: it is not there any more. */
function readOwner(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What igos did not make, and does not take away. */
const isNoLock = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === false;

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // gone already
  }
}
