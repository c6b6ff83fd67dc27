/**
 * Threads that compare files with what is recorded of them: opened, looked at, read, hashed and closed by a loop of machine code, which
 * runs beside the thread that hands files over and needs nothing of it.
 *
 * The memory that the loop is given, words of 8 bytes. It is one of WebAssembly, so that `record-scan.ts` can fill it:
 *
 * | at | |
 * | --- | --- |
 * | 0 | how many files were claimed |
 * | 8 | how many were handed over |
 * | 16 | how many are done |
 * | 24 | not 0: no more will come |
 * | 32 | in how many places files stand, in turn, less one |
 * | 40 | where the first place is |
 * | 48 | the time that files have, seconds; of which 176 says what counts |
 * | 56 to 112 | where functions are: `openat`, `statx`, `read`, `close`, three of SHA-256, `usleep` |
 * | 120 | two halves: how to open, and what `statx` shall say |
 * | 128 | no name, ended by NUL |
 * | 136 | the sixteen digits |
 * | 152 | where this memory is |
 * | 160 | two halves: kind and permissions of files, and of those that may be run |
 * | 168, 176 | the bits that count of owners, and of the time: all or none |
 * | 184 | two halves: which permissions to have means that capabilities are asked for, and are too much; not 0: a file is looked at before it is opened |
 * | 192 | where `fgetxattr` is |
 * | 200 | the name of the attribute that capabilities are in, ended by NUL |
 *
 * A place has 48 bytes: where its path and its hash are (8 each), the open folder that the path is relative to, mode (4 each), size (8);
 * at 32 what came of it, 1 where the file is as recorded; at 40 user and group (4 each). Behind the places is room for whoever hands
 * files over.
 */
import { constants } from 'node:fs';
import {
  type Address,
  type NativeCode,
  type NativeLoop,
  nativeLoop,
  O_CLOEXEC,
  STAT_MASK,
  type Thread,
} from '../../base/index.ts';
import { canonicalMtimeSeconds, executableMode, fileMode } from '../canonical-metadata.ts';
import { LISTINGS } from './machine-code.ts';
import { type RecordScan, recordScan } from './record-scan.ts';
import { fixedMemory, type WebAssemblyMemory } from './web-assembly.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, S_IFREG } = constants;
export const FILE_MODE: number = S_IFREG | fileMode;
export const EXECUTABLE_MODE: number = S_IFREG | executableMode;

/** A power of two. */
export const N_PLACES = 16384;
const PLACE_BYTES = 48;
const PLACE_WORDS: number = PLACE_BYTES / 4;
const HEADER_BYTES = 224;
export const LOOP_BYTES: number = HEADER_BYTES + N_PLACES * PLACE_BYTES;
/** Files are handed over by so many: each time other processors have to look. */
const N_TOGETHER = 64;
/** The last stands apart from the first. */
const FUNCTIONS = ['openat', 'statx', 'read', 'close', 'SHA256_Init', 'SHA256_Update', 'SHA256_Final', 'usleep', 'fgetxattr'];
const N_FIRST: number = FUNCTIONS.length - 1;

const COUNTS = {
  claimed: 0,
  queued: 1,
  done: 2,
  isClosed: 3,
  mask: 4,
  places: 5,
  time: 6,
  functions: 7,
  memory: 19,
  ownerMask: 21,
  timeMask: 22,
  fgetxattr: 24,
} as const;
const ALL = -1n;
const NONE = 0n;
/** Who waits looks as seldom as may be: each look interrupts a thread. No file takes less than this, several threads and all. */
const MICROSECONDS_A_FILE = 0.5;
const MIN_WAIT_MICROSECONDS = 50;
const MAX_WAIT_MICROSECONDS = 2000;
/** Of the upper half of a number of 8 bytes. */
const HIGH: number = 2 ** 32;

/** What is asked of files beside kind, permissions, size and bytes, and who reads what is recorded of them. */
export interface Purpose<Scan> {
  /** Since 1970; `undefined`: any. */
  readonly timeSeconds: number | undefined;
  readonly hasOwners: boolean;
  /** No file with one of these permissions has capabilities. */
  readonly withoutCapabilities: number;
  /** Nothing but files is ever opened: each is looked at by its name first, which walks its path once more. */
  readonly looksFirst: boolean;
  /** Functions that fill places, in the loop's memory. @throws where there are none */
  readonly scanOf: (memory: WebAssemblyMemory) => Scan;
}

const OF_OBJECTS: Purpose<RecordScan> = {
  timeSeconds: canonicalMtimeSeconds,
  hasOwners: false,
  withoutCapabilities: 0,
  looksFirst: false,
  scanOf: (memory) => recordScan(memory),
};

const screenLoop = nativeLoop(LISTINGS, FUNCTIONS);

/** Whether there may be one, before anything is started. */
export const hasFileLoop = (): boolean => screenLoop() !== undefined;

export class FileLoop<Scan = RecordScan> {
  readonly #native: NativeCode;
  readonly #threads: readonly Thread[];
  readonly #counts: BigInt64Array;
  readonly #places: Uint32Array;
  /** All of it: counts, places, and from `LOOP_BYTES` on what belongs to whoever hands files over. */
  readonly memory: Buffer;
  /** Where it is. */
  readonly address: Address;
  /** To be called by `handOver`, where they fill places. */
  readonly records: Scan;
  #nGiven = 0;
  #nTaken = 0;

  /**
   * For files of objects of the store.
   *
   * @param moreBytes  of memory for whoever hands files over
   * @returns `undefined` where files have to be looked at in another way
   */
  static start(nThreads: number, moreBytes: number = 0): FileLoop | undefined {
    return FileLoop.startFor(OF_OBJECTS, nThreads, moreBytes);
  }

  /** @see FileLoop.start */
  static startFor<Scan>(purpose: Purpose<Scan>, nThreads: number, moreBytes: number = 0): FileLoop<Scan> | undefined {
    const loaded = screenLoop();
    if (loaded === undefined) return undefined;
    let loop: FileLoop<Scan>;
    try {
      loop = new FileLoop(loaded, fixedMemory(LOOP_BYTES + moreBytes), purpose, nThreads);
    } catch {
      return undefined; // no WebAssembly, or no room for its memory
    }
    return loop.#threads.length > 0 ? loop : undefined;
  }

  private constructor(
    { native, code, functions, addressOf }: NativeLoop,
    wasm: WebAssemblyMemory,
    { timeSeconds, hasOwners, withoutCapabilities, looksFirst, scanOf }: Purpose<Scan>,
    nThreads: number,
  ) {
    const { buffer } = wasm;
    this.#native = native;
    this.records = scanOf(wasm);
    this.#counts = new BigInt64Array(buffer, 0, HEADER_BYTES / 8);
    this.#places = new Uint32Array(buffer, HEADER_BYTES, (N_PLACES * PLACE_BYTES) / 4);
    this.memory = Buffer.from(buffer);
    const at = addressOf(this.memory);
    this.address = at;
    const counts = this.#counts;
    counts[COUNTS.mask] = BigInt(N_PLACES - 1);
    counts[COUNTS.places] = BigInt(at + HEADER_BYTES);
    counts[COUNTS.time] = BigInt(timeSeconds ?? 0);
    for (const [i, each] of functions.entries()) counts[i < N_FIRST ? COUNTS.functions + i : COUNTS.fgetxattr] = BigInt(each);
    counts[COUNTS.memory] = BigInt(at);
    counts[COUNTS.ownerMask] = hasOwners ? ALL : NONE;
    counts[COUNTS.timeMask] = timeSeconds === undefined ? NONE : ALL;
    const bytes = this.memory;
    bytes.writeInt32LE(O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 120);
    bytes.writeUInt32LE(STAT_MASK, 124);
    bytes.write('0123456789abcdef', 136, 'latin1');
    bytes.writeUInt32LE(FILE_MODE, 160);
    bytes.writeUInt32LE(EXECUTABLE_MODE, 164);
    bytes.writeUInt32LE(withoutCapabilities, 184);
    bytes.writeUInt32LE(looksFirst ? 1 : 0, 188);
    bytes.write('security.capability\0', 200, 'latin1');
    const threads: Thread[] = [];
    for (let i = 0; i < nThreads; i++) {
      const thread = native.start(code, at);
      if (thread !== undefined) threads.push(thread);
    }
    this.#threads = threads;
  }

  /** Whether all places are taken: `drain` makes room. */
  get isFull(): boolean {
    return this.#nGiven - this.#nTaken === N_PLACES;
  }

  /** How many files were handed over. */
  get nGiven(): number {
    return this.#nGiven;
  }

  /**
   * Lets a function of `records` hand over what it reads in `memory`. What places point to stays where it is, and folders open, until
   * `drain` returns.
   *
   * @param scan  is told how many places there are, and says where it stopped
   */
  handOver(scan: (room: number) => number): number {
    this.#publish();
    const stop = scan(N_PLACES - (this.#nGiven - this.#nTaken));
    this.#nGiven = Number(this.#counts[COUNTS.queued]);
    return stop;
  }

  /**
   * Hands a file over; the first has number 0. What it points to stays where it is, and the folder open, until `drain` returns.
   *
   * @param path    ended by NUL, relative to `folder`
   * @param sha256  64 digits
   * @param mode    kind and permissions
   */
  push(path: Address, sha256: Address, folder: number, mode: number, sizeBytes: number, uid: number = 0, gid: number = 0): void {
    const at = (this.#nGiven++ % N_PLACES) * PLACE_WORDS;
    const places = this.#places;
    places[at] = path;
    places[at + 1] = path / HIGH;
    places[at + 2] = sha256;
    places[at + 3] = sha256 / HIGH;
    places[at + 4] = folder;
    places[at + 5] = mode;
    places[at + 6] = sizeBytes;
    places[at + 7] = sizeBytes / HIGH;
    places[at + 8] = 0;
    places[at + 10] = uid;
    places[at + 11] = gid;
    if (this.#nGiven % N_TOGETHER === 0) this.#publish();
  }

  /** Waits for all files that were handed over. @param failed  is told the numbers of those that are not as recorded, ascending */
  drain(failed: (number: number) => void): void {
    this.#publish();
    for (;;) {
      const nLeft = this.#nGiven - Number(Atomics.load(this.#counts, COUNTS.done));
      if (nLeft === 0) break;
      this.#native.sleep(Math.min(Math.max(nLeft * MICROSECONDS_A_FILE, MIN_WAIT_MICROSECONDS), MAX_WAIT_MICROSECONDS));
    }
    for (; this.#nTaken < this.#nGiven; this.#nTaken++)
      if (this.#places[(this.#nTaken % N_PLACES) * PLACE_WORDS + 8] !== 1) failed(this.#nTaken);
  }

  /** Where the hash stands of a file that was handed over, until `drain` has returned and others come. */
  hashOf(number: number): Address {
    const at = (number % N_PLACES) * PLACE_WORDS;
    return this.#places[at + 2]! + this.#places[at + 3]! * HIGH;
  }

  /** Ends the threads. What nobody has claimed is not looked at; what is being looked at is done before this returns. */
  close(): void {
    for (;;) {
      const claimed = Atomics.load(this.#counts, COUNTS.claimed);
      const queued = Atomics.load(this.#counts, COUNTS.queued);
      if (Atomics.compareExchange(this.#counts, COUNTS.claimed, claimed, queued) === claimed) break;
    }
    Atomics.store(this.#counts, COUNTS.isClosed, 1n);
    for (const thread of this.#threads) thread.join();
  }

  #publish(): void {
    Atomics.store(this.#counts, COUNTS.queued, BigInt(this.#nGiven));
  }
}
