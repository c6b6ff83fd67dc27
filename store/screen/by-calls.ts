/** Looks at objects by bare system calls, whose paths are where the records are, and hands files to the file loop. */
import { constants } from 'node:fs';
import {
  type Address,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  type Bytes,
  countNames,
  type FileCalls,
  FileStatus,
  O_CLOEXEC,
  STAT_BYTES,
  STAT_MASK,
} from '../../base/index.ts';
import { canonicalMtimeSeconds, directoryMode, executableMode, fileMode } from '../write-tree.ts';
import type { Checker } from './checker.ts';
import type { FileLoop } from './file-loop.ts';
import { EXECUTABLE, type Records } from './records.ts';

const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } = constants;
const READ_FOLDER = O_RDONLY | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC;
const FILE_MODE = S_IFREG | fileMode;
const EXECUTABLE_MODE = S_IFREG | executableMode;
/** Room for targets of links and names of folders: more than a target can have. */
const BUFFER_BYTES = 1 << 16;
/** Folders that stay open until their files are done: processes may have a thousand open files. */
const MAX_OPEN = 200;
/** Texts stay in memory as long. */
const MAX_TEXT_BYTES: number = 1 << 25;

/** An object some of whose files may not be done. */
interface Waiting {
  /** The number of its first file. */
  readonly first: number;
  readonly suspect: () => void;
  /** Both stay where they are meanwhile. */
  readonly manifest: Buffer;
  readonly root: Buffer;
}

export class CallChecker implements Checker {
  readonly #calls: FileCalls;
  readonly #loop: FileLoop;
  readonly #data = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  readonly #dataAt: Address;
  readonly #status: FileStatus;
  readonly #statusAt: Address;
  readonly #statusMemory = new Uint8Array(STAT_BYTES);
  #waiting: Waiting[] = [];
  #nWaitingBytes = 0;
  #open: number[] = [];
  #nFiles = 0;
  #object: Waiting | undefined;
  #rootAt: Address = 0;
  #manifestAt: Address = 0;
  /** The folder of the object, once something in it is looked at. */
  #folder = -1;

  constructor(calls: FileCalls, loop: FileLoop) {
    this.#calls = calls;
    this.#loop = loop;
    this.#dataAt = calls.addressOf(this.#data);
    this.#status = new FileStatus(this.#statusMemory);
    this.#statusAt = calls.addressOf(this.#statusMemory);
  }

  object(real: Bytes, manifest: Buffer, suspect: () => void): void {
    if (this.#open.length >= MAX_OPEN || this.#nWaitingBytes >= MAX_TEXT_BYTES) this.drain();
    const root = Buffer.from(`${real}\0`, 'latin1');
    this.#object = { first: this.#nFiles, suspect, manifest, root };
    this.#waiting.push(this.#object);
    this.#nWaitingBytes += manifest.length;
    this.#rootAt = this.#calls.addressOf(root);
    this.#manifestAt = this.#calls.addressOf(manifest);
    this.#folder = -1;
  }

  folder(record: Records): number {
    const fd = record.isRoot ? this.#opened() : this.#calls.openat(this.#opened(), this.#pathAt(record), READ_FOLDER, 0);
    if (fd === -1) return -1;
    try {
      if (!this.#isCanonicalFolder(fd, record)) return -1;
      for (let n = 0; ; ) {
        const nBytes = this.#calls.getdents64(fd, this.#dataAt, BUFFER_BYTES);
        if (nBytes <= 0) return nBytes === 0 ? n : -1;
        n += countNames(this.#data, nBytes);
      }
    } finally {
      if (!record.isRoot) this.#calls.close(fd);
    }
  }

  link(record: Records): boolean {
    const status = this.#status;
    const folder = record.isRoot ? AT_FDCWD : this.#opened();
    const path = record.isRoot ? this.#rootAt : this.#pathAt(record);
    if (this.#calls.statx(folder, path, AT_SYMLINK_NOFOLLOW, STAT_MASK, this.#statusAt) !== 0) return false;
    if ((status.mode & S_IFMT) !== S_IFLNK || status.mtimeSeconds !== canonicalMtimeSeconds) return false;
    const length = this.#calls.readlinkat(folder, path, this.#dataAt, BUFFER_BYTES);
    return length !== -1 && this.#data.toString('latin1', 0, length) === record.target;
  }

  file(record: Records): boolean {
    const { isRoot, sizeBytes } = record;
    if (!Number.isSafeInteger(sizeBytes)) return false;
    if (this.#loop.isFull) this.drain();
    this.#nFiles++;
    this.#loop.push(
      isRoot ? this.#rootAt : this.#pathAt(record),
      this.#manifestAt + record.hashAt,
      isRoot ? AT_FDCWD : this.#opened(),
      record.kind === EXECUTABLE ? EXECUTABLE_MODE : FILE_MODE,
      sizeBytes,
    );
    return true;
  }

  /** Waits for all files. Those of the object that is being looked at may go on coming. */
  drain(): void {
    const object = this.#object;
    const waiting = this.#waiting;
    let at = 0;
    this.#loop.drain((file) => {
      while (at + 1 < waiting.length && waiting[at + 1]!.first <= file) at++;
      waiting[at]!.suspect();
    });
    this.#waiting = object === undefined ? [] : [object];
    this.#nWaitingBytes = object?.manifest.length ?? 0;
    for (const fd of this.#open) if (fd !== this.#folder) this.#calls.close(fd);
    this.#open = this.#folder === -1 ? [] : [this.#folder];
  }

  close(): void {
    this.#loop.close();
    for (const fd of this.#open.splice(0)) this.#calls.close(fd);
  }

  #pathAt = (record: Records): Address => this.#manifestAt + record.pathAt;

  /** -1, which is no folder, where it cannot be opened. */
  #opened(): number {
    if (this.#folder === -1) {
      this.#folder = this.#calls.openat(AT_FDCWD, this.#rootAt, READ_FOLDER, 0);
      if (this.#folder !== -1) this.#open.push(this.#folder);
    }
    return this.#folder;
  }

  #isCanonicalFolder(fd: number, record: Records): boolean {
    const nothing = this.#manifestAt + record.pathEnd;
    return (
      this.#calls.statx(fd, nothing, AT_EMPTY_PATH, STAT_MASK, this.#statusAt) === 0 &&
      this.#status.mode === (S_IFDIR | directoryMode) &&
      this.#status.mtimeSeconds === canonicalMtimeSeconds
    );
  }
}
