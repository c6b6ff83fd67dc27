/**
 * Opening, closing and writing the index exclude each other, over all processes, which LMDB does not see to:
 *
 * - Whoever opens it reads which transaction was the last one and, a moment later, puts that where all processes look it up. A transaction
 *   that is committed in between is then forgotten: the next one begins where it began, and what it wrote is gone, or half gone.
 * - The last one that closes it destroys the locks in its lock file, and one that joins at that very moment goes on with what was
 *   destroyed: every transaction of it fails (`EINVAL`).
 *
 * The guard is a link that names its process and counts for nothing when that process is gone. In a store that we may only read there is
 * none, and none is needed: there LMDB has nothing to put anywhere.
 */
import { accessSync, constants, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { parentOf, processStartTime, uptimeMs } from '../base/index.ts';

/**
 * Whoever is in another PID namespace cannot be looked up: such a guard counts for so long. So does that of another thread of this
 * process, or of the one that started this one (evaluation that imports what is to be built): it closes the index and is gone, or stands
 * still until this one has ended, and the disk did not let its guard go.
 */
const FOREIGN_MS = 10_000;

/** Who waits for longer says for whom. */
const SAY_MS = 1000;

/** Between two tries to let go of a guard. */
const RETRY_MS = 1000;

export type OnWait = (pid: number | undefined) => void;

/** Of this thread: who holds the guard may come in again. */
const held = new Set<string>();
/** Guards of this thread that the disk did not let it remove: they are there still, and still its own. */
const left = new Set<string>();
let own: string | undefined;

/**
 * Runs `run` while nobody else opens, closes or writes the index of this folder; waits as long as somebody who lives does. To be taken
 * before LMDB's own lock. Cost: 30 µs.
 *
 * @param onWait  called once if it takes a second and more, with the process that holds it: `undefined` in another PID namespace
 */
export function whileGuarded<T>(folder: string, run: () => T, onWait?: OnWait): T {
  const path = `${folder}/guard`;
  if (held.has(path) || !take(path, onWait)) return run();
  held.add(path);
  try {
    return run();
  } finally {
    held.delete(path);
    if (!remove(path) && !remove(path)) letGoLater(path);
  }
}

/** For as long as this process lives and does not need the index again, others wait for it. */
function letGoLater(path: string): void {
  left.add(path);
  const retry = setInterval(() => {
    if (left.has(path) && ownerOf(path) === own && !remove(path)) return;
    left.delete(path);
    clearInterval(retry);
  }, RETRY_MS).unref();
}

/** @returns false where no guard can be made */
function take(path: string, onWait?: OnWait): boolean {
  own ??= `${process.pid} ${processStartTime(process.pid) ?? ''} ${namespace()}`;
  let pause: Int32Array | undefined;
  let since: number | undefined;
  for (;;) {
    try {
      // A link appears with its content, which a file does not.
      symlinkSync(own, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
    since ??= uptimeMs();
    const waitedMs = uptimeMs() - since;
    const hasWaited = waitedMs >= FOREIGN_MS;
    if ((left.delete(path) || hasWaited) && ownerOf(path) === own) return true;
    const found = removeStale(path, hasWaited);
    if (found === 'gone') continue;
    if (found === 'stuck' || isReadOnly(path)) return false;
    if (waitedMs >= SAY_MS) {
      onWait?.(pidOf(path));
      onWait = undefined;
    }
    pause ??= new Int32Array(new SharedArrayBuffer(4));
    Atomics.wait(pause, 0, 0, 1);
  }
}

/**
 * Takes a dead process's guard away. One does at a time: between the look and the removal another could have done so, and a third have
 * taken the guard. On a file system that became read-only it is stuck: nobody can take another guard there, nor write the index.
 */
function removeStale(path: string, hasWaited: boolean): 'gone' | 'alive' | 'stuck' {
  const owner = ownerOf(path);
  if (owner === undefined) return 'gone';
  if (isAlive(owner, hasWaited)) return 'alive';
  const clearing = `${path}.clearing`;
  try {
    symlinkSync(own!, clearing);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return 'stuck';
    const other = ownerOf(clearing);
    // It takes a moment: one that is there for long is one that the disk did not let go.
    const isLeft = other !== undefined && (hasWaited || !isAlive(other, hasWaited));
    if (isLeft && !remove(clearing)) return 'stuck';
    return 'alive';
  }
  const isRemoved = ownerOf(path) !== owner || remove(path);
  if (!remove(clearing)) remove(clearing);
  return isRemoved ? 'gone' : 'stuck';
}

/** Nobody can take a guard there, nor let go of one. */
function isReadOnly(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}

/** `undefined`: it is gone. What is no guard has an owner that does not live. */
function ownerOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : '';
  }
}

function isAlive(owner: string, hasWaited: boolean): boolean {
  const [pid, start, where] = owner.split(' ');
  if (where !== undefined && where !== namespace()) return !hasWaited;
  try {
    if (start === undefined || start === '' || processStartTime(Number(pid)) !== start) return false;
    return !hasWaited || !isAncestor(Number(pid));
  } catch {
    return true; // nobody knows
  }
}

/** Whether a process started this one, or the one that did, and so on. */
function isAncestor(pid: number): boolean {
  for (let at = process.ppid; at > 0; at = parentOf(at)) if (at === pid) return true;
  return false;
}

/** Of the process that holds a guard, where its number means something here. */
function pidOf(path: string): number | undefined {
  const [pid, , where] = ownerOf(path)?.split(' ') ?? [];
  return where === namespace() ? Number(pid) : undefined;
}

let ownNamespace: string | undefined;

/** Of PIDs: numbers mean something inside of it only. */
function namespace(): string {
  ownNamespace ??= ownerOf('/proc/self/ns/pid') ?? '';
  return ownNamespace;
}

/** @returns whether it is gone: its folder may have been moved away under us as well */
function remove(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
