/**
 * System calls on files without Node's wrappers, for loops over very many files: paths and buffers are addresses of memory that is
 * there anyway, results are numbers. In a program that has just started, a file costs half of what `node:fs` takes, whose JavaScript
 * is interpreted then. Bound by koffi on first use, which takes 2 to 5 ms in each thread.
 */
import { constants } from 'node:fs';
import { errnoName } from './errno.ts';
import { loadKoffi } from './koffi.ts';

/** Where memory is: an address, to which offsets may be added. Good as long as whoever took it keeps the memory. */
export type Address = number;

/**
 * Calls of the C library. What fails is -1; paths end in NUL, and are relative to `folder`, an open folder or `AT_FDCWD`.
 */
export interface FileCalls {
  openat(folder: number, path: Address, flags: number, mode: number): number;
  close(fd: number): number;
  /** May read less than it was asked for. */
  read(fd: number, to: Address, sizeBytes: number): number;
  pwrite(fd: number, from: Address, sizeBytes: number, offset: number): number;
  /** Fills `STAT_BYTES` bytes, to be read by `FileStatus`. */
  statx(folder: number, path: Address, flags: number, mask: number, to: Address): number;
  readlinkat(folder: number, path: Address, to: Address, sizeBytes: number): number;
  /** Entries of a folder, until there are none. */
  getdents64(fd: number, to: Address, sizeBytes: number): number;
  /** @param times  of access and modification: two of two 64-bit numbers */
  futimens(fd: number, times: Address): number;
  unlinkat(folder: number, path: Address, flags: number): number;
  /** Where memory starts. */
  addressOf(memory: Uint8Array): Address;
  /** The name of the error that the last call met. Nothing may come between. */
  errorName(): string;
}

/** For `openat`, beside the flags in `constants` of `node:fs`. @source open(2), the same on every processor */
export const O_CLOEXEC = 0o2000000;
export const AT_FDCWD = -100;
export const AT_SYMLINK_NOFOLLOW = 0x100;
/** The path is empty, and the folder what is meant. */
export const AT_EMPTY_PATH = 0x1000;

let calls: FileCalls | undefined | null;

/** `undefined` where there is no binding for this platform, or its C library lacks one of them. */
export function fileCalls(): FileCalls | undefined {
  if (calls === undefined) {
    try {
      calls = bind();
    } catch {
      calls = null;
    }
  }
  return calls ?? undefined;
}

function bind(): FileCalls {
  // Elsewhere numbers differ.
  if (process.platform !== 'linux') throw new Error('not Linux');
  const koffi = loadKoffi();
  const libc = koffi.load(null);
  const call = <Name extends keyof FileCalls>(signature: string): FileCalls[Name] => libc.func(signature) as FileCalls[Name];
  return {
    openat: call<'openat'>('int openat(int folder, uintptr_t path, int flags, unsigned int mode)'),
    close: call<'close'>('int close(int fd)'),
    read: call<'read'>('long read(int fd, uintptr_t to, unsigned long size)'),
    pwrite: call<'pwrite'>('long pwrite64(int fd, uintptr_t from, unsigned long size, int64_t offset)'),
    statx: call<'statx'>('int statx(int folder, uintptr_t path, int flags, unsigned int mask, uintptr_t to)'),
    readlinkat: call<'readlinkat'>('long readlinkat(int folder, uintptr_t path, uintptr_t to, unsigned long size)'),
    getdents64: call<'getdents64'>('long getdents64(int fd, uintptr_t to, unsigned long size)'),
    futimens: call<'futimens'>('int futimens(int fd, uintptr_t times)'),
    unlinkat: call<'unlinkat'>('int unlinkat(int folder, uintptr_t path, int flags)'),
    addressOf: (memory) => Number(koffi.address(memory)),
    errorName: () => errnoName(koffi.errno()),
  };
}

export const STAT_BYTES = 256;
/** All that `FileStatus` reads. */
export const STAT_MASK = 0x7ff;

/** What `statx` said. @source statx(2), whose layout is the same on every processor */
export class FileStatus {
  readonly #words: Uint32Array;
  readonly #signed: Int32Array;
  readonly #mode: Uint16Array;

  /** @param memory  aligned to 8 bytes */
  constructor(memory: Uint8Array) {
    this.#words = new Uint32Array(memory.buffer, memory.byteOffset, STAT_BYTES / 4);
    this.#signed = new Int32Array(memory.buffer, memory.byteOffset, STAT_BYTES / 4);
    this.#mode = new Uint16Array(memory.buffer, memory.byteOffset, STAT_BYTES / 2);
  }

  /** Kind and permissions, as `Stats.mode`. */
  get mode(): number {
    return this.#mode[14]!;
  }
  get isFile(): boolean {
    return (this.mode & constants.S_IFMT) === constants.S_IFREG;
  }
  get isDirectory(): boolean {
    return (this.mode & constants.S_IFMT) === constants.S_IFDIR;
  }
  get isSymlink(): boolean {
    return (this.mode & constants.S_IFMT) === constants.S_IFLNK;
  }
  /** Nobody may replace, remove or write it: made immutable, or open at its end only. @source statx(2), STATX_ATTR_IMMUTABLE and _APPEND */
  get isFixed(): boolean {
    return (this.#words[2]! & 0x30) !== 0;
  }
  get nlink(): number {
    return this.#words[4]!;
  }
  get uid(): number {
    return this.#words[5]!;
  }
  get gid(): number {
    return this.#words[6]!;
  }
  get ino(): number {
    return this.#wide(8);
  }
  get size(): number {
    return this.#wide(10);
  }
  /** Of 512 bytes. */
  get blocks(): number {
    return this.#wide(12);
  }
  get ctimeMs(): number {
    return this.#milliseconds(24);
  }
  get mtimeMs(): number {
    return this.#milliseconds(28);
  }
  /** Whole seconds. */
  get mtimeSeconds(): number {
    return this.#seconds(28);
  }
  /** The number that `Stats.dev` has. @source gnu_dev_makedev(3) */
  get dev(): number {
    const major = this.#words[34]!;
    const minor = this.#words[35]!;
    const low = ((major & 0xfff) << 8) | (minor & 0xff);
    return low + ((minor & ~0xff) >>> 0) * 2 ** 12 + ((major & ~0xfff) >>> 0) * 2 ** 32;
  }

  #wide(word: number): number {
    return this.#words[word]! + this.#words[word + 1]! * 2 ** 32;
  }

  /** As Node's: the same number for the same time. */
  #milliseconds(word: number): number {
    return this.#seconds(word) * 1000 + this.#words[word + 2]! / 1e6;
  }

  #seconds(word: number): number {
    return this.#words[word]! + this.#signed[word + 1]! * 2 ** 32;
  }
}
