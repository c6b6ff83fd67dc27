/** Closures into a cache. */
import { mkdtempSync } from 'node:fs';
import { compareBytes, Fault, sys, systemFaultOf, textToBytes } from '../../base/index.ts';
import { formatHash } from '../hash.ts';
import { storePathHash } from '../store-path.ts';
import type { ObjectStore, Realisation, StorePath } from '../types.ts';
import { removeTree } from '../write-tree.ts';
import { formatCacheInfo, parseCacheInfo } from './cache-info.ts';
import type { CacheCode } from './codes.ts';
import { narSuffix, type WrittenCompression } from './compression-name.ts';
import { pathFingerprint } from './fingerprint.ts';
import { type SecretKey, signText } from './keys.ts';
import { eachLimited } from './limited.ts';
import { formatListing } from './listing.ts';
import { writeNar } from './nar-files.ts';
import { formatNarInfo, maxNarInfoBytes, parseNarInfo } from './narinfo.ts';
import { formatRealisation, realisationKey } from './realisation-file.ts';
import { CacheProblem, cacheFault, getSmall, type PutBody, type Transport, withRetries } from './transport.ts';

export interface PushOptions {
  readonly compression: WrittenCompression;
  /** Sign what is pushed, and what is there already with the same content, beside the signatures that paths have. */
  readonly keys: readonly SecretKey[];
  /** Write a listing beside each narinfo: default false. */
  readonly writesListings?: boolean;
  /** Default: 4. */
  readonly jobs?: number;
  readonly signal?: AbortSignal;
  /** Where archives are made of a store that we may only read. Default: such a store is refused. */
  readonly scratchIn?: string;
  readonly onEvent?: (
    event: { kind: 'plan'; nPaths: number } | { kind: 'started' | 'finished' | 'signed'; path: StorePath },
  ) => void;
}

/**
 * Puts the closures of the paths, and what is known of the builds that made them, where they are not there yet. A narinfo goes after
 * its NAR and after those of its references: whoever reads meanwhile finds whole closures only.
 *
 * @returns what was not there before
 * @throws Fault E-CACHE-006 E-CACHE-007 E-CACHE-004 E-STORE-014 · SystemFault
 */
export async function push(
  store: ObjectStore,
  transport: Transport,
  paths: readonly StorePath[],
  realisations: readonly Realisation[],
  options: PushOptions,
): Promise<StorePath[]> {
  return await new Push(store, transport, options).all(paths, realisations);
}

class Push {
  readonly #store: ObjectStore;
  readonly #transport: Transport;
  readonly #options: PushOptions;

  constructor(store: ObjectStore, transport: Transport, options: PushOptions) {
    this.#store = store;
    this.#transport = transport;
    this.#options = options;
  }

  async all(paths: readonly StorePath[], realisations: readonly Realisation[]): Promise<StorePath[]> {
    const { signal, onEvent } = this.#options;
    const jobs = this.#options.jobs ?? 4;
    await this.#begin();
    const missing = new Set<StorePath>();
    await eachLimited(this.#store.closure(paths), 16, async (path) => {
      const isThere = await this.#asking(() => this.#transport.has(`${storePathHash(path)}.narinfo`, signal));
      if (isThere) await this.#sign(path);
      else missing.add(path);
    });
    onEvent?.({ kind: 'plan', nPaths: missing.size });
    const scratch = this.#makeScratch();
    const done: StorePath[] = [];
    try {
      for (const level of this.#levels(missing)) {
        await eachLimited(level, jobs, async (path) => {
          onEvent?.({ kind: 'started', path });
          await this.#one(path, `${scratch}/${storePathHash(path)}`);
          done.push(path);
          onEvent?.({ kind: 'finished', path });
        });
      }
    } finally {
      removeTree(textToBytes(scratch));
    }
    await eachLimited(realisations, jobs, async (realisation) => {
      const text = formatRealisation(realisation, this.#options.keys);
      await this.#put(realisationKey(realisation.drvPath, realisation.output), Buffer.from(text), 'application/json');
    });
    return done;
  }

  #makeScratch(): string {
    const { scratchIn } = this.#options;
    try {
      return this.#store.makeScratch();
    } catch (error) {
      const isReadOnly = /^(EACCES|EPERM|EROFS)$/.test(systemFaultOf(error)?.errno ?? '');
      if (!isReadOnly || scratchIn === undefined) throw error;
      return sys('make a folder in', scratchIn, () => mkdtempSync(`${scratchIn}/igos-push-`));
    }
  }

  async #begin(): Promise<void> {
    const { storeDir } = this.#store;
    const text = await this.#asking(() => getSmall(this.#transport, 'nix-cache-info', 1 << 16, this.#options.signal));
    if (text === undefined) {
      const info = formatCacheInfo({ storeDir, wantsMassQuery: true, priority: 50, hasManifests: false });
      await this.#put('nix-cache-info', Buffer.from(info), 'text/x-nix-cache-info');
      return;
    }
    const other = parseCacheInfo(text.toString('utf8')).storeDir;
    if (other === undefined || other === storeDir) return;
    throw new Fault(
      'E-CACHE-007' satisfies CacheCode,
      `cache '${this.#transport.url}' is for the store folder '${other}', not '${storeDir}'`,
      { hints: [`push from a store of that folder: --store-dir ${other}`] },
    );
  }

  /** Groups, each referring only to earlier ones. */
  #levels(missing: ReadonlySet<StorePath>): StorePath[][] {
    const levelOf = new Map<StorePath, number>();
    const levels: StorePath[][] = [];
    const stack = [...missing];
    for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
      if (levelOf.has(path)) continue;
      const references = this.#store.info(path)!.references.filter((other) => other !== path && missing.has(other));
      const waiting = references.filter((other) => !levelOf.has(other));
      if (waiting.length > 0) {
        stack.push(path, ...waiting);
        continue;
      }
      const level = references.reduce((most, other) => Math.max(most, levelOf.get(other)! + 1), 0);
      levelOf.set(path, level);
      levels[level] ??= [];
      levels[level].push(path);
    }
    return levels;
  }

  async #one(path: StorePath, file: string): Promise<void> {
    const info = this.#store.info(path)!;
    const { compression, keys } = this.#options;
    const nar = await writeNar(this.#store, path, compression, file);
    const name = formatHash({ algorithm: 'sha256', hex: nar.sha256 }, 'nix32');
    const url = `nar/${name}${narSuffix(compression)}`;
    await this.#put(url, { file, sizeBytes: nar.sizeBytes }, 'application/x-nix-nar');
    const signatures = new Set([...(info.signatures ?? []), ...keys.map((key) => signText(key, pathFingerprint(info)))]);
    const { narHash, narSizeBytes, references, deriver, ca } = info;
    const text = formatNarInfo({
      path,
      url,
      compression,
      fileHash: nar.sha256,
      fileSizeBytes: nar.sizeBytes,
      narHash,
      narSizeBytes,
      references,
      ...(deriver === undefined ? {} : { deriver }),
      signatures: [...signatures].sort(compareBytes),
      ...(ca === undefined ? {} : { ca }),
    });
    if (this.#options.writesListings === true) {
      const listing = formatListing(this.#store.manifest(path));
      await this.#put(`${storePathHash(path)}.ls`, Buffer.from(listing, 'utf8'), 'application/json');
    }
    await this.#put(`${storePathHash(path)}.narinfo`, Buffer.from(text, 'latin1'), 'text/x-nix-narinfo');
    removeTree(textToBytes(file));
  }

  /** Adds our signatures to what is there, if it is what we have: for another build of the path we cannot speak. */
  async #sign(path: StorePath): Promise<void> {
    const { keys, signal, onEvent } = this.#options;
    if (keys.length === 0) return;
    const key = `${storePathHash(path)}.narinfo`;
    const bytes = await this.#asking(() => getSmall(this.#transport, key, maxNarInfoBytes, signal));
    if (bytes === undefined) return; // removed meanwhile
    const text = bytes.toString('latin1');
    const there = parseNarInfo(text, path, this.#store.storeDir);
    const fingerprint = pathFingerprint(this.#store.info(path)!);
    if (pathFingerprint(there) !== fingerprint) return;
    const missing = keys.map((each) => signText(each, fingerprint)).filter((signature) => !there.signatures.includes(signature));
    if (missing.length === 0) return;
    const lines = missing.map((signature) => `Sig: ${signature}\n`).join('');
    await this.#put(key, Buffer.from(text + lines, 'latin1'), 'text/x-nix-narinfo');
    onEvent?.({ kind: 'signed', path });
  }

  async #put(key: string, body: PutBody, contentType: string): Promise<void> {
    const { signal } = this.#options;
    await this.#asking(() => this.#transport.put(key, body, { contentType, ...(signal ? { signal } : {}) }));
  }

  async #asking<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await withRetries(run, this.#options.signal);
    } catch (error) {
      if (error instanceof CacheProblem) throw cacheFault(this.#transport.url, 'while content was put there', error.message);
      throw error;
    }
  }
}
