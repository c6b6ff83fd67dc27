/**
 * Folders of the root that are written to: real directories, and the same ones that were looked at. Where others may change a folder
 * above (a service its own, everybody one below `/home`), a symlink can stand in its place at any moment: there names are used below
 * an open folder, which nobody can exchange.
 */
import { closeSync, constants, existsSync, lstatSync, openSync } from 'node:fs';
import { lookAt, type Standing } from '../base/index.ts';
import { type RootLayout, under } from './layout.ts';
import { parentOf } from './names.ts';

export type FolderState = 'real' | 'absent' | 'symlink';

interface Seen {
  readonly device: number;
  /** Nobody else can put something in its place, or in that of a folder above. */
  readonly isOurs: boolean;
}

/** To be no more than a place to start from. @source open(2) */
const O_PATH = 0o10000000;
const OPEN = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const OPENED = '/proc/self/fd';
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
const USER = process.geteuid?.();

export class RealFolders implements Disposable {
  readonly #layout: RootLayout;
  readonly #seen = new Map<string, Seen>();
  #held: { readonly folder: string; readonly fd: number } | undefined;

  constructor(layout: RootLayout) {
    this.#layout = layout;
    this.#seen.set('', seen(lstatSync(layout.root), true));
  }

  /** Folders that were looked at, and the file system of each. */
  *devices(): Iterable<readonly [string, number]> {
    for (const [folder, { device }] of this.#seen) yield [folder, device];
  }

  /** Whether the folder and those above are real directories still: somebody may have put a symlink there since the plan was made. */
  state(folder: string): FolderState {
    if (this.#seen.has(folder)) return 'real';
    const above = this.state(parentOf(folder));
    if (above !== 'real') return above;
    const there = lookAt(under(this.#layout, folder));
    if (there?.kind === 'symlink') return 'symlink';
    if (there?.kind !== 'directory') return 'absent';
    this.#seen.set(folder, seen(there, this.#seen.get(parentOf(folder))!.isOurs));
    return 'real';
  }

  /** A real directory, and what was looked at once stays so. */
  isOurs(folder: string): boolean {
    try {
      return this.state(folder) === 'real' && this.#seen.get(folder)!.isOurs;
    } catch {
      return false; // it cannot be told: that is said when its turn comes
    }
  }

  /** Does something in a folder. @param work  gets the path of the folder @returns 'real' where it was done */
  within(folder: string, work: (path: string) => void): FolderState {
    const state = this.state(folder);
    if (state !== 'real') return state;
    if (this.#seen.get(folder)!.isOurs || !existsSync(OPENED)) {
      work(under(this.#layout, folder));
      return 'real';
    }
    const opened = this.#hold(folder);
    if (typeof opened === 'string') return opened;
    work(`${OPENED}/${opened}`);
    return 'real';
  }

  [Symbol.dispose](): void {
    if (this.#held !== undefined) closeSync(this.#held.fd);
    this.#held = undefined;
  }

  /** Opens a folder from the root on, part by part. */
  #hold(folder: string): number | FolderState {
    if (this.#held?.folder === folder) return this.#held.fd;
    this[Symbol.dispose]();
    let fd = openSync(this.#layout.root, OPEN);
    for (const part of folder.split('/').filter((name) => name !== '')) {
      const above = fd;
      try {
        fd = openSync(`${OPENED}/${above}/${part}`, OPEN);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT') return 'absent';
        if (code === 'ENOTDIR' || code === 'ELOOP') return 'symlink';
        throw error;
      } finally {
        closeSync(above);
      }
    }
    this.#held = { folder, fd };
    return fd;
  }
}

function seen({ dev, uid, mode }: Pick<Standing, 'dev' | 'uid' | 'mode'>, isAboveOurs: boolean): Seen {
  const isClosed = (mode & OTHERS_WRITE) === 0 || (mode & STICKY) !== 0;
  return { device: dev, isOurs: isAboveOurs && isClosed && (uid === 0 || uid === USER) };
}
