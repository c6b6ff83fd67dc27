/**
 * Scratch folders on the store's file system, named after the process that made them, so that what a dead process left behind can be
 * told from what a living one is working on.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { makeDirectory, processStartTime, sys, textToBytes } from '../base/index.ts';
import { removeTree } from './write-tree.ts';

/** `add`: objects on their way in. `build`: builds. `optimise`: links on their way into objects. `trash`: objects on their way out. */
export type ScratchKind = 'add' | 'build' | 'optimise' | 'trash';

let counter = 0;

/** The scratch folders of one store, below `<home>/tmp`. */
export class Staging {
  readonly #folder: string;
  readonly #finish: (orphan: string) => void;
  #isReady: boolean = false;

  /** @param finish  does what a dead process left half done, before its scratch folder is removed */
  constructor(folder: string, finish: (orphan: string) => void = () => {}) {
    this.#folder = folder;
    this.#finish = finish;
  }

  /** A new empty folder, for this user only. Removing it is the caller's; if it dies before, a later process does. */
  make(kind: ScratchKind): string {
    if (!this.#isReady) {
      makeDirectory(this.#folder);
      this.#removeOrphans();
      this.#isReady = true;
    }
    const prefix = `${this.#folder}/${kind}-${process.pid}-${processStartTime(process.pid) ?? 0}`;
    for (;;) {
      const path = `${prefix}-${counter++}`;
      if (sys('create the folder', path, () => makeNew(path))) return path;
    }
  }

  /** Removes what dead processes left, and finishes what they were at. @returns how many folders that were */
  recover(): number {
    return existsSync(this.#folder) ? this.#removeOrphans() : 0;
  }

  /** Scratch folders of a kind whose processes live. */
  living(kind: ScratchKind): string[] {
    if (!existsSync(this.#folder)) return [];
    return this.#list().flatMap((found) => (found.isAlive && found.kind === kind ? [found.path] : []));
  }

  #list(): { path: string; kind: string; isAlive: boolean }[] {
    return sys('read the folder', this.#folder, () => readdirSync(this.#folder)).flatMap((name) => {
      const [, kind, pid, start] = /^(add|build|optimise|trash)-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
      if (kind === undefined) return [];
      return [{ path: `${this.#folder}/${name}`, kind, isAlive: processStartTime(Number(pid)) === start }];
    });
  }

  #removeOrphans(): number {
    let nRemoved = 0;
    for (const { path, isAlive } of this.#list()) {
      if (isAlive) continue;
      try {
        this.#finish(path);
        removeTree(textToBytes(path));
        nRemoved++;
      } catch {
        // another user's, or being removed by another process: not ours to worry about
      }
    }
    return nRemoved;
  }
}

/** `false` where it is there already: threads of one process count for themselves. */
function makeNew(path: string): boolean {
  try {
    mkdirSync(path, 0o700);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
