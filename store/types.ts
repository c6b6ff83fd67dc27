/** The nouns of the store. Data only; what makes and reads them is beside. */
import type { Bytes } from '../base/index.ts';
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
}

/** An object whose bytes are complete, with canonical metadata but for its top folder, somewhere on the store's file system. */
export interface FinishedObject {
  readonly realPath: string;
  readonly info: Omit<PathInfo, 'registeredAt'>;
  readonly manifest: Manifest;
}

export interface VerifyProblem {
  readonly path: StorePath;
  readonly kind: 'missing' | 'modified' | 'metadata' | 'reference-missing' | 'unregistered';
  /** Relative path inside the object, where one file is meant. */
  readonly file?: Bytes;
  readonly detail: string;
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
  /** Adds texts (`toFile`, `.drv`) in one transaction. References must be valid or in the batch. */
  addTexts(texts: readonly { name: string; text: Bytes; references: readonly StorePath[] }[]): StorePath[];
  /**
   * Moves the outputs of one build in: canonical metadata, reference scan, content address with self-references, manifest, one
   * transaction for all. Where an equal path is valid already the new copy is dropped.
   * @returns output name → final path
   */
  addOutputs(outputs: ReadonlyMap<string, OutputToAdd>): Map<string, StorePath>;
  /**
   * Moves finished objects in, all or none: checked trees with canonical metadata, under `makeScratch()`. They may refer to each other.
   *
   * @throws Fault E-STORE-015 a reference is neither valid nor among them
   */
  adopt(objects: readonly FinishedObject[]): void;
  /** Adds signatures to those of valid paths. @throws Fault E-STORE-014 */
  addSignatures(signatures: ReadonlyMap<StorePath, readonly string[]>): void;
  /** A fresh folder on the store's file system for a build; the caller removes it. */
  makeScratch(): string;

  realisation(drvPath: StorePath, output: string): StorePath | undefined;
  /** Also of paths that are gone. */
  allRealisations(): readonly Realisation[];
  addRealisations(realisations: readonly Realisation[]): void;

  /** The paths and all they refer to, sorted. @throws Fault a path is not valid */
  closure(paths: Iterable<StorePath>): StorePath[];
  referrers(path: StorePath): StorePath[];
  allPaths(): Iterable<StorePath>;

  /** Checks that what is registered is there, and with `contents` that every byte and mode is as recorded. Reads only. */
  verify(options: { contents: boolean; onPath?: (path: StorePath, done: number, total: number) => void }): VerifyProblem[];
  /** Free key-value memory for things that may be forgotten (stat caches). */
  cacheGet(key: string): string | undefined;
  cachePut(entries: readonly (readonly [key: string, value: string])[]): void;
  /** Log of the newest build of a derivation. */
  logPath(drvPath: StorePath): string;

  close(): void;
}
