import { createHash } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  createReadStream,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Fault, SystemFault, sys, writeAll } from '../../base/index.ts';
import { fileSha256, folderInside } from '../disk.ts';
import { ARCHIVE_CACHE, type RootLayout } from '../layout.ts';
import { lockFile } from '../lock.ts';
import { objectFile } from '../objects.ts';
import type { AvailablePackage } from '../query.ts';
import type { RootContext } from '../transaction.ts';
import { dropForsaken } from './clean-cache.ts';
import { knownRepository } from './known.ts';
import { fileBelow, openUrl, shownUrl, UrlProblem } from './open-url.ts';

/** Before the second and the third attempt at one address. */
const WAITS_MS = [500, 2000];
const AT_ONCE = 4;

export interface FetchOptions {
  /** Called once where another process downloads for this root, which is waited for. */
  readonly onWait?: () => void;
  readonly onProgress?: (event: { readonly package: string; readonly doneBytes: number; readonly sizeBytes: number }) => void;
  /** How long to wait before further attempts; tests do not like to. */
  readonly waitsMs?: readonly number[];
  /** Without a byte for so long, a connection is dead. */
  readonly idleMs?: number;
  /** A private folder for what is downloaded, where the cache cannot be written to. Made when it is needed. */
  readonly into?: () => string;
}

/** Several archives, a few at a time. @returns absolute paths, in order. @throws Fault E-PKM-071 of the first that cannot be had */
export async function fetchArchives(
  context: RootContext,
  items: readonly AvailablePackage[],
  options: FetchOptions = {},
): Promise<string[]> {
  const unlock = options.into === undefined ? await lockDownloads(context, items, options.onWait) : undefined;
  try {
    return await fetchSideBySide(context, items, options);
  } finally {
    unlock?.();
  }
}

/**
 * Two processes must not write the same archive. Not the root's lock: a root may be changed while archives for it come in.
 * `undefined` where nothing is to be downloaded.
 */
async function lockDownloads(
  context: RootContext,
  items: readonly AvailablePackage[],
  onWait?: () => void,
): Promise<(() => void) | undefined> {
  if (!items.some((item) => isToBeDownloaded(context, item))) return undefined;
  const unlock = await lockFile(`${context.layout.lock}.downloads`, onWait);
  dropForsaken(context);
  return unlock;
}

/** Whether an archive is neither here nor in a folder of this machine. */
export function isToBeDownloaded({ layout }: RootContext, item: AvailablePackage): boolean {
  if (fileBelow(item.repository, item.file).protocol === 'file:' || keptArchive(layout, item.sha256) !== undefined) return false;
  return !existsSync(join(folderInside(layout, ARCHIVE_CACHE), `${item.sha256}.igos.tar.gz`));
}

async function fetchSideBySide(
  context: RootContext,
  items: readonly AvailablePackage[],
  options: FetchOptions,
): Promise<string[]> {
  const paths = new Array<string>(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      try {
        paths[index] = await fetchArchive(context, items[index]!, options);
      } catch (error) {
        next = items.length; // the others finish what they are at: it is kept
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
  return paths;
}

/**
 * The archive of a package that an index offers: from what the root keeps, from its cache, from its folder, or fetched. What is returned has the
 * SHA-256 of the index. A download that broke off goes on where it was, also in another process; mirrors are tried in turn.
 * @returns absolute path
 * @throws Fault E-PKM-071 it cannot be fetched, or is another file than the index says
 */
export async function fetchArchive(context: RootContext, item: AvailablePackage, options: FetchOptions = {}): Promise<string> {
  const { layout, io, database } = context;
  const name = `${item.sha256}.igos.tar.gz`;
  const cache = folderInside(layout, ARCHIVE_CACHE);
  const kept = keptArchive(layout, item.sha256); // a kept generation came from it
  if (kept !== undefined) return kept;
  const cached = join(cache, name);
  if (existsSync(cached) && fileSha256(cached) === item.sha256) return cached;
  const folder = options.into?.() ?? cache;
  const path = join(folder, name);
  sys('create the folder', folder, () => io.makeOwnFolder(folder));
  const mirrors = knownRepository(database, item.repository)?.mirrors ?? [];
  let first: unknown;
  for (const address of [item.repository, ...mirrors]) {
    const url = fileBelow(address, item.file);
    try {
      if (url.protocol === 'file:') return local(url, item);
      await download(url, `${path}.part`, item, options);
      sys('write', path, () => renameSync(`${path}.part`, path));
      return path;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** `undefined` for who may not look, too: it can be fetched. */
function keptArchive(layout: RootLayout, sha256: string): string | undefined {
  try {
    return objectFile(layout, sha256);
  } catch (error) {
    if (error instanceof SystemFault && error.errno === 'EACCES') return undefined;
    throw error;
  }
}

/** Whether what is downloaded can be kept for later. */
export function mayKeepDownloads(layout: RootLayout): boolean {
  try {
    for (const path of [folderInside(layout, ARCHIVE_CACHE), layout.state]) {
      let folder = path;
      while (!existsSync(folder)) folder = dirname(folder);
      accessSync(folder, constants.W_OK | constants.X_OK);
    }
    return true;
  } catch {
    return false;
  }
}

/** A folder's archive is read where it is: it is hashed again while it is unpacked. */
function local(url: URL, item: AvailablePackage): string {
  const path = fileURLToPath(url);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw unreachable(url, new UrlProblem('there is no such file', false));
  const actual = fileSha256(path);
  if (actual !== item.sha256) throw another(url, differing(item, actual));
  return path;
}

async function download(url: URL, part: string, item: AvailablePackage, options: FetchOptions): Promise<void> {
  const waits = options.waitsMs ?? WAITS_MS;
  for (let attempt = 0; ; attempt++) {
    const wasPartial = existsSync(part);
    try {
      const actual = await goOn(url, part, item, options);
      if (actual === item.sha256) return;
      rmSync(part, { force: true });
      // What was there may have been of another file of that name.
      if (!wasPartial || attempt >= waits.length) throw another(url, differing(item, actual));
    } catch (error) {
      if (!(error instanceof UrlProblem)) throw error;
      if (!error.canRetry || attempt >= waits.length) throw unreachable(url, error);
      await sleep(Math.max(waits[attempt]!, error.waitMs));
    }
  }
}

/** Fetches what `part` does not hold yet. @returns the SHA-256 of all of it. @throws UrlProblem */
async function goOn(url: URL, part: string, item: AvailablePackage, options: FetchOptions): Promise<string> {
  const there = lstatSync(part, { throwIfNoEntry: false });
  if (there?.isFile() === false) sys('remove', part, () => rmSync(part, { recursive: true })); // a symlink may lead anywhere
  let done = there?.isFile() === true ? there.size : 0;
  if (done > item.sizeBytes) done = 0;
  if (done === item.sizeBytes) return fileSha256(part);
  let digest = createHash('sha256');
  // Before the connection is there: one that breaks while nobody reads loses what came.
  if (done > 0) for await (const chunk of createReadStream(part)) digest.update(chunk as Buffer);
  const { fromByte, body } = await openUrl(url, {
    fromByte: done,
    ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
  });
  if (fromByte !== done) {
    digest = createHash('sha256');
    done = 0;
  }
  const fd = sys('write', part, () => openSync(part, done === 0 ? 'w' : 'a', 0o644));
  try {
    for await (const chunk of body) {
      done += chunk.length;
      if (done > item.sizeBytes) {
        rmSync(part, { force: true });
        throw another(url, [`it is longer than the ${item.sizeBytes} bytes that the index says`]);
      }
      sys('write', part, () => writeAll(fd, chunk));
      digest.update(chunk);
      options.onProgress?.({ package: item.name, doneBytes: done, sizeBytes: item.sizeBytes });
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  if (done < item.sizeBytes) throw new UrlProblem(`only ${done} of ${item.sizeBytes} bytes came`, true);
  return digest.digest('hex');
}

const another = (url: URL, notes: readonly string[]): Fault =>
  new Fault('E-PKM-071', `'${shownUrl(url)}' is not the archive that its index promises`, {
    notes,
    hints: ["fetch the newest index with 'pkm sync' and try again", 'if it differs still, do not install this archive'],
  });

const differing = (item: AvailablePackage, actual: string): string[] => [
  `expected SHA-256 ${item.sha256}`,
  `  actual SHA-256 ${actual}`,
];

const unreachable = (url: URL, problem: UrlProblem): Fault =>
  new Fault('E-PKM-071', `cannot fetch '${shownUrl(url)}': ${problem.message}`, {
    cause: problem,
    notes: problem.canRetry ? ['what came so far is kept: the next attempt goes on from there'] : [],
    hints: ['check the address and the network', "or fetch a newer index with 'pkm sync': the archive may have been replaced"],
  });
