/**
 * Writes that are whole or absent. Every file that igos keeps is written here or by a journal: temp name in the same folder,
 * sync, rename, sync of the folder.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  type Stats,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { sys } from './fault.ts';

let counter = 0;

/** A name in the same folder that no other process uses. */
export const temporaryName = (path: string): string =>
  join(dirname(path), `.tmp-${process.pid}-${Date.now().toString(36)}-${counter++}`);

/** Writes all of `data`; `writeSync` may write less than asked. */
export function writeAll(fd: number, data: Uint8Array): void {
  for (let done = 0; done < data.length; ) done += writeSync(fd, data, done, data.length - done);
}

export interface WriteOptions {
  /** Of a new file, less the umask; 0644 if not given. */
  readonly mode?: number;
  /** The file that is replaced: its mode stays whatever the umask says, and its owner where we may give files away. */
  readonly replaced?: Pick<Stats, 'mode' | 'uid' | 'gid'>;
  readonly sync?: boolean;
}

/** Replaces `path` by `data`. A crash leaves the old file or the new one, never a part. @throws SystemFault */
export function writeFileAtomic(path: string, data: Uint8Array | string, options: WriteOptions = {}): void {
  const temporary = temporaryName(path);
  sys('write', path, () => {
    const fd = openSync(
      temporary,
      constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW,
      options.replaced === undefined ? (options.mode ?? 0o644) : 0o600,
    );
    try {
      try {
        writeAll(fd, typeof data === 'string' ? Buffer.from(data, 'utf8') : data);
        if (options.replaced !== undefined) becomeLike(fd, options.replaced);
        if (options.sync !== false) fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, path);
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    }
    if (options.sync !== false) syncDirectory(dirname(path));
  });
}

function becomeLike(fd: number, { mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>): void {
  const own = fstatSync(fd);
  if (own.uid !== uid || own.gid !== gid) {
    try {
      fchownSync(fd, uid, gid);
    } catch (error) {
      // only root gives files away
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    }
  }
  fchmodSync(fd, mode & 0o7777); // after chown, which clears setuid
}

/** Points the symlink `path` at `target`, replacing what is there by one rename. @throws SystemFault */
export function symlinkAtomic(target: string, path: string): void {
  const temporary = temporaryName(path);
  sys('link', path, () => {
    symlinkSync(target, temporary);
    try {
      renameSync(temporary, path);
    } catch (error) {
      removeQuietly(temporary);
      throw error;
    }
    syncDirectory(dirname(path));
  });
}

/** Makes a folder's entries durable. @throws SystemFault */
export function syncDirectory(path: string): void {
  sys('sync', path, () => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/** Creates a folder and its parents; fine if it is there. @throws SystemFault */
export function makeDirectory(path: string, mode?: number): void {
  sys('create the folder', path, () => makeFolders(path, mode));
}

/** One after the other: Node's own `recursive` never returns where the system answers ENOENT below a folder that is there, as in /proc. */
function makeFolders(path: string, mode: number | undefined): void {
  const isThere = (): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere()) return;
  const parent = dirname(path);
  if (parent !== path && statSync(parent, { throwIfNoEntry: false }) === undefined) makeFolders(parent, mode);
  try {
    mkdirSync(path, mode === undefined ? {} : { mode });
  } catch (error) {
    // Another process may have been quicker.
    if (!isThere()) throw error;
  }
}

function removeQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // it was never made, or went with the rename
  }
}
