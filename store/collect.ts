/**
 * Garbage collection, in steps of which each can be the last:
 *
 * 1. Without any lock: roots, the graph, what is dead.
 * 2. In one transaction: roots once more; what is dead still goes out of the index. That is durable before anything else happens.
 * 3. In short transactions: what lay in the store and is in no index is renamed into a scratch folder, whoever left it there.
 * 4. The scratch folder is deleted.
 *
 * @source docs/decisions/0007-gc-and-locks.md
 */
import { chmodSync, existsSync, lstatSync, readdirSync, renameSync, rmdirSync, rmSync, type Stats } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, Fault, isDiskFull, SystemFault, sys, textToBytes } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import type { IndexTransaction } from './index-transaction.ts';
import { Removal } from './lanes/removal.ts';
import { type Liveness, liveNodes, readLiveness } from './liveness.ts';
import { Pool } from './pool.ts';
import type { Places } from './register.ts';
import type { LogRecord } from './registration-log.ts';
import { findRoots, forgetLink, isGone, isOlder, outdatedRoots } from './roots.ts';
import { storePathBase } from './store-path.ts';
import { mark, unmark } from './temporary-roots.ts';
import type { CollectOptions, CollectReport, ObjectStore, PathSummary, StorePath } from './types.ts';

/** How long others wait at most while objects are moved away: many take 20 µs each, all may take long on a busy disk. */
const SWEEP_MS = 20;
/** Files up to this size are deleted where they are; deleting larger ones takes long enough to be done while nobody waits. */
const SMALL_BYTES = 1 << 20;

/** How many paths go first where the disk is full: their room is what the others need to go. */
const FEW = 20;

/** @see ObjectStore.collect */
export function collectGarbage(places: Places & { readonly store: ObjectStore }, options: CollectOptions): CollectReport {
  const isDry = options.dryRun === true;
  let failure: SystemFault | undefined;
  try {
    // Seen before LMDB does: failing to write in the middle of a transaction, it may end the process.
    const isFull = !isDry && places.reserve.isNeeded() && places.reserve.release();
    if (!isFull) return new Collection(places, options).run();
  } catch (error) {
    if (!(error instanceof SystemFault) || !isDiskFull(error) || isDry || !places.reserve.release()) throw error;
    failure = error;
  }
  const first = collectFew(places, options, failure);
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

function collectFew(
  places: Places & { readonly store: ObjectStore },
  options: CollectOptions,
  failure: SystemFault | undefined,
): CollectReport {
  try {
    return new Collection(places, options, FEW).run();
  } catch (error) {
    // Where writing to the index stopped half-way, LMDB lets this process do nothing more with it: the next one finds the room.
    if (failure !== undefined && error instanceof Error && error.message.includes('MDB_PANIC')) throw failure;
    throw error;
  }
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
  #removal: Removal | undefined;
  /** Transactions of the index: the last one before the marking, and that in which the dead left. */
  #marked = 0;
  #left: number | undefined;

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
      // No lane is at anything any more.
      this.#removal?.close();
      this.#removal = new Removal(0);
      try {
        this.#empty();
      } catch {
        // Its reason is the same. A later process removes it.
      }
      throw error;
    } finally {
      this.#removal?.close();
    }
  }

  #run(): CollectReport {
    const { store } = this.#places;
    this.#places.index.refresh();
    this.#marked = this.#places.index.newest();
    if (!existsSync(`${store.home}/var/index/data.mdb`)) {
      return { removed: [], leftovers: [], narBytes: 0, freedBytes: 0, nKept: 0, droppedRoots: [] };
    }
    const { roots, stale } = findRoots(store, { withProcesses: true, isLook: this.#isDry });
    const { olderThan } = this.#options;
    let outdated = olderThan === undefined ? [] : outdatedRoots(store, olderThan);
    let dropped: readonly Bytes[] = stale;
    if (!this.#isDry) {
      dropped = this.#options.paths === undefined ? stale.filter((entry) => forgetLink(entry, isGone)) : [];
      outdated = outdated.filter(({ entry, link }) => {
        if (entry !== link) return forgetLink(entry, (each) => isOlder(each, olderThan!));
        rmSync(bytesToPath(entry), { force: true });
        return true;
      });
    }
    const ignored = new Set(outdated.map(({ link }) => link));
    if (!this.#isDry) this.#places.staging.recover();
    this.#progress('marking', 0, 1);
    const liveness = readLiveness(store, this.#options);
    const isLive = liveNodes(
      liveness,
      roots.filter((root) => !ignored.has(root.from)).map((root) => root.path),
    );
    let dead = this.#choose(inOrder(liveness, isLive, this.#askedFor(liveness, isLive)));
    const nValid = liveness.graph.size;
    const isAll = this.#options.paths === undefined;
    const unknown = isAll ? this.#unknownNames(new Set(liveness.graph.infos.map(({ path }) => storePathBase(path)))) : [];
    let leftovers = unknown;
    if (!this.#isDry) {
      if (dead.length + unknown.length > 0) this.#trash = this.#places.staging.make('trash');
      // Threads start while the index is written.
      this.#removal = new Removal(dead.length);
      dead = this.#invalidate(dead);
      leftovers = this.#sweep(dead, unknown);
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
      droppedRoots: [...dropped, ...ignored],
    };
  }

  /** Nodes that alone may go, all of them dead; `undefined`: whatever is. */
  #askedFor({ graph }: Liveness, isLive: Uint8Array): Iterable<number> | undefined {
    const { paths } = this.#options;
    if (paths === undefined) return undefined;
    const nodes = paths.map((path) => graph.node(path)).filter((node) => node !== undefined);
    for (const node of nodes) if (isLive[node] === 1) throw isKept(graph.infos[node]!.path);
    return graph.reach(nodes, graph.referrers);
  }

  #choose(dead: readonly PathSummary[]): readonly PathSummary[] {
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
  #invalidate(candidates: readonly PathSummary[]): readonly PathSummary[] {
    if (candidates.length === 0) return [];
    const { index, store } = this.#places;
    this.#progress('removing', 0, candidates.length);
    const known = new Set(candidates.map(({ path }) => path));
    const gone = index.write((transaction) => {
      mark(this.#temproots);
      const dead = new Map(candidates.map((info) => [info.path, info]));
      const { roots } = findRoots(store, { withProcesses: false, isLook: true });
      // Where nobody wrote, what was found is what there is, but for roots.
      if (!transaction.isFirstAfter(this.#marked)) reviveByReferrers(dead, transaction);
      revive(
        dead,
        transaction,
        roots.map((root) => root.path),
      );
      for (const path of this.#options.paths ?? []) {
        if (dead.has(path) || !known.has(path) || !transaction.has(path)) continue;
        unmark(this.#temproots);
        throw isKept(path);
      }
      for (const path of dead.keys()) transaction.remove(path);
      const bases = new Set(Array.from(dead.keys(), storePathBase));
      transaction.forgetMentions((base) => bases.has(base));
      this.#left = transaction.number;
      return [...dead.values()];
    });
    index.sync();
    return gone;
  }

  /** Moves away what is in the store and not in the index: while we hold the index, it has no owner. @returns what was not of `dead` */
  #sweep(dead: readonly PathSummary[], unknown: readonly string[]): string[] {
    if (dead.length + unknown.length === 0) return [];
    const { index } = this.#places;
    const leftovers: string[] = [];
    const entries = [
      ...unknown.map((name) => ({ name, sizeBytes: Infinity })),
      ...dead.map(({ path, narSizeBytes }) => ({ name: storePathBase(path), sizeBytes: narSizeBytes })),
    ];
    for (let at = 0; at < entries.length; ) {
      index.write((transaction) => {
        unmark(this.#temproots);
        const isGone = this.#left !== undefined && transaction.isFirstAfter(this.#left);
        for (const end = performance.now() + SWEEP_MS; at < entries.length && performance.now() < end; at++) {
          const { name, sizeBytes } = entries[at]!;
          const isLeftover = at < unknown.length;
          if ((isLeftover || !isGone) && transaction.hasBase(name)) continue;
          if (this.#takeAway(name, sizeBytes, at) && isLeftover) leftovers.push(name);
        }
        // Once the index is let go of, a file of that name may be another's.
        this.#removal!.wait();
      });
      this.#progress('removing', at, entries.length);
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

  /** @returns whether it was there */
  #takeAway(name: string, sizeBytes: number, n: number): boolean {
    const shown = `${this.#places.objects}/${name}`;
    const real = `${textToBytes(this.#places.objects)}/${name}`;
    const path = bytesToPath(real);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return false;
    if (!stat.isDirectory() && sizeBytes <= SMALL_BYTES) {
      this.#delete(real, stat);
      return true;
    }
    this.#trash ??= this.#places.staging.make('trash');
    const away = `${this.#trash}/${n}`;
    sys('move out of the store', shown, () => {
      if (stat.isDirectory()) chmodSync(path, 0o700);
      renameSync(path, away);
    });
    return true;
  }

  #empty(): void {
    if (this.#trash === undefined) return;
    const trash = this.#trash;
    const names = sys('read the folder', trash, () => readdirSync(trash));
    const folders: Bytes[] = [];
    names.forEach((name, i) => {
      this.#progress('deleting', i, names.length);
      this.#deleteFiles(`${textToBytes(trash)}/${name}`, folders);
    });
    this.#removal!.wait();
    for (const folder of folders.reverse()) sys('remove', bytesToText(folder), () => rmdirSync(bytesToPath(folder)));
    sys('remove', trash, () => rmdirSync(trash));
    this.#trash = undefined;
  }

  /** @param folders  are told its folders, each before those in it */
  #deleteFiles(real: Bytes, folders: Bytes[]): void {
    const path = bytesToPath(real);
    const stat = sys('remove', bytesToText(real), () => lstatSync(path));
    if (!stat.isDirectory()) {
      this.#delete(real, stat);
      return;
    }
    folders.push(real);
    const entries = sys('remove', bytesToText(real), () => {
      if ((stat.mode & 0o700) !== 0o700) chmodSync(path, 0o700);
      return readdirSync(path, { encoding: 'latin1', withFileTypes: true });
    });
    for (const { name } of entries) this.#deleteFiles(`${real}/${name}`, folders);
  }

  #delete(real: Bytes, { nlink, blocks }: Stats): void {
    this.#removal!.file(real);
    if (nlink === 1) this.#freedBytes += blocks * 512;
  }

  #unknownNames(known: ReadonlySet<string>): string[] {
    return listObjects(this.#places.objects).filter((name) => !known.has(name));
  }

  #progress(step: 'marking' | 'removing' | 'deleting', done: number, total: number): void {
    this.#options.onProgress?.(step, done, total);
  }
}

const isKept = (path: StorePath): Fault =>
  new Fault('E-STORE-062' satisfies StoreCode, `'${path}' is kept`, {
    hints: [`'igos store why-live ${path}' says by which root`, "'igos store roots' lists the roots, and removes those of yours"],
  });

/** Dead paths, each before what it refers to; apart from that what was registered first stands first. */
function inOrder({ graph }: Liveness, isLive: Uint8Array, asked: Iterable<number> = graph.infos.keys()): PathSummary[] {
  const dead = [...asked].filter((node) => isLive[node] === 0);
  const age = (node: number): number => graph.infos[node]!.registeredAt;
  dead.sort((a, b) => age(a) - age(b) || a - b);
  const isDone = new Uint8Array(graph.size);
  const ordered: PathSummary[] = [];
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

/** Takes out of `dead` what is gone, and what is referred to by anything that stays. */
function reviveByReferrers(dead: Map<StorePath, PathSummary>, transaction: IndexTransaction): void {
  for (const path of dead.keys()) if (!transaction.has(path)) dead.delete(path);
  const waiting: StorePath[] = [];
  for (const [path, references] of transaction.allReferences()) {
    if (dead.has(path)) continue;
    for (const reference of references) if (dead.has(reference)) waiting.push(reference);
  }
  revive(dead, transaction, waiting);
}

/** Takes out of `dead` what the roots keep. */
function revive(dead: Map<StorePath, PathSummary>, transaction: IndexTransaction, roots: readonly StorePath[]): void {
  const waiting = [...roots];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const info = dead.get(path);
    if (info === undefined) continue;
    dead.delete(path);
    waiting.push(...(transaction.info(path)?.references ?? info.references));
  }
}

/** Names, as bytes. */
function listObjects(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return sys('read the folder', folder, () => readdirSync(folder, 'latin1')).filter((name) => !name.startsWith('.'));
}
