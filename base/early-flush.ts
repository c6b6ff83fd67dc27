/** Has what was written go to disk while more is being written, so that the flush at the end finds little left to do. */
import { closeSync, constants, openSync } from 'node:fs';
import { SystemFault } from './fault.ts';
import { type SyncFileSystem, syncFileSystemCall } from './syscalls.ts';

/** A flush has a price of its own: fewer files are not worth one. */
const FIRST_AT = 4096;

/**
 * Flushes of the file system that holds a folder, by other threads. What fails on the way is found by `end`: its file is open from the
 * start, and the system tells an error once to everyone who had a file open when it happened.
 *
 * @source syncfs(2)
 */
export class EarlyFlush {
  readonly #path: string;
  readonly #sync: SyncFileSystem;
  /** For those on the way; the other is for the end. */
  readonly #early: number;
  readonly #last: number;
  #nextAt = FIRST_AT;
  /** It is not over until the thread that began it has nothing to do, so that it can be told. */
  #nRunning = 0;
  #isOpen: boolean = true;

  /** To be made before the first byte is written. `undefined` where the system cannot be asked. @throws SystemFault */
  static of(path: string): EarlyFlush | undefined {
    const sync = syncFileSystemCall();
    return sync === undefined ? undefined : new EarlyFlush(path, sync);
  }

  private constructor(path: string, sync: SyncFileSystem) {
    this.#path = path;
    this.#sync = sync;
    try {
      this.#early = openSync(path, constants.O_RDONLY);
      this.#last = openSync(path, constants.O_RDONLY);
    } catch (error) {
      throw new SystemFault('open', path, error);
    }
  }

  /** Begins one where it is time to: the more there is, the more has to come together for the next, so that there are few. */
  written(nFiles: number): void {
    if (nFiles < this.#nextAt) return;
    this.#nextAt = nFiles + Math.max(FIRST_AT, nFiles >> 3);
    this.#nRunning++;
    this.#sync.async(this.#early, () => {
      this.#nRunning--;
      this.#release();
    });
  }

  /** Waits until all is on disk, where any of it was begun. @throws SystemFault also for what failed since the beginning */
  end(): void {
    if (this.#nextAt !== FIRST_AT && this.#sync(this.#last) !== 0)
      throw new SystemFault('sync the file system of', this.#path, { code: 'EIO' });
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#last);
    this.#isOpen = false;
    this.#release();
  }

  #release(): void {
    if (!this.#isOpen && this.#nRunning === 0) closeSync(this.#early);
  }
}
