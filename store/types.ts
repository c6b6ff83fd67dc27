/** The nouns of the store. Data only; what makes and reads them is beside. */
import type { Bytes } from '../base/index.ts';
import type { ReferenceGraph } from './graph.ts';
import type { ImportOptions } from './import.ts';
import type { ByteSource } from './nar-decode.ts';

/** `<storeDir>/<32 base-32 characters>-<name>`, logical: `/igos/store/…` wherever the bytes are. Made only by `parseStorePath` and the path makers. */
export type StorePath = string & { readonly __brand: 'StorePath' };

/** Hash algorithms of Nix. */
export type HashAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha512';

/** A hash with its algorithm; `hex` is lower case. */
export interface Digest {
  readonly algorithm: HashAlgorithm;
  readonly hex: string;
}

/** How a content address is computed: of a file's bytes, or of the NAR of a tree. */
export type IngestionMethod = 'flat' | 'nar';

/** One file of an object, path relative to its root without a leading slash; the root itself has path ''. Sorted by path, bytewise. */
export type ManifestEntry =
  | { readonly kind: 'directory'; readonly path: Bytes }
  | {
      readonly kind: 'file';
      readonly path: Bytes;
      readonly isExecutable: boolean;
      readonly sizeBytes: number;
      readonly sha256: string;
    }
  | { readonly kind: 'symlink'; readonly path: Bytes; readonly target: Bytes };

/** Every file of a store object, computed in the pass that computes its NAR hash. */
export type Manifest = readonly ManifestEntry[];

/** What the index knows of a valid path. */
export interface PathInfo {
  readonly path: StorePath;
  /** SHA-256 of the NAR, hex. */
  readonly narHash: string;
  readonly narSizeBytes: number;
  /** Sorted; may contain the path itself. */
  readonly references: readonly StorePath[];
  readonly deriver?: StorePath;
  /** `text:sha256:<n32>` or `fixed:[r:]<algo>:<n32>`; absent for input-addressed paths. */
  readonly ca?: string;
  /** `key:base64`, of the fingerprint of this path; absent where nobody signed. */
  readonly signatures?: readonly string[];
  /** Seconds since 1970. */
  readonly registeredAt: number;
}

/** What the reference graph needs to know of a path. */
export type PathSummary = Pick<PathInfo, 'path' | 'narSizeBytes' | 'references' | 'deriver' | 'registeredAt'>;

export type DerivationOutput =
  | { readonly kind: 'input-addressed'; readonly path: StorePath }
  | { readonly kind: 'fixed'; readonly path: StorePath; readonly method: IngestionMethod; readonly digest: Digest }
  /** Content-addressed, path known only after the build. */
  | { readonly kind: 'floating'; readonly method: IngestionMethod; readonly algorithm: HashAlgorithm }
  /** Input-addressed, but it depends on a floating output: path known once inputs are resolved. */
  | { readonly kind: 'deferred' };

/** A build, as data; ATerm on disk, byte for byte as Nix writes it. */
export interface Derivation {
  /** Without `.drv`. Not part of the ATerm: it comes from the path. */
  readonly name: string;
  readonly outputs: ReadonlyMap<string, DerivationOutput>;
  readonly inputDrvs: ReadonlyMap<StorePath, readonly string[]>;
  readonly inputSrcs: readonly StorePath[];
  readonly system: Bytes;
  readonly builder: Bytes;
  readonly args: readonly Bytes[];
  readonly env: ReadonlyMap<string, Bytes>;
}

/** (resolved derivation, output) → the path its build made. Keyed as Nix ≥ 2.35 does: by the .drv path of the *resolved* derivation. */
export interface Realisation {
  readonly drvPath: StorePath;
  readonly output: string;
  readonly path: StorePath;
}

/** One entry of a tree to be added: where it comes from and where it stands in the object. */
export type TreeEntry =
  | { readonly kind: 'file'; readonly path: Bytes; readonly realPath: Bytes }
  | { readonly kind: 'symlink'; readonly path: Bytes; readonly target: Bytes }
  | { readonly kind: 'directory'; readonly path: Bytes };

export interface AddOptions {
  /** Default 'nar'. */
  readonly method?: IngestionMethod;
  /** Default 'sha256'. */
  readonly algorithm?: HashAlgorithm;
  /** Absolute real path and kind of each entry below the root → whether it is taken. Called in directory order, root not asked. */
  readonly filter?: (path: Bytes, kind: 'regular' | 'directory' | 'symlink' | 'unknown') => boolean;
}

/** A new output on disk, to be moved into the store. */
export interface OutputToAdd {
  /** Where the build left it: a real path on the store's file system, under `scratchRoot()`. */
  readonly realPath: string;
  /** Store name: drv name, or `name-output`. */
  readonly name: string;
  readonly output: DerivationOutput;
  /** The logical path that the build saw as its own output: its hash part is what self-references look like. */
  readonly scratchPath: StorePath;
  /** Paths whose hash parts are searched in the bytes: the inputs' closure and this build's other outputs. */
  readonly candidates: readonly StorePath[];
  readonly deriver: StorePath;
  /** Store paths inside are text: none counts as a reference, not even its own. */
  readonly hasNoReferences?: boolean;
}

/** What a build made, named and ready to be moved in. */
export interface PreparedOutputs {
  /** Output name → path that it will have. */
  readonly paths: Map<string, StorePath>;
  readonly objects: readonly FinishedObject[];
}

/** An object whose bytes are complete, with canonical metadata but for its top folder, somewhere on the store's file system. */
export interface FinishedObject {
  readonly realPath: string;
  readonly info: Omit<PathInfo, 'registeredAt'>;
  readonly manifest: Manifest;
}

/** References must be complete. */
export interface TextToAdd {
  readonly name: string;
  readonly text: Bytes;
  readonly references: readonly StorePath[];
}

/**
 * Sources on their way in: read, named and copied, but in the store only when `addTexts` takes them. What is not taken when the store
 * is closed is forgotten. `hold`, `isValid` and the cache know what is gathered.
 */
export interface Gathering
  extends Disposable,
    Pick<ObjectStore, 'storeDir' | 'isValid' | 'hold' | 'ensurePath' | 'computeTree' | 'addTree' | 'cacheGet' | 'cachePut'> {
  /** Whether a path is among them. */
  has(path: StorePath): boolean;
}

/** Texts that are yet to be registered. */
export interface LaterTexts {
  /** Writes them, waits for the disk without keeping the thread, and registers. The second time nothing. @throws Fault E-STORE-015 · SystemFault */
  finish(): Promise<void>;
}

export interface VerifyProblem {
  readonly path: StorePath;
  readonly kind: 'missing' | 'modified' | 'metadata' | 'reference-missing' | 'unregistered';
  /** Relative path inside the object, where one file is meant. */
  readonly file?: Bytes;
  readonly detail: string;
}

/** Something outside of the store that keeps a path and its closure from being collected. */
export interface Root {
  /**
   * `link`: below `var/gcroots` · `result`: a link elsewhere that was registered there · `profile`: below `var/profiles` ·
   * `temporary`: a running process of ours uses it · `process`: a running program has it open, or in its environment
   */
  readonly kind: 'link' | 'result' | 'profile' | 'temporary' | 'process';
  /** The link, or `process 4711`. */
  readonly from: Bytes;
  /** Of a link in a folder that says whose it is: the path of that. */
  readonly owner?: Bytes;
  /** Perhaps not valid. */
  readonly path: StorePath;
}

export interface CollectOptions {
  /** Only these, which no root may keep (E-STORE-062), and what refers to them; nothing that crashes left. Those not valid are passed over. */
  readonly paths?: readonly StorePath[];
  /** Only say what would go. */
  readonly dryRun?: boolean;
  /** Stop once this much is free, by NAR sizes. What nothing refers to goes first, the oldest of it before. */
  readonly maxFreedBytes?: number;
  /** What is kept keeps the derivation it was built from. Default true. */
  readonly keepDerivations?: boolean;
  /** Derivations that are kept keep their outputs. Default false. */
  readonly keepOutputs?: boolean;
  /** Seconds since 1970: result links and superseded profile generations made before count no longer. */
  readonly olderThan?: number;
  readonly onProgress?: (step: 'marking' | 'removing' | 'deleting', done: number, total: number) => void;
}

export interface CollectReport {
  /** Each before what it refers to. */
  readonly removed: readonly { readonly path: StorePath; readonly narSizeBytes: number }[];
  /** Names in the store that no index knows: left by crashes, and removed too. */
  readonly leftovers: readonly string[];
  /** Of `removed`. */
  readonly narBytes: number;
  /** Disk space that became free; files with other links free none. 0 when nothing was done. */
  readonly freedBytes: number;
  readonly nKept: number;
  /** Links that counted as roots no longer: what they named is gone, or `olderThan`. */
  readonly droppedRoots: readonly Bytes[];
}

export interface VerifyOptions {
  readonly contents: boolean;
  /** Only these, and nothing that is not registered; default: everything. */
  readonly paths?: readonly StorePath[];
  readonly onPath?: (path: StorePath, done: number, total: number) => void;
}

export interface RebuildResult {
  /** Valid now. */
  readonly nPaths: number;
  /** Those of them that the log did not know: their content proves their name. Derivers, signatures and realisations are lost. */
  readonly nRecovered: number;
  /** What is there, but could not be taken over. */
  readonly dropped: readonly { readonly path: StorePath; readonly reason: string }[];
  /** Where the old index is. */
  readonly old?: string;
}

export interface CleanResult {
  /** Scratch folders. */
  readonly nScratch: number;
  /** Names in the store's folder. */
  readonly unregistered: readonly string[];
  /** Bytes on disk that only the pool named. */
  readonly nPoolBytes: number;
}

/** What making identical files one did. */
export interface OptimiseResult {
  /** Files looked at. */
  readonly nFiles: number;
  /** Files that are now another name of one that was there. */
  readonly nReplaced: number;
  /** Bytes on disk that nothing names any more. */
  readonly nBytesSaved: number;
}

/** The objects and their index, on this machine. Reads are cheap and never block; every write is whole or absent. */
export interface ObjectStore extends Disposable {
  /** Logical directory, part of every hash: `/igos/store`. */
  readonly storeDir: string;
  /** Where this store lives on disk. */
  readonly home: string;

  /** The real file or folder of a store path, whether valid or not. */
  toReal(path: StorePath): string;
  isValid(path: StorePath): boolean;
  /** The valid path with these 32 digits. */
  find(hashPart: string): StorePath | undefined;
  /**
   * Whether the path is valid, and if so it and its closure stay valid until this store is closed, whatever is collected meanwhile.
   * What is added is held too. To be asked wherever something is *not* done because a path is there. Cost: 10 µs, once a path.
   */
  hold(path: StorePath): boolean;
  /** From now on what other processes wrote until now is seen: looks of one turn of the event loop share a state otherwise. */
  refresh(): void;
  /** The same for many, at the cost of one. @returns those that are valid */
  holdAll(paths: readonly StorePath[]): ReadonlySet<StorePath>;
  info(path: StorePath): PathInfo | undefined;
  /** @throws Fault E-STORE-… the path is not valid */
  manifest(path: StorePath): Manifest;
  /** Reads a `.drv` that is valid here. Cached. @throws Fault not valid, or not a derivation */
  readDerivation(path: StorePath): Derivation;

  /** The path a file or tree would get, and its digest; reads, writes nothing. `source` is an absolute real path. */
  computePath(name: string, source: Bytes, options?: AddOptions): { path: StorePath; digest: Digest };
  /** Adds a file or tree. Equal bytes give an equal path, whoever adds them. */
  addPath(name: string, source: Bytes, options?: AddOptions): StorePath;
  /**
   * Like `addPath`, with the digest. Where equal bytes are valid already they are read but not copied; what is new is read twice. The
   * filter is asked once for each file.
   */
  ensurePath(name: string, source: Bytes, options?: AddOptions): { path: StorePath; digest: Digest };
  /** Adds the tree in a NAR under its content address. Memory: the manifest and two buffers. @throws Fault E-STORE-009 */
  addNar(name: string, source: ByteSource): { path: StorePath; digest: Digest };
  /** Like `computePath`/`addPath` for a tree put together from files of several places (see `host.ts`). Entries sorted by path; parents are implied. */
  computeTree(name: string, entries: readonly TreeEntry[]): { path: StorePath; digest: Digest };
  addTree(name: string, entries: readonly TreeEntry[]): StorePath;
  /**
   * Adds texts (`toFile`, `.drv`) in one transaction. References must be valid or in the batch.
   *
   * @param sources  of `gather`: become valid in the same transaction
   */
  addTexts(texts: readonly TextToAdd[], sources?: Gathering): StorePath[];
  /** Sources that are copied now and become valid together, with the texts that name them. */
  gather(): Gathering;
  /**
   * As `addTexts` of derivations, which are valid only when `finish` has been waited for. Until then nobody but `readDerivation` of this
   * store knows them. What is not finished when the store is closed is forgotten.
   */
  addTextsLater(texts: readonly TextToAdd[]): LaterTexts;
  /**
   * Moves the outputs of one build in: canonical metadata, reference scan, content address with self-references, manifest, one
   * transaction for all. Where an equal path is valid already the new copy is dropped.
   * @returns output name → final path
   */
  addOutputs(outputs: ReadonlyMap<string, OutputToAdd>): Map<string, StorePath>;
  /** The same but for the last step, for `adopt`: that of many builds at once costs hardly more than that of one. Writes to their folder only. */
  prepareOutputs(outputs: ReadonlyMap<string, OutputToAdd>): PreparedOutputs;
  /**
   * Moves finished objects in, all or none: checked trees with canonical metadata, under `makeScratch()`. They may refer to each other.
   *
   * @param realisations  of what is valid by then, written down in the same transaction
   * @throws Fault E-STORE-015 a reference is neither valid nor among them
   */
  adopt(objects: readonly FinishedObject[], realisations?: readonly Realisation[]): void;
  /** Adds signatures to those of valid paths. @throws Fault E-STORE-014 */
  addSignatures(signatures: ReadonlyMap<StorePath, readonly string[]>): void;
  /**
   * Registers the paths of an archive as `exportPaths` and `nix-store --export` write it.
   *
   * @returns its paths, in order, valid before or not
   * @throws Fault E-STORE-015, 040, 042, 043
   */
  importArchive(source: ByteSource, options?: ImportOptions): StorePath[];
  /** A fresh folder on the store's file system for a build; the caller removes it. */
  makeScratch(): string;

  realisation(drvPath: StorePath, output: string): StorePath | undefined;
  /** Also of paths that are gone. */
  allRealisations(): readonly Realisation[];
  /** @param notes  for the cache, as `cachePut` takes them: in the same transaction */
  addRealisations(realisations: readonly Realisation[], notes?: readonly (readonly [key: string, value: string])[]): void;

  /** The paths and all they refer to, sorted. @throws Fault a path is not valid */
  closure(paths: Iterable<StorePath>): StorePath[];
  /** The closure of the paths, or all that is valid, to be asked about references and sizes. @throws Fault a path is not valid */
  graph(paths?: Iterable<StorePath>): ReferenceGraph;
  /** The same with what the graph itself needs to know of a path: ten times as fast. */
  summaryGraph(paths?: Iterable<StorePath>): ReferenceGraph<PathSummary>;
  referrers(path: StorePath): StorePath[];
  allPaths(): Iterable<StorePath>;

  /** All that keeps paths, as it is now. Links that lead nowhere are left out. */
  roots(): Root[];
  /**
   * Removes what no root keeps. Safe beside any other use of the store; others wait while paths are taken out of the index, some
   * 30 µs each, and for nothing else. Killed at any instant it leaves only what the next one removes.
   */
  collect(options?: CollectOptions): CollectReport;

  /**
   * What every use of valid paths that leads to a build or a root begins with: they are what was registered, as far as inodes tell, and
   * are read where these tell of a change. Each is looked at once as long as the store is open.
   *
   * Cost: one `lstat` a file. @throws Fault E-STORE-041
   */
  assertIntact(paths: readonly StorePath[]): void;
  /**
   * Checks that what is registered is there, and with `contents` that every byte and mode is as recorded. Changes nothing, but for
   * finishing what killed processes were at.
   */
  verify(options: VerifyOptions): VerifyProblem[];
  /**
   * Gives a damaged object its recorded bytes again: from a NAR, or else from what is whole of it and from files that others share with it.
   *
   * @returns whether it succeeded; if not, nothing changed. @throws Fault E-STORE-009 · SystemFault
   */
  repair(path: StorePath, nar?: ByteSource): boolean;
  /** The same from a file or folder elsewhere. @returns whether it was what is recorded, and stands now */
  repairFromTree(path: StorePath, source: Bytes): boolean;
  /** Exchanges damaged objects for new outputs of the same build that have their recorded hashes. @returns the paths that are whole again */
  repairOutputs(outputs: ReadonlyMap<string, OutputToAdd>): StorePath[];
  /**
   * Makes the index anew from the log of registrations: objects that have their recorded bytes, and whose references have, become
   * valid again. So do those that the log does not know and that are named by their content. The old index is moved aside. No other process may use the store meanwhile.
   */
  rebuildIndex(onPath?: (path: StorePath, done: number, total: number) => void): RebuildResult;
  /** Removes what crashes left: scratch of dead processes, objects that are not in the index, files that only the pool holds. */
  clean(): CleanResult;
  /**
   * Makes identical files of all objects share one inode; what was done before is not looked at again. Readers and other writers may go
   * on. Killed at any point it leaves every file whole; the next writer seals the folders that stood open.
   */
  optimise(options?: { onPath?: (path: StorePath, done: number, total: number) => void }): OptimiseResult;
  /** Free key-value memory for things that may be forgotten (stat caches). */
  cacheGet(key: string): string | undefined;
  cachePut(entries: readonly (readonly [key: string, value: string])[]): void;
  /** Log of the newest build of a derivation. */
  logPath(drvPath: StorePath): string;

  close(): void;
}
