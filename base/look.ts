/**
 * What stands at very many paths. In a program that has just started, a call of the C library takes half of the time of `lstat` of
 * `node:fs`, but binding it as long as a hundred of those.
 */
import { lstatSync } from 'node:fs';
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, FileStatus, STAT_BYTES, STAT_MASK } from './file-calls.ts';
import { hasKoffi, loadKoffi } from './koffi.ts';

/** Some of what `lstat` says. */
export interface Standing {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  /** With the bits of its kind, as `Stats.mode`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** How many names it has. */
  readonly nlink: number;
  readonly mtimeMs: number;
  readonly dev: number;
  /** `chattr +i` or `+a`: not root either may replace or remove it. Only a call of the C library tells; see `lookClosely`. */
  readonly isFixed: boolean;
}

type Look = (path: string) => Standing | undefined;

let nLooks = 0;
let quick: Look | undefined;

/** A symlink is not followed; `undefined` where nothing is. @throws an error of `node:fs` */
export function lookAt(path: string): Standing | undefined {
  if (quick === undefined && (hasKoffi() || ++nLooks > 100)) quick = bind() ?? slowly;
  return (quick ?? slowly)(path);
}

/** From now on looks tell all there is to tell, also where few are taken. */
export function lookClosely(): void {
  quick ??= bind() ?? slowly;
}

const slowly: Look = (path) => {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  const kind = found.isFile() ? 'file' : found.isDirectory() ? 'directory' : found.isSymbolicLink() ? 'symlink' : 'other';
  const { mode, uid, gid, size, nlink, mtimeMs, dev } = found;
  return { kind, mode, uid, gid, size, nlink, mtimeMs, dev, isFixed: false };
};

/** @source errno(3) of Linux, the same on every processor */
const ENOENT = 2;

function bind(): Look | undefined {
  // Elsewhere numbers differ.
  if (process.platform !== 'linux') return undefined;
  try {
    const koffi = loadKoffi();
    const statx = koffi
      .load(null)
      .func('int statx(int folder, const char *path, int flags, unsigned int mask, uintptr_t to)') as Statx;
    const memory = new Uint8Array(STAT_BYTES);
    const at = Number(koffi.address(memory));
    const found = new FileStatus(memory);
    return (path) => {
      // C would see a path that is cut off there, Node refuses it.
      if (path.includes('\0')) return slowly(path);
      if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STAT_MASK, at) !== 0)
        return koffi.errno() === ENOENT ? undefined : slowly(path);
      const kind = found.isFile ? 'file' : found.isDirectory ? 'directory' : found.isSymlink ? 'symlink' : 'other';
      const { mode, uid, gid, size, nlink, mtimeMs, dev, isFixed } = found;
      return { kind, mode, uid, gid, size, nlink, mtimeMs, dev, isFixed };
    };
  } catch {
    return undefined; // no binding for this platform, or a C library without it
  }
}

type Statx = (folder: number, path: string, flags: number, mask: number, to: number) => number;
