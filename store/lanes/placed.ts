/** Files that stand in a root, and names to be removed from it, whichever thread does it. It only says which need a closer look. */
import { createHash, hash } from 'node:crypto';
import { closeSync, constants, lstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import {
  type Address,
  AT_FDCWD,
  AT_SYMLINK_NOFOLLOW,
  type FileCalls,
  FileStatus,
  fileCalls,
  O_CLOEXEC,
  STAT_BYTES,
  STAT_MASK,
} from '../../base/index.ts';
import { allMarks, clearMarks, MARKS_BYTES, mark } from './marks.ts';
import type { TimedFile } from './timed-files.ts';

/** What a regular file should be. Names are text, as everywhere in a root. */
export interface PlacedFile {
  /** Absolute. */
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** With setuid, setgid and sticky bit. */
  readonly mode: number;
  /** `undefined`: anyone's. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

const HEX_LENGTH = 64;

/** Two texts, each ended by NUL: the path; SHA-256, size, mode, uid and gid (empty: any), with colons between. */
export const placedText = ({ path, sha256, sizeBytes, mode, owner }: PlacedFile): string =>
  `${path}\0${sha256}${sizeBytes}:${mode}:${owner === undefined ? ':' : `${owner.uid}:${owner.gid}`}\0`;

/** Marks, from `start` on, the files that are not as they should be, or cannot be read. */
export function checkPlaced(slot: Buffer, start: number, end: number): void {
  allMarks(slot, start); // should it fail in the middle
  const reader = readerFor(slot);
  const suspects: number[] = [];
  let at = start + MARKS_BYTES;
  for (let index = 0; at < end; index++) {
    const pathEnd = slot.indexOf(0, at);
    const wordsEnd = slot.indexOf(0, pathEnd + 1);
    const words = slot.toString('latin1', pathEnd + 1, wordsEnd);
    const [size = '', mode, uid = '', gid] = words.slice(HEX_LENGTH).split(':');
    const wanted: Wanted = {
      sha256: words.slice(0, HEX_LENGTH),
      sizeBytes: Number(size),
      mode: Number(mode),
      owner: uid === '' ? undefined : { uid: Number(uid), gid: Number(gid) },
    };
    if (!reader(at, pathEnd, wanted)) suspects.push(index);
    at = wordsEnd + 1;
  }
  clearMarks(slot, start);
  for (const index of suspects) mark(slot, start, index);
}

type Wanted = Omit<PlacedFile, 'path'>;

/** Looks at the file whose path stands in the slot, from `at` to `end`, where a NUL is. */
function readerFor(slot: Buffer): (at: number, end: number, wanted: Wanted) => boolean {
  const calls = fileCalls();
  if (calls === undefined) return (at, end, wanted) => isIntactPlaced({ ...wanted, path: slot.toString('utf8', at, end) });
  const slotAt = calls.addressOf(slot);
  return (at, _end, wanted) => isIntactByCalls(calls, slotAt + at, wanted);
}

const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const BUFFER_BYTES = 1 << 20;
let buffer: Buffer | undefined;

/** Four system calls and one hash; what is no regular file is not opened. */
export function isIntactPlaced({ path, ...wanted }: PlacedFile): boolean {
  try {
    const found = lstatSync(path);
    if (!found.isFile() || !isAsWanted(found, wanted)) return false;
    const fd = openSync(path, READ_ONLY);
    try {
      buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES);
      const { sizeBytes } = wanted;
      return contentHash(buffer, sizeBytes, (n, from) => readSync(fd, buffer!, from, n, null)) === wanted.sha256;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

/** Memory of this thread that calls write to. */
interface Scratch {
  readonly data: Buffer;
  readonly dataAt: Address;
  readonly statusMemory: Uint8Array;
  readonly statusAt: Address;
  readonly status: FileStatus;
}

let scratch: Scratch | undefined;

function makeScratch(calls: FileCalls): Scratch {
  const data = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const statusMemory = new Uint8Array(STAT_BYTES);
  return {
    data,
    dataAt: calls.addressOf(data),
    statusMemory,
    statusAt: calls.addressOf(statusMemory),
    status: new FileStatus(statusMemory),
  };
}

/** The same by bare system calls. */
function isIntactByCalls(calls: FileCalls, path: Address, wanted: Wanted): boolean {
  scratch ??= makeScratch(calls);
  const { data, dataAt, status, statusAt } = scratch;
  if (calls.statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STAT_MASK, statusAt) !== 0) return false;
  if (!status.isFile || !isAsWanted(status, wanted)) return false;
  const fd = calls.openat(AT_FDCWD, path, READ_ONLY | O_CLOEXEC, 0);
  if (fd === -1) return false;
  try {
    return contentHash(data, wanted.sizeBytes, (n, from) => calls.read(fd, dataAt + from, n)) === wanted.sha256;
  } finally {
    calls.close(fd);
  }
}

const isAsWanted = (
  found: { readonly size: number; readonly mode: number; readonly uid: number; readonly gid: number },
  { sizeBytes, mode, owner }: Wanted,
): boolean =>
  found.size === sizeBytes &&
  (found.mode & 0o7777) === mode &&
  (owner === undefined || (found.uid === owner.uid && found.gid === owner.gid));

/** `undefined` where the file ends before, or cannot be read. @param read  so many bytes to this place of the memory */
function contentHash(memory: Buffer, sizeBytes: number, read: (n: number, from: number) => number): string | undefined {
  const fill = (wanted: number): boolean => {
    for (let filled = 0; filled < wanted; ) {
      const n = read(wanted - filled, filled);
      if (n <= 0) return false;
      filled += n;
    }
    return true;
  };
  if (sizeBytes <= BUFFER_BYTES) return fill(sizeBytes) ? hash('sha256', memory.subarray(0, sizeBytes), 'hex') : undefined;
  const whole = createHash('sha256');
  for (let done = 0; done < sizeBytes; done += BUFFER_BYTES) {
    const length = Math.min(BUFFER_BYTES, sizeBytes - done);
    if (!fill(length)) return undefined;
    whole.update(memory.subarray(0, length));
  }
  return whole.digest('hex');
}

/**
 * Removes regular files of that size and time, and marks what is none, or could not be removed. Of each file stand there size, time and
 * the number of bytes of its path, each ended by a colon, then the path, ended by NUL.
 */
export function unlinkTimed(slot: Buffer, start: number, end: number): void {
  allMarks(slot, start);
  const calls = fileCalls();
  const slotAt = calls?.addressOf(slot) ?? 0;
  const left: number[] = [];
  let at = start + MARKS_BYTES;
  const number = (): number => {
    let n = 0;
    for (let digit = slot[at++]!; digit !== COLON; digit = slot[at++]!) n = n * 10 + digit - ZERO;
    return n;
  };
  for (let index = 0; at < end; index++) {
    const sizeBytes = number();
    const mtimeSeconds = number();
    const pathEnd = number() + at;
    const isGone =
      calls === undefined
        ? unlinkedTimed({ path: slot.toString('utf8', at, pathEnd), sizeBytes, mtimeSeconds })
        : isTimedByCalls(calls, slotAt + at, sizeBytes, mtimeSeconds) && calls.unlinkat(AT_FDCWD, slotAt + at, 0) === 0;
    if (!isGone) left.push(index);
    at = pathEnd + 1;
  }
  clearMarks(slot, start);
  for (const index of left) mark(slot, start, index);
}

const COLON = 0x3a;
const ZERO = 0x30;

function unlinkedTimed({ path, sizeBytes, mtimeSeconds }: TimedFile): boolean {
  try {
    const found = lstatSync(path);
    return found.isFile() && found.size === sizeBytes && found.mtimeMs === mtimeSeconds * 1000 && unlinked(path);
  } catch {
    return false;
  }
}

function isTimedByCalls(calls: FileCalls, path: Address, sizeBytes: number, mtimeSeconds: number): boolean {
  scratch ??= makeScratch(calls);
  const { status, statusAt } = scratch;
  if (calls.statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STAT_MASK, statusAt) !== 0) return false;
  return status.isFile && status.size === sizeBytes && status.mtimeMs === mtimeSeconds * 1000;
}

/** Removes names, each ended by NUL, and marks those that could not be removed. */
export function unlinkNames(slot: Buffer, start: number, end: number): void {
  allMarks(slot, start);
  const calls = fileCalls();
  const slotAt = calls?.addressOf(slot) ?? 0;
  const left: number[] = [];
  let at = start + MARKS_BYTES;
  for (let index = 0; at < end; index++) {
    const pathEnd = slot.indexOf(0, at);
    const isGone =
      calls === undefined ? unlinked(slot.toString('utf8', at, pathEnd)) : calls.unlinkat(AT_FDCWD, slotAt + at, 0) === 0;
    if (!isGone) left.push(index);
    at = pathEnd + 1;
  }
  clearMarks(slot, start);
  for (const index of left) mark(slot, start, index);
}

function unlinked(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
