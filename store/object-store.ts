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
import { type Bytes, Fault, textToBytes } from '../base/index.ts';
import { addOutputs, prepareOutputs, repairOutputs } from './add-outputs.ts';
import { type Named, SourceAdder, type SourceSink } from './add-sources.ts';
import { addTexts, repairText, TextsOfLater, WrittenDerivations } from './add-texts.ts';
import { decodeDerivation } from './aterm.ts';
import type { StoreCode } from './codes.ts';
import { collectGarbage } from './collect.ts';
import { DerivationText, lengthOfText } from './derivation-text.ts';
import { GatheredSources } from './gathered-sources.ts';
import { ReferenceGraph, readGraph } from './graph.ts';
import { type ImportOptions, importArchive } from './import.ts';
import { IntactPaths } from './intact.ts';
import type { ByteSource } from './nar-decode.ts';
import { optimiseStore, sealLeftOpen } from './optimise.ts';
import { Pool } from './pool.ts';
import { rebuildIndex } from './rebuild-index.ts';
import { noteDown, type Places, registerObjects } from './register.ts';
import { RegistrationLog } from './registration-log.ts';
import { removeUnregistered, repairFromNar, repairFromParts, repairFromTree } from './repair.ts';
import { Reserve } from './reserve.ts';
import { findRoots } from './roots.ts';
import { Staging } from './staging.ts';
import { StoreIndex } from './store-index.ts';
import { derivationName, storePathBase, textPath } from './store-path.ts';
import { readStoredText } from './stored-text.ts';
import { TemporaryRoots } from './temporary-roots.ts';
import type {
  AddOptions,
  CleanResult,
  CollectOptions,
  CollectReport,
  Derivation,
  FinishedObject,
  Gathering,
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
 * @param options.onWait       called where another process keeps us waiting for a second and more: `undefined` where nobody knows its number
 */
export const openStore = (options: StoreOptions): ObjectStore => new LocalStore(options);

interface StoreOptions {
  readonly home: string;
  readonly storeDir: string;
  readonly sharesFiles?: boolean;
  readonly onWait?: (pid: number | undefined) => void;
  /** Paths that became valid. */
  readonly onRegistered?: (paths: readonly StorePath[]) => void;
}

class LocalStore implements ObjectStore, SourceSink {
  readonly home: string;
  readonly storeDir: string;
  readonly #places: Places;
  readonly #index: StoreIndex;
  readonly #derivations = new Map<StorePath, Derivation>();
  readonly #written = new WrittenDerivations();
  readonly #later: TextsOfLater[] = [];
  readonly #gatherings: GatheredSources[] = [];
  readonly #sources: SourceAdder = new SourceAdder(this);
  readonly #intact: IntactPaths;

  constructor({ home, storeDir, sharesFiles = false, onWait, onRegistered }: StoreOptions) {
    this.home = home;
    this.storeDir = storeDir;
    this.#index = new StoreIndex(`${home}/var/index`, storeDir, onWait);
    this.#places = {
      objects: `${home}/store`,
      staging: new Staging(`${home}/tmp`, (orphan) => sealLeftOpen(`${home}/store`, orphan)),
      log: new RegistrationLog(home),
      index: this.#index,
      temporaryRoots: new TemporaryRoots(`${home}/var/temproots`, this.#index),
      reserve: new Reserve(home),
      onRegistered: (paths) => {
        onRegistered?.(paths);
        if (sharesFiles) optimiseStore({ ...this.#places, home }, { paths });
      },
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
    const text = this.#written.get(path) ?? readStoredText(path, this.toReal(path), this.manifest(path));
    const drv = decodeDerivation(derivationName(path), text, this.storeDir);
    if (this.#derivations.size >= MAX_DERIVATIONS) this.#derivations.clear();
    this.#derivations.set(path, drv);
    return drv;
  }

  computePath(name: string, source: Bytes, options: AddOptions = {}): Named {
    return this.#sources.computePath(name, source, options);
  }

  addPath(name: string, source: Bytes, options: AddOptions = {}): StorePath {
    return this.#sources.addPath(name, source, options).path;
  }

  ensurePath(name: string, source: Bytes, options: AddOptions = {}): Named {
    return this.#sources.ensurePath(name, source, options);
  }

  computeTree(name: string, entries: readonly TreeEntry[]): Named {
    return this.#sources.computeTree(name, entries);
  }

  addTree(name: string, entries: readonly TreeEntry[]): StorePath {
    return this.#sources.addTree(name, entries).path;
  }

  addNar(name: string, source: ByteSource): Named {
    return this.#sources.addNar(name, source);
  }

  /** Writes a copy into a scratch folder and registers it: see `SourceSink`. */
  take<T>(make: (realPath: string) => { readonly result: T; readonly object: FinishedObject | undefined }): T {
    const folder = this.#places.staging.make('add');
    try {
      const { result, object } = make(`${folder}/x`);
      if (object !== undefined) registerObjects(this.#places, [object]);
      return result;
    } finally {
      removeTree(textToBytes(folder));
    }
  }

  gather(): Gathering {
    const gathered = new GatheredSources(this, this.#places);
    this.#gatherings.push(gathered);
    return gathered;
  }

  addTexts(texts: readonly TextToAdd[], sources?: Gathering): StorePath[] {
    const { paths, missing } = this.#missing(texts);
    if (sources !== undefined) this.#gatherings.find((each) => each === sources)?.register(missing);
    else if (missing.size > 0) addTexts(this.#places, missing);
    this.#written.add(missing);
    return paths;
  }

  addTextsLater(texts: readonly TextToAdd[]): LaterTexts {
    const { missing } = this.#missing(texts);
    let nBytes = 0;
    for (const text of missing.values()) nBytes += lengthOfText(text);
    // They have to stay in memory until then.
    const isNow = !this.#written.hasRoom(nBytes);
    if (isNow) addTexts(this.#places, missing);
    this.#written.add(missing);
    const later = new TextsOfLater(this.#places, isNow ? new Map() : missing);
    this.#later.push(later);
    return later;
  }

  #missing(texts: readonly TextToAdd[]): { paths: StorePath[]; missing: Map<StorePath, TextToAdd> } {
    const paths = texts.map((each) =>
      each instanceof DerivationText ? each.path : textPath(each.name, each.text, each.references, this.storeDir),
    );
    const held = this.holdAll(paths);
    const missing = new Map(paths.map((path, i) => [path, texts[i]!] as const));
    for (const path of held) {
      repairText(this.#places, path, missing.get(path)!);
      missing.delete(path);
    }
    return { paths, missing };
  }

  addOutputs(outputs: ReadonlyMap<string, OutputToAdd>): Map<string, StorePath> {
    return addOutputs(this.#places, this.storeDir, outputs);
  }

  prepareOutputs(outputs: ReadonlyMap<string, OutputToAdd>): PreparedOutputs {
    return prepareOutputs(this.storeDir, outputs);
  }

  adopt(objects: readonly FinishedObject[], realisations: readonly Realisation[] = []): void {
    registerObjects(this.#places, objects, { realisations });
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
    noteDown(this.#places, { realisations, notes });
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

  repairFromTree(path: StorePath, source: Bytes): boolean {
    return repairFromTree(this.#places, path, source);
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
    noteDown(this.#places, { realisations: [], notes: entries });
  }

  logPath(drvPath: StorePath): string {
    const base = storePathBase(drvPath);
    return `${this.home}/var/log/${base.slice(0, 2)}/${base.slice(2)}`;
  }

  close(): void {
    for (const later of this.#later.splice(0)) later.giveUp();
    for (const gathered of this.#gatherings.splice(0)) gathered[Symbol.dispose]();
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
