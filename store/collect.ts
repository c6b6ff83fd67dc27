/**
 * Garbage collection, in steps of which each can be the last:
 *
 * 1. Without any lock: roots, the graph, what is dead.
 * 2. In one transaction: roots once more; what is dead still goes out of the index. That is durable before anything else happens.
 * 3. In short transactions: what lies in the store and is in no index is renamed into a scratch folder, whoever left it there.
 * 4. The scratch folder is deleted.
 *
 * @source docs/decisions/0007-gc-and-locks.md
 */
import { chmodSync, type Dirent, existsSync, lstatSync, readdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { bytesToPath, bytesToText, SystemFault, sys, textToBytes } from '../base/index.ts';
import { type Liveness, liveNodes, readLiveness } from './liveness.ts';
import { Pool } from './pool.ts';
import type { Places } from './register.ts';
import type { LogRecord } from './registration-log.ts';
import { findRoots, outdatedRoots } from './roots.ts';
import type { IndexTransaction } from './store-index.ts';
import { storePathBase } from './store-path.ts';
import { mark, unmark } from './temporary-roots.ts';
import type { CollectOptions, CollectReport, ObjectStore, PathInfo, StorePath } from './types.ts';

/** How long others wait at most while objects are moved away: many take 20 µs each, all may take long on a busy disk. */
const SWEEP_MS = 20;
/** Files up to this size are deleted where they are; deleting larger ones takes long enough to be done while nobody waits. */
const SMALL_BYTES = 1 << 20;

/** How many paths go first where the disk is full: their room is what the others need to go. */
const FEW = 20;

/** @see ObjectStore.collect */
export function collectGarbage(places: Places & { readonly store: ObjectStore }, options: CollectOptions): CollectReport {
  const isDry = options.dryRun === true;
  try {
    // Seen before LMDB does: failing to write in the middle of a transaction, it may end the process.
    const isFull = !isDry && places.reserve.isNeeded() && places.reserve.release();
    if (!isFull) return new Collection(places, options).run();
  } catch (error) {
    const isFull = error instanceof SystemFault && ['ENOSPC', 'EDQUOT'].includes(error.errno);
    if (!isFull || isDry || !places.reserve.release()) throw error;
  }
  const first = new Collection(places, options, FEW).run();
  const { maxFreedBytes } = options;
  const left = maxFreedBytes === undefined ? {} : { maxFreedBytes: Math.max(0, maxFreedBytes - first.narBytes) };
  const rest = new Collection(places, { ...options, ...left }).run();
  return {
    removed: [...first.removed, ...rest.removed],
    leftovers: [...first.leftovers, ...rest.leftovers],
    narBytes: first.narBytes + rest.narBytes,
    freedBytes: first.freedBytes + rest.freedBytes,
    nKept: rest.nKept,
    droppedRoots: [...first.droppedRoots, ...rest.droppedRoots],
  };
}

class Collection {
  readonly #places: Places & { readonly store: ObjectStore };
  readonly #options: CollectOptions;
  readonly #isDry: boolean;
  readonly #temproots: string;
  readonly #maxPaths: number;
  /** Where what is dead is on its way out. As long as it stands, others know that a collection is at work. */
  #trash: string | undefined;
  #freedBytes = 0;

  constructor(places: Places & { readonly store: ObjectStore }, options: CollectOptions, maxPaths = Infinity) {
    this.#places = places;
    this.#options = options;
    this.#maxPaths = maxPaths;
    this.#isDry = options.dryRun === true;
    this.#temproots = `${places.store.home}/var/temproots`;
  }

  run(): CollectReport {
    try {
      return this.#run();
    } catch (error) {
      try {
        this.#empty();
      } catch {
        // Its reason is the same. A later process removes it.
      }
      throw error;
    }
  }

  #run(): CollectReport {
    const { store } = this.#places;
    if (!existsSync(`${store.home}/var/index/data.mdb`)) {
      return { removed: [], leftovers: [], narBytes: 0, freedBytes: 0, nKept: 0, droppedRoots: [] };
    }
    this.#places.index.refresh();
    const { roots, stale } = findRoots(store, { withProcesses: true, isLook: this.#isDry });
    const outdated = this.#options.olderThan === undefined ? [] : outdatedRoots(store, this.#options.olderThan);
    const ignored = new Set(outdated.map(({ link }) => link));
    if (!this.#isDry) for (const entry of [...stale, ...outdated.map((each) => each.entry)]) rmSync(entry, { force: true });
    if (!this.#isDry) this.#places.staging.recover();
    this.#progress('marking', 0, 1);
    const liveness = readLiveness(store, this.#options);
    const isLive = liveNodes(
      liveness,
      roots.filter((root) => !ignored.has(root.from)).map((root) => root.path),
    );
    let dead = this.#choose(inOrder(liveness, isLive));
    const nValid = liveness.graph.size;
    const unknown = this.#unknownNames(new Set(liveness.graph.infos.map(({ path }) => storePathBase(path))));
    let leftovers = unknown;
    if (!this.#isDry) {
      if (dead.length + unknown.length > 0) this.#trash = this.#places.staging.make('trash');
      dead = this.#invalidate(dead);
      leftovers = this.#sweep(dead, unknown.length);
      this.#empty();
      // Files that optimised objects shared are gone when the pool lets go of them too.
      if (dead.length + leftovers.length > 0) this.#freedBytes += new Pool(store.home).sweep();
      if (this.#places.log.isLarge(nValid - dead.length)) this.#shortenLog();
      this.#places.reserve.make();
    }
    return {
      removed: dead.map(({ path, narSizeBytes }) => ({ path, narSizeBytes })),
      leftovers,
      narBytes: dead.reduce((sum, { narSizeBytes }) => sum + narSizeBytes, 0),
      freedBytes: this.#freedBytes,
      nKept: nValid - dead.length,
      droppedRoots: [...stale, ...ignored],
    };
  }

  #choose(dead: readonly PathInfo[]): readonly PathInfo[] {
    const { maxFreedBytes } = this.#options;
    if (maxFreedBytes === undefined) return dead.slice(0, this.#maxPaths);
    let sum = 0;
    const end = dead.findIndex(({ narSizeBytes }) => {
      if (sum >= maxFreedBytes) return true;
      sum += narSizeBytes;
      return false;
    });
    return dead.slice(0, Math.min(end === -1 ? dead.length : end, this.#maxPaths));
  }

  /** Takes the candidates out of the index, but for those that came to use since they were found. @returns what went */
  #invalidate(candidates: readonly PathInfo[]): readonly PathInfo[] {
    if (candidates.length === 0) return [];
    const { index, store } = this.#places;
    this.#progress('removing', 0, candidates.length);
    const gone = index.write((transaction) => {
      mark(this.#temproots);
      const dead = new Map(candidates.map((info) => [info.path, info]));
      for (const path of dead.keys()) if (!transaction.has(path)) dead.delete(path);
      const { roots } = findRoots(store, { withProcesses: false, isLook: true });
      revive(
        dead,
        transaction,
        roots.map((root) => root.path),
      );
      for (const { path } of dead.values()) transaction.remove(transaction.info(path)!);
      const bases = new Set([...dead.keys()].map(storePathBase));
      transaction.forgetMentions((base) => bases.has(base));
      return [...dead.values()];
    });
    index.sync();
    return gone;
  }

  /** Moves away what is in the store and not in the index: while we hold the index, it has no owner. @returns what was not of `dead` */
  #sweep(dead: readonly PathInfo[], nUnknown: number): string[] {
    if (dead.length + nUnknown === 0) return [];
    const { index, objects, store } = this.#places;
    const sizes = new Map(dead.map(({ path, narSizeBytes }) => [storePathBase(path), narSizeBytes]));
    const entries = listObjects(objects);
    const leftovers: string[] = [];
    let nMoved = 0;
    for (let at = 0; at < entries.length; ) {
      index.write((transaction) => {
        unmark(this.#temproots);
        for (const end = performance.now() + SWEEP_MS; at < entries.length && performance.now() < end; at++) {
          const entry = entries[at]!;
          if (transaction.has(`${store.storeDir}/${entry.name}` as StorePath)) continue;
          const size = sizes.get(entry.name);
          if (size === undefined) leftovers.push(entry.name);
          this.#takeAway(entry, size ?? Infinity, nMoved++);
        }
      });
      this.#progress('removing', nMoved, dead.length + nUnknown);
    }
    return leftovers;
  }

  /** What is collected need not be found again. Of records of one path the last counts. */
  #shortenLog(): void {
    const { index, log } = this.#places;
    index.write((transaction) => {
      const records = new Map<string, LogRecord>();
      for (const record of log.read()) {
        const { path } = 'info' in record ? record.info : record.realisation;
        if (!transaction.has(path)) continue;
        records.set('info' in record ? path : `${record.realisation.drvPath}!${record.realisation.output}`, record);
      }
      log.replace([...records.values()]);
    });
  }

  #takeAway(entry: Dirent<string>, sizeBytes: number, n: number): void {
    const shown = `${this.#places.objects}/${entry.name}`;
    const path = bytesToPath(`${textToBytes(this.#places.objects)}/${entry.name}`);
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
    if (!entry.isDirectory() && sizeBytes <= SMALL_BYTES) {
      sys('remove', shown, () => this.#delete(path));
      return;
    }
    this.#trash ??= this.#places.staging.make('trash');
    const away = `${this.#trash}/${n}`;
    sys('move out of the store', shown, () => {
      if (entry.isDirectory()) chmodSync(path, 0o700);
      renameSync(path, away);
    });
  }

  #empty(): void {
    if (this.#trash === undefined) return;
    const trash = this.#trash;
    const names = sys('read the folder', trash, () => readdirSync(trash));
    names.forEach((name, i) => {
      this.#progress('deleting', i, names.length);
      this.#deleteTree(`${textToBytes(trash)}/${name}`);
    });
    sys('remove', trash, () => rmdirSync(trash));
    this.#trash = undefined;
  }

  #deleteTree(real: string): void {
    const path = bytesToPath(real);
    sys('remove', bytesToText(real), () => {
      const stat = lstatSync(path);
      if (!stat.isDirectory()) {
        this.#delete(path);
        return;
      }
      if ((stat.mode & 0o700) !== 0o700) chmodSync(path, 0o700);
      for (const entry of readdirSync(path, { encoding: 'latin1', withFileTypes: true })) {
        const child = `${real}/${entry.name}`;
        if (entry.isDirectory()) this.#deleteTree(child);
        else this.#delete(bytesToPath(child));
      }
      rmdirSync(path);
    });
  }

  #delete(path: string | Buffer): void {
    const { nlink, blocks } = lstatSync(path);
    unlinkSync(path);
    if (nlink === 1) this.#freedBytes += blocks * 512;
  }

  #unknownNames(known: ReadonlySet<string>): string[] {
    return listObjects(this.#places.objects)
      .map(({ name }) => name)
      .filter((name) => !known.has(name));
  }

  #progress(step: 'marking' | 'removing' | 'deleting', done: number, total: number): void {
    this.#options.onProgress?.(step, done, total);
  }
}

/** Dead paths, each before what it refers to; apart from that what was registered first stands first. */
function inOrder({ graph }: Liveness, isLive: Uint8Array): PathInfo[] {
  const dead = graph.infos.map((_, node) => node).filter((node) => isLive[node] === 0);
  const age = (node: number): number => graph.infos[node]!.registeredAt;
  dead.sort((a, b) => age(a) - age(b) || a - b);
  const isDone = new Uint8Array(graph.size);
  const ordered: PathInfo[] = [];
  const stack: number[] = [];
  for (const start of dead) {
    stack.push(start);
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      // Referrers of what is dead are dead. 1: its referrers are being done; 2: it is done.
      if (isDone[node] === 0) {
        isDone[node] = 1;
        for (const referrer of graph.referrers[node]!) if (isDone[referrer] === 0) stack.push(referrer);
        continue;
      }
      stack.pop();
      if (isDone[node] === 2) continue;
      isDone[node] = 2;
      ordered.push(graph.infos[node]!);
    }
  }
  return ordered;
}

/** Takes out of `dead` what the roots keep, and what is referred to by anything that stays. */
function revive(dead: Map<StorePath, PathInfo>, transaction: IndexTransaction, roots: readonly StorePath[]): void {
  const waiting = [...roots];
  for (const path of dead.keys()) {
    for (const referrer of transaction.otherReferrers(path)) if (!dead.has(referrer)) waiting.push(path);
  }
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const info = dead.get(path);
    if (info === undefined) continue;
    dead.delete(path);
    waiting.push(...(transaction.info(path)?.references ?? info.references));
  }
}

function listObjects(folder: string): Dirent<string>[] {
  if (!existsSync(folder)) return [];
  return sys('read the folder', folder, () => readdirSync(folder, { withFileTypes: true, encoding: 'latin1' })).filter(
    ({ name }) => !name.startsWith('.'),
  );
}
