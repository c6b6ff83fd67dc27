/** One binary cache as a client sees it: what it says of itself and of paths, remembered on disk for as long as Nix does. */
import { Fault } from '../../base/index.ts';
import { storePathBase, storePathHash } from '../store-path.ts';
import type { ObjectStore, StorePath } from '../types.ts';
import { type CacheInfo, parseCacheInfo } from './cache-info.ts';
import type { CacheCode } from './codes.ts';
import type { PublicKey } from './keys.ts';
import { formatNarInfo, maxNarInfoBytes, type NarInfo, parseNarInfo } from './narinfo.ts';
import { readRealisation, realisationKey } from './realisation-file.ts';
import { CacheProblem, cacheFault, getSmall, type Transport, withRetries } from './transport.ts';

/** How long an answer counts, in seconds. */
export interface CacheLifetimes {
  /** "It has this." */
  readonly positive: number;
  /** "It does not have this." */
  readonly negative: number;
  readonly info: number;
}

const defaultLifetimes: CacheLifetimes = { positive: 30 * 24 * 3600, negative: 3600, info: 7 * 24 * 3600 };

export class BinaryCache {
  readonly transport: Transport;
  readonly #store: ObjectStore;
  readonly #lifetimes: CacheLifetimes;
  readonly #signal: AbortSignal | undefined;
  /** Answers of this run, to be remembered in one transaction. */
  readonly #learnt = new Map<string, string>();
  #info: Promise<CacheInfo> | undefined;
  /** Why it is not asked any more in this run. */
  #failure: Fault | undefined;

  constructor(transport: Transport, store: ObjectStore, options: { lifetimes?: CacheLifetimes; signal?: AbortSignal } = {}) {
    this.transport = transport;
    this.#store = store;
    this.#lifetimes = options.lifetimes ?? defaultLifetimes;
    this.#signal = options.signal;
  }

  get url(): string {
    return this.transport.url;
  }

  /** Set once it failed: others are asked instead. */
  get failure(): Fault | undefined {
    return this.#failure;
  }

  /** @throws Fault E-CACHE-006 no cache there, E-CACHE-007 for another store folder */
  info(): Promise<CacheInfo> {
    this.#info ??= this.#readInfo();
    return this.#info;
  }

  /**
   * @param check  throws where it is not to be believed. Such an answer is not remembered, and a remembered one is asked for again: it may
   *               have been signed since, by this key or another
   * @throws Fault E-CACHE-002 E-CACHE-006, and what `check` throws
   */
  async narInfo(path: StorePath, check: (info: NarInfo) => void = () => {}): Promise<NarInfo | undefined> {
    await this.info();
    const key = this.#memoryKey(storePathHash(path));
    const known = this.#recall(key, this.#lifetimes.positive);
    if (known !== undefined) {
      if (known === '') return undefined;
      const info = quietly(() => {
        const parsed = parseNarInfo(known, path, this.#store.storeDir);
        check(parsed);
        return parsed;
      });
      if (info !== undefined) return info;
    }
    const file = `${storePathHash(path)}.narinfo`;
    const bytes = await this.guard(`to say what it has of '${path}'`, () => this.#small(file, maxNarInfoBytes));
    if (bytes === undefined) {
      this.#learn(key, '', this.#lifetimes.negative);
      return undefined;
    }
    const info = parseNarInfo(bytes.toString('latin1'), path, this.#store.storeDir);
    check(info);
    this.#learn(key, formatNarInfo(info), this.#lifetimes.positive);
    return info;
  }

  /** What a derivation's output is. @throws Fault E-CACHE-003 no trusted key says so; that is not remembered either */
  async realisation(drvPath: StorePath, output: string, keys: ReadonlyMap<string, PublicKey>): Promise<StorePath | undefined> {
    await this.info();
    const key = this.#memoryKey(`${storePathBase(drvPath)}!${output}`);
    const read = (text: string): StorePath | undefined =>
      readRealisation(text, { drvPath, output }, this.#store.storeDir, { keys, url: this.url });
    const known = this.#recall(key, this.#lifetimes.positive);
    if (known === '') return undefined;
    const remembered = known === undefined ? undefined : quietly(() => read(known));
    if (remembered !== undefined) return remembered;
    const bytes = await this.guard('to say what was built', () => this.#small(realisationKey(drvPath, output), 1 << 16));
    const text = bytes?.toString('utf8') ?? '';
    const path = text === '' ? undefined : read(text);
    this.#learn(key, text, text === '' ? this.#lifetimes.negative : this.#lifetimes.positive);
    return path;
  }

  /** It said that it has what it has not: it is asked again next time. */
  forget(path: StorePath): void {
    this.#learn(this.#memoryKey(storePathHash(path)), '', 0);
  }

  /** Writes down what was learnt. A store that cannot be written remembers nothing. */
  remember(): void {
    if (this.#learnt.size === 0) return;
    try {
      this.#store.cachePut([...this.#learnt]);
    } catch {
      // read-only: the next run asks again
    }
    this.#learnt.clear();
  }

  /** Runs what asks the cache; a problem of the cache puts it out of use for this run. @throws Fault E-CACHE-006 */
  async guard<T>(doing: string, run: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return await withRetries(run, this.#signal);
    } catch (error) {
      if (!(error instanceof CacheProblem)) throw error;
      this.#failure ??= cacheFault(this.url, doing, error.message);
      throw this.#failure;
    }
  }

  async #readInfo(): Promise<CacheInfo> {
    const key = this.#memoryKey('nix-cache-info');
    const { storeDir } = this.#store;
    const known = this.#recall(key, this.#lifetimes.info);
    if (known !== undefined) {
      const info = parseCacheInfo(known);
      // What it said before it was put right would count for days.
      if (info.storeDir === undefined || info.storeDir === storeDir) return info;
    }
    const bytes = await this.guard('to say what it is', () => this.#small('nix-cache-info', 1 << 16));
    if (bytes === undefined) {
      this.#failure = cacheFault(this.url, 'to say what it is', "there is no 'nix-cache-info'");
      throw this.#failure;
    }
    const text = bytes.toString('utf8');
    const info = parseCacheInfo(text);
    if (info.storeDir !== undefined && info.storeDir !== storeDir) {
      this.#failure = new Fault(
        'E-CACHE-007' satisfies CacheCode,
        `cache '${this.url}' is for the store folder '${info.storeDir}', not '${storeDir}'`,
        { hints: [`use a store of that folder: --store-dir ${info.storeDir}`] },
      );
      throw this.#failure;
    }
    this.#learn(key, text, this.#lifetimes.info);
    return info;
  }

  #small(key: string, limit: number): Promise<Buffer | undefined> {
    return getSmall(this.transport, key, limit, this.#signal);
  }

  #memoryKey(what: string): string {
    return `cache ${this.url} ${this.#store.storeDir} ${what}`;
  }

  #recall(key: string, lifetime: number): string | undefined {
    const value = this.#learnt.get(key) ?? this.#store.cacheGet(key);
    const newline = value?.indexOf('\n') ?? -1;
    if (value === undefined || newline === -1) return undefined;
    const text = value.slice(newline + 1);
    const left = Number(value.slice(0, newline)) - now();
    // What was learnt while the clock was ahead would count for as long as it was ahead.
    return left > 0 && left <= (text === '' ? this.#lifetimes.negative : lifetime) ? text : undefined;
  }

  #learn(key: string, text: string, lifetime: number): void {
    this.#learnt.set(key, `${now() + lifetime}\n${text}`);
  }
}

const now = (): number => Math.floor(Date.now() / 1000);

/** `undefined` where it throws a fault. */
function quietly<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}
