/**
 * Everything that the language can ask of the world. The evaluator itself touches nothing: tests give it a disk in memory, the
 * commands give it the real one (node-io.ts).
 */
import type { Bytes } from '../base/index.ts';
import type { Lints } from '../lang/index.ts';
import type { AddOptions, Derivation, Digest, HashAlgorithm, StorePath, TreeEntry } from '../store/index.ts';
import type { CommitMemory, CommitTree, GitRequest, GitTree } from './git/request.ts';
import type { SourceMemory } from './large-source.ts';

export type { CommitMemory, CommitTree, GitRequest, GitTree };

/** What `trace` says, what `warn` says, and what is deprecated or has no effect. */
export type TalkKind = 'trace' | 'evaluation warning' | 'warning';

/** A file, or the tree in an archive, without a hash. */
export interface UrlRequest {
  readonly url: string;
  /** In the store path. */
  readonly name: string;
  readonly isTree: boolean;
}

/** What stands at an address now. */
export interface FetchedUrl {
  /** Valid. */
  readonly path: StorePath;
  /** Of the bytes of a file, of the NAR of a tree. */
  readonly digest: Digest;
  /** Of a tree: when its youngest entry was modified, in seconds since 1970; 0 where the archive tells no time. */
  readonly lastModified?: number;
}

export type FileKind = 'regular' | 'directory' | 'symlink' | 'unknown';

/** Paths are absolute. Paths below the store directory are logical: the implementation finds the real file. */
export interface EvalIO {
  /** `import`, `readFile`. The bytes as they are. @throws SystemFault */
  readFile(path: Bytes): Bytes;
  /** `hashFile`: in hexadecimal. The file may be larger than any string. @throws SystemFault */
  hashFile(algorithm: HashAlgorithm, path: Bytes): string;
  /** `readDir`. Without `.` and `..`; any order. @throws SystemFault */
  readDir(path: Bytes): ReadonlyMap<Bytes, FileKind>;
  /** What stands at the path itself (symlinks not followed); `undefined` where there is nothing. @throws SystemFault other failures */
  lstat(path: Bytes): FileKind | undefined;
  /** Resolves symlinks in every component. @throws SystemFault */
  realpath(path: Bytes): Bytes;
  /** Follows symlinks; false where that leads nowhere. Never throws. */
  pathExists(path: Bytes): boolean;
  /** `getEnv`; `undefined` where not set. */
  env(name: Bytes): Bytes | undefined;
  /** Seconds since 1970, the same during one evaluation. */
  now(): number;
  /** `trace`, `warn`, and what the evaluator itself warns of: text for the user. */
  trace(kind: TalkKind, text: Bytes): void;
  /** Builds outputs now, because evaluation reads them (import from derivation). @throws Fault the build failed, or builds are not possible here */
  realise(drvPath: StorePath, outputs: readonly string[]): ReadonlyMap<string, StorePath>;
  /** Takes a commit or a working tree out of a Git repository. @throws Fault E-EVAL-141 */
  fetchGit(request: GitRequest): GitTree;
  /** @throws Fault it cannot be had, or nothing is fetched here */
  fetchUrl(request: UrlRequest): FetchedUrl;
  /** Opens the surroundings of a file or folder that the user named, where evaluation is confined (confined-io.ts). */
  admit?(path: Bytes): void;
  readonly store: EvalStore;
}

/** A text on its way to the store, at a path the caller has computed (`text:…` of name, text and references). */
export interface StoreText {
  readonly name: string;
  readonly path: StorePath;
  readonly text: Bytes;
  readonly references: readonly StorePath[];
}

/**
 * The store as evaluation sees it. In read-only mode paths are computed and nothing is written; the language cannot tell.
 */
export interface EvalStore {
  /** Logical: `/igos/store`. */
  readonly storeDir: string;
  readonly isReadOnly: boolean;
  /** The path of a file or tree; when writing, it is valid afterwards. `source` is an absolute real path. @throws SystemFault */
  addPath(name: string, source: Bytes, options?: AddOptions): { path: StorePath; digest: Digest };
  /** Like `addPath` for a tree put together from several places. */
  addTree(name: string, entries: readonly TreeEntry[]): { path: StorePath; digest: Digest };
  /** The named tools and files of this machine as one store path (`style = hostTools { … }`). @throws Fault a tool is missing */
  addHostTree(name: string, spec: { readonly tools: readonly string[]; readonly files: readonly string[] }): StorePath;
  /** `toFile` and derivations. May be written later, in one batch with others; references come before their users. */
  addText(text: StoreText): void;
  /** A derivation added before, or valid in the store; `undefined` otherwise. */
  readDerivation(path: StorePath): Derivation | undefined;
  isValid(path: StorePath): boolean;
  /** What a text or a valid path refers to; empty where nothing is known of it. Left out: nothing is known of any. */
  references?(path: StorePath): readonly StorePath[];
}

/** How the evaluation is bounded. */
export interface EvalSettings {
  /** No environment variables and no clock; `<x>` only through `searchPath`. */
  readonly pure?: boolean;
  /** `NIX_PATH`: prefix (may be empty) and path, tried in order. */
  readonly searchPath?: readonly { readonly prefix: Bytes; readonly path: Bytes }[];
  /** `builtins.currentSystem`. */
  readonly system?: string;
  /** How messages name a file: usually relative to where the user stands. Default: as it is. */
  readonly displayPath?: (path: Bytes) => string;
  /** `traceVerbose` prints. */
  readonly isTraceVerbose?: boolean;
  /** `warn` prints, then fails: its trace shows who warned. */
  readonly isAbortingOnWarn?: boolean;
  /** How many calls may be inside each other, and how many levels data that is walked may have. Default: as depth.ts says. */
  readonly maxCallDepth?: number;
  /** `fromTOML` gives dates and times as `{ _type = "timestamp"; value; }` instead of refusing them. */
  readonly hasTomlTimestamps?: boolean;
  /** Which discouraged literals are warned of or refused. */
  readonly lints?: Lints;
  /** `|>` and `<|`. */
  readonly pipes?: boolean;
  /** What earlier runs found out about large sources. */
  readonly memory?: SourceMemory;
  /** What earlier runs took out of Git repositories. */
  readonly commits?: CommitMemory;
}
