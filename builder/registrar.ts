/**
 * Hands what builds made to the store, several at a time: registering costs two waits for the disk and a transaction however many
 * objects there are, which is more than a small build.
 */
import { uptimeMs } from '../base/index.ts';
import type { ObjectStore, Realisation } from '../store/index.ts';
import type { Finished } from './build-one.ts';
import { removeScratch } from './remove.ts';

/** At most this much work is done again after a crash. */
const FLUSH_MS = 100;

/** From then on realisations are written with the next outputs: where builds follow each other, they need no transaction of their own. */
const RIDE_MS = 50;

interface Waiting {
  readonly finished: Finished;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Registrar {
  readonly #store: ObjectStore;
  readonly #waiting: Waiting[] = [];
  /** What came of builds and look-ups. */
  #realisations: Realisation[] = [];
  /** When the first of these came. */
  #rememberedAt: number | undefined;
  /** Of builds whose realisations are not written yet: only what is written down is found by whoever waits for the locks. */
  readonly #locks: Disposable[] = [];
  readonly #removable: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Of a flush that nobody waited for. */
  #failure: { error: unknown } | undefined;
  #sweep: NodeJS.Immediate | undefined;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Resolves when the outputs are in the store, at the next flush. @throws Fault, SystemFault */
  async add(finished: Finished): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ finished, resolve, reject });
    this.#flushSoon();
    await promise;
  }

  /** Writes these down by the next flush, and lets go of the lock then. */
  remember(realisations: readonly Realisation[], lock?: Disposable): void {
    this.#rememberedAt ??= uptimeMs();
    this.#realisations.push(...realisations);
    if (lock !== undefined) this.#locks.push(lock);
    this.#flushSoon();
  }

  /** Registers what waits. What only a look-up needs, the realisations, may wait a little longer. */
  registerNow(): void {
    const all = this.#waiting.splice(0);
    if (all.length === 0) return;
    const isDue = this.#rememberedAt !== undefined && uptimeMs() - this.#rememberedAt >= RIDE_MS;
    try {
      this.#store.adopt(
        all.flatMap(({ finished }) => finished.outputs.objects),
        isDue ? this.#realisations : [],
      );
      if (isDue) this.#forget();
      for (const { resolve } of all) resolve();
    } catch (error) {
      // Which of them is at fault is seen by taking them one by one.
      if (all.length === 1) all[0]!.reject(error);
      else for (const each of all) this.#registerAlone(each);
    } finally {
      this.#removable.push(...all.map(({ finished }) => finished.scratch));
      // The next builds start first.
      this.#sweep ??= setImmediate(() => this.#removeScratches());
    }
  }

  /** All that waits, at once. @param notes  for the store's cache @throws SystemFault the realisations cannot be written */
  flush(notes: readonly (readonly [key: string, value: string])[] = []): void {
    this.registerNow();
    try {
      this.#store.addRealisations(this.#realisations, notes);
    } finally {
      this.#forget();
    }
  }

  /** What was remembered is written down, or never will be. */
  #forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#rememberedAt = undefined;
    this.#realisations = [];
    for (const lock of this.#locks.splice(0)) lock[Symbol.dispose]();
  }

  /** Flushes, and leaves nothing behind. @param notes  for the store's cache @throws SystemFault what could not be written, now or before */
  close(notes: readonly (readonly [key: string, value: string])[]): void {
    try {
      this.flush(notes);
    } finally {
      clearImmediate(this.#sweep);
      this.#removeScratches();
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #registerAlone({ finished, resolve, reject }: Waiting): void {
    try {
      this.#store.adopt(finished.outputs.objects);
      resolve();
    } catch (error) {
      reject(error);
    }
  }

  #removeScratches(): void {
    this.#sweep = undefined;
    for (const scratch of this.#removable.splice(0)) {
      try {
        removeScratch(scratch);
      } catch (error) {
        this.#failure ??= { error };
      }
    }
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => {
      try {
        this.flush();
      } catch (error) {
        this.#failure ??= { error };
      }
    }, FLUSH_MS);
  }
}
