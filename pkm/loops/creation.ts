/**
 * A thread of the C library that makes files while the main thread goes on: opened as new, written, given their time, closed, by a loop of
 * machine code.
 *
 * The memory that the loop is given, a table, words of 8 bytes:
 *
 * | at | |
 * | --- | --- |
 * | 0 | where the next table is; 0: nowhere yet, 1: none can be added any more, the thread ends |
 * | 8 | 1 once every file of it was tried |
 * | 16, 24 | how many files there are, and where the first place is |
 * | 32, 40, 48, 56 | where functions are: `openat`, `write`, `futimens`, `close` |
 * | 64 | two halves: the open folder that names are relative to, and how they are opened |
 * | 72 to 103 | times of access and modification, seconds and nanoseconds |
 *
 * A place has 32 bytes: where its name is, where its bytes are, how many, 8 each; at 24, four bytes, its mode; at 28, what came of it, 1
 * where it is there. Names are behind them.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { type Address, type NativeLoop, nativeLoop, O_CLOEXEC, type Thread } from '../../base/index.ts';
import { CREATION } from './machine-code.ts';

const HEADER_BYTES = 104;
const PLACE_BYTES = 32;
const PLACE_WORDS: number = PLACE_BYTES / 4;
/** Of the upper half of a number of 8 bytes. */
const HIGH: number = 2 ** 32;
/** Fewer are not worth handing over. */
const TABLE_FILES = 64;
const TABLE_BYTES: number = 1 << 20;
/** Memory that waits to be written. */
const WAITING_BYTES: number = 24 << 20;
/** What a file takes beside its bytes, about. */
const FILE_BYTES = 512;
const WAIT_MICROSECONDS = 200;
/** As in the table. */
const NO_TABLE = 0n;
const ENDED = 1n;
const CREATE: number = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW | O_CLOEXEC;

export interface NewFile {
  /** In the folder. */
  readonly name: string;
  /** Stays as it is until the file is made. */
  readonly data: Uint8Array;
  /** None of whose bits the process's mask takes away. */
  readonly mode: number;
}

const creationLoop = nativeLoop(CREATION, ['openat', 'write', 'futimens', 'close']);

interface Table {
  readonly memory: Buffer;
  /** The same: next, and whether all was tried. */
  readonly words: BigInt64Array;
  readonly at: Address;
  readonly sizeBytes: number;
  /** Once it is let go of: those that could not be made. */
  files: readonly NewFile[];
  isLetGo: boolean;
}

const isTried = (table: Table): boolean => Atomics.load(table.words, 1) === 1n;

/** What is there need not be in memory any more. */
function letGo(table: Table): void {
  const places = new Uint32Array(table.memory.buffer, HEADER_BYTES, table.files.length * PLACE_WORDS);
  table.files = table.files.filter((_, index) => places[index * PLACE_WORDS + 7] !== 1);
  table.isLetGo = true;
  nWaitingBytes -= table.sizeBytes;
}

/** One thread at a time, that does one table after the other and ends when there is none. */
class Line {
  #thread: Thread | undefined;
  /** Of the thread: it may still ask for the next one of any of them. */
  #tables: Table[] = [];

  /** @returns false where no thread is to be had */
  add({ native, code }: NativeLoop, table: Table): boolean {
    const last = this.#tables.at(-1);
    if (last !== undefined && Atomics.compareExchange(last.words, 0, NO_TABLE, BigInt(table.at)) !== ENDED) {
      this.#tables.push(table);
      return true;
    }
    this.end();
    this.#thread = native.start(code, table.at);
    if (this.#thread !== undefined) this.#tables.push(table);
    return this.#thread !== undefined;
  }

  /** Waits until all is done. */
  end(): void {
    this.#thread?.join();
    this.#thread = undefined;
    this.#tables = [];
  }
}

/** Beside the main thread, as many as there are processors for. Names in one folder go one after the other anyway. */
let lines: Line[] | undefined;
let nextLine = 0;
/** What is on its way. Whoever lets go of it before it is done takes memory away that is read. */
let waiting: Table[] = [];
let nWaitingBytes = 0;
const atWork = new Set<FileMaker>();

function letGoOfTried(): void {
  if (!waiting.some(isTried)) return;
  for (const table of waiting) if (isTried(table)) letGo(table);
  waiting = waiting.filter(({ isLetGo }) => !isLetGo);
}

function startTable(loop: NativeLoop, table: Table): void {
  lines ??= Array.from({ length: Math.min(4, Math.max(1, availableParallelism() - 1)) }, () => new Line());
  for (;;) {
    letGoOfTried();
    if (waiting.length === 0 || nWaitingBytes + table.sizeBytes <= WAITING_BYTES) break;
    loop.native.sleep(WAIT_MICROSECONDS);
  }
  waiting.push(table);
  nWaitingBytes += table.sizeBytes;
  // Where no thread is to be had, none of its files is made.
  if (!lines[nextLine++ % lines.length]!.add(loop, table)) Atomics.store(table.words, 1, 1n);
}

/** Waits until nothing is on its way any more. What could not be made is told by `FileMaker.end`. */
export function settleFiles(): void {
  for (const line of lines ?? []) line.end();
  letGoOfTried();
  for (const maker of atWork) maker.settle();
}

/** Makes files in a folder, while whoever adds them goes on. */
export class FileMaker {
  readonly #loop: NativeLoop;
  readonly #mtimeSeconds: number;
  #fd: number;
  #files: NewFile[] = [];
  #nBytes = 0;
  #tables: Table[] = [];
  /** Could not be made. */
  #left: NewFile[] = [];

  /** @returns `undefined` where there is no loop, or no such folder: files have to be made in another way */
  static open(folder: string, mtimeSeconds: number): FileMaker | undefined {
    const loop = creationLoop();
    try {
      return loop === undefined ? undefined : new FileMaker(loop, folder, mtimeSeconds);
    } catch {
      return undefined;
    }
  }

  private constructor(loop: NativeLoop, folder: string, mtimeSeconds: number) {
    this.#loop = loop;
    this.#mtimeSeconds = mtimeSeconds;
    this.#fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    atWork.add(this);
  }

  add(file: NewFile): void {
    this.#files.push(file);
    this.#nBytes += file.data.length + FILE_BYTES;
    if (this.#files.length >= TABLE_FILES || this.#nBytes >= TABLE_BYTES) this.flush();
  }

  /** Begins with what was added last. */
  flush(): void {
    const files = this.#files;
    if (files.length === 0) return;
    const table = this.#table(files, this.#nBytes);
    this.#files = [];
    this.#nBytes = 0;
    startTable(this.#loop, table);
    this.#tables.push(table);
  }

  /**
   * Waits for all that was added, the last thing that is done with it or not.
   * @returns files that could not be made, of which a part may be there
   */
  end(): readonly NewFile[] {
    this.flush();
    for (const table of this.#tables) while (!isTried(table)) this.#loop.native.sleep(WAIT_MICROSECONDS);
    letGoOfTried();
    this.settle();
    const left = this.#left;
    this.#left = [];
    return left;
  }

  /** To be called when everything was tried. */
  settle(): void {
    for (const { files } of this.#tables) this.#left.push(...files);
    this.#tables = [];
    this.#left.push(...this.#files);
    this.#files = [];
    this.#nBytes = 0;
    if (this.#fd !== -1) closeSync(this.#fd);
    this.#fd = -1;
    atWork.delete(this);
  }

  #table(files: readonly NewFile[], sizeBytes: number): Table {
    const { addressOf, functions } = this.#loop;
    const namesAt = HEADER_BYTES + files.length * PLACE_BYTES;
    const names = `${files.map(({ name }) => name).join('\0')}\0`;
    const memory = Buffer.allocUnsafeSlow((namesAt + Buffer.byteLength(names) + 7) & ~7).fill(0, 0, namesAt);
    memory.write(names, namesAt);
    const at = addressOf(memory);
    const words = new BigInt64Array(memory.buffer, 0, HEADER_BYTES / 8);
    words[2] = BigInt(files.length);
    words[3] = BigInt(at + HEADER_BYTES);
    for (const [index, address] of functions.entries()) words[4 + index] = BigInt(address);
    memory.writeInt32LE(this.#fd, 64);
    memory.writeInt32LE(CREATE, 68);
    words[9] = BigInt(this.#mtimeSeconds);
    words[11] = BigInt(this.#mtimeSeconds);
    const places = new Uint32Array(memory.buffer, HEADER_BYTES, files.length * PLACE_WORDS);
    let name = at + namesAt;
    let place = 0;
    let base = 0;
    let buffer: ArrayBufferLike | undefined;
    for (const file of files) {
      const { data } = file;
      if (data.buffer !== buffer) {
        buffer = data.buffer;
        base = addressOf(data) - data.byteOffset;
      }
      const from = base + data.byteOffset;
      places[place] = name;
      places[place + 1] = name / HIGH;
      places[place + 2] = from;
      places[place + 3] = from / HIGH;
      places[place + 4] = data.length;
      places[place + 5] = data.length / HIGH;
      places[place + 6] = file.mode;
      name += Buffer.byteLength(file.name) + 1;
      place += PLACE_WORDS;
    }
    return { memory, words, at, sizeBytes, files, isLetGo: false };
  }
}
