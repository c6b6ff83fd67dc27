/** Where things are on this machine, looked at once each, remembering what was looked at so that a later change can be noticed. */
import { lstatSync, readdirSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import { dirname, resolve } from 'node:path/posix';
import { type Bytes, bytesToPath, compareBytes } from '../base/index.ts';
import { baseName } from './tree.ts';

/** Longest chain of symlinks followed; the kernel's limit. */
const MAX_LINKS = 40;

/** A look at the file system that keeps the list of places it depends on. */
export class HostPaths {
  readonly #looked = new Set<Bytes>();
  readonly #folders = new Map<Bytes, Bytes | undefined>();

  /** Every file and folder whose change could change an answer, sorted. Absent ones are covered by the folder they would be in. */
  looked(): Bytes[] {
    return [...this.#looked].sort(compareBytes);
  }

  /** The file at the end of all symlinks, with its real path; `undefined` where nothing is. */
  follow(path: Bytes): { real: Bytes; stat: Stats } | undefined {
    let current = path;
    for (let i = 0; i < MAX_LINKS; i++) {
      const folder = this.#realFolder(dirname(current));
      if (folder === undefined) return undefined;
      const real = folder === '/' ? `/${baseName(current)}` : `${folder}/${baseName(current)}`;
      const stat = statOf(real);
      if (stat === undefined) return undefined;
      if (!stat.isSymbolicLink()) {
        this.#looked.add(real);
        return { real, stat };
      }
      current = resolve(folder, readlinkSync(bytesToPath(real), { encoding: 'latin1' }));
    }
    return undefined;
  }

  /** Names in a folder, sorted; none where it is not readable. */
  names(folder: Bytes): Bytes[] {
    const real = this.#realFolder(folder);
    if (real === undefined) return [];
    try {
      return readdirSync(bytesToPath(real), { encoding: 'latin1' }).sort(compareBytes);
    } catch {
      return [];
    }
  }

  /** Notes a folder that somebody else read. */
  noteFolder(folder: Bytes): void {
    this.#realFolder(folder);
  }

  /** The folder without symlinks. Its entries decide what is found in it, so it is looked at, or else the nearest that exists. */
  #realFolder(folder: Bytes): Bytes | undefined {
    if (this.#folders.has(folder)) return this.#folders.get(folder);
    let real: Bytes | undefined;
    try {
      real = realpathSync.native(bytesToPath(folder), { encoding: 'latin1' });
      this.#looked.add(real);
    } catch {
      if (folder !== '/') this.#realFolder(dirname(folder));
    }
    this.#folders.set(folder, real);
    return real;
  }
}

const statOf = (path: Bytes): Stats | undefined => {
  try {
    return lstatSync(bytesToPath(path), { throwIfNoEntry: false });
  } catch {
    return undefined; // not readable, or below a file
  }
};
