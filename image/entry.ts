/** What stands in an image, as data: one entry for each path. */
import type { Bytes } from '../base/index.ts';
import type { Content } from './output.ts';

interface Common {
  /** Below the root, without a slash at its ends; a byte string. Empty for the root itself. */
  readonly path: Bytes;
  /** Permissions with set-user-id, set-group-id and sticky bit: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Extended attributes by whole name: `security.capability`. */
  readonly attributes?: ReadonlyMap<Bytes, Uint8Array>;
}

export interface DirectoryEntry extends Common {
  readonly kind: 'directory';
}

export interface FileEntry extends Common {
  readonly kind: 'file';
  readonly content: Content;
  /** Files that say the same here are names of one file: the first says what it is. */
  readonly link?: string;
}

export interface SymlinkEntry extends Common {
  readonly kind: 'symlink';
  readonly target: Bytes;
}

export interface DeviceEntry extends Common {
  readonly kind: 'block' | 'char';
  readonly major: number;
  readonly minor: number;
}

export interface PipeEntry extends Common {
  readonly kind: 'fifo' | 'socket';
}

export type ImageEntry = DirectoryEntry | FileEntry | SymlinkEntry | DeviceEntry | PipeEntry;
