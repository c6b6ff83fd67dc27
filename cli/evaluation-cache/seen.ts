/**
 * What one evaluation saw of the world, as data that is written to disk. Everything else that it depends on is in the key of its
 * record (`key.ts`). Paths are real and absolute; every string is a byte string.
 */
import type { Bytes } from '../../base/index.ts';

export interface Seen {
  readonly files: FileSeen[];
  readonly folders: FolderSeen[];
  /** Path, and what stood there itself: '' for nothing. */
  readonly kinds: [path: Bytes, kind: string][];
  /** Path, and where its symlinks lead. */
  readonly realPaths: [path: Bytes, real: Bytes][];
  /** Path, and whether its symlinks lead to something. */
  readonly existing: [path: Bytes, exists: boolean][];
  /** Environment variables; null where not set. */
  readonly variables: [name: string, value: string | null][];
  readonly sources: SourceSeen[];
  /** Since when and how long what was fetched without a hash does, milliseconds since 1970; null where nothing was. */
  readonly fetched: [sinceMs: number, untilMs: number] | null;
  readonly store: StoreSeen;
}

/** A file that was read. */
export interface FileSeen {
  readonly path: Bytes;
  /** SHA-256 of the bytes. */
  readonly hash: string;
  /** '' where it could not be trusted. Renewed after the bytes were found unchanged. */
  state: string;
  /** Whether evaluation also asked what stands at the path, and it was the file itself and no symlink. */
  readonly isPlain: boolean;
}

/** A folder that was listed. */
export interface FolderSeen {
  readonly path: Bytes;
  /** SHA-256 of names and kinds. */
  readonly hash: string;
  state: string;
  readonly isPlain: boolean;
}

/** A file or tree that was put into the store. */
export interface SourceSeen {
  readonly name: string;
  readonly path: Bytes;
  readonly method: 'flat' | 'nar';
  readonly algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512';
  readonly storePath: string;
  /** Everything that was met, the root first: relative path, kind, state, and whether the filter took it (only then it has a state). */
  readonly entries: SourceEntrySeen[];
}

export type SourceEntrySeen = [path: Bytes, kind: string, state: string, isTaken: boolean];

/** What was asked of the store, and what the result needs of it. */
export interface StoreSeen {
  /** The index when all of this was true (`index-version.ts`); '' where nothing was asked. */
  version: string;
  /** Paths that must be valid, each with a space behind it: evaluation put them there. One text, as it is rarely looked into. */
  readonly needed: string;
  readonly answers: [question: 'valid' | 'derivation' | 'references', path: string, answer: string][];
  /** Import from derivation. */
  readonly built: [drvPath: string, output: string, path: string][];
  /** Tools and files of the host: name, specification as JSON, path. */
  readonly hostTrees: [name: string, spec: string, path: string][];
}
