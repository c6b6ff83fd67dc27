/**
 * What is valid, in LMDB under `<home>/var/index`: found in a microsecond, written in one durable transaction a batch, shared by any
 * number of processes. The write transaction is also the lock under which objects are moved to their places, so that nobody takes
 * another's half-registered object for a left-over.
 *
 * | table | key | value |
 * | --- | --- | --- |
 * | `paths` | `<hash part>-<name>` | JSON of `PathRecord` |
 * | `graph` | of 64 paths, by number | their references: see graph-table.ts |
 * | `manifests` | the same | zstd of `encodeManifest` |
 * | `realisations` | base of the resolved .drv ‖ `!` ‖ output | base of the path |
 * | `cache` | SHA-256 of the key | text |
 *
 * An older igos also kept a table `referrers`, an entry for each reference: forty thousand for two thousand derivations of a
 * distribution, half the time of registering them. Who refers to a path is seldom asked, and the graph answers it.
 *
 * @source docs/store.md §6
 */
import { closeSync, existsSync, fdatasyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { Bug, compareBytes, makeDirectory, SystemFault, sys } from '../base/index.ts';
import { allNodes, FIRST_REFERENCE, type GraphNode, isCurrent, reachable } from './graph-table.ts';
import { assertFolder, badIndex, fillUp, isWritable, lostStore, newestTransaction } from './index-file.ts';
import { type OnWait, whileGuarded } from './index-guard.ts';
import { cacheKey, decodeRecord, nodeOf, pathKey, realisationKey, referencesOf } from './index-record.ts';
import { isOfLmdb, openTables, systemFault, type Tables } from './index-tables.ts';
import { IndexTransaction } from './index-transaction.ts';
import { lossOf } from './lost-index.ts';
import { unpackManifest, unpackManifestBytes } from './packed-manifest.ts';
import { storePathBase } from './store-path.ts';
import type { Manifest, PathInfo, PathSummary, Realisation, StorePath } from './types.ts';

/** The index of one store. Opening is lazy: reading an absent index creates nothing and finds nothing. */
export class StoreIndex {
  readonly #folder: string;
  readonly #storeDir: string;
  readonly #onWait: OnWait | undefined;
  #tables: Tables | undefined;
  #beginsAnew: boolean = false;
  #referrers: { readonly transaction: number; readonly byPath: ReadonlyMap<StorePath, readonly StorePath[]> } | undefined;

  /** @param onWait  called where another process opens, closes or writes it for a second and more */
  constructor(folder: string, storeDir: string, onWait?: OnWait) {
    this.#folder = folder;
    this.#storeDir = storeDir;
    this.#onWait = onWait;
  }

  has(path: StorePath): boolean {
    return this.#reading()?.paths.doesExist(pathKey(path)) === true;
  }

  /** The valid path of this hash part. */
  find(hashPart: string): StorePath | undefined {
    const range = { start: `${hashPart}-`, end: `${hashPart}.`, limit: 1 };
    for (const key of this.#reading()?.paths.getKeys(range) ?? []) return this.#toPath(key);
    return undefined;
  }

  info(path: StorePath): PathInfo | undefined {
    const value = this.#reading()?.paths.get(pathKey(path));
    return value === undefined ? undefined : decodeRecord(path, value, this.#storeDir);
  }

  /**
   * The paths and all they refer to, sorted.
   *
   * @param absent  is called for a path that is not valid, and throws
   */
  closure(paths: Iterable<StorePath>, absent: (path: StorePath) => never): StorePath[] {
    const bases = Array.from(paths, storePathBase);
    const nodes = this.#reachable(bases, absent);
    const found = nodes === undefined ? this.#closureByRecords(bases, absent) : Array.from(nodes.values(), ([base]) => base);
    return [...found].sort(compareBytes).map((base) => this.#toPath(base));
  }

  /**
   * What the graph needs to know of the closure of `paths`, or of all that is valid, where references to what is not (damage that
   * `verify` reports) are left out. Read in one go.
   *
   * @param absent  is called for a path that is not valid, and throws
   */
  summaries(paths: Iterable<StorePath> | undefined, absent: (path: StorePath) => never): PathSummary[] {
    const tables = this.#reading();
    if (paths === undefined) {
      if (tables === undefined) return [];
      return this.#isGraphCurrent(tables) ? this.#toSummaries(allNodes(tables.graph!)) : this.#summariesByRecords(tables);
    }
    const bases = Array.from(paths, storePathBase);
    const nodes = this.#reachable(bases, absent);
    if (nodes !== undefined) return this.#toSummaries(nodes);
    return Array.from(this.#closureByRecords(bases, absent), (base) => this.#decode(base, tables!.paths.get(base)!));
  }

  /** `undefined` where an older igos wrote, who does not know the table. */
  #reachable(bases: readonly string[], absent: (path: StorePath) => never): Map<number, GraphNode> | undefined {
    const tables = this.#reading();
    const starts = bases.map((base) => nodeOf(tables?.paths.get(base) ?? absent(this.#toPath(base))));
    if (tables === undefined || !this.#isGraphCurrent(tables)) return undefined;
    return starts.every((start) => start !== undefined) ? reachable(tables.graph!, starts) : undefined;
  }

  #isGraphCurrent({ graph }: Tables): boolean {
    return graph !== undefined && isCurrent(graph, newestTransaction(this.#folder));
  }

  #closureByRecords(bases: readonly string[], absent: (path: StorePath) => never): Set<string> {
    const table = this.#reading()?.paths;
    const found = new Set(bases);
    for (const base of found) {
      const text = table?.get(base) ?? absent(this.#toPath(base));
      for (const reference of referencesOf(text)) found.add(reference);
    }
    return found;
  }

  #toSummaries(nodes: ReadonlyMap<number, GraphNode>): PathSummary[] {
    const paths = new Map(Array.from(nodes, ([number, [base]]) => [number, this.#toPath(base)]));
    return Array.from(nodes, ([number, node]) => {
      const [, narSizeBytes, registeredAt, deriver] = node;
      const references: StorePath[] = [];
      for (let at = FIRST_REFERENCE; at < node.length; at++) {
        const path = paths.get(node[at] as number);
        if (path !== undefined) references.push(path);
      }
      const summary = { path: paths.get(number)!, narSizeBytes, registeredAt, references };
      return deriver === '' ? summary : { ...summary, deriver: this.#toPath(deriver) };
    });
  }

  #summariesByRecords({ paths }: Tables): PathSummary[] {
    const infos = Array.from(paths.getRange(), ({ key, value }) => this.#decode(key, value));
    const valid = new Set(infos.map(({ path }) => path));
    return infos.map((info) => ({ ...info, references: info.references.filter((reference) => valid.has(reference)) }));
  }

  #decode(base: string, text: string): PathInfo {
    return decodeRecord(this.#toPath(base), text, this.#storeDir);
  }

  manifest(path: StorePath): Manifest | undefined {
    const value = this.#reading()?.manifests.get(pathKey(path));
    return value === undefined ? undefined : unpackManifest(value);
  }

  /** The same, as `encodeManifest` wrote it; the caller's own memory. */
  manifestBytes(path: StorePath): Buffer | undefined {
    const value = this.#reading()?.manifests.get(pathKey(path));
    return value === undefined ? undefined : unpackManifestBytes(value);
  }

  /** Direct referrers, sorted, itself included where it refers to itself. Cost: the first time, and after a write, the whole graph. */
  referrers(path: StorePath): StorePath[] {
    if (this.#reading() === undefined) return [];
    const transaction = newestTransaction(this.#folder);
    if (this.#referrers?.transaction !== transaction) {
      this.refresh();
      this.#referrers = { transaction, byPath: referrersByPath(this.summaries(undefined, neverAsked)) };
    }
    return [...(this.#referrers.byPath.get(path) ?? [])].sort(compareBytes);
  }

  /** Sorted. Read in one go, so that the caller may write meanwhile. */
  allPaths(): StorePath[] {
    const tables = this.#reading();
    return tables === undefined ? [] : Array.from(tables.paths.getKeys(), (key) => this.#toPath(key));
  }

  realisation(drvPath: StorePath, output: string): StorePath | undefined {
    const value = this.#reading()?.realisations.get(realisationKey(drvPath, output));
    return value === undefined ? undefined : this.#toPath(value);
  }

  /** Read in one go, so that the caller may write meanwhile. */
  allRealisations(): Realisation[] {
    const entries = this.#reading()?.realisations.getRange() ?? [];
    return Array.from(entries, ({ key, value }) => {
      const [drv = '', output = ''] = key.split('!', 2);
      return { drvPath: this.#toPath(drv), output, path: this.#toPath(value) };
    });
  }

  cacheGet(key: string): string | undefined {
    return this.#reading()?.cache.get(cacheKey(key))?.toString('utf8');
  }

  /** Whether this process may write: also `true` where there is no index yet. */
  get isWritable(): boolean {
    return this.#reading()?.isReadOnly !== true;
  }

  /** The number of the transaction that was committed last; 0 where there is no index. What is seen after `refresh` is not older. */
  newest(): number {
    return this.#reading() === undefined ? 0 : newestTransaction(this.#folder);
  }

  /** Lets the next look see what other processes wrote until now; looks of one turn of the event loop share a state otherwise. */
  refresh(): void {
    this.#tables?.root.resetReadTxn();
  }

  /** Makes what was committed outlast a loss of power, before anything irrevocable follows from it. @throws SystemFault */
  sync(): void {
    const path = `${this.#folder}/data.mdb`;
    sys('sync', path, () => {
      const fd = openSync(path, 'r');
      try {
        fdatasyncSync(fd);
      } finally {
        closeSync(fd);
      }
    });
  }

  /** Runs `run` in a durable transaction that no other process shares; what it throws undoes it. */
  write<T>(run: (transaction: IndexTransaction) => T): T {
    const tables = this.#writing();
    let isRun = false;
    let result: T;
    try {
      const transact = (): T =>
        tables.root.transactionSync(() => {
          const transaction = new IndexTransaction(tables, this.#storeDir, () => newestTransaction(this.#folder));
          const made = run(transaction);
          transaction.finish();
          isRun = true;
          return made;
        });
      result = whileGuarded(this.#folder, transact, this.#onWait);
    } catch (error) {
      // What `run` throws names its reason itself; putting it on the disk is LMDB's.
      throw isRun || isOfLmdb(error) ? systemFault('write to the index', this.#folder, error) : error;
    }
    fillUp(this.#folder);
    return result;
  }

  close(): void {
    const tables = this.#tables;
    if (tables === undefined) return;
    // Closing is done when the call returns; the promise only waits for asynchronous writes, and we make none.
    whileGuarded(this.#folder, () => void tables.root.close(), this.#onWait);
    this.#tables = undefined;
  }

  /** The next to write begins an empty index, although something was registered once. */
  beginAnew(): void {
    this.#beginsAnew = true;
  }

  /** @throws Fault E-STORE-024 */
  #assertNotLost(): void {
    const loss = this.#beginsAnew ? 'none' : lossOf(this.#folder);
    if (loss === 'index') throw badIndex(`the index '${this.#folder}/data.mdb' is gone`);
    if (loss === 'all') throw lostStore(dirname(dirname(this.#folder)));
  }

  #toPath(base: string): StorePath {
    return `${this.#storeDir}/${base}` as StorePath;
  }

  #reading(): Tables | undefined {
    if (this.#tables !== undefined) return this.#tables;
    this.#assertNotLost();
    if (!existsSync(`${this.#folder}/data.mdb`)) {
      assertFolder(dirname(dirname(this.#folder)));
      return undefined;
    }
    this.#tables = openTables(this.#folder, !isWritable(this.#folder), this.#onWait);
    return this.#tables;
  }

  #writing(): Tables {
    if (this.#tables === undefined) {
      this.#assertNotLost();
      makeDirectory(this.#folder);
      this.#tables = openTables(this.#folder, false, this.#onWait);
    }
    if (this.#tables.isReadOnly) throw new SystemFault('write to the index', this.#folder, { code: 'EACCES' });
    return this.#tables;
  }
}

const neverAsked = (path: StorePath): never => {
  throw new Bug(`all paths are read, and '${path}' is asked for`);
};

function referrersByPath(summaries: readonly PathSummary[]): Map<StorePath, StorePath[]> {
  const found = new Map<StorePath, StorePath[]>();
  for (const { path, references } of summaries) {
    for (const reference of references) {
      const known = found.get(reference);
      if (known === undefined) found.set(reference, [path]);
      else known.push(path);
    }
  }
  return found;
}
