/**
 * Logs while they are written. They stand in one folder, `<home>/var/log/running`, under the name of their derivation and of the process
 * that builds it, so that others find them, and know those that a dead process left.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, unlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fault, processStartTime, sys } from '../base/index.ts';
import { derivationName, type ObjectStore, type StorePath, storePathBase } from '../store/index.ts';
import { buildFault, isMissing } from './build-fault.ts';

const folderOf = (home: string): string => `${home}/var/log/running`;

/** What the name of a derivation leaves of a file's, for the process: its hash part alone tells it from others. */
const MAX_NAME_LENGTH = 200;

const nameOf = (drvPath: StorePath): string => storePathBase(drvPath).slice(0, MAX_NAME_LENGTH);

/** Where this process writes the log of a build that runs. */
export const runningLogPath = (home: string, drvPath: StorePath): string =>
  `${folderOf(home)}/${nameOf(drvPath)}.${process.pid}.${processStartTime(process.pid)}`;

interface RunningLog {
  readonly path: string;
  readonly build: string;
  readonly isAlive: boolean;
}

function runningLogs(home: string): RunningLog[] {
  const folder = folderOf(home);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // nothing was ever built here
  }
  return names.flatMap((name) => {
    const [, build, pid, start] = /^(.*)\.(\d+)\.(\d+)$/.exec(name) ?? [];
    if (build === undefined) return [];
    return [{ path: `${folder}/${name}`, build, isAlive: processStartTime(Number(pid)) === start }];
  });
}

/** Removes the logs of builds whose igos died. @returns how many */
export function removeDeadLogs(home: string): number {
  const dead = runningLogs(home).filter(({ isAlive }) => !isAlive);
  for (const { path } of dead) {
    try {
      unlinkSync(path);
    } catch {
      // another process was quicker
    }
  }
  return dead.length;
}

/** The output of the newest build of a derivation on this machine, as bytes. @throws Fault E-BUILD-016 there is none · SystemFault */
export const readLog = (store: ObjectStore, drvPath: StorePath): Buffer =>
  withLog(store, drvPath, (fd, path) => sys('read the log', path, () => readFileSync(fd)));

/** Hands it over piece by piece: it may be larger than what fits into memory. @throws as `readLog` */
export const pourLog = (store: ObjectStore, drvPath: StorePath, onBytes: (bytes: Buffer) => void): void =>
  withLog(store, drvPath, (fd) => drain(fd, onBytes));

/** @throws Fault E-BUILD-016 there is none */
export const requireLog = (store: ObjectStore, drvPath: StorePath): void => withLog(store, drvPath, () => {});

function withLog<T>(store: ObjectStore, drvPath: StorePath, use: (fd: number, path: string) => T): T {
  const path = store.logPath(drvPath);
  let fd: number;
  try {
    fd = sys('read the log', path, () => openSync(path, 'r'));
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw noLog(store, drvPath);
  }
  try {
    return use(fd, path);
  } finally {
    closeSync(fd);
  }
}

function noLog(store: ObjectStore, drvPath: StorePath): Fault {
  const subject = `there is no log of '${derivationName(drvPath)}'`;
  if (runningLog(store.home, drvPath) !== undefined)
    return buildFault('E-BUILD-016', `${subject} yet: it is being built`, { hints: ['igos log --follow prints what it writes'] });
  if (isBuilt(store, drvPath))
    return buildFault('E-BUILD-016', `${subject}: it was fetched, or came from elsewhere, and was not built here`, {
      hints: ['igos realize --check builds it here, and compares'],
    });
  return buildFault('E-BUILD-016', `${subject}: it was never built here`, { hints: ['igos realize builds it'] });
}

function isBuilt(store: ObjectStore, drvPath: StorePath): boolean {
  if (store.info(drvPath) === undefined) return false;
  return [...store.readDerivation(drvPath).outputs].every(([name, output]) => {
    const path = 'path' in output ? output.path : store.realisation(drvPath, name);
    return path !== undefined && store.info(path) !== undefined;
  });
}

/** Of the build of a derivation that runs now. */
const runningLog = (home: string, drvPath: StorePath): RunningLog | undefined =>
  runningLogs(home).find((log) => log.isAlive && log.build === nameOf(drvPath));

/** How often a log that is followed is looked at. */
const LOOK_MS = 100;
const CHUNK_BYTES = 1 << 16;

/**
 * Hands over what a running build has written and writes until it ends.
 *
 * @returns whether such a build runs; else nothing was handed over
 * @throws the signal's reason · SystemFault
 */
export async function followLog(
  store: Pick<ObjectStore, 'home'>,
  drvPath: StorePath,
  options: { onBytes: (bytes: Buffer) => void; signal?: AbortSignal },
): Promise<boolean> {
  const log = runningLog(store.home, drvPath);
  if (log === undefined) return false;
  let fd: number;
  try {
    fd = openSync(log.path, 'r');
  } catch {
    return false; // it ended just now
  }
  try {
    // What was written before the last look is read after it.
    for (let isRunning = true; isRunning; ) {
      isRunning = runningLog(store.home, drvPath)?.path === log.path;
      drain(fd, options.onBytes);
      if (isRunning) await sleep(LOOK_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
    }
  } finally {
    closeSync(fd);
  }
  return true;
}

function drain(fd: number, onBytes: (bytes: Buffer) => void): void {
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const nBytes = sys('read', 'the log', () => readSync(fd, chunk, 0, chunk.length, null));
    if (nBytes === 0) return;
    onBytes(chunk.subarray(0, nBytes));
  }
}
