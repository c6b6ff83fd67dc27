/**
 * Everything by which pkm changes a disk, in one object: a test wraps it to fail any write, or to kill the process before any
 * of them. Reading is not here.
 */
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import {
  type ExtendedAttribute,
  makeDirectory,
  removeDefaultAcl,
  syncFileSystem,
  writeAll,
  writeAttributes,
  writeFileAtomic,
  writeFileCapability,
} from '../base/index.ts';
import { removeFolders, type TimedFiles, unlinkMany, unlinkPlaced } from '../store/index.ts';
import { FileMaker } from './loops/creation.ts';
import { type Move, type MovesAtWork, startMoves } from './loops/renaming.ts';

const USER = process.geteuid?.();

export interface FileMetadata {
  readonly mode: number;
  /** `undefined`: whoever runs pkm. Only root may give files away. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  readonly mtimeSeconds: number;
  /** Hex of the attribute `security.capability`; only root may give it. */
  readonly capability?: string;
}

/** Owners are set by root only; anyone else's files are their own. */
export const ownerOf = ({ uid, gid }: { uid: number; gid: number }): FileMetadata['owner'] =>
  USER === 0 ? { uid, gid } : undefined;

/** Bytes where a name is not UTF-8: no package's, but somebody's. */
export type PathName = string | Buffer;

export interface RootIo {
  /** A new file with its final metadata; fails where the name is taken. Not synced. */
  createFile(path: string, data: Uint8Array, metadata: FileMetadata): void;
  /** Makes plain files (`isPlainFile`) in a folder, beside whoever adds them. `undefined`: only `createFile` is to be had. Not synced. */
  fileMaker(folder: string, mtimeSeconds: number): FileMaker | undefined;
  /** The same piece by piece, for files too long for memory. */
  writeFile(path: string, metadata: FileMetadata): FileWriter;
  /** The same by copying, sharing blocks where the file system can. */
  copyFile(from: PathName, path: PathName, metadata: FileMetadata): void;
  symlink(target: PathName, path: PathName, owner: FileMetadata['owner']): void;
  link(from: PathName, path: PathName): void;
  rename(from: string, path: string): void;
  /** Renames in this order, beside whoever calls; paths are relative to a folder. `undefined`: only `rename` is to be had. */
  renameMany(folder: string, moves: readonly Move[]): MovesAtWork | undefined;
  unlink(path: string): void;
  /** Removes many names with the help of other threads. @returns those that are still to be looked at, one by one */
  unlinkMany(paths: readonly string[]): readonly string[];
  /**
   * The same of regular files, relative to a folder (with a slash at the end), that are of the size and time given; no other is touched.
   * @param meanwhile  is done while they are removed, or before
   * @returns the places of those that are still to be looked at
   */
  unlinkPlaced(folder: string, files: TimedFiles, meanwhile: () => void): readonly number[];
  rmdir(path: string): void;
  /** The same of many, those inside before those around. @returns those that are still to be looked at, one by one */
  rmdirMany(paths: readonly string[]): readonly string[];
  mkdir(path: PathName, mode: number, owner: FileMetadata['owner']): void;
  /** Of a file or folder; a symlink is not followed. */
  setMetadata(path: PathName, mode: number, owner: FileMetadata['owner']): void;
  /** What another file had beside bytes and mode. */
  setAttributes(path: string, attributes: readonly ExtendedAttribute[]): void;
  /** A file of pkm's own, whole or absent; durable unless `sync` is false and nothing else syncs it. */
  writeOwn(path: string, data: Uint8Array | string, options?: { readonly sync?: boolean }): void;
  makeOwnFolder(path: string, mode?: number): void;
  removeTree(path: string): void;
  syncFileSystem(path: string): void;
  /** Surrounds a database transaction; `name` says which. */
  commit<T>(name: string, work: () => T): T;
}

export interface FileWriter {
  write(data: Uint8Array): void;
  /** Sets the metadata and closes. */
  finish(): void;
  /** Closes a file that will not be finished. */
  abandon(): void;
}

let knownUmask: number | undefined;

function umask(): number {
  knownUmask ??= process.umask();
  return knownUmask;
}

let lastFolder = '';
let lastGroup = -1;

/** The group that new files get in a folder: the process's, or with setgid the folder's. One question a folder. */
function givenGroup(path: string, fd: number): number {
  const folder = dirname(path);
  if (folder !== lastFolder) {
    lastGroup = fstatSync(fd).gid;
    lastFolder = folder;
  }
  return lastGroup;
}

const isPlainMode = (mode: number): boolean => (mode & ~0o777) === 0 && (mode & umask()) === 0;

/**
 * Whether a file gets what it shall have as soon as it is opened and written.
 * @param group  that files get in its folder
 */
export const isPlainFile = ({ mode, owner, capability }: FileMetadata, group: number): boolean =>
  capability === undefined && isPlainMode(mode) && (owner === undefined || (owner.uid === USER && owner.gid === group));

const PRIVATE = 0o700;
const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

export const realIo: RootIo = {
  createFile(path, data, metadata) {
    const isPlain = isPlainMode(metadata.mode);
    const fd = openSync(path, CREATE, isPlain ? metadata.mode : 0o600);
    try {
      writeAll(fd, data);
      const { owner } = metadata;
      if (owner !== undefined && !(owner.uid === USER && owner.gid === givenGroup(path, fd)))
        fchownSync(fd, owner.uid, owner.gid);
      if (!isPlain) fchmodSync(fd, metadata.mode); // after chown, which clears setuid
      futimesSync(fd, metadata.mtimeSeconds, metadata.mtimeSeconds);
      if (metadata.capability !== undefined) setCapability(path, metadata.capability);
    } finally {
      closeSync(fd);
    }
  },
  fileMaker: (folder, mtimeSeconds) => FileMaker.open(folder, mtimeSeconds),
  writeFile(path, metadata) {
    const fd = openSync(path, CREATE, 0o600);
    return {
      write: (data) => writeAll(fd, data),
      finish() {
        setFileMetadata(fd, metadata);
        if (metadata.capability !== undefined) setCapability(path, metadata.capability);
        closeSync(fd);
      },
      abandon: () => closeSync(fd),
    };
  },
  copyFile(from, path, metadata) {
    copyFileSync(from, path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    this.setMetadata(path, 0o600, undefined);
    const fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      setFileMetadata(fd, metadata);
      if (metadata.capability !== undefined && typeof path === 'string') setCapability(path, metadata.capability);
    } finally {
      closeSync(fd);
    }
  },
  symlink(target, path, owner) {
    symlinkSync(target, path);
    if (owner !== undefined) lchownSync(path, owner.uid, owner.gid);
  },
  link: linkSync,
  rename: renameSync,
  renameMany: (folder, moves) => startMoves(folder, moves),
  unlink: unlinkSync,
  unlinkMany,
  unlinkPlaced: (folder, files, meanwhile) => unlinkPlaced(folder, files, { meanwhile }),
  rmdir: rmdirSync,
  rmdirMany: removeFolders,
  mkdir(path, mode, owner) {
    mkdirSync(path, 0o700);
    this.setMetadata(path, mode, owner);
  },
  setMetadata(path, mode, owner) {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
      // Closed to whoever runs pkm, who is not root, and could be led to nothing but what is their own.
      if (lstatSync(path).isSymbolicLink()) throw error;
      chmodSync(path, mode);
      return;
    }
    try {
      if (owner !== undefined) fchownSync(fd, owner.uid, owner.gid);
      fchmodSync(fd, mode); // after chown, which clears setuid
    } finally {
      closeSync(fd);
    }
  },
  setAttributes: writeAttributes,
  writeOwn: (path, data, options) => writeFileAtomic(path, data, options),
  makeOwnFolder(path, mode) {
    makeDirectory(path, mode);
    // What is staged would carry an access list of the folders around to where it is placed.
    if (mode === PRIVATE) removeDefaultAcl(path);
  },
  removeTree: (path) => rmSync(path, { recursive: true, force: true }),
  syncFileSystem,
  commit: (_name, work) => work(),
};

function setFileMetadata(fd: number, metadata: FileMetadata): void {
  if (metadata.owner !== undefined) fchownSync(fd, metadata.owner.uid, metadata.owner.gid);
  fchmodSync(fd, metadata.mode);
  futimesSync(fd, metadata.mtimeSeconds, metadata.mtimeSeconds);
}

/** Last of all: a change of owner or content takes it away. */
const setCapability = (path: string, hex: string): void => writeFileCapability(path, Buffer.from(hex, 'hex'));

const nothing = (): void => undefined;

/** Writes nothing: for archives that are only looked at. */
export const discardingIo: RootIo = {
  ...realIo,
  createFile: nothing,
  fileMaker: () => undefined,
  writeFile: () => ({ write: nothing, finish: nothing, abandon: nothing }),
  copyFile: nothing,
  symlink: nothing,
  link: nothing,
  rename: nothing,
  renameMany: () => undefined,
  unlink: nothing,
  unlinkMany: () => [],
  unlinkPlaced: () => [],
  rmdir: nothing,
  rmdirMany: () => [],
  mkdir: nothing,
  setMetadata: nothing,
  setAttributes: nothing,
  writeOwn: nothing,
  makeOwnFolder: nothing,
  removeTree: nothing,
  syncFileSystem: nothing,
};
