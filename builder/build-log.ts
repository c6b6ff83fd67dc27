/** The output of a build: kept whole in a file, its last lines and current phase in memory. */
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { bytesToText, sys, temporaryName, writeAll } from '../base/index.ts';
import { derivationName, type ObjectStore, type StorePath } from '../store/index.ts';
import { buildFault, isMissing } from './build-fault.ts';

/** Lines shown when a build fails. */
const SHOWN_LINES = 25;

/** Longer lines are cut for showing; the file has them whole. */
const MAX_LINE_BYTES = 4096;

const PHASE = /^@igos phase ([\w.-]{1,64})$/;

export interface LogListener {
  onLine(line: string): void;
  onPhase(phase: string): void;
}

/**
 * Takes the bytes of one build. `@igos phase NAME` on a line of its own marks the beginning of a phase and is not output.
 * The file takes its place when the build ends, whatever the end: a log is of one build or of none.
 */
export class BuildLog {
  readonly path: string;
  readonly #temporary: string;
  readonly #fd: number;
  readonly #listener: LogListener;
  readonly #last: string[] = [];
  #pending: Buffer = Buffer.alloc(0);
  #phase: string | undefined;

  /** @throws SystemFault the file cannot be made */
  constructor(path: string, listener: LogListener) {
    this.path = path;
    this.#temporary = temporaryName(path);
    this.#listener = listener;
    this.#fd = sys('write the log', path, () => {
      mkdirSync(dirname(path), { recursive: true });
      return openSync(this.#temporary, 'wx', 0o644);
    });
  }

  /** The phase that ran last. */
  get phase(): string | undefined {
    return this.#phase;
  }

  /** At most the last 25 lines. */
  get lastLines(): readonly string[] {
    return this.#last;
  }

  write(chunk: Uint8Array): void {
    sys('write the log', this.path, () => writeAll(this.#fd, chunk));
    let rest =
      this.#pending.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([this.#pending, chunk]);
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      this.#line(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
    }
    // An endless line is kept to what can be shown of it.
    this.#pending = Buffer.from(rest.subarray(0, MAX_LINE_BYTES));
  }

  close(): void {
    if (this.#pending.length > 0) this.#line(this.#pending);
    this.#pending = Buffer.alloc(0);
    closeSync(this.#fd);
    sys('write the log', this.path, () => renameSync(this.#temporary, this.path));
  }

  #line(bytes: Buffer): void {
    const line = bytesToText(bytes.subarray(0, MAX_LINE_BYTES).toString('latin1')).replace(/\r$/, '');
    const phase = PHASE.exec(line)?.[1];
    if (phase !== undefined) {
      this.#phase = phase;
      this.#listener.onPhase(phase);
      return;
    }
    this.#last.push(line);
    if (this.#last.length > SHOWN_LINES) this.#last.shift();
    this.#listener.onLine(line);
  }
}

/** Lines of igos itself behind the output of a build that has ended. */
export function addToLog(path: string, lines: readonly string[]): void {
  sys('write the log', path, () => appendFileSync(path, lines.map((line) => `igos: ${line}\n`).join('')));
}

/** The output of the newest build of a derivation on this machine, as bytes. @throws Fault E-BUILD-016 there is none */
export function readLog(store: ObjectStore, drvPath: StorePath): Buffer {
  const path = store.logPath(drvPath);
  try {
    return sys('read the log', path, () => readFileSync(path));
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw buildFault('E-BUILD-016', `there is no log of '${derivationName(drvPath)}'`, {
      hints: ['only what was built here has a log: igos realize --check makes one'],
    });
  }
}
