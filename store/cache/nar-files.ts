/**
 * Compressed NARs on disk, under `<home>/var/cache/nar`: made when they are first asked for, found by all later requests, and the
 * oldest gone when there are too many. Their bytes are deterministic, so parts of them can be asked for.
 */
import { createHash } from 'node:crypto';
import { readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { fileSink, makeDirectory, temporaryName } from '../../base/index.ts';
import type { ObjectStore, StorePath } from '../types.ts';
import { compress } from './compression.ts';
import { narSuffix, type WrittenCompression } from './compression-name.ts';
import { narStream } from './nar-stream.ts';
import { Turns } from './turns.ts';

export interface NarFile {
  readonly path: string;
  readonly sizeBytes: number;
}

interface Making {
  readonly file: string;
  readonly made: Promise<NarFile>;
  /** Whether each of those who asked waits still. */
  readonly wishes: (() => boolean)[];
}

/** All who asked have gone. */
export class Unwanted extends Error {
  override readonly name = 'Unwanted';
}

export class NarFiles {
  readonly #store: ObjectStore;
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #making = new Map<string, Making>();
  /** Whoever asks costs this machine a compressor, of 100 MB and a processor: not as many as there are connections. */
  readonly #turns = new Turns(availableParallelism());
  #totalBytes: number | undefined;

  constructor(store: ObjectStore, maxBytes: number) {
    this.#store = store;
    this.#folder = `${store.home}/var/cache/nar`;
    this.#maxBytes = maxBytes;
  }

  /**
   * The compressed NAR of a valid path; made once however many ask, and not where nobody waits any more when its turn comes.
   *
   * @throws Fault E-CACHE-004 the object is damaged · Unwanted
   */
  async get(path: StorePath, compression: WrittenCompression, isWanted: () => boolean): Promise<NarFile> {
    const name = `${this.#store.info(path)!.narHash}${narSuffix(compression)}`;
    const file = `${this.#folder}/${name}`;
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat !== undefined) {
      utimesSync(file, new Date(), new Date());
      return { path: file, sizeBytes: stat.size };
    }
    const known = this.#making.get(name);
    known?.wishes.push(isWanted);
    return await (known ?? this.#begin(name, path, compression, { file, wishes: [isWanted] })).made;
  }

  #begin(name: string, path: StorePath, compression: WrittenCompression, job: Omit<Making, 'made'>): Making {
    const made = this.#turns.take(async () => {
      try {
        if (!job.wishes.some((isWanted) => isWanted())) throw new Unwanted();
        return await this.#make(path, compression, job.file);
      } finally {
        this.#making.delete(name);
      }
    });
    const making = { ...job, made };
    this.#making.set(name, making);
    return making;
  }

  async #make(path: StorePath, compression: WrittenCompression, file: string): Promise<NarFile> {
    makeDirectory(this.#folder, 0o700);
    const made = await writeNar(this.#store, path, compression, temporaryName(file));
    renameSync(made.path, file);
    this.#collect(made.sizeBytes);
    return { path: file, sizeBytes: made.sizeBytes };
  }

  /** Those unused for longest go, until a tenth is free. */
  #collect(addedBytes: number): void {
    if (this.#totalBytes !== undefined && this.#totalBytes + addedBytes <= this.#maxBytes) {
      this.#totalBytes += addedBytes;
      return;
    }
    const files = readdirSync(this.#folder)
      .map((name) => ({ path: `${this.#folder}/${name}`, stat: statSync(`${this.#folder}/${name}`, { throwIfNoEntry: false }) }))
      .filter(({ stat }) => stat !== undefined)
      .sort((a, b) => b.stat!.mtimeMs - a.stat!.mtimeMs);
    let total = 0;
    const limit = files.reduce((sum, { stat }) => sum + stat!.size, 0) > this.#maxBytes ? this.#maxBytes * 0.9 : this.#maxBytes;
    files.forEach(({ path, stat }, i) => {
      total += stat!.size;
      // What was made just now is about to be sent.
      if (total <= limit || i === 0) return;
      rmSync(path, { force: true });
      total -= stat!.size;
    });
    this.#totalBytes = total;
  }
}

/** Writes one to a file that does not exist, with its hash. @throws Fault E-CACHE-004; then there is no file */
export async function writeNar(
  store: ObjectStore,
  path: StorePath,
  compression: WrittenCompression,
  target: string,
): Promise<NarFile & { readonly sha256: string }> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  async function* counted(): AsyncIterable<Uint8Array> {
    for await (const chunk of compress(compression, narStream(store, path))) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      yield chunk;
    }
  }
  try {
    await pipeline(counted(), fileSink(target, target, { flags: 'wx', mode: 0o600 }));
  } catch (error) {
    rmSync(target, { force: true });
    throw error;
  }
  return { path: target, sizeBytes, sha256: hash.digest('hex') };
}
