/**
 * Memory that threads share to hand each other work: slots of 260 KiB, each filled by the main thread, claimed by whoever is free, and
 * taken back by the main thread. What is in a slot is for `work.ts` to say.
 *
 * ```
 * free ──fill──▶ queued ──claim──▶ claimed ──finish──▶ done ──take back──▶ free
 * ```
 */

export const SLOT_BYTES: number = (1 << 18) + 4096;
/** Half of it is being filled or taken back while the other half is worked on. */
export const N_SLOTS = 16;

/**
 * A slot's word: its state; whether the first lane alone may claim it, since its like must be worked on in order; and in which order it was
 * queued, which goes round after 2²⁹. All in one, so that who claims what it saw queued does not get what was queued there since.
 */
const FREE = 0;
const QUEUED = 1;
const CLAIMED = 2;
const DONE = 3;
const STATE_MASK = 3;
const IS_IN_ORDER = 4;
const ORDER_SHIFT = 3;

/** Numbers before the words of the slots. */
const QUEUED_COUNT = 0;
const DONE_COUNT = 1;
const IS_CLOSED = 2;
const N_READY = 3;
const WORDS = 4;
const N_NUMBERS: number = WORDS + N_SLOTS;

/** Where the slots start, so that they are aligned. */
const HEADER_BYTES = 4096;

export const MAIN_THREAD = -1;

/** Copies `source` to `at`. Not `set`, which copies to shared memory byte by byte, as if others looked on: 30 times slower. */
export function copyBytes(source: Uint8Array, slot: Buffer, at: number): void {
  const bytes = Buffer.isBuffer(source) ? source : Buffer.from(source.buffer, source.byteOffset, source.length);
  bytes.copy(slot, at);
}

/** The same memory, seen by one thread. */
export class Slots {
  readonly memory: SharedArrayBuffer;
  readonly #numbers: Int32Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(HEADER_BYTES + N_SLOTS * SLOT_BYTES)) {
    this.memory = memory;
    this.#numbers = new Int32Array(memory, 0, N_NUMBERS);
  }

  bytes(slot: number): Buffer {
    return Buffer.from(this.memory, HEADER_BYTES + slot * SLOT_BYTES, SLOT_BYTES);
  }

  isFree = (slot: number): boolean => this.#state(slot) === FREE;
  isDone = (slot: number): boolean => this.#state(slot) === DONE;

  /** Slots that are not done with. */
  get nWaiting(): number {
    let n = 0;
    for (let slot = 0; slot < N_SLOTS; slot++) {
      const state = this.#state(slot);
      if (state === QUEUED || state === CLAIMED) n++;
    }
    return n;
  }

  /** By the main thread alone, in rising order. */
  queue(slot: number, order: number, isInOrder: boolean): void {
    Atomics.store(this.#numbers, WORDS + slot, (order << ORDER_SHIFT) | (isInOrder ? IS_IN_ORDER : 0) | QUEUED);
    Atomics.add(this.#numbers, QUEUED_COUNT, 1);
    Atomics.notify(this.#numbers, QUEUED_COUNT);
  }

  /** The slot that was queued first of those that a thread may claim. @param lane  its number, or `MAIN_THREAD` */
  claim(lane: number): number | undefined {
    for (;;) {
      if (this.#oldest(lane) === undefined) return undefined;
      // While the first look went from slot to slot, one that it had passed may have been queued, and then the one that it found. What was
      // queued before that is there by now.
      const found = this.#oldest(lane);
      if (found === undefined) continue;
      const { slot, word } = found;
      if (Atomics.compareExchange(this.#numbers, WORDS + slot, word, (word & ~STATE_MASK) | CLAIMED) === word) return slot;
    }
  }

  #oldest(lane: number): { readonly slot: number; readonly word: number } | undefined {
    let oldest: { readonly slot: number; readonly word: number } | undefined;
    for (let slot = 0; slot < N_SLOTS; slot++) {
      const word = Atomics.load(this.#numbers, WORDS + slot);
      if ((word & STATE_MASK) !== QUEUED || ((word & IS_IN_ORDER) !== 0 && lane !== 0)) continue;
      if (oldest === undefined || ((word - oldest.word) | 0) < 0) oldest = { slot, word };
    }
    return oldest;
  }

  /** By who has claimed it. */
  finish(slot: number): void {
    Atomics.store(this.#numbers, WORDS + slot, DONE);
    Atomics.add(this.#numbers, DONE_COUNT, 1);
    Atomics.notify(this.#numbers, DONE_COUNT);
  }

  /** By the main thread alone, from `done`. */
  free(slot: number): void {
    Atomics.store(this.#numbers, WORDS + slot, FREE);
  }

  /** Waits until `look` finds something: it is asked again whenever a slot is done. By the main thread. */
  waitForDone<T>(look: () => T | undefined): T {
    for (;;) {
      const seen = Atomics.load(this.#numbers, DONE_COUNT);
      const found = look();
      if (found !== undefined) return found;
      Atomics.wait(this.#numbers, DONE_COUNT, seen);
    }
  }

  /** By a lane. @returns the slot it has claimed; `undefined` when there will be no more */
  nextClaimed(lane: number): number | undefined {
    for (;;) {
      const seen = Atomics.load(this.#numbers, QUEUED_COUNT);
      const slot = this.claim(lane);
      if (slot !== undefined) return slot;
      if (Atomics.load(this.#numbers, IS_CLOSED) !== 0) return undefined;
      Atomics.wait(this.#numbers, QUEUED_COUNT, seen);
    }
  }

  /** By the first lane, which alone may claim what must be done in order. */
  sayReady(): void {
    Atomics.store(this.#numbers, N_READY, 1);
    Atomics.notify(this.#numbers, N_READY);
  }

  isReady(timeoutMs: number): boolean {
    Atomics.wait(this.#numbers, N_READY, 0, timeoutMs);
    return Atomics.load(this.#numbers, N_READY) !== 0;
  }

  /** Lanes end when nothing is queued. */
  close(): void {
    Atomics.store(this.#numbers, IS_CLOSED, 1);
    Atomics.add(this.#numbers, QUEUED_COUNT, 1);
    Atomics.notify(this.#numbers, QUEUED_COUNT);
  }

  #state(slot: number): number {
    return Atomics.load(this.#numbers, WORDS + slot) & STATE_MASK;
  }
}
