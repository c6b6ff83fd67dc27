/**
 * Scratch folders on the store's file system, named after the process that made them, so that what a dead process left behind can be
 * told from what a living one is working on.
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { makeDirectory, sys, textToBytes } from '../base/index.ts';
import { removeTree } from './write-tree.ts';

/** `add`: objects on their way in. `build`: builds. */
export type ScratchKind = 'add' | 'build';

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
    const prefix = `${this.#folder}/${kind}-${process.pid}-${startTime(process.pid) ?? 0}`;
    for (;;) {
      const path = `${prefix}-${counter++}`;
      if (sys('create the folder', path, () => makeNew(path))) return path;
    }
  }

  #removeOrphans(): void {
    for (const name of sys('read the folder', this.#folder, () => readdirSync(this.#folder))) {
      const [, pid, start] = /^(?:add|build)-(\d+)-(\d+)-\d+$/.exec(name) ?? [];
      if (pid === undefined || startTime(Number(pid)) === start) continue;
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

/** When a process started, in clock ticks since boot: with the pid it names a process for good. `undefined` if there is none. */
function startTime(pid: number): string | undefined {
  try {
    // The second field is the program's name in parentheses, which may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
