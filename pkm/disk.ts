/** What planning asks of the disk; reads only. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { Fault, lookAt, type Standing, sha256, sys } from '../base/index.ts';
import { type RootLayout, under } from './layout.ts';
import { parentOf, printable } from './names.ts';

export interface DiskEntry {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  /** A file that has other names: what is done to it in place is done to them. */
  readonly isShared: boolean;
  readonly mtimeSeconds: number;
  readonly mtimeMs: number;
  /** The time has no fraction of a second: as pkm sets times, and hardly any program that writes a file. */
  readonly isWholeSecond: boolean;
  /** Symlinks; '' otherwise. */
  readonly target: string;
  /** File system. */
  readonly device: number;
}

export interface Disk {
  /** What stands at a path, the path's own last part not followed. Parents that are symlinks are followed inside the root. */
  entry(path: string): DiskEntry | undefined;
  /** Whether a directory stands at a path. One that something below it was asked for is not looked at again. */
  isDirectory(path: string): boolean;
  /** SHA-256 of the regular file at a path. */
  sha256(path: string): string;
  bytes(path: string): Buffer;
  /**
   * The path without symlinks in its parents: where a write to `path` really lands, relative to the root.
   * @throws Fault E-PKM-007 a parent leads out of the root, or to nothing · E-PKM-006 a parent is no directory
   */
  physical(path: string): string;
  /** What stands at this path will have become an empty directory before anything below it is written. */
  assumeFolder(path: string): void;
  names(path: string): string[];
  /** What was seen that nobody may replace, remove or change; physical paths, no directories. */
  readonly fixed: ReadonlySet<string>;
}

export function rootDisk(layout: RootLayout): Disk {
  const folders = new Map<string, string>([['', '']]);
  const assumed = new Set<string>();
  /** Physical folders that do not exist: nothing below them needs to be asked for. */
  const absent = new Set<string>();
  const isBelowAssumed = (place: string): boolean => {
    if (assumed.size === 0) return false;
    for (let folder = parentOf(place); folder !== ''; folder = parentOf(folder)) if (assumed.has(folder)) return true;
    return false;
  };
  const fixed = new Set<string>();
  /** Physical folders that were looked at, and are directories. */
  const seen = new Set<string>();
  const real = (path: string): string => under(layout, path);
  const look = (path: string): Standing | undefined => tolerantly(lookAt, real(path));

  /** `folder` as a physical folder path; parts that do not exist yet stand for themselves. */
  const resolveFolder = (folder: string, depth: number): string => {
    const known = folders.get(folder);
    if (known !== undefined) return known;
    const parent = resolveFolder(parentOf(folder), depth);
    const here =
      parent === '' ? folder.slice(folder.lastIndexOf('/') + 1) : `${parent}/${folder.slice(folder.lastIndexOf('/') + 1)}`;
    const there = absent.has(parent) || isBelowAssumed(here) ? undefined : sys('read', real(here), () => look(here));
    let result = here;
    if (there === undefined) absent.add(here);
    if (there?.kind === 'symlink') result = followed(here, depth);
    else if (there?.kind === 'directory') seen.add(here);
    else if (there !== undefined) {
      throw new Fault('E-PKM-006', `'/${printable(here)}' is in the way: a directory is needed there`, {
        hints: ['move it aside and run the command again'],
      });
    }
    folders.set(folder, result);
    return result;
  };

  const followed = (link: string, depth: number): string => {
    const target = readlinkSync(real(link));
    const refuse = (why: string): Fault =>
      new Fault('E-PKM-007', `refusing to write through the symlink '/${printable(link)}' -> '${printable(target)}': ${why}`, {
        hints: link.endsWith('/generations/current')
          ? ["put it right with 'pkm repair'"]
          : ['remove the symlink, or point it to a directory inside the root'],
      });
    if (depth > 40) throw refuse('too many levels of symlinks');
    const parts = target.startsWith('/')
      ? []
      : parentOf(link)
          .split('/')
          .filter((part) => part !== '');
    for (const part of target.split('/')) {
      if (part === '' || part === '.') continue;
      if (part !== '..') parts.push(part);
      else if (parts.pop() === undefined) throw refuse('it leads outside the root');
    }
    const destination = resolveFolder(parts.join('/'), depth + 1);
    if (look(destination)?.kind !== 'directory') throw refuse('there is no such directory inside the root');
    return destination;
  };

  // The same path is asked for several times in a row.
  let lastPath: string | undefined;
  let lastPlace = '';
  const physical = (path: string): string => {
    if (path === lastPath) return lastPlace;
    const folder = resolveFolder(parentOf(path), 0);
    const name = path.slice(path.lastIndexOf('/') + 1);
    lastPlace = folder === '' ? name : `${folder}/${name}`;
    lastPath = path;
    return lastPlace;
  };

  const disk: Disk = {
    fixed,
    physical,
    assumeFolder(path) {
      const place = physical(path);
      // Of what is below it the name is asked for, and the place.
      for (const name of [path, place]) {
        for (const known of folders.keys()) if (known === name || known.startsWith(`${name}/`)) folders.delete(known);
        folders.set(name, place);
      }
      assumed.add(place);
      lastPath = undefined;
    },
    entry(path) {
      const place = physical(path);
      if (isBelowAssumed(place) || absent.has(parentOf(place))) return undefined;
      const found = sys('read', real(place), () => look(place));
      if (found === undefined) return undefined;
      const { kind, mode, uid, gid, size, nlink, mtimeMs, dev, isFixed } = found;
      if (isFixed && kind !== 'directory') fixed.add(place);
      return {
        kind,
        mode: mode & 0o7777,
        uid,
        gid,
        sizeBytes: size,
        isShared: kind === 'file' && nlink > 1,
        mtimeSeconds: Math.floor(mtimeMs / 1000),
        mtimeMs,
        isWholeSecond: mtimeMs % 1000 === 0,
        target: kind === 'symlink' ? readlinkSync(real(place)) : '',
        device: dev,
      };
    },
    isDirectory: (path) =>
      (seen.has(physical(path)) && !isBelowAssumed(physical(path))) || disk.entry(path)?.kind === 'directory',
    sha256: (path) => fileSha256(real(physical(path))),
    bytes: (path) => readRegular(real(physical(path))),
    names: (path) => sys('read', real(path), () => readdirSync(real(path === '' ? '' : physical(path)))),
  };
  return disk;
}

/**
 * The real folder of a path below the root, symlinks as seen from inside. It need not exist.
 * @throws Fault E-PKM-007 it leads out of the root, or to nothing
 */
export function folderInside(layout: RootLayout, path: string): string {
  const probe = rootDisk(layout).physical(`${path}/x`);
  return under(layout, probe.slice(0, -2));
}

/** `lstat`, with `undefined` for nothing. A path below a file is nothing: planning meets what another operation will replace. */
export const tolerantLstat = (path: string): Stats | undefined =>
  tolerantly((there) => lstatSync(there, { throwIfNoEntry: false }), path);

function tolerantly<T>(look: (path: string) => T | undefined, path: string): T | undefined {
  try {
    return look(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Whoever may write in its folder can put a symlink or a pipe in its place after it was looked at. @throws SystemFault */
function readRegular(path: string): Buffer {
  return sys('read', path, () => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return readFileSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}

let buffer: Buffer | undefined;
const BUFFER_BYTES = 1 << 18;

/** Lower-case hex SHA-256 of a regular file; symlinks are not followed. Cost: one read, one reused buffer. @throws SystemFault */
export function fileSha256(path: string): string {
  return sys('read', path, () => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES);
      const size = fstatSync(fd).size;
      let filled = 0;
      let digest: ReturnType<typeof createHash> | undefined;
      for (;;) {
        const n = readSync(fd, buffer, filled, BUFFER_BYTES - filled, null);
        filled += n;
        if (n > 0 && filled < BUFFER_BYTES && filled < size) continue;
        if (digest === undefined && filled < BUFFER_BYTES) return sha256(buffer.subarray(0, filled));
        digest ??= createHash('sha256');
        digest.update(buffer.subarray(0, filled));
        if (n === 0) return digest.digest('hex');
        filled = 0;
      }
    } finally {
      closeSync(fd);
    }
  });
}
