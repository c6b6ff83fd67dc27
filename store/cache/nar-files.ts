/**
 * Compressed NARs on disk, under `<home>/var/cache/nar`: made when they are first asked for, found by all later requests, and the
 * oldest gone when there are too many. Their bytes are deterministic, so parts of them can be asked for.
 */
import { createHash } from 'node:crypto';
import { readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileSink, makeDirectory, temporaryName } from '../../base/index.ts';
import type { ObjectStore, StorePath } from '../types.ts';
import { compress } from './compression.ts';
import { narSuffix, type WrittenCompression } from './compression-name.ts';
import { narStream } from './nar-stream.ts';

export interface NarFile {
  readonly path: string;
  readonly sizeBytes: number;
}

export class NarFiles {
  readonly #store: ObjectStore;
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #making = new Map<string, Promise<NarFile>>();
  #totalBytes: number | undefined;

  constructor(store: ObjectStore, maxBytes: number) {
    this.#store = store;
    this.#folder = `${store.home}/var/cache/nar`;
    this.#maxBytes = maxBytes;
  }

  /** The compressed NAR of a valid path; made once however many ask. @throws Fault E-CACHE-004 the object is damaged */
  async get(path: StorePath, compression: WrittenCompression): Promise<NarFile> {
    const name = `${this.#store.info(path)!.narHash}${narSuffix(compression)}`;
    const file = `${this.#folder}/${name}`;
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat !== undefined) {
      utimesSync(file, new Date(), new Date());
      return { path: file, sizeBytes: stat.size };
    }
    let making = this.#making.get(name);
    if (making === undefined) {
      making = this.#make(path, compression, file).finally(() => this.#making.delete(name));
      this.#making.set(name, making);
    }
    return await making;
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
