/** The output of a build: kept whole in a file, its last lines and current phase in memory. */
import {
  appendFileSync,
  chmodSync,
  closeSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  unlinkSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { bytesToText, sys, writeAll } from '../base/index.ts';
import type { ObjectStore, StorePath } from '../store/index.ts';
import { runningLogPath } from './running-log.ts';

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
 * The file takes its place when the build ends, whatever the end, unless it could not be written: a log is of one build or of none.
 * Until then it can be followed.
 */
export class BuildLog {
  readonly path: string;
  readonly #temporary: string;
  readonly #fd: number;
  readonly #listener: LogListener;
  readonly #last: string[] = [];
  #pending: Buffer = Buffer.alloc(0);
  #phase: string | undefined;
  /** One that filled the disk would keep it full: nothing but a newer build would ever remove it. */
  #isWhole: boolean = true;

  /** @throws SystemFault the file cannot be made */
  constructor(store: Pick<ObjectStore, 'home' | 'logPath'>, drvPath: StorePath, listener: LogListener) {
    const path = store.logPath(drvPath);
    this.path = path;
    this.#temporary = runningLogPath(store.home, drvPath);
    this.#listener = listener;
    this.#fd = sys('write the log', path, () => {
      const made = [path, this.#temporary].map((file) => [mkdirSync(dirname(file), { recursive: true }), dirname(file)] as const);
      const fd = openSync(this.#temporary, 'w', 0o644);
      if ((fstatSync(fd).mode & 0o044) === 0) letRead(store.home, fd, made);
      return fd;
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
    try {
      sys('write the log', this.path, () => writeAll(this.#fd, chunk));
    } catch (error) {
      this.#isWhole = false;
      throw error;
    }
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
    sys('write the log', this.path, () => {
      if (this.#isWhole) renameSync(this.#temporary, this.path);
      else unlinkSync(this.#temporary);
    });
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

/** Who may read the store may read its logs, whatever the umask of this run: it was made by others. */
function letRead(home: string, fd: number, made: readonly (readonly [first: string | undefined, last: string])[]): void {
  if ((statSync(`${home}/var`).mode & 0o005) !== 0o005) return;
  fchmodSync(fd, 0o644);
  for (const [first, last] of made) {
    if (first === undefined) continue;
    for (let at = last; ; at = dirname(at)) {
      chmodSync(at, 0o755);
      if (at === first) break;
    }
  }
}

/** Lines of igos itself behind the output of a build that has ended. */
export function addToLog(path: string, lines: readonly string[]): void {
  sys('write the log', path, () => appendFileSync(path, lines.map((line) => `igos: ${line}\n`).join('')));
}
