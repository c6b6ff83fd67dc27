/**
 * One writer a root. The lock is SQLite's own on an empty database file: the kernel drops it with the process, so a dead
 * process's lock is no lock, and nothing has to be cleaned up or guessed from process ids. A text beside it says who holds it.
 */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { Fault, isDiskFull, sys } from '../base/index.ts';
import type { RootIo } from './io.ts';
import type { RootLayout } from './layout.ts';
import { databaseFault } from './state/database.ts';

export interface LockHolder {
  readonly pid: number;
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export interface LockOptions {
  readonly command: string;
  /** How long to wait for another process. */
  readonly waitMs: number;
  /** Called once when waiting begins. */
  readonly onWait?: (holder: LockHolder | undefined) => void;
}

/** Takes the lock of a root; the returned function gives it back. @throws Fault E-PKM-020 another process still holds it */
export function lockRoot(layout: RootLayout, io: RootIo, options: LockOptions): () => void {
  const handle = openLock(layout.lock);
  let hasLock = false;
  try {
    hasLock = tryFor(handle, layout.lock, 0);
    if (!hasLock && options.waitMs > 0) {
      options.onWait?.(readHolder(layout));
      hasLock = tryFor(handle, layout.lock, options.waitMs);
    }
    if (!hasLock) throw lockedFault(layout, readHolder(layout));
    const holder: LockHolder = {
      pid: process.pid,
      command: options.command,
      since: new Date().toISOString().replace(/\.\d+/, ''),
    };
    sayWho(io, layout, holder);
  } catch (error) {
    handle.close();
    throw error;
  }
  return () => handle.close();
}

function openLock(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path);
  } catch (error) {
    // SQLite does not say why, the kernel does.
    sys('write', path, () => closeSync(openSync(path, 'a')));
    throw databaseFault(path, error);
  }
}

/** On a full disk, or behind a quota, nobody can read who holds the lock; it is held all the same, and what makes room must be possible. */
function sayWho(io: RootIo, layout: RootLayout, holder: LockHolder): void {
  try {
    io.writeOwn(layout.holder, `${JSON.stringify(holder)}\n`);
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    if (existsSync(layout.holder)) sys('remove', layout.holder, () => io.unlink(layout.holder));
  }
}

const POLL_MS = 100;

/**
 * The same on any file, waiting for as long as it takes; a second holder in this process waits as well.
 *
 * @param onWait  called once when waiting begins
 * @throws SystemFault
 */
export async function lockFile(path: string, onWait: () => void = () => {}): Promise<() => void> {
  // SQLite does not say why it cannot make a file.
  sys('write', path, () => closeSync(openSync(path, 'a', 0o644)));
  const handle = new DatabaseSync(path);
  try {
    if (!tryFor(handle, path, 0)) {
      onWait();
      do await sleep(POLL_MS);
      while (!tryFor(handle, path, 0));
    }
  } catch (error) {
    handle.close();
    throw error;
  }
  return () => handle.close();
}

function tryFor(handle: DatabaseSync, path: string, ms: number): boolean {
  try {
    handle.exec(`PRAGMA busy_timeout = ${Math.max(0, Math.floor(ms))}`);
    // Nothing is ever written into it: with no journal on the disk a lock needs no space.
    handle.exec('PRAGMA journal_mode = MEMORY');
    handle.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (/locked|busy/.test((error as Error).message)) return false;
    throw databaseFault(path, error);
  }
}

function readHolder(layout: RootLayout): LockHolder | undefined {
  try {
    return JSON.parse(readFileSync(layout.holder, 'utf8')) as LockHolder;
  } catch {
    return undefined; // not written yet, or by hand
  }
}

function lockedFault(layout: RootLayout, holder: LockHolder | undefined): Fault {
  const who = holder === undefined ? 'another process' : `process ${holder.pid}`;
  return new Fault('E-PKM-020', `the root '${layout.root}' is being changed by ${who}`, {
    notes: holder === undefined ? [] : [`'${holder.command}', since ${holder.since}`],
    hints: ['wait until it has finished, and run the command again'],
  });
}
