/**
 * The object store on this machine.
 *
 * ```
 * <home>/store/<hash>-<name>   objects, read-only
 * <home>/var/index/            what is valid (LMDB)
 * <home>/var/gcroots/          links that keep objects
 * <home>/var/temproots/        what running processes use
 * <home>/var/log/ab/cdef…      logs of builds
 * <home>/pool/                 links to the files of the store, by their bytes
 * <home>/tmp/                  scratch, on the same file system
 * ```
 *
 * @source docs/store.md §6
 */
import { type Bytes, bytesToText, Fault, textToBytes } from '../base/index.ts';
import { addOutputs, prepareOutputs, repairOutputs } from './add-outputs.ts';
import { addTexts, TextsOfLater, WrittenDerivations } from './add-texts.ts';
import { decodeDerivation } from './aterm.ts';
import type { StoreCode } from './codes.ts';
import { collectGarbage } from './collect.ts';
import { ReferenceGraph, readGraph } from './graph.ts';
import { hashBytes } from './hash.ts';
import { type ImportOptions, importArchive } from './import.ts';
import { type Ingested, ingest } from './ingest.ts';
import { IntactPaths } from './intact.ts';
import { ManifestBuilder } from './manifest.ts';
import { type ByteSource, readNar } from './nar-decode.ts';
import { optimiseStore, sealLeftOpen } from './optimise.ts';
import { Pool } from './pool.ts';
import { readTree } from './read-tree.ts';
import { rebuildIndex } from './rebuild-index.ts';
import { type Places, registerObjects } from './register.ts';
import { RegistrationLog } from './registration-log.ts';
import { removeUnregistered, repairFromNar, repairFromParts } from './repair.ts';
import { Reserve } from './reserve.ts';
import { findRoots } from './roots.ts';
import type { InodeData } from './source-files.ts';
import { Staging } from './staging.ts';
import { type StatKey, StatKeyBuilder, statKey } from './stat-key.ts';
import { StoreIndex } from './store-index.ts';
import {
  type ContentAddress,
  contentAddressedPath,
  derivationName,
  formatContentAddress,
  parseStoreName,
  storePathBase,
  textPath,
} from './store-path.ts';
import { TemporaryRoots } from './temporary-roots.ts';
import { listTree, orderTree, type TreeVisitor } from './tree.ts';
import type {
  AddOptions,
  CleanResult,
  CollectOptions,
  CollectReport,
  Derivation,
  Digest,
  FinishedObject,
  LaterTexts,
  Manifest,
  ObjectStore,
  OptimiseResult,
  OutputToAdd,
  PathInfo,
  PathSummary,
  PreparedOutputs,
  Realisation,
  RebuildResult,
  Root,
  StorePath,
  TextToAdd,
  TreeEntry,
  VerifyOptions,
  VerifyProblem,
} from './types.ts';
import { verifyStore } from './verify.ts';
import { removeTree } from './write-tree.ts';

/** Derivations kept in memory; beyond, all are dropped and read again. */
const MAX_DERIVATIONS = 20_000;

/**
 * Opens the store at `home`, an absolute path. Touches nothing until something is read, creates nothing until something is written.
 *
 * @param options.storeDir     the logical folder, part of every path: `/igos/store`
 * @param options.sharesFiles  identical files become one as they are added (`optimise`); default false
 */
export const openStore = (options: { home: string; storeDir: string; sharesFiles?: boolean }): ObjectStore =>
  new LocalStore(options.home, options.storeDir, options.sharesFiles === true);

class LocalStore implements ObjectStore {
  readonly home: string;
  readonly storeDir: string;
  readonly #places: Places;
  readonly #index: StoreIndex;
  readonly #derivations = new Map<StorePath, Derivation>();
  readonly #written = new WrittenDerivations();
  readonly #later: TextsOfLater[] = [];
  readonly #intact: IntactPaths;

  constructor(home: string, storeDir: string, sharesFiles: boolean) {
    this.home = home;
    this.storeDir = storeDir;
    this.#index = new StoreIndex(`${home}/var/index`, storeDir);
    this.#places = {
      objects: `${home}/store`,
      staging: new Staging(`${home}/tmp`, (orphan) => sealLeftOpen(`${home}/store`, orphan)),
      log: new RegistrationLog(home),
      index: this.#index,
      temporaryRoots: new TemporaryRoots(`${home}/var/temproots`, this.#index),
      reserve: new Reserve(home),
      ...(sharesFiles ? { onRegistered: (paths) => void optimiseStore({ ...this.#places, home }, { paths }) } : {}),
    };
    this.#intact = new IntactPaths({ ...this.#places, storeDir });
  }

  assertIntact(paths: readonly StorePath[]): void {
    this.#intact.assert(paths);
  }

  toReal(path: StorePath): string {
    return `${this.#places.objects}/${storePathBase(path)}`;
  }

  isValid(path: StorePath): boolean {
    return this.#index.has(path);
  }

  find(hashPart: string): StorePath | undefined {
    return this.#index.find(hashPart);
  }

  refresh(): void {
    this.#index.refresh();
  }

  hold(path: StorePath): boolean {
    if (!this.isValid(path)) return false;
    if (!this.#index.isWritable || !this.#places.temporaryRoots.add([path])) return true;
    return this.isValid(path);
  }

  holdAll(paths: readonly StorePath[]): ReadonlySet<StorePath> {
    const valid = paths.filter((path) => this.isValid(path));
    if (valid.length > 0 && this.#index.isWritable) this.#places.temporaryRoots.add(valid);
    return new Set(valid.filter((path) => this.isValid(path)));
  }

  info(path: StorePath): PathInfo | undefined {
    return this.#index.info(path);
  }

  manifest(path: StorePath): Manifest {
    return this.#index.manifest(path) ?? notValid(path);
  }

  readDerivation(path: StorePath): Derivation {
    const known = this.#derivations.get(path);
    if (known !== undefined) return known;
    const text = this.#written.get(path) ?? this.#readText(path);
    const drv = decodeDerivation(derivationName(path), text, this.storeDir);
    if (this.#derivations.size >= MAX_DERIVATIONS) this.#derivations.clear();
    this.#derivations.set(path, drv);
    return drv;
  }

  #readText(path: StorePath): Bytes {
    if (!this.isValid(path)) notValid(path);
    const chunks: Buffer[] = [];
    const collector = new ManifestBuilder();
    collector.fileData = (chunk) => chunks.push(Buffer.from(chunk));
    collector.endFile = () => {};
    readTree(listTree(textToBytes(this.toReal(path))), collector);
    return Buffer.concat(chunks).toString('latin1');
  }

  computePath(name: string, source: Bytes, options: AddOptions = {}): { path: StorePath; digest: Digest } {
    return this.#compute(this.#sourceOf(name, source, options));
  }

  addPath(name: string, source: Bytes, options: AddOptions = {}): StorePath {
    return this.#add(this.#sourceOf(name, source, options)).path;
  }

  ensurePath(name: string, source: Bytes, options: AddOptions = {}): Named {
    const found = this.#sourceOf(name, source, options);
    const state = statKey(found.entries);
    const named = this.#remembered(found, state.key) ?? this.#identify(found, read(found));
    if (!this.hold(named.path)) return this.#copy(found, state);
    this.#remember(found, state, named);
    return named;
  }

  computeTree(name: string, entries: readonly TreeEntry[]): { path: StorePath; digest: Digest } {
    return this.#compute(treeSource(name, entries));
  }

  addTree(name: string, entries: readonly TreeEntry[]): StorePath {
    return this.#add(treeSource(name, entries)).path;
  }

  #sourceOf(name: string, source: Bytes, options: AddOptions): Source {
    const { method = 'nar', algorithm = 'sha256' } = options;
    parseStoreName(name);
    const entries = listTree(source, options.filter);
    if (method === 'flat' && entries[0]?.kind !== 'file') {
      throw new Fault(
        'E-STORE-020' satisfies StoreCode,
        `'${bytesToText(source)}' is not a file, so it cannot be added by the hash of its bytes alone`,
        {
          hints: ['add it as a tree (recursive)'],
        },
      );
    }
    return { name, entries, method, algorithm, place: source };
  }

  addNar(name: string, source: ByteSource): Named {
    parseStoreName(name);
    return this.#take({ name, method: 'nar', algorithm: 'sha256' }, (visitor) => readNar(source, visitor));
  }

  #compute(source: Source): { path: StorePath; digest: Digest } {
    const key = statKey(source.entries).key;
    const remembered = this.#remembered(source, key);
    if (remembered !== undefined) return remembered;
    return this.#identify(source, read(source));
  }

  #add(source: Source): Named {
    // What was never seen needs no second look at its inodes: they are noted while it is read.
    if (this.cacheGet(sourceKey(source)) === undefined) return this.#copy(source);
    const state = statKey(source.entries);
    const remembered = this.#remembered(source, state.key);
    return remembered !== undefined && this.hold(remembered.path) ? remembered : this.#copy(source, state);
  }

  /** Reads and copies in one pass; the copy is dropped where its path is valid. */
  #copy(source: Source, known?: StatKey): Named {
    const state = known === undefined ? new StatKeyBuilder(source.entries) : undefined;
    const drive = (visitor: TreeVisitor) => readSource(source, visitor, state && ((stat) => state.file(stat)));
    const named = this.#take(source, drive, source.entries.length);
    this.#remember(source, known ?? state!.end(), named);
    return named;
  }

  #take(how: Naming, drive: (visitor: TreeVisitor) => void, nExpected = 0): Named {
    const folder = this.#places.staging.make('add');
    try {
      const realPath = `${folder}/x`;
      const ingested = ingest(drive, { copyTo: textToBytes(realPath), algorithm: how.algorithm, nExpected });
      const { path, digest, ca } = this.#identify(how, ingested);
      if (!this.hold(path)) {
        const { narHash, narSizeBytes, manifest } = ingested;
        const info = { path, narHash, narSizeBytes, references: [], ca: formatContentAddress(ca) };
        registerObjects(this.#places, [{ realPath, info, manifest }]);
      }
      return { path, digest };
    } finally {
      removeTree(textToBytes(folder));
    }
  }

  #remember(source: Source, { key, isSettled }: StatKey, { path, digest }: Named): void {
    if (!isSettled) return;
    const name = sourceKey(source);
    const value = `${key} ${digest.hex} ${path}`;
    if (this.cacheGet(name) !== value) this.cachePut([[name, value]]);
  }

  /** What was found when the same files, unchanged since, were added before. */
  #remembered(source: Source, key: string): Named | undefined {
    const [oldKey, hex, path] = this.cacheGet(sourceKey(source))?.split(' ') ?? [];
    if (oldKey !== key || hex === undefined || path === undefined) return undefined;
    return { path: path as StorePath, digest: { algorithm: source.algorithm, hex } };
  }

  #identify(how: Naming, ingested: Ingested): { path: StorePath; digest: Digest; ca: ContentAddress } {
    const { name, method, algorithm } = how;
    const digest: Digest = { algorithm, hex: method === 'flat' ? ingested.flatDigest! : ingested.narDigest };
    const ca: ContentAddress = { kind: 'fixed', method, digest };
    return { path: contentAddressedPath(ca, name, { others: [], self: false }, this.storeDir), digest, ca };
  }

  addTexts(texts: readonly TextToAdd[]): StorePath[] {
    const { paths, missing } = this.#missing(texts);
    if (missing.size > 0) addTexts(this.#places, missing);
    this.#written.add(missing);
    return paths;
  }

  addTextsLater(texts: readonly TextToAdd[]): LaterTexts {
    const { missing } = this.#missing(texts);
    let nBytes = 0;
    for (const { text } of missing.values()) nBytes += text.length;
    // They have to stay in memory until then.
    const isNow = !this.#written.hasRoom(nBytes);
    if (isNow) addTexts(this.#places, missing);
    this.#written.add(missing);
    const later = new TextsOfLater(this.#places, isNow ? new Map() : missing);
    this.#later.push(later);
    return later;
  }

  #missing(texts: readonly TextToAdd[]): { paths: StorePath[]; missing: Map<StorePath, TextToAdd> } {
    const paths = texts.map(({ name, text, references }) => textPath(name, text, references, this.storeDir));
    const held = this.holdAll(paths);
    return { paths, missing: new Map(paths.map((path, i) => [path, texts[i]!] as const).filter(([path]) => !held.has(path))) };
  }

  addOutputs(outputs: ReadonlyMap<string, OutputToAdd>): Map<string, StorePath> {
    return addOutputs(this.#places, this.storeDir, outputs);
  }

  prepareOutputs(outputs: ReadonlyMap<string, OutputToAdd>): PreparedOutputs {
    return prepareOutputs(this.storeDir, outputs);
  }

  adopt(objects: readonly FinishedObject[]): void {
    registerObjects(this.#places, objects);
  }

  addSignatures(signatures: ReadonlyMap<StorePath, readonly string[]>): void {
    if (signatures.size === 0) return;
    for (const path of signatures.keys()) if (!this.isValid(path)) notValid(path);
    this.#index.write((transaction) => {
      for (const [path, added] of signatures) transaction.addSignatures(path, added);
      // The log has the last record of a path count.
      this.#places.log.append([...signatures.keys()].map((path) => ({ info: this.info(path)! })));
    });
  }

  roots(): Root[] {
    return findRoots(this, { withProcesses: true }).roots;
  }

  collect(options: CollectOptions = {}): CollectReport {
    const report = collectGarbage({ ...this.#places, store: this }, options);
    if (options.dryRun !== true) new Pool(this.home).sweep();
    return report;
  }

  importArchive(source: ByteSource, options?: ImportOptions): StorePath[] {
    return importArchive(this.#places, this.storeDir, source, options);
  }

  makeScratch(): string {
    return this.#places.staging.make('build');
  }

  realisation(drvPath: StorePath, output: string): StorePath | undefined {
    return this.#index.realisation(drvPath, output);
  }

  allRealisations(): readonly Realisation[] {
    return this.#index.allRealisations();
  }

  addRealisations(realisations: readonly Realisation[], notes: readonly (readonly [key: string, value: string])[] = []): void {
    if (realisations.length === 0 && notes.length === 0) return;
    this.#index.write((transaction) => {
      for (const realisation of realisations) transaction.putRealisation(realisation);
      for (const [key, value] of notes) transaction.putCache(key, value);
      this.#places.log.append(realisations.map((realisation) => ({ realisation })));
    });
  }

  graph(paths: Iterable<StorePath> = this.allPaths()): ReferenceGraph {
    return readGraph(paths, (path) => this.info(path), notValid);
  }

  summaryGraph(paths?: Iterable<StorePath>): ReferenceGraph<PathSummary> {
    return new ReferenceGraph(this.#index.summaries(paths, notValid));
  }

  closure(paths: Iterable<StorePath>): StorePath[] {
    return this.#index.closure(paths, notValid);
  }

  referrers(path: StorePath): StorePath[] {
    return this.#index.referrers(path);
  }

  allPaths(): Iterable<StorePath> {
    return this.#index.allPaths();
  }

  verify(options: VerifyOptions): VerifyProblem[] {
    return verifyStore({ ...this.#places, storeDir: this.storeDir }, options);
  }

  repair(path: StorePath, nar?: ByteSource): boolean {
    if (nar !== undefined) return repairFromNar(this.#places, path, nar);
    return repairFromParts(this.#places, new Pool(this.home), path);
  }

  repairOutputs(outputs: ReadonlyMap<string, OutputToAdd>): StorePath[] {
    return repairOutputs(this.#places, this.storeDir, outputs);
  }

  rebuildIndex(onPath?: (path: StorePath, done: number, total: number) => void): RebuildResult {
    return rebuildIndex(this.home, this.#places, this.storeDir, onPath);
  }

  clean(): CleanResult {
    const nScratch = this.#places.staging.recover();
    return { nScratch, unregistered: removeUnregistered(this.#places), nPoolBytes: new Pool(this.home).sweep() };
  }

  optimise(options: { onPath?: (path: StorePath, done: number, total: number) => void } = {}): OptimiseResult {
    return optimiseStore({ ...this.#places, home: this.home }, { onPath: options.onPath });
  }

  cacheGet(key: string): string | undefined {
    return this.#index.cacheGet(key);
  }

  cachePut(entries: readonly (readonly [key: string, value: string])[]): void {
    if (entries.length === 0) return;
    this.#index.write((transaction) => {
      for (const [key, value] of entries) transaction.putCache(key, value);
    });
  }

  logPath(drvPath: StorePath): string {
    const base = storePathBase(drvPath);
    return `${this.home}/var/log/${base.slice(0, 2)}/${base.slice(2)}`;
  }

  close(): void {
    for (const later of this.#later.splice(0)) later.giveUp();
    this.#places.temporaryRoots.close();
    this.#index.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const notValid = (path: StorePath): never => {
  throw new Fault('E-STORE-014' satisfies StoreCode, `'${path}' is not in the store`, {
    hints: ['build or add it first'],
  });
};

interface Named {
  readonly path: StorePath;
  readonly digest: Digest;
}

/** What the name of an object is made of besides its bytes. */
interface Naming {
  readonly name: string;
  readonly method: 'flat' | 'nar';
  readonly algorithm: Digest['algorithm'];
}

/** A tree to be added, and how it is to be named. */
interface Source extends Naming {
  /** In tree order, complete. */
  readonly entries: readonly TreeEntry[];
  /** What tells this source from others in the cache. */
  readonly place: Bytes;
}

function treeSource(name: string, entries: readonly TreeEntry[]): Source {
  parseStoreName(name);
  const ordered = orderTree(entries);
  const files = ordered.map((entry) => `${entry.path}\0${entry.kind === 'file' ? entry.realPath : ''}`);
  return { name, entries: ordered, method: 'nar', algorithm: 'sha256', place: hashBytes('sha256', files.join('\0')) };
}

const sourceKey = ({ name, method, algorithm, place }: Source): string => `source ${name} ${method} ${algorithm} ${place}`;

const readSource = (source: Source, visitor: TreeVisitor, onStat?: (stat: InodeData) => void): void =>
  readTree(source.entries, source.method === 'flat' ? withoutExecutable(visitor) : visitor, onStat);

const read = (source: Source): Ingested => ingest((visitor) => readSource(source, visitor), { algorithm: source.algorithm });

/** A flat hash says nothing of modes, so there is but one mode. */
const withoutExecutable = (visitor: TreeVisitor): TreeVisitor => ({
  enterDirectory: (path) => visitor.enterDirectory(path),
  leaveDirectory: (path) => visitor.leaveDirectory(path),
  symlink: (path, target) => visitor.symlink(path, target),
  beginFile: (path, _isExecutable, sizeBytes) => visitor.beginFile(path, false, sizeBytes),
  fileData: (chunk) => visitor.fileData(chunk),
  endFile: (path) => visitor.endFile(path),
});
