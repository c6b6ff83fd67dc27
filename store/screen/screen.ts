/**
 * Tells objects that are as recorded from those that have to be looked at more closely. What it calls intact, is: every byte of it was
 * hashed, every name, kind, mode, time and link target compared. Where there is much to read, threads do that (file-loop.ts).
 */
import { availableParallelism } from 'node:os';
import { type Bytes, fileCalls } from '../../base/index.ts';
import { CallChecker, CHECKER_BYTES } from './by-calls.ts';
import type { Checker } from './checker.ts';
import { FileLoop } from './file-loop.ts';
import { PortableChecker } from './portable.ts';
import { Records } from './records.ts';

/** Of manifests: some three hundred files. Beginning with threads takes as long as looking at a hundred without them. */
const MANY_RECORD_BYTES: number = 1 << 15;
const MANY_BYTES: number = 1 << 23;
/** Beyond, what the threads wait for is the file system. */
const MAX_THREADS = 4;

export type StartLoop = () => FileLoop | undefined;

const startLoop: StartLoop = () => FileLoop.start(Math.min(availableParallelism(), MAX_THREADS), CHECKER_BYTES);

export class Screen {
  readonly #startLoop: StartLoop;
  readonly #portable = new PortableChecker();
  /** `null`: there is none to be had. */
  #withThreads: CallChecker | null | undefined;
  #nRecordBytes = 0;
  #nBytes = 0;

  constructor(start: StartLoop = startLoop) {
    this.#startLoop = start;
  }

  /**
   * @param manifest  by `encodeManifest`
   * @param suspect   is called, now or until `end` returns, where something is not as recorded; maybe more than once
   */
  look(real: Bytes, manifest: Buffer, suspect: () => void): void {
    this.#checkerFor(manifest).look(real, manifest, suspect);
  }

  /** Waits for the threads. */
  end(): void {
    this.#withThreads?.drain();
  }

  close(): void {
    this.#withThreads?.close();
    this.#withThreads = null;
  }

  #checkerFor(manifest: Buffer): Checker {
    if (this.#withThreads === undefined && this.#isMuch(manifest)) {
      const calls = fileCalls();
      const loop = calls === undefined ? undefined : this.#startLoop();
      this.#withThreads = loop === undefined ? null : new CallChecker(calls!, loop);
    }
    return this.#withThreads ?? this.#portable;
  }

  #isMuch(manifest: Buffer): boolean {
    this.#nRecordBytes += manifest.length;
    if (this.#nRecordBytes >= MANY_RECORD_BYTES) return true;
    for (const record = new Records(manifest); record.next(); ) this.#nBytes += record.sizeBytes;
    return this.#nBytes >= MANY_BYTES;
  }
}
