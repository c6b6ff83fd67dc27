/** Caches as one place to get outputs from. What fails in a cache is told and passed over: the outputs can still be built. */
import { Fault } from '../../base/index.ts';
import type { ObjectStore, Realisation, StorePath } from '../types.ts';
import type { BinaryCache } from './binary-cache.ts';
import { eachLimited } from './limited.ts';
import type { NarInfo } from './narinfo.ts';
import { byPriority, type PullOptions, pull } from './pull.ts';
import { checkTrust } from './trust.ts';

const QUERIES = 16;

export class CacheSubstituter {
  readonly #store: ObjectStore;
  readonly #options: PullOptions;
  readonly #caches: readonly BinaryCache[];
  readonly #told = new Set<string>();
  #sorted: Promise<readonly BinaryCache[]> | undefined;

  constructor(store: ObjectStore, caches: readonly BinaryCache[], options: PullOptions) {
    this.#store = store;
    this.#caches = caches;
    this.#options = options;
  }

  async query(paths: readonly StorePath[]): Promise<ReadonlySet<StorePath>> {
    const found = new Set<StorePath>();
    await this.#ask(paths, async (cache, path) => {
      const check = (info: NarInfo): void => checkTrust(info, this.#store.storeDir, this.#options.trust, cache.url);
      const isThere = (await cache.narInfo(path, check)) !== undefined;
      if (isThere) found.add(path);
      return isThere;
    });
    return found;
  }

  async realisations(wanted: readonly Omit<Realisation, 'path'>[]): Promise<readonly Realisation[]> {
    const found: Realisation[] = [];
    await this.#ask(wanted, async (cache, { drvPath, output }) => {
      const path = await cache.realisation(drvPath, output, this.#options.trust.keys);
      if (path !== undefined) found.push({ drvPath, output, path });
      return path !== undefined;
    });
    return found;
  }

  /** All together; where one cannot be had, each by itself, so that it costs nobody else. */
  async fetch(paths: readonly StorePath[]): Promise<ReadonlySet<StorePath>> {
    if (paths.length > 0 && !(await this.#pull(paths)) && paths.length > 1) for (const path of paths) await this.#pull([path]);
    return new Set(paths.filter((path) => this.#store.hold(path)));
  }

  async #pull(paths: readonly StorePath[]): Promise<boolean> {
    try {
      await pull(this.#store, await this.#byPriority(), paths, {
        ...this.#options,
        onEvent: (event) => {
          if (event.kind === 'refused') this.#tell(event.fault);
          else this.#options.onEvent?.(event);
        },
      });
      return true;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.#tell(error);
      return false;
    }
  }

  /** Each item of the caches in turn, until one answers. */
  async #ask<T>(items: readonly T[], answer: (cache: BinaryCache, item: T) => Promise<boolean>): Promise<void> {
    const caches = await this.#byPriority();
    await eachLimited(items, QUERIES, async (item) => {
      for (const cache of caches) {
        this.#options.signal?.throwIfAborted();
        try {
          if (await answer(cache, item)) return;
        } catch (error) {
          if (!(error instanceof Fault)) throw error;
          this.#tell(error);
        }
      }
    });
    for (const cache of caches) cache.remember();
  }

  #byPriority(): Promise<readonly BinaryCache[]> {
    this.#sorted ??= byPriority(this.#caches, (fault) => this.#tell(fault));
    return this.#sorted;
  }

  #tell(fault: Fault): void {
    if (this.#told.has(fault.message)) return;
    this.#told.add(fault.message);
    this.#options.onEvent?.({ kind: 'refused', fault });
  }
}
