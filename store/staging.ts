/**
 * Scratch folders on the store's file system, named after the process that made them, so that what a dead process left behind can be
 * told from what a living one is working on.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { makeDirectory, processStartTime, sys, textToBytes } from '../base/index.ts';
import { removeTree } from './write-tree.ts';

/** `add`: objects on their way in. `build`: builds. `trash`: objects on their way out. */
export type ScratchKind = 'add' | 'build' | 'trash';

let counter = 0;

/** The scratch folders of one store, below `<home>/tmp`. */
export class Staging {
  readonly #folder: string;
  #isReady: boolean = false;

  constructor(folder: string) {
    this.#folder = folder;
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

  #removeOrphans(): void {
    for (const name of sys('read the folder', this.#folder, () => readdirSync(this.#folder))) {
      const [, pid, start] = /^(?:add|build|trash)-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
      if (pid === undefined || processStartTime(Number(pid)) === start) continue;
      try {
        removeTree(textToBytes(`${this.#folder}/${name}`));
      } catch {
        // another user's, or being removed by another process: not ours to worry about
      }
    }
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
