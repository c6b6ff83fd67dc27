/**
 * Other threads that hash, read and write files while the main thread does. Who hands them work waits for none of them: what no lane has
 * claimed the main thread does itself when it needs the slot, so that lanes that start late, or not at all, cost no more than their start.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { laneProgram } from './program.ts';
import { MAIN_THREAD, N_SLOTS, Slots } from './slots.ts';
import { describeSlot, type Work, workOn } from './work.ts';

/** Beyond, what the threads wait for is the file system. */
const MAX_LANES = 3;
/** A thread starts within 30 ms on an idle machine. */
const MAX_START_MS = 200;
/** The young generation of a lane: small, so that it stays in the processor's cache. */
const YOUNG_GENERATION_MIB = 2;

/** As many as processors are idle now, and one where none is: a thread more is a larger share of what there is. */
function nUseful(): number {
  const nProcessors = availableParallelism();
  return nProcessors === 1 ? 0 : Math.min(Math.max(nProcessors - nRunning(), 1), MAX_LANES);
}

/** How many threads of the machine run now, this one among them. @source proc(5), /proc/loadavg */
function nRunning(): number {
  try {
    return Number(/(\d+)\//.exec(readFileSync('/proc/loadavg', 'latin1'))?.[1] ?? 1);
  } catch {
    return 1; // no Linux
  }
}

/** Is told what became of its slot, by the main thread. What it throws comes out of whatever call was waiting for slots. */
export type Finish = (slot: Buffer) => void;

export class Lanes {
  readonly #slots = new Slots();
  readonly #finishes: (Finish | undefined)[] = [];
  #order = 0;
  #nStarted = 0;

  /** @param nLanes  none, or none that start: the main thread does it all, in the same way */
  static start(nLanes: number = nUseful(), program: string = laneProgram()): Lanes {
    return new Lanes(nLanes, program);
  }

  private constructor(nLanes: number, program: string) {
    try {
      this.#startThreads(nLanes, program);
    } catch {
      // No thread is to be had.
    }
  }

  #startThreads(nLanes: number, program: string): void {
    if (nLanes < 1) return;
    const { SHARE_ENV, Worker } = createRequire(import.meta.url)('node:worker_threads') as typeof import('node:worker_threads');
    for (let lane = 0; lane < nLanes; lane++) {
      const worker = new Worker(program, {
        workerData: { memory: this.#slots.memory, lane },
        // Spares a copy. Its type is lost on the way through `require`.
        env: SHARE_ENV as unknown as NodeJS.ProcessEnv,
        execArgv: [],
        trackUnmanagedFds: false,
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MIB },
      });
      // A lane that cannot start is one that claims nothing.
      worker.on('error', () => {});
      worker.unref();
      this.#nStarted++;
    }
  }

  /** Whether work that must be done in order can be handed over. @param isWorthWaiting  until the first lane has started */
  isReady(isWorthWaiting: boolean): boolean {
    return this.#nStarted > 0 && this.#slots.isReady(isWorthWaiting ? MAX_START_MS : 0);
  }

  /** Slots that nobody is done with. */
  get nWaiting(): number {
    return this.#slots.nWaiting;
  }

  /** A slot to be filled, from `FIRST_RECORD` on. The next call is `queue`, with the same slot. */
  take(): { readonly slot: number; readonly bytes: Buffer } {
    const slot = this.#order % N_SLOTS;
    this.#settle(slot);
    return { slot, bytes: this.#slots.bytes(slot) };
  }

  /** @param end  of the records. @param isInOrder  the first lane alone does it, after all like it that were queued before */
  queue(slot: number, work: Work, end: number, isInOrder: boolean, finish: Finish): void {
    describeSlot(this.#slots.bytes(slot), work, end);
    this.#finishes[slot] = finish;
    this.#slots.queue(slot, this.#order++, isInOrder);
  }

  /** Waits for everything that was queued, helping. */
  drain(): void {
    for (let i = 0; i < N_SLOTS; i++) this.#settle((this.#order + i) % N_SLOTS);
  }

  /** Ends the lanes. What was queued and not claimed is not done; what is being done ends before this returns. */
  close(): void {
    for (let slot = this.#slots.claim(MAIN_THREAD); slot !== undefined; slot = this.#slots.claim(MAIN_THREAD))
      this.#slots.finish(slot);
    this.#slots.waitForDone(() => (this.#slots.nWaiting === 0 ? true : undefined));
    this.#slots.close();
  }

  /** Takes a slot back; until it can be, works on others. */
  #settle(slot: number): void {
    if (this.#slots.isFree(slot)) return;
    this.#slots.waitForDone(() => {
      if (this.#slots.isDone(slot)) return true;
      const other = this.#slots.claim(MAIN_THREAD);
      if (other !== undefined) {
        try {
          workOn(this.#slots.bytes(other));
        } finally {
          this.#slots.finish(other);
        }
      }
      return undefined;
    });
    const finish = this.#finishes[slot];
    this.#finishes[slot] = undefined;
    this.#slots.free(slot);
    finish?.(this.#slots.bytes(slot));
  }
}
