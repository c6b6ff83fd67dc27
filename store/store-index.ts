/**
 * What is valid, in LMDB under `<home>/var/index`: found in a microsecond, written in one durable transaction a batch, shared by any
 * number of processes. The write transaction is also the lock under which objects are moved to their places, so that nobody takes
 * another's half-registered object for a left-over.
 *
 * | table | key | value |
 * | --- | --- | --- |
 * | `paths` | `<hash part>-<name>` | JSON of `PathRecord` |
 * | `manifests` | the same | zstd of `encodeManifest` |
 * | `referrers` | hash part of the referred ‖ base of the referrer | nothing |
 * | `realisations` | base of the resolved .drv ‖ `!` ‖ output | base of the path |
 * | `cache` | SHA-256 of the key | text |
 *
 * @source docs/store.md §6
 */
import { accessSync, closeSync, constants, existsSync, fdatasyncSync, fstatSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Database, RootDatabase } from 'lmdb';
import { compareBytes, Fault, makeDirectory, SystemFault, sys, writeAll } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { hashBytes } from './hash.ts';
import { unpackManifest } from './packed-manifest.ts';
import { hashPartLength, storePathBase, storePathHash } from './store-path.ts';
import type { Manifest, PathInfo, Realisation, StorePath } from './types.ts';

type Table = Database<Buffer, Buffer>;

interface Tables {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly paths: Table;
  readonly manifests: Table;
  readonly referrers: Table;
  readonly realisations: Table;
  readonly cache: Table;
  readonly isReadOnly: boolean;
}

/** `PathInfo` without what the key says; store paths without their folder. */
interface PathRecord {
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
const NOTHING = Buffer.alloc(0);

/** Where they stand in the JSON of a record. No store name has a quote or a bracket. */
const REFERENCES = '"references":[';

/** Behind the header of the first page. */
const MAGIC_OFFSET = 24;
const MAGIC = 0xbeefc0de;
const META_LENGTH = 160;

/** Room for keys: each table is a named database of one environment. */
const MAX_TABLES = 8;

/** The index of one store. Opening is lazy: reading an absent index creates nothing and finds nothing. */
export class StoreIndex {
  readonly #folder: string;
  readonly #storeDir: string;
  #tables: Tables | undefined;

  constructor(folder: string, storeDir: string) {
    this.#folder = folder;
    this.#storeDir = storeDir;
  }

  has(path: StorePath): boolean {
    return this.#reading()?.paths.doesExist(pathKey(path)) === true;
  }

  /** The valid path of this hash part. */
  find(hashPart: string): StorePath | undefined {
    const range = { start: latin1(`${hashPart}-`), end: latin1(`${hashPart}.`), limit: 1 };
    for (const key of this.#reading()?.paths.getKeys(range) ?? []) return this.#toPath(key.toString('latin1'));
    return undefined;
  }

  info(path: StorePath): PathInfo | undefined {
    const value = this.#reading()?.paths.get(pathKey(path));
    return value === undefined ? undefined : decodeRecord(path, value, this.#storeDir);
  }

  /**
   * The paths and all they refer to, in no order. References are cut out of the records, which are not parsed: 5,000 paths with three
   * references each take 20 ms.
   *
   * @param absent  is called for a path that is not valid, and throws
   */
  closure(paths: Iterable<StorePath>, absent: (path: StorePath) => never): StorePath[] {
    const table = this.#reading()?.paths;
    const found = new Set(Array.from(paths, storePathBase));
    for (const base of found) {
      // Not getBinaryFast: in a long file the buffer that it lends is the whole mapping, and its text takes 25 ms.
      const value = table?.get(latin1(base)) ?? absent(this.#toPath(base));
      const text = value.toString('latin1');
      const start = text.indexOf(REFERENCES) + REFERENCES.length;
      const end = text.indexOf(']', start);
      if (end > start) for (const reference of text.slice(start + 1, end - 1).split('","')) found.add(reference);
    }
    return Array.from(found, (base) => this.#toPath(base));
  }

  manifest(path: StorePath): Manifest | undefined {
    const value = this.#reading()?.manifests.get(pathKey(path));
    return value === undefined ? undefined : unpackManifest(value);
  }

  /** Direct referrers, sorted, itself included where it refers to itself. */
  referrers(path: StorePath): StorePath[] {
    const tables = this.#reading();
    if (tables === undefined) return [];
    const prefix = storePathHash(path);
    const found: StorePath[] = [];
    for (const key of tables.referrers.getKeys({ start: latin1(prefix), end: latin1(`${prefix}\xff`) })) {
      found.push(this.#toPath(key.toString('latin1', hashPartLength)));
    }
    return found;
  }

  /** Sorted. Read in one go, so that the caller may write meanwhile. */
  allPaths(): StorePath[] {
    const tables = this.#reading();
    return tables === undefined ? [] : Array.from(tables.paths.getKeys(), (key) => this.#toPath(key.toString('latin1')));
  }

  realisation(drvPath: StorePath, output: string): StorePath | undefined {
    const value = this.#reading()?.realisations.get(realisationKey(drvPath, output));
    return value === undefined ? undefined : this.#toPath(value.toString('latin1'));
  }

  /** Read in one go, so that the caller may write meanwhile. */
  allRealisations(): Realisation[] {
    const entries = this.#reading()?.realisations.getRange() ?? [];
    return Array.from(entries, ({ key, value }) => {
      const [drv = '', output = ''] = key.toString('latin1').split('!', 2);
      return { drvPath: this.#toPath(drv), output, path: this.#toPath(value.toString('latin1')) };
    });
  }

  cacheGet(key: string): string | undefined {
    return this.#reading()?.cache.get(cacheKey(key))?.toString('utf8');
  }

  /** Whether this process may write: also `true` where there is no index yet. */
  get isWritable(): boolean {
    return this.#reading()?.isReadOnly !== true;
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
    const result = tables.root.transactionSync(() => run(new IndexTransaction(tables, this.#storeDir)));
    fillUp(this.#folder);
    return result;
  }

  close(): void {
    // Closing is done when the call returns; the promise only waits for asynchronous writes, and we make none.
    void this.#tables?.root.close();
    this.#tables = undefined;
  }

  #toPath(base: string): StorePath {
    return `${this.#storeDir}/${base}` as StorePath;
  }

  #reading(): Tables | undefined {
    if (this.#tables !== undefined) return this.#tables;
    if (!existsSync(`${this.#folder}/data.mdb`)) return undefined;
    this.#tables = openTables(this.#folder, !isWritable(this.#folder));
    return this.#tables;
  }

  #writing(): Tables {
    if (this.#tables === undefined) {
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

  constructor(tables: Tables, storeDir: string) {
    this.#tables = tables;
    this.#storeDir = storeDir;
  }

  info(path: StorePath): PathInfo | undefined {
    const value = this.#tables.paths.get(pathKey(path));
    return value === undefined ? undefined : decodeRecord(path, value, this.#storeDir);
  }

  /** Direct referrers, itself left out. */
  *otherReferrers(path: StorePath): Iterable<StorePath> {
    const prefix = storePathHash(path);
    const own = storePathBase(path);
    for (const key of this.#tables.referrers.getKeys({ start: latin1(prefix), end: latin1(`${prefix}\xff`) })) {
      const base = key.toString('latin1', hashPartLength);
      if (base !== own) yield `${this.#storeDir}/${base}` as StorePath;
    }
  }

  /** Forgets a path. That nothing valid refers to it is the caller's to see to. */
  remove({ path, references }: PathInfo): void {
    const key = pathKey(path);
    this.#tables.paths.removeSync(key);
    this.#tables.manifests.removeSync(key);
    const base = storePathBase(path);
    for (const reference of references) this.#tables.referrers.removeSync(latin1(storePathHash(reference) + base));
  }

  /** Forgets the realisations that lead to a path, and what is remembered in the cache by naming one. Cost: one look at each. */
  forgetMentions(isGone: (base: string) => boolean): void {
    const { realisations, cache } = this.#tables;
    for (const { key, value } of [...realisations.getRange()]) {
      if (isGone(value.toString('latin1'))) realisations.removeSync(key);
    }
    const mention = new RegExp(`${this.#storeDir.replace(/[^\w/]/g, '\\$&')}/([0-9a-z]{${hashPartLength}}-[\\w+.?=-]+)`, 'g');
    for (const { key, value } of [...cache.getRange()]) {
      for (const [, base] of value.toString('latin1').matchAll(mention)) {
        if (!isGone(base!)) continue;
        cache.removeSync(key);
        break;
      }
    }
  }

  has(path: StorePath): boolean {
    return this.#tables.paths.doesExist(pathKey(path));
  }

  /** By base name, which may be none that a store path could have. */
  hasBase(base: string): boolean {
    return base.length <= MAX_BASE_LENGTH && this.#tables.paths.doesExist(latin1(base));
  }

  put(info: PathInfo, packedManifest: Buffer): void {
    const { path, references, deriver, ...rest } = info;
    const record: PathRecord = {
      ...rest,
      references: references.map(storePathBase),
      ...(deriver === undefined ? {} : { deriver: storePathBase(deriver) }),
    };
    const key = pathKey(path);
    this.#tables.paths.putSync(key, latin1(JSON.stringify(record)));
    this.#tables.manifests.putSync(key, packedManifest);
    const base = storePathBase(path);
    for (const reference of references) this.#tables.referrers.putSync(latin1(storePathHash(reference) + base), NOTHING);
  }

  /** Nothing where the path is gone. */
  addSignatures(path: StorePath, added: readonly string[]): void {
    const value = this.#tables.paths.get(pathKey(path));
    if (value === undefined) return;
    const record = JSON.parse(value.toString('latin1')) as PathRecord;
    const signatures = [...new Set([...(record.signatures ?? []), ...added])].sort(compareBytes);
    this.#tables.paths.putSync(pathKey(path), latin1(JSON.stringify({ ...record, signatures })));
  }

  putRealisation({ drvPath, output, path }: Realisation): void {
    this.#tables.realisations.putSync(realisationKey(drvPath, output), latin1(storePathBase(path)));
  }

  putCache(key: string, value: string): void {
    this.#tables.cache.putSync(cacheKey(key), Buffer.from(value, 'utf8'));
  }
}

function decodeRecord(path: StorePath, value: Buffer, storeDir: string): PathInfo {
  const { references, deriver, ...record } = JSON.parse(value.toString('latin1')) as PathRecord;
  return {
    path,
    ...record,
    references: references.map((base) => `${storeDir}/${base}` as StorePath),
    ...(deriver === undefined ? {} : { deriver: `${storeDir}/${deriver}` as StorePath }),
  };
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
const pathKey = (path: StorePath): Buffer => latin1(storePathBase(path));
const realisationKey = (drvPath: StorePath, output: string): Buffer => latin1(`${storePathBase(drvPath)}!${output}`);
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
    return tryOpenTables(folder, isReadOnly);
  } catch (error) {
    throw new SystemFault('open the index', folder, { code: error instanceof Error ? error.message : String(error) });
  }
}

/**
 * LMDB maps the file and trusts it: one that is no index, or that ends before its last page, would end the process by a signal.
 * Two meta pages stand at the start; the one of the newer transaction counts. Layout (little-endian, from the start of a meta page):
 * 24 magic, 48 page size, 144 number of the last page, 152 transaction.
 */
function assertIndex(folder: string): void {
  const path = `${folder}/data.mdb`;
  if (!existsSync(path)) return;
  const { sizeBytes, first, needed, pageBytes } = measure(path);
  // A process that was killed while it made the index leaves an empty file, which LMDB fills.
  if (sizeBytes === 0) return;
  if (first.length < META_LENGTH || first.readUInt32LE(MAGIC_OFFSET) !== MAGIC)
    throw badIndex(`'${path}' is not the index of a store`);
  const nMissing = needed - sizeBytes;
  if (nMissing <= 0) return;
  // Killed right after a transaction that left its last pages unused: see `fillUp`.
  if (nMissing % pageBytes !== 0 || nMissing > needed / 4) {
    throw badIndex(`the index '${path}' was cut off: it has ${sizeBytes} of ${needed} bytes`);
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

/** `needed`: what the newer meta page says; 0 where there is none. */
function measure(path: string): { sizeBytes: number; first: Buffer; needed: number; pageBytes: number } {
  return sys('read', path, () => {
    const fd = openSync(path, 'r');
    try {
      const first = readAt(fd, 0);
      const second = first.length < META_LENGTH ? first : readAt(fd, first.readUInt32LE(48));
      let newest = -1n;
      let needed = 0;
      let pageBytes = 1;
      for (const meta of [first, second]) {
        if (meta.length < META_LENGTH || meta.readUInt32LE(MAGIC_OFFSET) !== MAGIC) continue;
        if (meta.readBigUInt64LE(152) <= newest) continue;
        newest = meta.readBigUInt64LE(152);
        pageBytes = meta.readUInt32LE(48);
        needed = (Number(meta.readBigUInt64LE(144)) + 1) * pageBytes;
      }
      // The size is taken after the meta pages: a writer makes the file longer before it says so.
      return { sizeBytes: fstatSync(fd).size, first, needed, pageBytes };
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
  // Loading LMDB takes some 20 ms, which commands that never look into the store should not pay.
  const lmdb = createRequire(import.meta.url)('lmdb') as typeof import('lmdb');
  const root = lmdb.open<Buffer, Buffer>({
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
  const table = (name: string): Table => root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
  return {
    root,
    paths: table('paths'),
    manifests: table('manifests'),
    referrers: table('referrers'),
    realisations: table('realisations'),
    cache: table('cache'),
    isReadOnly,
  };
}
