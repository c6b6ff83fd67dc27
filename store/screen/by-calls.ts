/**
 * Looks at objects by bare system calls, whose paths are where the records are, and hands files to the file loop. Manifests are copied
 * into the loop's memory, in pieces where they are large.
 */
import { constants } from 'node:fs';
import {
  type Address,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  type Bytes,
  type FileCalls,
  FileStatus,
  O_CLOEXEC,
  STAT_BYTES,
  STAT_MASK,
} from '../../base/index.ts';
import { canonicalMtimeSeconds, directoryMode } from '../canonical-metadata.ts';
import type { Checker } from './checker.ts';
import { EXECUTABLE_MODE, FILE_MODE, type FileLoop, LOOP_BYTES } from './file-loop.ts';
import { EXECUTABLE, FILE, FOLDER, Records, SYMLINK } from './records.ts';

const { O_RDONLY, O_NOFOLLOW, O_DIRECTORY, S_IFDIR, S_IFLNK, S_IFMT } = constants;
const READ_FOLDER = O_RDONLY | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC;
/** Folders that stay open until their files are done: processes may have a thousand open files. */
const MAX_OPEN = 200;

/** In the loop's memory: what `statx` says; targets of links and names of folders, more than a target can have; texts. */
const STATUS_AT: number = LOOP_BYTES;
const DATA_AT: number = STATUS_AT + STAT_BYTES;
const DATA_BYTES = 1 << 16;
const TEXTS_AT: number = DATA_AT + DATA_BYTES;
const TEXTS_BYTES: number = 1 << 22;
const TEXTS_END: number = TEXTS_AT + TEXTS_BYTES;
/** Of a manifest at once: far more than a record can have. */
const PIECE_BYTES: number = 1 << 20;

/** Of the loop's memory. */
export const CHECKER_BYTES: number = TEXTS_END - LOOP_BYTES;

/** An object some of whose files may not be done. */
interface Waiting {
  /** The number of its first file. */
  readonly first: number;
  readonly suspect: () => void;
}

export class CallChecker implements Checker {
  readonly #calls: FileCalls;
  readonly #loop: FileLoop;
  readonly #status: FileStatus;
  #waiting: Waiting[] = [];
  #open: number[] = [];
  #object: Waiting | undefined;
  #rootAt: Address = 0;
  /** The folder of the object, once something in it is looked at. */
  #folder = -1;
  /** Texts stand before it, which stay until their files are done. */
  #textsEnd: number = TEXTS_AT;

  /** @param loop  with `CHECKER_BYTES` */
  constructor(calls: FileCalls, loop: FileLoop) {
    this.#calls = calls;
    this.#loop = loop;
    this.#status = new FileStatus(loop.memory.subarray(STATUS_AT, STATUS_AT + STAT_BYTES));
  }

  look(real: Bytes, manifest: Buffer, suspect: () => void): void {
    if (this.#open.length >= MAX_OPEN) this.drain();
    const root = `${real}\0`;
    this.#makeRoom(root.length + Math.min(manifest.length, PIECE_BYTES));
    this.#object = { first: this.#loop.nGiven, suspect };
    this.#waiting.push(this.#object);
    this.#folder = -1;
    this.#rootAt = this.#loop.address + this.#textsEnd;
    this.#textsEnd += this.#loop.memory.write(root, this.#textsEnd, 'latin1');
    if (!this.#isAsRecorded(manifest)) suspect();
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
    for (const fd of this.#open) if (fd !== this.#folder) this.#calls.close(fd);
    this.#open = this.#folder === -1 ? [] : [this.#folder];
  }

  close(): void {
    this.#loop.close();
    for (const fd of this.#open.splice(0)) this.#calls.close(fd);
  }

  /** Nothing that stood among the texts does so any more where there was none. */
  #makeRoom(sizeBytes: number): void {
    if (this.#textsEnd + sizeBytes <= TEXTS_END) return;
    this.drain();
    this.#textsEnd = TEXTS_AT;
  }

  /**
   * Whether all records are of what is there, and nothing else is there: each name that is recorded is there, so that folders which have
   * as many names as there are records in them have no others. Of files others say it, later.
   */
  #isAsRecorded(manifest: Buffer): boolean {
    let surplus = 0;
    for (let from = 0; from < manifest.length; ) {
      const piece = manifest.subarray(from, from + PIECE_BYTES);
      this.#makeRoom(piece.length);
      const at = this.#textsEnd;
      const end = at + piece.copy(this.#loop.memory, at);
      this.#textsEnd = end;
      const record = new Records(this.#loop.memory.subarray(0, end));
      record.end = at;
      const more = this.#surplusOf(record);
      // A record that is not whole is in the next piece, if it is in one.
      if (more === undefined || record.end === at) return false;
      surplus += more;
      from += record.end - at;
    }
    return surplus === 0;
  }

  /**
   * Looks at whole records of a piece, until the end, or one that is not whole.
   *
   * @returns how many more names stand in folders than there are records; `undefined` where something is not as recorded
   */
  #surplusOf(record: Records): number | undefined {
    const loop = this.#loop;
    const end = record.bytes.length;
    let surplus = 0;
    while (record.end < end) {
      if (this.#folder !== -1) {
        const nBefore = loop.nGiven;
        const at = record.end;
        record.end = loop.handOver((room) => loop.records.scan(at, end, this.#folder, room));
        surplus -= loop.nGiven - nBefore;
        if (record.end === end) break;
      }
      if (loop.isFull) {
        this.drain();
        continue;
      }
      if (!record.next()) break;
      if (!record.isRoot) surplus--;
      const nNames = this.#namesOf(record);
      if (nNames === -1) return undefined;
      surplus += nNames;
    }
    return surplus;
  }

  /** How many names the record's folder has, 0 where it is none; -1 where something is not as recorded. Takes no files but whole objects. */
  #namesOf(record: Records): number {
    if (record.kind === FOLDER) return this.#namesOfFolder(record);
    if (record.kind === SYMLINK) return this.#isIntactLink(record) ? 0 : -1;
    const isFile = record.kind === FILE || record.kind === EXECUTABLE;
    if (!isFile || !record.isRoot || !Number.isSafeInteger(record.sizeBytes)) return -1;
    const mode = record.kind === EXECUTABLE ? EXECUTABLE_MODE : FILE_MODE;
    this.#loop.push(this.#rootAt, this.#loop.address + record.hashAt, AT_FDCWD, mode, record.sizeBytes);
    return 0;
  }

  #namesOfFolder(record: Records): number {
    const fd = record.isRoot ? this.#openRoot() : this.#calls.openat(this.#folder, this.#pathAt(record), READ_FOLDER, 0);
    if (fd === -1) return -1;
    try {
      if (!this.#isCanonicalFolder(fd, record)) return -1;
      for (let n = 0; ; ) {
        const nBytes = this.#calls.getdents64(fd, this.#loop.address + DATA_AT, DATA_BYTES);
        if (nBytes <= 0) return nBytes === 0 ? n : -1;
        n += this.#loop.records.count(DATA_AT, DATA_AT + nBytes);
      }
    } finally {
      if (!record.isRoot) this.#calls.close(fd);
    }
  }

  /** -1 where it cannot be opened. */
  #openRoot(): number {
    this.#folder = this.#calls.openat(AT_FDCWD, this.#rootAt, READ_FOLDER, 0);
    if (this.#folder !== -1) this.#open.push(this.#folder);
    return this.#folder;
  }

  #isCanonicalFolder(fd: number, record: Records): boolean {
    const nothing = this.#loop.address + record.pathEnd;
    return (
      this.#calls.statx(fd, nothing, AT_EMPTY_PATH, STAT_MASK, this.#loop.address + STATUS_AT) === 0 &&
      this.#status.mode === (S_IFDIR | directoryMode) &&
      this.#status.mtimeSeconds === canonicalMtimeSeconds
    );
  }

  #isIntactLink(record: Records): boolean {
    const status = this.#status;
    const folder = record.isRoot ? AT_FDCWD : this.#folder;
    const path = record.isRoot ? this.#rootAt : this.#pathAt(record);
    const statusAt = this.#loop.address + STATUS_AT;
    if (this.#calls.statx(folder, path, AT_SYMLINK_NOFOLLOW, STAT_MASK, statusAt) !== 0) return false;
    if ((status.mode & S_IFMT) !== S_IFLNK || status.mtimeSeconds !== canonicalMtimeSeconds) return false;
    const length = this.#calls.readlinkat(folder, path, this.#loop.address + DATA_AT, DATA_BYTES);
    return length !== -1 && this.#loop.memory.toString('latin1', DATA_AT, DATA_AT + length) === record.target;
  }

  #pathAt = (record: Records): Address => this.#loop.address + record.pathAt;
}
