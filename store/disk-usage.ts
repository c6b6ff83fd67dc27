/** How much disk objects take. Files that several paths share by hard links are counted once, and told apart. */
import { lstatSync } from 'node:fs';
import { bytesToPath, bytesToText, sys, textToBytes } from '../base/index.ts';
import { joinPath } from './tree.ts';
import type { ObjectStore, StorePath } from './types.ts';

export interface DiskUsage {
  /** Blocks of its files, folders and links, in bytes; a file that it has twice by hard link counts once. */
  readonly diskBytes: number;
  /** Part of them in files that have links outside of this object: removing the object does not free it. */
  readonly sharedBytes: number;
  readonly nFiles: number;
}

/** Blocks of `stat` are of this size, whatever those of the file system. */
const BLOCK_SIZE = 512;

/** Adds up objects one by one. Cost: one `lstat` a file, some 4 µs. */
export class DiskMeter {
  readonly #store: ObjectStore;
  readonly #counted = new Set<string>();
  #totalBytes = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Of all objects so far together, each inode once. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** @throws Fault E-STORE-014 · SystemFault a file is missing */
  measure(path: StorePath): DiskUsage {
    const root = textToBytes(this.#store.toReal(path));
    const linked = new Map<string, { bytes: number; nLinks: number; nHere: number }>();
    let diskBytes = 0;
    let nFiles = 0;
    for (const entry of this.#store.manifest(path)) {
      const real = joinPath(root, entry.path);
      const stat = sys('read', bytesToText(real), () => lstatSync(bytesToPath(real)));
      const bytes = stat.blocks * BLOCK_SIZE;
      if (entry.kind === 'file') nFiles++;
      if (entry.kind === 'directory' || stat.nlink === 1) {
        diskBytes += bytes;
        this.#totalBytes += bytes;
        continue;
      }
      const inode = `${stat.dev} ${stat.ino}`;
      const known = linked.get(inode);
      if (known !== undefined) known.nHere++;
      else {
        linked.set(inode, { bytes, nLinks: stat.nlink, nHere: 1 });
        diskBytes += bytes;
      }
    }
    let sharedBytes = 0;
    for (const [inode, { bytes, nLinks, nHere }] of linked) {
      if (nHere < nLinks) sharedBytes += bytes;
      if (this.#counted.has(inode)) continue;
      this.#counted.add(inode);
      this.#totalBytes += bytes;
    }
    return { diskBytes, sharedBytes, nFiles };
  }
}
