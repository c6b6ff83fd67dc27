/**
 * Threads of the C library that remove files, each after a look at it, by a loop of machine code.
 *
 * The memory that the loop is given, words of 8 bytes:
 *
 * | at | |
 * | --- | --- |
 * | 0 | how many files were claimed, or more |
 * | 8 | how many there are |
 * | 16 | where the first place is |
 * | 24, 32 | where functions are: `statx`, `unlinkat` |
 * | 40 | two halves: the open folder that paths are relative to, and what `statx` shall say |
 *
 * A place has 32 bytes: where its path is, the size and the time (seconds) that the file must have, 8 each; at 24, four bytes, what came
 * of it, 1 where it was removed; at 28, not 0: it is not looked at, and removed as `unlinkat` does with these flags. Paths are behind
 * them.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { type Address, type NativeLoop, nativeLoop, STAT_MASK, type Thread } from '../../base/index.ts';
import type { TimedFile } from '../lanes/placed.ts';
import { LISTINGS } from './machine-code.ts';

/**
 * Where the file system tells the disk at once which blocks are free, each removal waits for that, and it is the disk that limits them:
 * 10,000 files took 0.86 s in one thread, 0.49 in two, 0.26 in four, 0.17 in sixteen, 0.14 in thirty-two and in sixty-four. In memory two
 * are enough, and many no slower.
 */
const N_THREADS = 32;
const FILES_A_THREAD = 16;
const HEADER_BYTES = 64;
const PLACE_BYTES = 32;
const PLACE_WORDS: number = PLACE_BYTES / 4;
/** Of the upper half of a number of 8 bytes. */
const HIGH: number = 2 ** 32;
/** To be no more than a place to start from: whoever may not list a folder may remove from it. @source open(2) */
const O_PATH = 0o10000000;
/** @source unlinkat(2) */
const AT_REMOVEDIR = 0x200;
/** Not 0, and no flag that the loop hands on. */
const NO_FLAG = 1;

const removalLoop = nativeLoop(LISTINGS, ['statx', 'unlinkat']);

/** A name that goes without a look: of anything but a folder, or of an empty folder. */
export interface NamedEntry {
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * Removes files that are as given: regular, of that size, and of that time without a part of a second; or entries by their name alone.
 *
 * @param folder     absolute; paths are relative to it
 * @param meanwhile  is done while threads remove them; not where they have to be removed in another way
 * @returns the places of those that were not removed, ascending; `undefined` where they have to be removed in another way
 */
export function removeInLoop(
  folder: string,
  entries: readonly (TimedFile | NamedEntry)[],
  meanwhile: () => void = () => {},
): number[] | undefined {
  const loop = removalLoop();
  if (loop === undefined) return undefined;
  if (entries.length === 0) {
    meanwhile();
    return [];
  }
  let fd: number;
  try {
    fd = openSync(folder, O_PATH | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
  try {
    return run(loop, fd, entries, meanwhile);
  } finally {
    closeSync(fd);
  }
}

function run(
  loop: NativeLoop,
  fd: number,
  entries: readonly (TimedFile | NamedEntry)[],
  meanwhile: () => void,
): number[] | undefined {
  const { native, code, functions, addressOf } = loop;
  const names: string[] = [];
  for (const { path } of entries) names.push(path);
  names.push('');
  const text = names.join('\0');
  const pathsAt = HEADER_BYTES + entries.length * PLACE_BYTES;
  const memory = Buffer.allocUnsafeSlow(pathsAt + Buffer.byteLength(text)).fill(0, 0, pathsAt);
  const nPathBytes = memory.write(text, pathsAt, 'utf8');
  const at = addressOf(memory);
  const header = [0, entries.length, at + HEADER_BYTES, ...functions];
  for (const [word, value] of header.entries()) memory.writeBigUInt64LE(BigInt(value), word * 8);
  memory.writeInt32LE(fd, 40);
  memory.writeUInt32LE(STAT_MASK, 44);
  const places = new Uint32Array(memory.buffer, HEADER_BYTES, entries.length * PLACE_WORDS);
  fill(places, entries, at + pathsAt, nPathBytes === text.length);
  const threads: Thread[] = [];
  const nThreads = Math.min(N_THREADS, Math.ceil(entries.length / FILES_A_THREAD));
  for (let n = 0; n < nThreads; n++) {
    const thread = native.start(code, at);
    if (thread !== undefined) threads.push(thread);
  }
  if (threads.length === 0) return undefined;
  try {
    meanwhile();
  } finally {
    for (const thread of threads) thread.join();
  }
  const left: number[] = [];
  for (let index = 0; index < entries.length; index++) if (places[index * PLACE_WORDS + 6] !== 1) left.push(index);
  return left;
}

/** @param isAscii  all paths have as many bytes as characters */
function fill(places: Uint32Array, entries: readonly (TimedFile | NamedEntry)[], pathsAt: Address, isAscii: boolean): void {
  let path = pathsAt;
  let at = 0;
  for (const entry of entries) {
    places[at] = path;
    places[at + 1] = path / HIGH;
    if ('sizeBytes' in entry) {
      const { sizeBytes, mtimeSeconds } = entry;
      places[at + 2] = sizeBytes;
      // Below 0 is no size, and no file has one.
      places[at + 3] = sizeBytes < 0 ? -1 : sizeBytes / HIGH;
      places[at + 4] = mtimeSeconds;
      places[at + 5] = mtimeSeconds / HIGH;
    } else places[at + 7] = entry.isFolder ? AT_REMOVEDIR : NO_FLAG;
    path += (isAscii ? entry.path.length : Buffer.byteLength(entry.path)) + 1;
    at += PLACE_WORDS;
  }
}
