/** The nouns of pkm. Paths are text (UTF-8), relative to the root, without a leading slash. Data only. */

export type EntryKind = 'file' | 'directory' | 'symlink' | 'hardlink';

/** One path of a package, as it shall be on the root. Sorted by path in an image. */
export interface ImageEntry {
  readonly path: string;
  readonly kind: EntryKind;
  /** Permission bits including setuid, setgid and sticky; 0o777 for symlinks. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Files and hard links; 0 otherwise. */
  readonly sizeBytes: number;
  /** Lower-case hex for files and hard links; '' otherwise. */
  readonly sha256: string;
  /** Symlink text, or the path of the file that a hard link shares its bytes with; '' otherwise. */
  readonly target: string;
  /** Hex of the attribute `security.capability`; absent where there is none. */
  readonly capability?: string;
}

export type Origin =
  | { readonly kind: 'store'; readonly storePath: string }
  | {
      readonly kind: 'archive';
      readonly file: string;
      readonly sha256: string;
      /** Key whose signature over these bytes the caller has checked, and whose owner the user trusts. Not kept. */
      readonly signedBy?: string;
    };

/** What says a package apart from its files. */
export interface PackageDescription {
  readonly name: string;
  readonly version: string;
  readonly release: number;
  readonly tier: string;
  readonly summary: string;
  readonly license: string;
  readonly homepage: string;
  /** What must be there at run time: names of packages, or of what packages provide or supersede, maybe with a version (`zlib>=1.3`). */
  readonly runtime: readonly string[];
  /** `name`, or `name=version`; without a version it meets no requirement that has one. */
  readonly provides: readonly string[];
  /** Like `runtime`: what must not be there. */
  readonly conflicts: readonly string[];
  readonly supersedes: readonly string[];
  /** Globs of configuration beyond `etc/**`: `*` within a name, `**` across names. */
  readonly config: readonly string[];
  /** What must be run when certain paths change; absent: nothing. */
  readonly triggers?: readonly Trigger[];
}

/** Something that is run in the root, once a transaction, when paths of interest were placed, changed or removed by any package. */
export interface Trigger {
  readonly name: string;
  /** Globs, relative to the root. */
  readonly paths: readonly string[];
  /** Program and arguments, as seen from inside the root, in its top folder. It gets the paths on standard input, one a line. */
  readonly run: readonly string[];
  /** A failure is an error of the command, not just reported. The generation stands all the same. */
  readonly isFatal: boolean;
}

export interface TriggerOutcome {
  /** Who declares it; '' for a standard one. */
  readonly package: string;
  readonly name: string;
  readonly isFatal: boolean;
  /** `planned` in a dry run; `skipped` where this user cannot enter the root. */
  readonly status: 'ok' | 'failed' | 'skipped' | 'planned';
  readonly detail: string;
}

/** A package ready to be placed on a root. */
/** Files of an image that are on their way, or there. */
export interface ScratchFiles {
  readonly mtimeSeconds: number;
  /** Where the file of an entry will be once all are finished. */
  placeOf(entry: ImageEntry): string;
  /** Waits until all are there, or the file of a path; durable or not. @throws SystemFault one cannot be written */
  finish(path?: string): void;
  /** The archive itself, a private copy like them. */
  readonly archive: string | undefined;
}

export interface PackageImage extends PackageDescription {
  readonly origin: Origin;
  readonly entries: readonly ImageEntry[];
  /** What was odd but acceptable while the image was read. */
  readonly notes: readonly string[];
  /** The files of `contentPath` are private copies below the root's staging folder, with final metadata: they may be moved away. */
  readonly scratch?: ScratchFiles;
  /** Absolute real file with the bytes of a `file` or `hardlink` entry. Waits for it, where it is being written. */
  contentPath(entry: ImageEntry): string;
}

export type InstallReason = 'explicit' | 'dependency';

/** One installed (or superseded) package of a generation. */
export interface PackageRecord extends PackageDescription {
  readonly origin: Origin;
  readonly reason: InstallReason;
  /** Seconds since 1970, of the transaction that brought this version. */
  readonly installedAt: number;
  /** Successors, empty while the package is active. */
  readonly supersededBy: readonly string[];
  /** Seconds since 1970; 0 while active. */
  readonly supersededAt: number;
  /** Generation in which this record became true. */
  readonly fromGeneration: number;
}

/** One managed path. Hard links are recorded as files: sharing an inode is an economy of deployment, not a property. */
export interface FileRow {
  readonly path: string;
  /** Name of the package that owns it. A directory has a row for each of its owners, anything else has one. */
  readonly owner: string;
  readonly kind: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** -1 where it is not known: an adopted package whose file was not as it was installed. */
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly target: string;
  /** Hex of the attribute `security.capability`; absent where there is none. */
  readonly capability?: string;
  readonly isConfig: boolean;
  /** It stood on the disk, equal, before the package came: a rollback leaves it there. */
  readonly wasThere: boolean;
  /** What `mtime` was given, seconds since 1970; 0 where none was (directories, symlinks). */
  readonly mtimeSeconds: number;
}

/** What is known of a configuration file across generations, and after its package went. */
export interface ConfigRow {
  readonly path: string;
  readonly owner: string;
  /** The version that the user's file descends from; '' where that is unknown. */
  readonly originalSha256: string;
  /** The version that the package offered last. */
  readonly upstreamSha256: string;
  /** Where the last conflicting version was put (`<path>.new`), and its hash; '' where none is pending. */
  readonly newPath: string;
  readonly newSha256: string;
  /** Its package went and left it (seconds since 1970); 0 while owned. */
  readonly orphanedAt: number;
}

export interface GenerationRecord {
  readonly number: number;
  readonly kind: TransactionKind;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly summary: string;
  readonly nPackages: number;
}

export type TransactionKind = 'install' | 'remove' | 'switch' | 'rollback' | 'repair' | 'mark' | 'adopt' | 'rebuild';

export interface PackageChange {
  readonly name: string;
  readonly action: 'install' | 'upgrade' | 'downgrade' | 'renew' | 'change' | 'supersede' | 'remove' | 'restore' | 'mark';
  readonly from?: string;
  readonly to?: string;
  /** For `supersede`: the successor. */
  readonly by?: string;
  /** For `supersede`: files that no successor has; they stay, with the record. */
  readonly nFilesLeft?: number;
  /** For `mark`: what it is now. */
  readonly reason?: InstallReason;
}

export type ConfigOutcome =
  /** The user's file was not modified, or is gone with its package. */
  | 'placed'
  | 'replaced'
  | 'removed'
  /** The user's file stays as it is. */
  | 'kept'
  /** The user's changes and upstream's were both taken. */
  | 'merged'
  /** Both changed: the user's file stays, the new one is at `newPath`. */
  | 'new-file'
  /** The user deleted it, and it stays so. */
  | 'stays-deleted'
  /** Its package goes, the file stays. */
  | 'left'
  /** Removed by force; the user's version is at `newPath`. */
  | 'saved';

export interface ConfigChange {
  readonly path: string;
  readonly owner: string;
  readonly outcome: ConfigOutcome;
  readonly newPath?: string;
}

export interface Warning {
  readonly kind: 'modified-file' | 'trust' | 'dependency' | 'left-directory' | 'trigger' | 'note';
  readonly text: string;
  readonly path?: string;
  readonly package?: string;
}

/** An installed package that a change leaves behind what is offered. */
export interface KeptBack {
  readonly name: string;
  readonly version: string;
  readonly release: number;
  /** By a hold; else since what is offered does not fit with what stays. */
  readonly isHeld: boolean;
  /** The newest, or the end of a chain of successors. */
  readonly offered: Pick<PackageRecord, 'name' | 'version' | 'release'>;
  /** Where it was split: what supersedes it beside `offered`. */
  readonly besides?: readonly Pick<PackageRecord, 'name' | 'version' | 'release'>[];
}

/** A declared system whose own files and services an install or upgrade leaves as they are. */
export interface LeftToSwitch {
  readonly system: string;
  /** What `pkm switch` takes: TREE#SYSTEM. */
  readonly operand: string;
}

/** What a transaction did, or (dry run) would do. */
export interface TransactionReport {
  readonly kind: TransactionKind;
  /** The generation now current; with a dry run the one it would become. Unchanged where there was nothing to do. */
  readonly generation: number;
  readonly isChanged: boolean;
  /** Somebody was asked, and said no: nothing was changed. */
  readonly isDeclined?: true;
  readonly packages: readonly PackageChange[];
  /** Where that was asked: what stays behind what is offered. */
  readonly keptBack?: readonly KeptBack[];
  /** Where trees were named that declare such. */
  readonly leftToSwitch?: readonly LeftToSwitch[];
  readonly config: readonly ConfigChange[];
  readonly warnings: readonly Warning[];
  readonly nFilesPlaced: number;
  readonly nFilesRemoved: number;
  readonly stagedBytes: number;
  /** What ran in the root afterwards. */
  readonly triggers: readonly TriggerOutcome[];
}
