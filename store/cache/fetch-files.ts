/**
 * An object out of a cache of ours without its NAR: the manifest says which files it has, and only those are sent that this store
 * has nowhere. An upgrade that changes one file in a hundred costs that file.
 */
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { type Bytes, Fault, sys, textToBytes, writeAll } from '../../base/index.ts';
import { readTree } from '../read-tree.ts';
import { storePathHash } from '../store-path.ts';
import { compareTreeOrder, type TreeVisitor } from '../tree.ts';
import type { FinishedObject, Manifest, ManifestEntry } from '../types.ts';
import { removeTree } from '../write-tree.ts';
import { decompress } from './compression.ts';
import { type FetchJob, finish, needRoom } from './fetch-nar.ts';
import type { LocalFiles } from './local-files.ts';
import { maxManifestBytes, parseManifest } from './remote-manifest.ts';
import { CacheProblem, getSmall } from './transport.ts';

type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

/** Smaller ones come faster whole. */
const LEAST_NAR_BYTES = 1 << 16;
/** Where more of the object than this is missing, the NAR is sent instead: it compresses better. */
const MAX_MISSING = 0.7;
/** Of the list of files in one request. */
const MAX_LIST_LENGTH = 3000;

/** Where a cache of ours keeps it. */
const manifestKey = (hashPart: string): string => `igos/${hashPart}/manifest`;
const filesKey = (hashPart: string, ranges: string): string => `igos/${hashPart}/files?of=${ranges}`;

/** `undefined`: the NAR is the better or the only way. @throws Fault E-CACHE-006 E-CACHE-011 · SystemFault */
export async function fetchFiles(job: FetchJob, local: LocalFiles): Promise<FinishedObject | undefined> {
  const { cache, info, signal } = job;
  needRoom(job);
  if (info.narSizeBytes < LEAST_NAR_BYTES || !(await cache.info()).hasManifests) return undefined;
  const hashPart = storePathHash(info.path);
  const bytes = await cache.guard('to send a manifest', () =>
    getSmall(cache.transport, manifestKey(hashPart), maxManifestBytes, signal),
  );
  if (bytes === undefined) return undefined;
  const manifest = parseManifest(bytes.toString('latin1'), info);
  // A manifest is a way to save work, not a promise: whatever is wrong with it, the NAR decides.
  if (typeof manifest === 'string') return undefined;
  const places = new Map<string, Bytes>();
  const missing: number[] = [];
  let missingBytes = 0;
  manifest.forEach((entry, i) => {
    if (entry.kind !== 'file' || places.has(entry.sha256)) return;
    const found = local.find(entry.sha256);
    places.set(entry.sha256, found ?? `${textToBytes(job.quarantine)}/f${i}`);
    if (found !== undefined) return;
    missing.push(i);
    missingBytes += entry.sizeBytes;
  });
  if (missingBytes > info.narSizeBytes * MAX_MISSING) return undefined;
  sys('create the folder', job.quarantine, () => mkdirSync(job.quarantine, { mode: 0o700, recursive: true }));
  try {
    let doneBytes = 0;
    for (const part of requests(missing)) {
      const entries = part.indices.map((i) => ({ entry: manifest[i] as FileEntry, place: `${job.quarantine}/f${i}` }));
      const isWhole = await receive(job, filesKey(hashPart, part.ranges), entries, (nBytes) => {
        doneBytes += nBytes;
        job.onBytes?.(doneBytes, missingBytes);
      });
      if (!isWhole) throw new Unusable();
    }
    return finish(info, `${job.quarantine}/x`, cache.url, (visitor) => visit(manifest, places, visitor));
  } catch (error) {
    // Also what a damaged file of this very store leads to. The NAR has no such doubts.
    removeTree(textToBytes(job.quarantine));
    if (error instanceof Unusable || error instanceof CacheProblem || error instanceof Fault) return undefined;
    throw error;
  }
}

class Unusable extends Error {}

function requests(indices: readonly number[]): { indices: number[]; ranges: string }[] {
  const result: { indices: number[]; ranges: string }[] = [];
  for (let i = 0; i < indices.length; ) {
    let end = i + 1;
    while (end < indices.length && indices[end] === indices[end - 1]! + 1) end++;
    const range = end - i === 1 ? `${indices[i]}` : `${indices[i]}-${indices[end - 1]}`;
    const last = result.at(-1);
    if (last === undefined || last.ranges.length + range.length >= MAX_LIST_LENGTH)
      result.push({ indices: indices.slice(i, end), ranges: range });
    else {
      last.indices.push(...indices.slice(i, end));
      last.ranges += `,${range}`;
    }
    i = end;
  }
  return result;
}

/** `false`: what came is not what the manifest says. */
async function receive(
  job: FetchJob,
  key: string,
  entries: readonly { entry: FileEntry; place: string }[],
  onBytes: (nBytes: number) => void,
): Promise<boolean> {
  const got = await job.cache.transport.get(key, job.signal ? { signal: job.signal } : {});
  if (got === undefined) return false;
  async function* counted(): AsyncIterable<Uint8Array> {
    for await (const chunk of got!.body) {
      onBytes(chunk.length);
      yield chunk;
    }
  }
  const writer = new FileSplitter(entries);
  try {
    for await (const chunk of decompress('zstd', counted())) if (!writer.write(chunk)) return false;
    return writer.isDone();
  } finally {
    writer.close();
  }
}

/** Cuts a stream into files by their sizes, and compares each with its hash. */
class FileSplitter {
  readonly #entries: readonly { entry: FileEntry; place: string }[];
  #at = -1;
  #fd = -1;
  #remaining = 0;
  #hash = createHash('sha256');

  constructor(entries: readonly { entry: FileEntry; place: string }[]) {
    this.#entries = entries;
  }

  write(chunk: Uint8Array): boolean {
    for (let done = 0; done < chunk.length; ) {
      if (this.#remaining === 0 && !this.#advance()) return false;
      const part = chunk.subarray(done, done + this.#remaining);
      if (part.length === 0) return false;
      this.#hash.update(part);
      sys('write', this.#entries[this.#at]!.place, () => writeAll(this.#fd, part));
      this.#remaining -= part.length;
      done += part.length;
    }
    return true;
  }

  isDone(): boolean {
    while (this.#at < this.#entries.length) {
      if (this.#remaining > 0) return false;
      if (!this.#advance()) return this.#at === this.#entries.length;
    }
    return true;
  }

  close(): void {
    if (this.#fd !== -1) closeSync(this.#fd);
    this.#fd = -1;
  }

  /** To the next file that has bytes; `false` where the last one was wrong, or there is none. */
  #advance(): boolean {
    for (;;) {
      this.close();
      const last = this.#entries[this.#at];
      if (last !== undefined && this.#hash.digest('hex') !== last.entry.sha256) return false;
      const next = this.#entries[++this.#at];
      if (next === undefined) return false;
      this.#hash = createHash('sha256');
      this.#remaining = next.entry.sizeBytes;
      this.#fd = sys('create', next.place, () => openSync(next.place, 'wx', 0o600));
      if (this.#remaining > 0) return true;
    }
  }
}

function visit(manifest: Manifest, places: ReadonlyMap<string, Bytes>, visitor: TreeVisitor): void {
  const open: Bytes[] = [];
  const isBelow = (path: Bytes, folder: Bytes): boolean => (folder === '' ? path !== '' : path.startsWith(`${folder}/`));
  for (const entry of [...manifest].sort((a, b) => compareTreeOrder(a.path, b.path))) {
    while (open.length > 0 && !isBelow(entry.path, open.at(-1)!)) visitor.leaveDirectory(open.pop()!);
    if (entry.kind === 'directory') {
      visitor.enterDirectory(entry.path);
      open.push(entry.path);
    } else if (entry.kind === 'symlink') visitor.symlink(entry.path, entry.target);
    else {
      const { isExecutable } = entry;
      // The same content may be executable here and not there.
      const asRecorded: TreeVisitor = {
        enterDirectory: () => {},
        leaveDirectory: () => {},
        symlink: () => {},
        beginFile: (path, _isExecutable, sizeBytes) => visitor.beginFile(path, isExecutable, sizeBytes),
        fileData: (chunk) => visitor.fileData(chunk),
        endFile: (path) => visitor.endFile(path),
      };
      readTree([{ kind: 'file', path: entry.path, realPath: places.get(entry.sha256)! }], asRecorded);
    }
  }
  while (open.length > 0) visitor.leaveDirectory(open.pop()!);
}
