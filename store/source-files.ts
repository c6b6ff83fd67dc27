/** How files are read on their way into the store: by `node:fs`, or, where there are very many, by bare system calls. */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import {
  type Address,
  AT_EMPTY_PATH,
  AT_FDCWD,
  type Bytes,
  bytesToPath,
  type FileCalls,
  FileStatus,
  fileCalls,
  O_CLOEXEC,
  STAT_BYTES,
  STAT_MASK,
} from '../base/index.ts';

/** What tells whether a file is still what it was. */
export type InodeData = Pick<Stats, 'dev' | 'ino' | 'mode' | 'size' | 'mtimeMs' | 'ctimeMs'>;

/** What fails throws an error with the code that the system has for it. */
export interface SourceFiles {
  open(realPath: Bytes): number;
  /** Good until the next call. */
  status(fd: number): InodeData;
  /** Reads on, to the start of `buffer`, which is always the same. */
  read(fd: number, buffer: Buffer, sizeBytes: number): number;
  close(fd: number): void;
}

// O_NONBLOCK: a pipe that took the file's place must not make us wait for a writer.
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const portable: SourceFiles = {
  open: (realPath) => openSync(bytesToPath(realPath), READ_ONLY),
  status: (fd) => fstatSync(fd),
  read: (fd, buffer, sizeBytes) => readSync(fd, buffer, 0, sizeBytes, null),
  close: (fd) => closeSync(fd),
};

/** Binding system calls takes as long as reading so many files. */
const MANY_FILES = 2000;

export function sourceFiles(nExpected: number): SourceFiles {
  const calls = nExpected < MANY_FILES ? undefined : fileCalls();
  return calls === undefined ? portable : new CallFiles(calls);
}

class CallFiles implements SourceFiles {
  readonly #calls: FileCalls;
  #path = Buffer.allocUnsafeSlow(4096);
  #pathAt: Address;
  readonly #statusMemory: Uint8Array = new Uint8Array(STAT_BYTES);
  readonly #status: FileStatus = new FileStatus(this.#statusMemory);
  readonly #statusAt: Address;
  readonly #nothing: Buffer = Buffer.alloc(1);
  readonly #nothingAt: Address;
  #buffer: Buffer | undefined;
  #bufferAt: Address = 0;

  constructor(calls: FileCalls) {
    this.#calls = calls;
    this.#pathAt = calls.addressOf(this.#path);
    this.#statusAt = calls.addressOf(this.#statusMemory);
    this.#nothingAt = calls.addressOf(this.#nothing);
  }

  open(realPath: Bytes): number {
    if (realPath.length >= this.#path.length) {
      this.#path = Buffer.allocUnsafeSlow(2 * realPath.length);
      this.#pathAt = this.#calls.addressOf(this.#path);
    }
    this.#path[this.#path.write(realPath, 'latin1')] = 0;
    return this.#checked(this.#calls.openat(AT_FDCWD, this.#pathAt, READ_ONLY | O_CLOEXEC, 0));
  }

  status(fd: number): FileStatus {
    this.#checked(this.#calls.statx(fd, this.#nothingAt, AT_EMPTY_PATH, STAT_MASK, this.#statusAt));
    return this.#status;
  }

  read(fd: number, buffer: Buffer, sizeBytes: number): number {
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#bufferAt = this.#calls.addressOf(buffer);
    }
    return this.#checked(this.#calls.read(fd, this.#bufferAt, sizeBytes));
  }

  close(fd: number): void {
    this.#calls.close(fd);
  }

  #checked(result: number): number {
    if (result === -1) throw Object.assign(new Error('a system call failed'), { code: this.#calls.errorName() });
    return result;
  }
}
