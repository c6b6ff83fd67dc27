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
 * | `referrers` | hash part of the referred ‖ base of the referrer | nothing |
 * | `realisations` | base of the resolved .drv ‖ `!` ‖ output | base of the path |
 * | `cache` | SHA-256 of the key | text |
 *
 * @source docs/store.md §6
 */
import { accessSync, closeSync, constants, existsSync, fdatasyncSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import type { Database, DatabaseOptions, Key, RootDatabase } from 'lmdb';
import { type Bytes, compareBytes, Fault, makeDirectory, SystemFault, sys, writeAll } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { allNodes, FIRST_REFERENCE, type GraphNode, type GraphTable, GraphWriter, isCurrent, reachable } from './graph-table.ts';
import { hashBytes } from './hash.ts';
import { whileGuarded } from './index-guard.ts';
import { missingPage } from './index-pages.ts';
import { loadLmdb } from './load-lmdb.ts';
import { isIndexLost } from './lost-index.ts';
import { decodeManifest } from './manifest.ts';
import { unpackManifestText } from './packed-manifest.ts';
import { hashPartLength, storePathBase, storePathHash } from './store-path.ts';
import type { Manifest, PathInfo, PathSummary, Realisation, StorePath } from './types.ts';

interface Tables {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly paths: Database<string, string>;
  /** `undefined` where we may only read what an older igos wrote. */
  readonly graph: GraphTable | undefined;
  readonly manifests: Database<Buffer, string>;
  readonly referrers: Database<string, string>;
  readonly realisations: Database<string, string>;
  readonly cache: Database<Buffer, Buffer>;
  readonly isReadOnly: boolean;
}

/** `PathInfo` without what the key says; store paths without their folder. */
interface PathRecord {
  /** Its number in `graph`; absent where an older igos wrote the record. Stands first. */
  readonly node?: number;
  readonly narHash: string;
  readonly narSizeBytes: number;
  readonly references: readonly string[];
  readonly deriver?: string;
  readonly ca?: string;
  readonly signatures?: readonly string[];
  readonly registeredAt: number;
}

/** 32 digits, a dash, 211 characters of name; LMDB refuses longer keys than 511 bytes. */
export const MAX_BASE_LENGTH = 244;

/** Where they stand in the JSON of a record. No store name has a quote or a bracket. */
const REFERENCES = '"references":[';
const NODE = '{"node":';

/** Behind the header of the first page. */
const MAGIC_OFFSET = 24;
const MAGIC = 0xbeefc0de;
const META_LENGTH = 160;

/** Keys and values of names, hashes and JSON, all ASCII: one byte a character, and no buffers in between. */
const TEXTS: DatabaseOptions & { keyEncoder: object } = {
  encoding: 'string',
  keyEncoder: {
    // Where a range has no start, the start is a buffer.
    writeKey: (key: string | Uint8Array, target: Buffer, position: number): number => {
      if (typeof key === 'string') return position + target.write(key, position, 'latin1');
      target.set(key, position);
      return position + key.length;
    },
    readKey: (source: Buffer, start: number, end: number): string => source.toString('latin1', start, end),
  },
};

/** Room for keys: each table is a named database of one environment. */
const MAX_TABLES = 8;

/** The index of one store. Opening is lazy: reading an absent index creates nothing and finds nothing. */
export class StoreIndex {
  readonly #folder: string;
  readonly #storeDir: string;
  #tables: Tables | undefined;
  #beginsAnew: boolean = false;

  constructor(folder: string, storeDir: string) {
    this.#folder = folder;
    this.#storeDir = storeDir;
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
    return value === undefined ? undefined : decodeManifest(unpackManifestText(value));
  }

  /** The same, as `encodeManifest` wrote it. */
  manifestText(path: StorePath): Bytes | undefined {
    const value = this.#reading()?.manifests.get(pathKey(path));
    return value === undefined ? undefined : unpackManifestText(value);
  }

  /** Direct referrers, sorted, itself included where it refers to itself. */
  referrers(path: StorePath): StorePath[] {
    const tables = this.#reading();
    if (tables === undefined) return [];
    const prefix = storePathHash(path);
    const found: StorePath[] = [];
    for (const key of tables.referrers.getKeys({ start: prefix, end: `${prefix}\xff` })) {
      found.push(this.#toPath(key.slice(hashPartLength)));
    }
    return found;
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

  /** Of its file, which tells roughly how many files the store has; 0 where there is none. Opens nothing. */
  get sizeBytes(): number {
    return statSync(`${this.#folder}/data.mdb`, { throwIfNoEntry: false })?.size ?? 0;
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
      result = tables.root.transactionSync(() => {
        const transaction = new IndexTransaction(tables, this.#storeDir, () => newestTransaction(this.#folder));
        const made = run(transaction);
        transaction.finish();
        isRun = true;
        return made;
      });
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
    whileGuarded(this.#folder, () => void tables.root.close());
    this.#tables = undefined;
  }

  /** The next to write begins an empty index, although something was registered once. */
  beginAnew(): void {
    this.#beginsAnew = true;
  }

  /** @throws Fault E-STORE-024 */
  #assertNotLost(): void {
    if (!this.#beginsAnew && isIndexLost(this.#folder)) throw badIndex(`the index '${this.#folder}/data.mdb' is gone`);
  }

  #toPath(base: string): StorePath {
    return `${this.#storeDir}/${base}` as StorePath;
  }

  #reading(): Tables | undefined {
    if (this.#tables !== undefined) return this.#tables;
    this.#assertNotLost();
    if (!existsSync(`${this.#folder}/data.mdb`)) return undefined;
    this.#tables = openTables(this.#folder, !isWritable(this.#folder));
    return this.#tables;
  }

  #writing(): Tables {
    if (this.#tables === undefined) {
      this.#assertNotLost();
      makeDirectory(this.#folder);
      this.#tables = openTables(this.#folder, false);
    }
    if (this.#tables.isReadOnly) throw new SystemFault('write to the index', this.#folder, { code: 'EACCES' });
    return this.#tables;
  }
}

/** The writing side of the index, inside of `StoreIndex.write`. */
export class IndexTransaction {
  readonly #tables: Tables;
  readonly #storeDir: string;
  readonly #newest: () => number;
  readonly #nodes = new Map<string, number>();
  #graph: GraphWriter | undefined;
  #writes: boolean = false;

  /** @param newest  the number of the last transaction that was committed */
  constructor(tables: Tables, storeDir: string, newest: () => number) {
    this.#tables = tables;
    this.#storeDir = storeDir;
    this.#newest = newest;
  }

  /** Whether nobody wrote since the transaction of this number. */
  isFirstAfter(transaction: number): boolean {
    return this.#newest() === transaction;
  }

  /** Of the index, if this writes anything. */
  get number(): number {
    return this.#newest() + 1;
  }

  /** Called once, at the end. */
  finish(): void {
    if (!this.#writes) return;
    const newest = this.#newest();
    // What else was written does not touch the graph, but would make it look old.
    if (this.#graph === undefined && isCurrent(this.#tables.graph, newest)) this.#graph = new GraphWriter(this.#tables.graph!);
    this.#graph?.flush(this.number);
  }

  /** The graph as it is before this transaction, made anew where somebody wrote who does not know it. */
  #writableGraph(): GraphWriter {
    this.#writes = true;
    if (this.#graph !== undefined) return this.#graph;
    const { graph, paths } = this.#tables;
    this.#graph = new GraphWriter(graph!);
    if (isCurrent(graph, this.#newest())) return this.#graph;
    this.#graph.clear();
    const records = Array.from(paths.getRange(), ({ key, value }) => ({ base: key, record: JSON.parse(value) as PathRecord }));
    // Together what was registered together.
    records.sort((a, b) => a.record.registeredAt - b.record.registeredAt);
    for (const { base } of records) this.#nodes.set(base, this.#graph.allocate());
    for (const { base, record } of records) this.#putRecord(base, record);
    return this.#graph;
  }

  /** Of a path that is valid, or will be when this transaction ends. */
  #node(base: string): number {
    const known = this.#nodes.get(base) ?? nodeOf(this.#tables.paths.get(base) ?? '');
    const node = known ?? this.#writableGraph().allocate();
    this.#nodes.set(base, node);
    return node;
  }

  #putRecord(base: string, record: PathRecord): void {
    const graph = this.#writableGraph();
    const node = this.#node(base);
    this.#tables.paths.putSync(base, JSON.stringify(Object.assign({ node }, record, { node })));
    const { narSizeBytes, registeredAt, deriver, references } = record;
    graph.put(node, [base, narSizeBytes, registeredAt, deriver ?? '', ...references.map((each) => this.#node(each))]);
  }

  info(path: StorePath): PathInfo | undefined {
    const value = this.#tables.paths.get(pathKey(path));
    return value === undefined ? undefined : decodeRecord(path, value, this.#storeDir);
  }

  /** Direct referrers, itself left out. */
  *otherReferrers(path: StorePath): Iterable<StorePath> {
    const prefix = storePathHash(path);
    const own = storePathBase(path);
    for (const key of this.#tables.referrers.getKeys({ start: prefix, end: `${prefix}\xff` })) {
      const base = key.slice(hashPartLength);
      if (base !== own) yield `${this.#storeDir}/${base}` as StorePath;
    }
  }

  /** Forgets a path, if it is there. That nothing valid refers to it is the caller's to see to. */
  remove(path: StorePath): void {
    const base = storePathBase(path);
    const graph = this.#writableGraph();
    const record = this.#tables.paths.get(base);
    if (record === undefined) return;
    graph.remove(this.#node(base));
    this.#nodes.delete(base);
    this.#tables.paths.removeSync(base);
    this.#tables.manifests.removeSync(base);
    for (const reference of referencesOf(record)) {
      this.#tables.referrers.removeSync(reference.slice(0, hashPartLength) + base);
    }
  }

  /** Forgets the realisations that lead to a path, and what is remembered in the cache by naming one. Cost: one look at each. */
  forgetMentions(isGone: (base: string) => boolean): void {
    const { realisations, cache } = this.#tables;
    for (const { key, value } of [...realisations.getRange()]) {
      if (isGone(value)) this.#changing(realisations).removeSync(key);
    }
    const mention = new RegExp(`${this.#storeDir.replace(/[^\w/]/g, '\\$&')}/([0-9a-z]{${hashPartLength}}-[\\w+.?=-]+)`, 'g');
    for (const { key, value } of [...cache.getRange()]) {
      for (const [, base] of value.toString('latin1').matchAll(mention)) {
        if (!isGone(base!)) continue;
        this.#changing(cache).removeSync(key);
        break;
      }
    }
  }

  has(path: StorePath): boolean {
    return this.#tables.paths.doesExist(pathKey(path));
  }

  /** By base name, which may be none that a store path could have. */
  hasBase(base: string): boolean {
    return base.length <= MAX_BASE_LENGTH && this.#tables.paths.doesExist(base);
  }

  put(info: PathInfo, packedManifest: Buffer): void {
    const { path, references, deriver, ...rest } = info;
    const base = storePathBase(path);
    this.#putRecord(base, {
      ...rest,
      references: references.map(storePathBase),
      ...(deriver === undefined ? {} : { deriver: storePathBase(deriver) }),
    });
    this.#tables.manifests.putSync(base, packedManifest);
    for (const reference of references) this.#tables.referrers.putSync(storePathHash(reference) + base, '');
  }

  /** Nothing where the path is gone. */
  addSignatures(path: StorePath, added: readonly string[]): void {
    const text = this.#tables.paths.get(pathKey(path));
    if (text === undefined) return;
    const record = JSON.parse(text) as PathRecord;
    const signatures = [...new Set([...(record.signatures ?? []), ...added])].sort(compareBytes);
    this.#putRecord(pathKey(path), { ...record, signatures });
  }

  putRealisation({ drvPath, output, path }: Realisation): void {
    this.#changing(this.#tables.realisations).putSync(realisationKey(drvPath, output), storePathBase(path));
  }

  putCache(key: string, value: string): void {
    this.#changing(this.#tables.cache).putSync(cacheKey(key), Buffer.from(value, 'utf8'));
  }

  /** A table that does not belong to the graph, about to be written. */
  #changing<T>(table: T): T {
    this.#writes = true;
    return table;
  }
}

function decodeRecord(path: StorePath, text: string, storeDir: string): PathInfo {
  const { references, deriver, node, ...record } = JSON.parse(text) as PathRecord;
  return {
    path,
    ...record,
    references: references.map((base) => `${storeDir}/${base}` as StorePath),
    ...(deriver === undefined ? {} : { deriver: `${storeDir}/${deriver}` as StorePath }),
  };
}

/** Bases, cut out of a record, which need not be parsed for that. */
function referencesOf(record: string): string[] {
  const start = record.indexOf(REFERENCES) + REFERENCES.length;
  const end = record.indexOf(']', start);
  return end > start ? record.slice(start + 1, end - 1).split('","') : [];
}

const nodeOf = (record: string): number | undefined =>
  record.startsWith(NODE) ? Number.parseInt(record.slice(NODE.length), 10) : undefined;

const pathKey = storePathBase;
const realisationKey = (drvPath: StorePath, output: string): string => `${storePathBase(drvPath)}!${output}`;
const cacheKey = (key: string): Buffer => Buffer.from(hashBytes('sha256', Buffer.from(key, 'utf8')), 'hex');

function isWritable(folder: string): boolean {
  try {
    accessSync(`${folder}/data.mdb`, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** @throws SystemFault not an index, no permission */
function openTables(folder: string, isReadOnly: boolean): Tables {
  assertIndex(folder);
  try {
    return whileGuarded(folder, () => tryOpenTables(folder, isReadOnly));
  } catch (error) {
    throw systemFault('open the index', folder, error);
  }
}

/** LMDB's errors have a number: the system's where it is positive, its own otherwise. */
const isOfLmdb = (error: unknown): boolean => typeof (error as { code?: unknown } | null)?.code === 'number';

function systemFault(operation: string, folder: string, error: unknown): SystemFault {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const name = typeof code === 'number' && code > 0 ? getSystemErrorMap().get(-code)?.[0] : undefined;
  return new SystemFault(operation, folder, { code: name ?? String(message ?? error) });
}

/**
 * LMDB maps the file and trusts it: one that is no index, or that ends before its last page, would end the process by a signal.
 * Two meta pages stand at the start; the one of the newer transaction counts. Layout (little-endian, from the start of a meta page):
 * 24 magic, 48 page size, 144 number of the last page, 152 transaction.
 */
function assertIndex(folder: string): void {
  const path = `${folder}/data.mdb`;
  if (!existsSync(path)) return;
  for (let before = -1n; ; ) {
    const { sizeBytes, first, needed, transaction, missing } = measure(path, { walks: true });
    // A process that was killed while it made the index leaves an empty file, which LMDB fills.
    if (sizeBytes === 0) return;
    if (first.length < META_LENGTH || first.readUInt32LE(MAGIC_OFFSET) !== MAGIC)
      throw badIndex(`'${path}' is not the index of a store`);
    if (needed <= sizeBytes) return;
    // Killed right after a transaction that left its last pages unused: see `fillUp`.
    if (missing === undefined) break;
    // What another process wrote while we walked may have looked like damage.
    if (transaction === before)
      throw badIndex(`the index '${path}' was cut off: it has ${sizeBytes} of ${needed} bytes, and ${missing}`);
    before = transaction;
  }
  if (isWritable(folder)) fillUp(folder);
}

/**
 * LMDB never writes pages that a transaction took at the end of the file and gave back before it was over, though it counts them: the
 * file may then end before its last page. Zeros are put there, so that this is no sign of damage, and so that no page is missing in
 * the map. Appended, not placed: nothing that another process writes meanwhile is overwritten.
 */
function fillUp(folder: string): void {
  const path = `${folder}/data.mdb`;
  const { sizeBytes, needed } = measure(path);
  if (sizeBytes === 0 || sizeBytes >= needed) return;
  sys('write', path, () => {
    const fd = openSync(path, 'a');
    try {
      writeAll(fd, Buffer.alloc(needed - sizeBytes));
    } finally {
      closeSync(fd);
    }
  });
}

/** The number of the transaction that was committed last: two calls that give the same number had the same index. */
const newestTransaction = (folder: string): number => Number(measure(`${folder}/data.mdb`).transaction);

interface Measured {
  readonly sizeBytes: number;
  /** The first meta page, as much of it as there is. */
  readonly first: Buffer;
  /** Bytes, as the newer meta page says; 0 where there is none. */
  readonly needed: number;
  readonly transaction: bigint;
  /** A page that is in use and beyond the end; looked for where the file ends too early. */
  readonly missing: string | undefined;
}

function measure(path: string, { walks = false } = {}): Measured {
  return sys('read', path, () => {
    const fd = openSync(path, 'r');
    try {
      const first = readAt(fd, 0);
      const second = first.length < META_LENGTH ? first : readAt(fd, first.readUInt32LE(48));
      const [newest] = [first, second]
        .filter((meta) => meta.length === META_LENGTH && meta.readUInt32LE(MAGIC_OFFSET) === MAGIC)
        .sort((a, b) => Number(b.readBigUInt64LE(152) - a.readBigUInt64LE(152)));
      // The size is taken after the meta pages: a writer makes the file longer before it says so.
      const sizeBytes = fstatSync(fd).size;
      if (newest === undefined) return { sizeBytes, first, needed: 0, transaction: 0n, missing: undefined };
      const pageBytes = newest.readUInt32LE(48);
      const needed = (Number(newest.readBigUInt64LE(144)) + 1) * pageBytes;
      let missing: string | undefined;
      // Whole pages are what LMDB leaves out.
      if (needed > sizeBytes && sizeBytes % pageBytes !== 0) missing = `page ${Math.floor(sizeBytes / pageBytes)} is in part`;
      else if (walks && needed > sizeBytes) missing = missingPage(fd, newest, pageBytes, sizeBytes);
      return { sizeBytes, first, needed, transaction: newest.readBigUInt64LE(152), missing };
    } finally {
      closeSync(fd);
    }
  });
}

function readAt(fd: number, position: number): Buffer {
  const page = Buffer.alloc(META_LENGTH);
  return page.subarray(0, readSync(fd, page, 0, META_LENGTH, position));
}

const badIndex = (message: string): Fault =>
  new Fault('E-STORE-024' satisfies StoreCode, message, {
    hints: [
      "'igos store rebuild-index' makes it anew from the log of registrations, and checks every object",
      'or move it away and restore it from a backup',
    ],
  });

function tryOpenTables(folder: string, isReadOnly: boolean): Tables {
  const root = loadLmdb().open<Buffer, Buffer>({
    path: folder,
    noSubdir: false,
    maxDbs: MAX_TABLES,
    encoding: 'binary',
    keyEncoding: 'binary',
    readOnly: isReadOnly,
    // Everything is written in `transactionSync`; there are no asynchronous writes to collect.
    eventTurnBatching: false,
    commitDelay: 0,
  });
  // A reader that was killed keeps its slot, and with it every page it saw.
  root.readerCheck();
  const table = <K, V>(name: string, options: DatabaseOptions): Database<V, K & Key> =>
    root.openDB<V, K & Key>({ name, ...options });
  return {
    root,
    paths: table('paths', TEXTS),
    graph: table('graph', TEXTS),
    manifests: table('manifests', { ...TEXTS, encoding: 'binary' }),
    referrers: table('referrers', TEXTS),
    realisations: table('realisations', TEXTS),
    cache: table('cache', { encoding: 'binary', keyEncoding: 'binary' }),
    isReadOnly,
  };
}
