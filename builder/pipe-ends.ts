/**
 * Reads what programs write into pipes. Node's own way to a pipe, `node:net`, brings all of its streams: 6 ms before the first byte,
 * which is more than a small build takes. So for the first moments of a program this thread waits for its pipes by calls of `poll`,
 * between the turns of the event loop; one that goes on for longer gets a socket of Node's, which is loaded while it runs.
 *
 * @source docs/decisions/0022-quick-builds.md
 */
import { EventEmitter } from 'node:events';
import { closeSync, readSync } from 'node:fs';
import { Socket } from 'node:net';

/** What is read, as it comes. Chunks are the listener's own. */
export interface Output {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** `poll` of the C library. */
export type PollCall = (ends: Buffer, count: number, timeoutMs: number) => number;

/** The longest that everything else in this thread waits for a pipe. */
const TURN_MS = 1;

/** After so many turns with nothing to do and nothing to read Node's socket takes over. */
const MAX_IDLE_TURNS = 20;

/** All that a pipe holds. */
const CHUNK_BYTES = 1 << 16;

/** One end of a pipe, ours, which is closed when the other has ended. Emits `data`, `error` and, last, `close`. */
export class PipeEnd extends EventEmitter implements Output {
  readonly #fd: number;
  readonly #isWritable: boolean;
  readonly #watch: Watch;
  #nIdleTurns = 0;

  /** @param isWritable  the other end is told when we close this one, or end */
  constructor(poll: PollCall, fd: number, isWritable: boolean) {
    super();
    this.#fd = fd;
    this.#isWritable = isWritable;
    this.#watch = watchOf(poll);
    this.#watch.add(this);
  }

  get fd(): number {
    return this.#fd;
  }

  /** There is something to read, or the end. */
  read(scratch: Buffer): void {
    try {
      const nBytes = readSync(this.#fd, scratch);
      if (nBytes > 0) this.emit('data', Buffer.from(scratch.subarray(0, nBytes)));
      else this.#close();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall !== 'read') throw error;
      this.#close(error as Error);
    }
  }

  /** Nothing was to be read. @returns whether a socket reads from now on */
  giveAway(): boolean {
    if (++this.#nIdleTurns < MAX_IDLE_TURNS) return false;
    const socket = new Socket({ fd: this.#fd, readable: true, writable: this.#isWritable });
    socket.on('data', (chunk) => this.emit('data', chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.emit('close'));
    return true;
  }

  #close(error?: Error): void {
    this.#watch.remove(this);
    closeSync(this.#fd);
    if (error !== undefined) this.#fail(error);
    this.emit('close');
  }

  /** Mostly the other side went first: nobody has to listen. */
  #fail(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }
}

let shared: Watch | undefined;

const watchOf = (poll: PollCall): Watch => {
  shared ??= new Watch(poll);
  return shared;
};

/** struct pollfd: descriptor, what is asked for, what is so. */
const POLLFD_BYTES = 8;
const POLLIN = 1;

/** Waits for all of them at once, a little in each turn of the event loop. */
class Watch {
  readonly #poll: PollCall;
  readonly #ends = new Set<PipeEnd>();
  #asked: Buffer = Buffer.alloc(0);
  #scratch: Buffer | undefined;
  #isWaiting: boolean = false;
  /** What this thread has to do besides comes first. */
  #timeoutMs = 0;

  constructor(poll: PollCall) {
    this.#poll = poll;
  }

  add(end: PipeEnd): void {
    this.#ends.add(end);
    this.#timeoutMs = 0;
    this.#wait();
  }

  remove(end: PipeEnd): void {
    this.#ends.delete(end);
  }

  #wait(): void {
    if (this.#isWaiting || this.#ends.size === 0) return;
    this.#isWaiting = true;
    setImmediate(() => {
      this.#isWaiting = false;
      try {
        this.#look();
      } finally {
        this.#wait();
      }
    });
  }

  #look(): void {
    const ends = [...this.#ends];
    const asked = this.#ask(ends);
    const nReady = this.#poll(asked, ends.length, this.#timeoutMs);
    const hasWaited = nReady <= 0 && this.#timeoutMs > 0;
    this.#timeoutMs = nReady > 0 ? 0 : TURN_MS;
    if (nReady > 0) {
      this.#scratch ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
      for (const [at, end] of ends.entries()) {
        if (asked.readInt16LE(at * POLLFD_BYTES + 6) !== 0 && this.#ends.has(end)) end.read(this.#scratch);
      }
    }
    if (hasWaited) for (const end of ends) if (end.giveAway()) this.#ends.delete(end);
  }

  #ask(ends: readonly PipeEnd[]): Buffer {
    if (this.#asked.length < ends.length * POLLFD_BYTES) this.#asked = Buffer.alloc(ends.length * POLLFD_BYTES * 2);
    for (const [at, { fd }] of ends.entries()) {
      this.#asked.writeInt32LE(fd, at * POLLFD_BYTES);
      this.#asked.writeInt32LE(POLLIN, at * POLLFD_BYTES + 4);
    }
    return this.#asked;
  }
}
