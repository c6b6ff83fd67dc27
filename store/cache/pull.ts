/** Closures out of caches: what is needed, from whom, and into the store in an order that is valid at every instant. */
import { Fault, textToBytes } from '../../base/index.ts';
import type { FinishedObject, ObjectStore, StorePath } from '../types.ts';
import { removeTree } from '../write-tree.ts';
import type { BinaryCache } from './binary-cache.ts';
import type { CacheCode } from './codes.ts';
import { fetchFiles } from './fetch-files.ts';
import { fetchNar } from './fetch-nar.ts';
import { eachLimited } from './limited.ts';
import { LocalFiles } from './local-files.ts';
import type { NarInfo } from './narinfo.ts';
import { Partials } from './partial.ts';
import { checkTrust, type Trust } from './trust.ts';

export type PullEvent =
  /** Sent again when more turns out to be needed. */
  | { readonly kind: 'plan'; readonly nPaths: number; readonly narBytes: number }
  | { readonly kind: 'started'; readonly path: StorePath; readonly url: string }
  | { readonly kind: 'bytes'; readonly path: StorePath; readonly doneBytes: number; readonly totalBytes: number | undefined }
  | { readonly kind: 'finished'; readonly path: StorePath; readonly transferredBytes: number }
  /** What a cache offered was not taken, or it failed; others are asked. */
  | { readonly kind: 'refused'; readonly fault: Fault };

export interface PullOptions {
  readonly trust: Trust;
  /** Transfers at the same time. Default: 8. */
  readonly jobs?: number;
  readonly onEvent?: (event: PullEvent) => void;
  readonly signal?: AbortSignal;
}

export interface PullResult {
  /** What was not there before, references first. */
  readonly pulled: readonly StorePath[];
  /** Over the network, content only. */
  readonly transferredBytes: number;
}

interface Offer {
  readonly cache: BinaryCache;
  readonly info: NarInfo;
}

const QUERIES = 16;
const JOBS = 8;
/** Registering waits for the disk: not more often than this. */
const REGISTER_MS = 300;

/**
 * Makes the paths and all they refer to valid. A cache that fails, lies or does not have something is passed over for the next.
 * Killed at any instant it leaves a valid store, and what came is not asked for again.
 *
 * @param caches  in the order in which they are asked (see `byPriority`)
 * @throws Fault E-CACHE-005 with what each cache answered · SystemFault
 */
export async function pull(
  store: ObjectStore,
  caches: readonly BinaryCache[],
  paths: readonly StorePath[],
  options: PullOptions,
): Promise<PullResult> {
  const run = new Pull(store, caches, options);
  try {
    return await run.all(paths);
  } finally {
    run.close();
    for (const cache of caches) cache.remember();
  }
}

/** Caches that answer, best first; what the others said is reported. */
export async function byPriority(caches: readonly BinaryCache[], onFailure: (fault: Fault) => void): Promise<BinaryCache[]> {
  const known: { cache: BinaryCache; priority: number }[] = [];
  await Promise.all(
    caches.map(async (cache) => {
      try {
        known.push({ cache, priority: (await cache.info()).priority });
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        onFailure(error);
      }
    }),
  );
  return known
    .sort((a, b) => a.priority - b.priority || caches.indexOf(a.cache) - caches.indexOf(b.cache))
    .map(({ cache }) => cache);
}

class Pull {
  readonly #store: ObjectStore;
  readonly #caches: readonly BinaryCache[];
  readonly #options: PullOptions;
  readonly #partials: Partials;
  readonly #local: LocalFiles;
  /** Checked, and waiting for what they refer to. */
  readonly #finished = new Map<StorePath, FinishedObject>();
  readonly #refusedFrom = new Set<string>();
  /** Of paths; of caches as a whole under ''. */
  readonly #reasons = new Map<StorePath | '', Map<string, Fault>>();
  /** Of what nobody asked for by name: who refers to it, as which cache says. */
  readonly #referrers = new Map<StorePath, Offer>();
  readonly #pulled: StorePath[] = [];
  #transferredBytes = 0;
  #scratch: string | undefined;
  #nextFolder = 0;
  #registeredAt = 0;

  constructor(store: ObjectStore, caches: readonly BinaryCache[], options: PullOptions) {
    this.#store = store;
    this.#caches = caches;
    this.#options = options;
    this.#partials = new Partials(store.home);
    this.#local = new LocalFiles(store);
  }

  async all(paths: readonly StorePath[]): Promise<PullResult> {
    for (;;) {
      const offers = await this.#discover(paths);
      const order = this.#sort(offers);
      if (order === undefined) continue;
      const wanted = order.filter((path) => !this.#finished.has(path));
      const narBytes = wanted.reduce((sum, path) => sum + offers.get(path)!.info.narSizeBytes, 0);
      this.#options.onEvent?.({ kind: 'plan', nPaths: wanted.length, narBytes });
      let nFailed = 0;
      await eachLimited(wanted, this.#options.jobs ?? JOBS, async (path) => {
        if (!(await this.#take(offers.get(path)!))) nFailed++;
        else if (performance.now() - this.#registeredAt > REGISTER_MS) this.#register(order);
      });
      this.#register(order);
      if (nFailed === 0) return { pulled: this.#pulled, transferredBytes: this.#transferredBytes };
    }
  }

  close(): void {
    if (this.#scratch !== undefined) removeTree(textToBytes(this.#scratch));
  }

  /** Whom to take what from, for all that is not valid. Terminates: each refusal takes away one (path, cache), and there are finitely many. */
  async #discover(paths: readonly StorePath[]): Promise<Map<StorePath, Offer>> {
    const offers = new Map<StorePath, Offer>();
    const seen = new Set<StorePath>();
    let level = paths;
    while (level.length > 0) {
      const wanted = [...new Set(level)].filter((path) => !seen.has(path) && !this.#store.hold(path));
      for (const path of wanted) seen.add(path);
      const next: StorePath[] = [];
      await eachLimited(wanted, QUERIES, async (path) => {
        const offer = await this.#find(path);
        offers.set(path, offer);
        for (const reference of offer.info.references) {
          next.push(reference);
          if (!this.#referrers.has(reference) && reference !== path) this.#referrers.set(reference, offer);
        }
      });
      level = next;
    }
    return offers;
  }

  async #find(path: StorePath): Promise<Offer> {
    for (const cache of this.#caches) {
      if (this.#refusedFrom.has(`${cache.url} ${path}`)) continue;
      this.#options.signal?.throwIfAborted();
      try {
        const check = (info: NarInfo): void => checkTrust(info, this.#store.storeDir, this.#options.trust, cache.url);
        const info = await cache.narInfo(path, check);
        if (info !== undefined) return { cache, info };
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        this.#refuse(path, cache, error);
      }
    }
    throw this.#nowhere(path);
  }

  /** References first; `undefined` after refusing an offer that closes a circle, which no honest cache has. */
  #sort(offers: ReadonlyMap<StorePath, Offer>): StorePath[] | undefined {
    const order: StorePath[] = [];
    const state = new Map<StorePath, 'open' | 'done'>();
    for (const root of offers.keys()) {
      const stack = [root];
      while (stack.length > 0) {
        const path = stack.at(-1)!;
        const offer = offers.get(path)!;
        if (state.get(path) === 'done') {
          stack.pop();
          continue;
        }
        if (state.get(path) === 'open') {
          state.set(path, 'done');
          order.push(path);
          stack.pop();
          continue;
        }
        state.set(path, 'open');
        for (const reference of offer.info.references) {
          if (reference === path || !offers.has(reference) || state.get(reference) === 'done') continue;
          if (state.get(reference) === 'open') {
            this.#refuse(path, offer.cache, this.#circle(offer, reference));
            return undefined;
          }
          stack.push(reference);
        }
      }
    }
    return order;
  }

  #circle({ cache, info }: Offer, reference: StorePath): Fault {
    cache.forget(info.path);
    return new Fault(
      'E-CACHE-002' satisfies CacheCode,
      `cache '${cache.url}' says that '${info.path}' and '${reference}' refer to each other`,
      { hints: ['no store has such paths: the cache is damaged; use another'] },
    );
  }

  async #take(offer: Offer): Promise<boolean> {
    const { cache, info } = offer;
    const { signal, onEvent } = this.#options;
    signal?.throwIfAborted();
    this.#scratch ??= this.#store.makeScratch();
    onEvent?.({ kind: 'started', path: info.path, url: cache.url });
    let doneBytes = 0;
    const job = {
      cache,
      info,
      quarantine: `${this.#scratch}/${this.#nextFolder++}`,
      partials: this.#partials,
      ...(signal ? { signal } : {}),
      onBytes: (done: number, totalBytes: number | undefined) => {
        doneBytes = done;
        onEvent?.({ kind: 'bytes', path: info.path, doneBytes, totalBytes });
      },
    };
    try {
      const object = (await fetchFiles(job, this.#local)) ?? (await fetchNar(job));
      this.#finished.set(info.path, object);
      this.#transferredBytes += doneBytes;
      onEvent?.({ kind: 'finished', path: info.path, transferredBytes: doneBytes });
      return true;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Fault)) throw error;
      this.#refuse(info.path, cache, error);
      return false;
    }
  }

  #refuse(path: StorePath, cache: BinaryCache, fault: Fault): void {
    this.#refusedFrom.add(`${cache.url} ${path}`);
    const isOfCache = cache.failure === fault;
    const key = isOfCache ? '' : path;
    const reasons = this.#reasons.get(key) ?? new Map<string, Fault>();
    this.#reasons.set(key, reasons);
    if (reasons.has(fault.message)) return;
    reasons.set(fault.message, fault);
    if (!isOfCache) cache.forget(path);
    this.#options.onEvent?.({ kind: 'refused', fault });
  }

  /** Everything that can be, in one transaction. */
  #register(order: readonly StorePath[]): void {
    const batch = new Map<StorePath, FinishedObject>();
    for (const path of order) {
      const object = this.#finished.get(path);
      if (object === undefined) continue;
      const isReady = object.info.references.every(
        // Held, or a collection may take what another process registered just now.
        (reference) => reference === path || batch.has(reference) || this.#store.hold(reference),
      );
      if (isReady) batch.set(path, object);
    }
    if (batch.size > 0) this.#store.adopt([...batch.values()]);
    for (const path of batch.keys()) {
      this.#finished.delete(path);
      this.#pulled.push(path);
    }
    this.#registeredAt = performance.now();
  }

  /** Where one reason is all there is to say, that is the fault. */
  #nowhere(path: StorePath): Fault {
    const reasons = [...(this.#reasons.get(path)?.values() ?? []), ...(this.#reasons.get('')?.values() ?? [])];
    if (this.#caches.length === 1 && reasons.length === 1) return reasons[0]!;
    const asked = this.#caches.map((cache) => `'${cache.url}'`).join(', ');
    return new Fault(
      'E-CACHE-005' satisfies CacheCode,
      this.#caches.length === 0 ? `there is no cache to ask for '${path}'` : `'${path}' cannot be had from ${asked}`,
      {
        notes: [...asReferred(this.#referrers.get(path)), ...reasons.map((fault) => fault.message)],
        hints: reasons.length === 0 ? ['see whether hash and name are right, or ask another cache'] : [],
      },
    );
  }
}

/** Why somebody wants it who never named it. */
const asReferred = (referrer: Offer | undefined): string[] =>
  referrer === undefined ? [] : [`'${referrer.info.path}' refers to it, as '${referrer.cache.url}' says`];
