/**
 * Identical files of the store share one inode. `<home>/pool/ab/cdef…` is a hard link to a file of the store with that SHA-256; `x` at the
 * end where it is executable. The pool owns nothing: a file with no other link is dead, and removing the whole pool loses nothing
 * but the knowledge of what could be shared. It stands beside the store's folder, not in it, so that builds do not see it.
 *
 * @source docs/store.md §6
 */
import { linkSync, lstatSync, readdirSync, renameSync, type Stats, unlinkSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, makeDirectory, SystemFault, sys } from '../base/index.ts';
import { canonicalMtimeSeconds, executableMode, fileMode } from './canonical-metadata.ts';
import { ManifestBuilder } from './manifest.ts';
import { readTree } from './read-tree.ts';
import type { ManifestEntry } from './types.ts';

export type FileEntry = Extract<ManifestEntry, { kind: 'file' }>;

/** Files of the pool whose bytes were checked, remembered by one process; more are checked again. */
const MAX_CHECKED = 100_000;

/** What joining a file to the pool did. */
export type Joined = 'shared-already' | 'first' | 'replaced' | 'left';

type Link = (existing: string | Buffer, path: string) => void;

export class Pool {
  readonly #folder: string;
  readonly #link: Link;
  readonly #checked = new Set<string>();
  readonly #subfolders = new Set<string>();

  /** @param link  `link(2)`; file systems differ in how many links a file may have, and tests play one with few */
  constructor(home: string, link: Link = linkSync) {
    this.#folder = `${home}/pool`;
    this.#link = link;
  }

  /** Whether there is a pool. */
  exists(): boolean {
    return lstatSync(this.#folder, { throwIfNoEntry: false }) !== undefined;
  }

  /**
   * Makes a file of an object share the pool's inode, or gives the pool its own. The name of the file never stands for nothing: the
   * new link is renamed over it. The bytes of the pool's file are read once a process before anything is replaced by it, so that a
   * damaged file is not spread; one that is damaged is dropped from the pool.
   *
   * @param real      of the file, in a folder that `makeWritable` opens
   * @param own       its inode data
   * @param scratch   an unused name on the same file system
   * @throws SystemFault
   */
  join(entry: FileEntry, real: Bytes, own: Stats, scratch: string, makeWritable: () => void): Joined {
    const at = bytesToPath(real);
    // What is not as recorded is for `verify` to report, and not to be shared.
    if (!isCanonical(own, entry)) return 'left';
    const pooled = this.#pathOf(entry);
    const found = lstatSync(pooled, { throwIfNoEntry: false });
    if (found === undefined) {
      this.#publish(at, pooled, pooled);
      return 'first';
    }
    if (found.ino === own.ino && found.dev === own.dev) return 'shared-already';
    if (!isCanonical(found, entry) || !this.#isIntact(pooled, entry)) {
      if (hashOfFile(real) !== entry.sha256) return 'left';
      this.#publish(at, pooled, scratch);
      return 'first';
    }
    try {
      this.#link(pooled, scratch);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return 'left';
      if (code !== 'EMLINK') throw new SystemFault('link', pooled, error);
      // The inode has as many names as it can: what comes now gathers around another one.
      if (hashOfFile(real) !== entry.sha256) return 'left';
      this.#publish(at, pooled, scratch);
      return 'first';
    }
    try {
      makeWritable();
      sys('replace', bytesToText(real), () => renameSync(scratch, at));
    } catch (error) {
      removeLink(scratch);
      if (error instanceof SystemFault && error.errno === 'ENOENT') return 'left'; // collected meanwhile
      throw error;
    }
    return 'replaced';
  }

  /** The pool's file with these bytes, where it has one that is as it should be. Cost: reads it. */
  intact(entry: FileEntry): string | undefined {
    const pooled = this.#pathOf(entry);
    const found = lstatSync(pooled, { throwIfNoEntry: false });
    return found !== undefined && isCanonical(found, entry) && this.#isIntact(pooled, entry) ? pooled : undefined;
  }

  /** Removes what only the pool holds. Cost: one `lstat` a file. @returns bytes freed on disk */
  sweep(): number {
    let nBytes = 0;
    for (const part of listFolder(this.#folder)) {
      for (const name of listFolder(`${this.#folder}/${part}`)) {
        const path = `${this.#folder}/${part}/${name}`;
        const stat = lstatSync(path, { throwIfNoEntry: false });
        if (stat === undefined || stat.nlink > 1) continue;
        removeLink(path);
        nBytes += stat.blocks * 512;
      }
    }
    return nBytes;
  }

  #pathOf({ sha256, isExecutable }: FileEntry): string {
    return `${this.#folder}/${sha256.slice(0, 2)}/${sha256.slice(2)}${isExecutable ? 'x' : ''}`;
  }

  /** Makes the file the pool's, by way of `scratch` where it replaces another. A file that cannot have one more link stays out. */
  #publish(at: string | Buffer, pooled: string, scratch: string): void {
    const folder = pooled.slice(0, pooled.lastIndexOf('/'));
    if (!this.#subfolders.has(folder)) {
      makeDirectory(folder);
      this.#subfolders.add(folder);
    }
    this.#checked.delete(pooled);
    try {
      this.#link(at, scratch);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EMLINK' || code === 'ENOENT' || (code === 'EEXIST' && scratch === pooled)) return;
      throw new SystemFault('link', pooled, error);
    }
    if (scratch !== pooled) sys('link', pooled, () => renameSync(scratch, pooled));
  }

  #isIntact(pooled: string, entry: FileEntry): boolean {
    if (this.#checked.has(pooled)) return true;
    if (hashOfFile(pooled) !== entry.sha256) return false;
    if (this.#checked.size >= MAX_CHECKED) this.#checked.clear();
    this.#checked.add(pooled);
    return true;
  }
}

const isCanonical = (stat: Stats, entry: FileEntry): boolean =>
  stat.isFile() &&
  stat.size === entry.sizeBytes &&
  (stat.mode & 0o7777) === (entry.isExecutable ? executableMode : fileMode) &&
  Math.floor(stat.mtimeMs / 1000) === canonicalMtimeSeconds;

/** SHA-256 of a file, hex; `undefined` where it cannot be read. */
export function hashOfFile(real: Bytes): string | undefined {
  const builder = new ManifestBuilder();
  try {
    readTree([{ kind: 'file', path: '', realPath: real }], builder);
  } catch (error) {
    if (error instanceof SystemFault) return undefined;
    throw error;
  }
  const [entry] = builder.manifest();
  return entry?.kind === 'file' ? entry.sha256 : undefined;
}

function listFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new SystemFault('read the folder', path, error);
  }
}

function removeLink(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw new SystemFault('remove', path, error);
  }
}
