/**
 * One object out of a cache: transfer, check, unpack in quarantine. Nothing leaves the quarantine unless file hash, file size, NAR
 * hash, NAR size and content address are as promised. Memory: a NAR of up to 4 MiB, or a few buffers.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { Fault, formatBytes, hasRoomFor, isDiskFull, sys, textToBytes, writeAll } from '../../base/index.ts';
import { type Ingested, ingest } from '../ingest.ts';
import { withFileSource } from '../nar.ts';
import { bytesSource, readNar } from '../nar-decode.ts';
import type { TreeVisitor } from '../tree.ts';
import type { FinishedObject } from '../types.ts';
import { removeTree } from '../write-tree.ts';
import type { BinaryCache } from './binary-cache.ts';
import type { CacheCode } from './codes.ts';
import { decompress, fileBytes } from './compression.ts';
import type { NarInfo } from './narinfo.ts';
import type { Partials } from './partial.ts';
import { CacheProblem, cacheFault } from './transport.ts';
import { contentProblem, hashesFor } from './trust.ts';

const MAX_IN_MEMORY = 1 << 22;
/** What compression may add to what it cannot compress. */
const SLACK_BYTES = 1 << 16;

export interface FetchJob {
  readonly cache: BinaryCache;
  readonly info: NarInfo;
  /** A folder of our own on the store's file system, that does not exist yet. */
  readonly quarantine: string;
  readonly partials: Partials;
  readonly signal?: AbortSignal;
  readonly onBytes?: (doneBytes: number, totalBytes: number | undefined) => void;
}

/**
 * What an earlier attempt left may be of a cache that lied about its hash, or of before the power went: where it does not fit, all of it
 * comes once more before this cache is blamed.
 *
 * @throws Fault E-CACHE-004 E-CACHE-006 E-CACHE-008 E-CACHE-011 E-STORE-009 · SystemFault
 */
export async function fetchNar(job: FetchJob): Promise<FinishedObject> {
  needRoom(job);
  const { path } = job.partials.claim(`${job.info.fileHash ?? job.info.narHash}-${job.info.compression}`);
  const wasPartial = sizeOf(path) > 0;
  let isKept = true;
  const attempt = async (): Promise<FinishedObject> => {
    isKept = true;
    await job.cache.guard(`to send '${job.info.path}'`, () => transfer(job, path));
    isKept = false;
    return await unpack(job, path);
  };
  try {
    try {
      return await attempt();
    } catch (error) {
      // What is left of an earlier transfer after a power failure may be anything.
      if (!wasPartial || !isDamage(error)) throw error;
      removeTree(textToBytes(job.quarantine));
      truncateSync(path, 0);
      return await attempt();
    }
  } catch (error) {
    // What fills the disk may be of somebody who means to.
    if (isDamage(error) || isDiskFull(error)) isKept = false;
    throw error;
  } finally {
    if (isKept) job.partials.release(path);
    else job.partials.drop(path);
  }
}

/** Of what a name proves nobody signed a size: anybody can say any. @throws Fault E-CACHE-011 */
export function needRoom({ info, cache, quarantine }: FetchJob): void {
  const sizeBytes = Math.max(info.narSizeBytes, info.fileSizeBytes ?? 0);
  if (hasRoomFor(dirname(quarantine), sizeBytes)) return;
  throw new Fault(
    'E-CACHE-011' satisfies CacheCode,
    `'${info.path}' from cache '${cache.url}' has ${formatBytes(sizeBytes)}, for which the disk has no room`,
    { hints: ["make room: 'igos gc' removes what nothing needs; if it is never so large, use another cache"] },
  );
}

const isDamage = (error: unknown): boolean => error instanceof Fault && error.code === ('E-CACHE-004' satisfies CacheCode);

/** Appends to what is there; over when all of it is. */
async function transfer(job: FetchJob, path: string): Promise<void> {
  const { info, signal } = job;
  const limit = info.fileSizeBytes ?? info.narSizeBytes + Math.ceil(info.narSizeBytes / 16) + SLACK_BYTES;
  let done = sizeOf(path);
  if (done > limit) {
    truncateSync(path, 0);
    done = 0;
  }
  if (info.fileSizeBytes !== undefined && done === info.fileSizeBytes) return;
  const got = await job.cache.transport.get(info.url, { fromByte: done, ...(signal ? { signal } : {}) });
  if (got === undefined) {
    job.cache.forget(info.path);
    throw cacheFault(job.cache.url, `to send '${info.path}'`, `its file '${info.url}' is not there`);
  }
  const fd = sys('write', path, () => openSync(path, got.fromByte === done ? 'a' : 'w', 0o600));
  done = got.fromByte;
  try {
    for await (const chunk of got.body) {
      signal?.throwIfAborted();
      done += chunk.length;
      if (done > limit) throw damagedNar(info, job.cache.url, `more than the ${limit} bytes came that were announced`);
      sys('write', path, () => writeAll(fd, chunk));
      job.onBytes?.(done, info.fileSizeBytes ?? got.totalBytes);
    }
  } finally {
    closeSync(fd);
  }
  if (got.totalBytes !== undefined && done < got.totalBytes) throw new CacheProblem('the transfer broke off', true);
}

const sizeOf = (path: string): number => sys('read', path, () => statSync(path)).size;

async function unpack(job: FetchJob, path: string): Promise<FinishedObject> {
  const { info, cache, quarantine } = job;
  const fail = (reason: string): never => {
    throw damagedNar(info, cache.url, reason);
  };
  sys('create the folder', quarantine, () => mkdirSync(quarantine, 0o700));
  const spool = `${quarantine}/nar`;
  const isSmall = info.narSizeBytes <= MAX_IN_MEMORY;
  const parts: Buffer[] = [];
  const fd = isSmall ? -1 : sys('write', spool, () => openSync(spool, 'wx', 0o600));
  const fileHash = createHash('sha256');
  const narHash = createHash('sha256');
  let fileSizeBytes = 0;
  let narSizeBytes = 0;
  async function* counted(): AsyncIterable<Uint8Array> {
    for await (const chunk of fileBytes(path)) {
      fileHash.update(chunk);
      fileSizeBytes += chunk.length;
      yield chunk;
    }
  }
  let broken: string | undefined;
  try {
    for await (const chunk of decompress(info.compression, counted())) {
      narSizeBytes += chunk.length;
      // Before anything is written: a few bytes can unpack to terabytes.
      if (narSizeBytes > info.narSizeBytes) fail(`it unpacks to more than the ${info.narSizeBytes} bytes that were announced`);
      narHash.update(chunk);
      if (isSmall) parts.push(Buffer.from(chunk));
      else sys('write', spool, () => writeAll(fd, chunk));
    }
  } catch (error) {
    if (error instanceof Fault || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    broken = `its ${info.compression} compression is damaged (${(error as Error).message})`;
  } finally {
    if (fd !== -1) closeSync(fd);
  }
  if (broken === undefined && info.fileSizeBytes !== undefined && fileSizeBytes !== info.fileSizeBytes)
    fail(`its file has ${fileSizeBytes} bytes, not ${info.fileSizeBytes} as announced`);
  if (broken === undefined && info.fileHash !== undefined && fileHash.digest('hex') !== info.fileHash)
    fail('its file does not have the hash that was announced (FileHash)');
  if (broken !== undefined) fail(broken);
  if (narSizeBytes !== info.narSizeBytes) fail(`its NAR has ${narSizeBytes} bytes, not ${info.narSizeBytes} as announced`);
  if (narHash.digest('hex') !== info.narHash) fail('its NAR does not have the hash that was announced (NarHash)');
  const drive = (visitor: TreeVisitor): void =>
    isSmall
      ? readNar(bytesSource(Buffer.concat(parts)), visitor)
      : withFileSource(textToBytes(spool), (source) => readNar(source, visitor));
  const finished = finish(info, `${quarantine}/x`, cache.url, drive);
  rmSync(spool, { force: true });
  return finished;
}

/** Writes the tree and checks it against all that is claimed. @throws Fault E-CACHE-004; what was written is gone then */
export function finish(info: NarInfo, realPath: string, url: string, drive: (visitor: TreeVisitor) => void): FinishedObject {
  let content: Ingested;
  try {
    content = ingest(drive, { copyTo: textToBytes(realPath), ...hashesFor(info) });
  } catch (error) {
    removeTree(textToBytes(realPath));
    throw error;
  }
  const problem =
    content.narHash !== info.narHash || content.narSizeBytes !== info.narSizeBytes
      ? 'its files do not give the NAR that was announced'
      : contentProblem(info, content);
  if (problem !== undefined) {
    removeTree(textToBytes(realPath));
    throw damagedNar(info, url, problem);
  }
  const { path, narHash, narSizeBytes, references, deriver, ca, signatures } = info;
  return {
    realPath,
    manifest: content.manifest,
    info: {
      path,
      narHash,
      narSizeBytes,
      references,
      ...(deriver === undefined ? {} : { deriver }),
      ...(ca === undefined ? {} : { ca }),
      ...(signatures.length === 0 ? {} : { signatures }),
    },
  };
}

const damagedNar = (info: NarInfo, url: string, reason: string): Fault =>
  new Fault('E-CACHE-004' satisfies CacheCode, `'${info.path}' from cache '${url}' is not what was promised: ${reason}`, {
    hints: ['try again; if it stays so, the cache is damaged or somebody tampers with it: tell whoever keeps it'],
  });
