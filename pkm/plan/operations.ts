/** What a plan asks of the disk. Paths are physical: relative to the root, without symlinks in their parents. */
import type { TimedFile, TimedFiles } from '../../store/index.ts';
import type { ConfigChange, ConfigRow, FileRow, Warning } from '../types.ts';

/** A new file or symlink, made in the staging folder before the point of no return. */
export type StageItem = {
  readonly path: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Folder to stage in where the staging folder is on another file system. */
  readonly near: string | undefined;
  /** The configuration file that it takes the place of, or is a copy of: what its user gave it beside bytes and mode stays. Physical. */
  readonly like?: string;
} & (
  | { readonly kind: 'row'; readonly row: FileRow }
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** The file that stands there, as one of its own. */
  | { readonly kind: 'standing'; readonly mtimeSeconds: number }
  | { readonly kind: 'symlink'; readonly target: string }
);

/** Whether it will be as its package has it, under its own name: then a file of pkm's own that is so already is taken itself. */
export const isOffered = (item: StageItem): boolean =>
  item.kind === 'row' &&
  item.mode === item.row.mode &&
  item.uid === item.row.uid &&
  item.gid === item.row.gid &&
  (item.path.endsWith(item.row.path) || !item.row.isConfig);

/** What stood at the path of a configuration file when it was planned. What stands there later is somebody's, unless it is that. */
export interface Stood {
  readonly kind: 'nothing' | 'file' | 'symlink' | 'other';
  readonly sizeBytes: number;
  /** Milliseconds since 1970; none before. */
  readonly time: number;
}

/** One step after the point of no return. Each may be repeated from the start: it finds its work done, or does it. */
export type Operation =
  /** Creates a directory, or gives the one there its mode. */
  | { readonly kind: 'mkdir'; readonly path: string; readonly mode: number; readonly uid: number; readonly gid: number }
  /** Renames a staged item over the path: a file or symlink, or a folder with all that is in it (`pkm/whole-folders.ts`). */
  | { readonly kind: 'place'; readonly path: string; readonly stage: number; readonly stood?: Stood }
  /** Renames what stands there to a free name beside it. */
  | { readonly kind: 'move'; readonly path: string; readonly to: string }
  | { readonly kind: 'metadata'; readonly path: string; readonly mode: number; readonly uid: number; readonly gid: number }
  /** Removes anything but a directory. */
  | { readonly kind: 'unlink'; readonly path: string; readonly stood?: Stood }
  /** The same of all plain files that packages had which this generation ended: their rows tell which (`endedPlain`). Its path is ''. */
  | { readonly kind: 'unlink-ended'; readonly path: string; readonly generation: number }
  /** Removes an empty directory; one that is not empty stays. */
  | { readonly kind: 'rmdir'; readonly path: string };

/** Plain files of packages that go, looked at when they are removed. */
export interface PlainRemovals {
  /** Which are where their paths say: `unlink-ended` removes them. */
  readonly inPlace: TimedFiles;
  /** Of those. */
  readonly folders: ReadonlySet<string>;
  /** Behind symlinks in their parents: each has an operation. */
  readonly elsewhere: readonly TimedFile[];
}

export interface DiskPlan {
  readonly stage: readonly StageItem[];
  readonly operations: readonly Operation[];
  readonly plain: PlainRemovals;
  /** The rows that the delta puts, with what the disk knew about them. */
  readonly putFiles: readonly FileRow[];
  readonly putConfig: readonly ConfigRow[];
  readonly dropConfig: readonly string[];
  /** Configuration whose bytes must stay readable for later merges. */
  readonly keepBytes: readonly FileRow[];
  readonly configChanges: readonly ConfigChange[];
  readonly warnings: readonly Warning[];
  readonly nFilesPlaced: number;
  readonly nFilesRemoved: number;
  /** By file system. */
  readonly space: ReadonlyMap<number, Space>;
}

/** What is staged on a file system. */
export interface Space {
  /** An existing one on it. */
  readonly folder: string;
  /** All of it. */
  readonly sizeBytes: number;
  /** Of that what is not there yet, and needs room. */
  readonly neededBytes: number;
}
