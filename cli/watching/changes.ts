/** Waits for changes in folders. */
import { type FSWatcher, lstatSync, statSync, watch } from 'node:fs';
import { type Bytes, bytesToPath } from '../../base/index.ts';

/** Few programs save a file by one call, or one file alone: what comes within this time is one change. */
const QUIET_MS = 6;
/** Who writes all the time is not waited for. */
const LONGEST_MS = 200;
/** Others' changes on a network file system are told by nobody, and a system tells of so many folders alone. */
const POLL_MS = 1000;
/** Of the time, at most, for looking without being told. */
const POLL_SHARE = 0.05;
/** And where all that is told is of files beside: somebody may write a log there all the time. */
const BESIDE_SHARE = 0.2;
const MAX_FOLDERS = 4096;

export class Changes {
  readonly #watchers = new Map<Bytes, { readonly watcher: FSWatcher; readonly inode: string }>();
  readonly #paths = new Set<Bytes>();
  #wake: () => void = () => {};
  /** By the system. */
  readonly #told: { nEvents: number; last: Bytes | undefined } = { nEvents: 0, last: undefined };
  #lastMs = 0;

  /**
   * @param paths  changes of these, and in `folders`, count; where something is not there, of what is there of its folders
   * @returns how many of the folders nobody tells of, so that only looking finds what changes in them
   */
  follow(paths: ReadonlySet<Bytes>, folders: readonly Bytes[]): number {
    this.#paths.clear();
    const wanted = new Set(folders);
    for (const path of paths) {
      this.#paths.add(path);
      wanted.add(standing(parentOf(path)));
    }
    // One that was put in the place of another is another.
    for (const [folder, { inode }] of this.#watchers) if (!wanted.has(folder) || inode !== inodeOf(folder)) this.#forget(folder);
    for (const folder of wanted) if (this.#watchers.size < MAX_FOLDERS && !this.#watchers.has(folder)) this.#watch(folder);
    return wanted.size - this.#watchers.size;
  }

  /**
   * Waits until a look, which follows each change and is repeated every second or so in any case, says so.
   * @returns what was told to have changed last, if that is one of the paths
   */
  async next(hasChanged: () => boolean): Promise<Bytes | undefined> {
    // What came while nobody waited is told next.
    this.#lastMs = performance.now();
    for (;;) {
      await this.#quiet();
      const { nEvents } = this.#told;
      const startMs = performance.now();
      const isChanged = hasChanged();
      // A look may see what is about to be told.
      if (isChanged && this.#told.last === undefined) await this.#pause(QUIET_MS);
      const { last } = this.#told;
      this.#told.last = undefined;
      if (isChanged) return last;
      const tookMs = performance.now() - startMs;
      if (nEvents === this.#told.nEvents) await this.#pause(Math.max(POLL_MS, tookMs / POLL_SHARE));
      const restMs = startMs + tookMs / BESIDE_SHARE;
      while (this.#told.last === undefined && performance.now() < restMs) await this.#pause(restMs - performance.now());
    }
  }

  close(): void {
    for (const folder of this.#watchers.keys()) this.#forget(folder);
  }

  /** Until nothing came for some time. */
  async #quiet(): Promise<void> {
    const endMs = performance.now() + LONGEST_MS;
    for (let now = performance.now(); now < Math.min(this.#lastMs + QUIET_MS, endMs); now = performance.now())
      await this.#pause(this.#lastMs + QUIET_MS - now);
  }

  /** Ends with an event. */
  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #watch(folder: Bytes): void {
    try {
      const inode = inodeOf(folder);
      const watcher = watch(bytesToPath(folder), { encoding: 'latin1' }, (_kind, name) => {
        const path = name === null ? folder : `${folder === '/' ? '' : folder}/${name}`;
        if (this.#paths.has(path)) this.#told.last = path;
        this.#told.nEvents++;
        this.#lastMs = performance.now();
        this.#wake();
      });
      watcher.on('error', () => this.#forget(folder));
      this.#watchers.set(folder, { watcher, inode });
    } catch {
      // no folder any more, or too many are watched: looking every second tells
    }
  }

  #forget(folder: Bytes): void {
    this.#watchers.get(folder)?.watcher.close();
    this.#watchers.delete(folder);
  }
}

/** With its age: some file systems give the number of a folder that is gone to the next one at once. */
function inodeOf(folder: Bytes): string {
  const { dev, ino, birthtimeMs } = statSync(bytesToPath(folder), { throwIfNoEntry: false }) ?? {};
  return `${dev}:${ino}:${birthtimeMs}`;
}

const parentOf = (path: Bytes): Bytes => path.slice(0, Math.max(1, path.lastIndexOf('/')));

/** The folder, or the nearest above it that is there. */
function standing(folder: Bytes): Bytes {
  for (let path = folder; ; path = parentOf(path)) {
    try {
      if (lstatSync(bytesToPath(path), { throwIfNoEntry: false }) !== undefined || path === '/') return path;
    } catch {
      // a file stands where a folder was looked for
    }
  }
}
