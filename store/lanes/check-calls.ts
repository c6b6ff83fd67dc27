/** Looks at entries of objects by bare system calls, whose paths are where the records are. */
import { createHash, hash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  type Address,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  countNames,
  type FileCalls,
  FileStatus,
  O_CLOEXEC,
  STAT_BYTES,
  STAT_MASK,
} from '../../base/index.ts';
import { canonicalMtimeSeconds, directoryMode, executableMode, fileMode } from '../write-tree.ts';
import type { Checker } from './check.ts';
import type { Records } from './records.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } = constants;
const READ_FILE = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
const READ_FOLDER = O_RDONLY | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC;
const BUFFER_SIZE = 1 << 20;

/** Memory of this thread that calls write to. */
interface Scratch {
  readonly data: Buffer;
  readonly dataAt: Address;
  readonly status: FileStatus;
  readonly statusAt: Address;
}

let scratch: Scratch | undefined;
let statusMemory: Uint8Array | undefined;

function makeScratch(calls: FileCalls): Scratch {
  const data = Buffer.allocUnsafeSlow(BUFFER_SIZE);
  statusMemory = new Uint8Array(STAT_BYTES);
  return {
    data,
    dataAt: calls.addressOf(data),
    status: new FileStatus(statusMemory),
    statusAt: calls.addressOf(statusMemory),
  };
}

export class CallChecker implements Checker {
  readonly #calls: FileCalls;
  /** Where the text of the records is. */
  readonly #textAt: Address;
  readonly #scratch: Scratch;
  #rootAt: Address = 0;
  /** The folder of the object, once something in it is looked at. */
  #folder = -1;

  /** @param text  that of the records, which stays where it is */
  constructor(calls: FileCalls, text: Buffer) {
    this.#calls = calls;
    this.#textAt = calls.addressOf(text);
    scratch ??= makeScratch(calls);
    this.#scratch = scratch;
  }

  object(record: Records): void {
    this.close();
    this.#rootAt = this.#textAt + record.pathAt;
  }

  folder(record: Records): number {
    const { dataAt, data } = this.#scratch;
    const fd = this.#open(record, READ_FOLDER);
    if (fd === -1) return -1;
    try {
      if (!this.#isCanonical(fd, record, S_IFDIR | directoryMode)) return -1;
      for (let n = 0; ; ) {
        const nBytes = this.#calls.getdents64(fd, dataAt, BUFFER_SIZE);
        if (nBytes <= 0) return nBytes === 0 ? n : -1;
        n += countNames(data, nBytes);
      }
    } finally {
      this.#calls.close(fd);
    }
  }

  link(record: Records): boolean {
    const { dataAt, data, status, statusAt } = this.#scratch;
    const [folder, path] = record.isRoot ? [AT_FDCWD, this.#rootAt] : [this.#opened(), this.#textAt + record.pathAt];
    if (this.#calls.statx(folder, path, AT_SYMLINK_NOFOLLOW, STAT_MASK, statusAt) !== 0) return false;
    if ((status.mode & S_IFMT) !== S_IFLNK || status.mtimeSeconds !== canonicalMtimeSeconds) return false;
    const length = this.#calls.readlinkat(folder, path, dataAt, BUFFER_SIZE);
    return length !== -1 && data.toString('latin1', 0, length) === record.target;
  }

  file(record: Records): boolean {
    const { dataAt, data, status } = this.#scratch;
    const { sizeBytes } = record;
    const fd = this.#open(record, READ_FILE);
    if (fd === -1) return false;
    try {
      if (!this.#isCanonical(fd, record, S_IFREG | (record.kind === 'x' ? executableMode : fileMode))) return false;
      if (status.size !== sizeBytes) return false;
      if (sizeBytes > BUFFER_SIZE) return this.#hashOf(fd, sizeBytes) === record.sha256;
      if (sizeBytes > 0 && this.#calls.read(fd, dataAt, sizeBytes) !== sizeBytes) return false;
      return hash('sha256', data.subarray(0, sizeBytes), 'hex') === record.sha256;
    } finally {
      this.#calls.close(fd);
    }
  }

  close(): void {
    if (this.#folder !== -1) this.#calls.close(this.#folder);
    this.#folder = -1;
  }

  #open(record: Records, flags: number): number {
    if (record.isRoot) return this.#calls.openat(AT_FDCWD, this.#rootAt, flags, 0);
    return this.#calls.openat(this.#opened(), this.#textAt + record.pathAt, flags, 0);
  }

  /** -1, which is no folder, where it cannot be opened. */
  #opened(): number {
    if (this.#folder === -1) this.#folder = this.#calls.openat(AT_FDCWD, this.#rootAt, READ_FOLDER, 0);
    return this.#folder;
  }

  /** @param mode  kind and permissions */
  #isCanonical(fd: number, record: Records, mode: number): boolean {
    const { status, statusAt } = this.#scratch;
    const nothing = this.#textAt + record.pathEnd;
    return (
      this.#calls.statx(fd, nothing, AT_EMPTY_PATH, STAT_MASK, statusAt) === 0 &&
      status.mode === mode &&
      status.mtimeSeconds === canonicalMtimeSeconds
    );
  }

  /** `undefined` where the file ends before. */
  #hashOf(fd: number, sizeBytes: number): string | undefined {
    const { dataAt, data } = this.#scratch;
    const whole = createHash('sha256');
    for (let done = 0; done < sizeBytes; ) {
      const nRead = this.#calls.read(fd, dataAt, Math.min(BUFFER_SIZE, sizeBytes - done));
      if (nRead <= 0) return undefined;
      whole.update(data.subarray(0, nRead));
      done += nRead;
    }
    return whole.digest('hex');
  }
}
