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
import type { TimedFiles } from '../lanes/timed-files.ts';
import { LISTINGS } from './machine-code.ts';

/**
 * Where the file system tells the disk at once which blocks are free, each removal waits for that, and it is the disk that limits them:
 * 10,000 files took 0.86 s in one thread, 0.49 in two, 0.26 in four, 0.17 in sixteen, 0.14 in thirty-two and in sixty-four. In memory two
 * are enough, and many no slower.
 */
const N_THREADS = 32;
/** No more of them are worth a thread. */
export const FILES_A_THREAD = 16;
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

/** Names that go without a look: of anything but folders, or of empty folders. */
export interface NamedEntries {
  readonly paths: readonly string[];
  readonly areFolders: boolean;
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
  entries: TimedFiles | NamedEntries,
  meanwhile: () => void = () => {},
): number[] | undefined {
  const loop = removalLoop();
  if (loop === undefined) return undefined;
  if (entries.paths.length === 0) {
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

function run(loop: NativeLoop, fd: number, entries: TimedFiles | NamedEntries, meanwhile: () => void): number[] | undefined {
  const { native, code, functions, addressOf } = loop;
  const { paths } = entries;
  const text = `${paths.join('\0')}\0`;
  const pathsAt = HEADER_BYTES + paths.length * PLACE_BYTES;
  const memory = Buffer.allocUnsafeSlow(pathsAt + Buffer.byteLength(text)).fill(0, 0, pathsAt);
  const nPathBytes = memory.write(text, pathsAt, 'utf8');
  const at = addressOf(memory);
  const header = [0, paths.length, at + HEADER_BYTES, ...functions];
  for (const [word, value] of header.entries()) memory.writeBigUInt64LE(BigInt(value), word * 8);
  memory.writeInt32LE(fd, 40);
  memory.writeUInt32LE(STAT_MASK, 44);
  const places = new Uint32Array(memory.buffer, HEADER_BYTES, paths.length * PLACE_WORDS);
  fillPaths(places, { paths, start: at + pathsAt, isAscii: nPathBytes === text.length });
  if ('areFolders' in entries) fillFlags(places, entries.areFolders ? AT_REMOVEDIR : NO_FLAG);
  else fillLooks(places, entries);
  const threads: Thread[] = [];
  const nThreads = Math.min(N_THREADS, Math.ceil(paths.length / FILES_A_THREAD));
  const nClaimed = new Uint32Array(memory.buffer, 0, 1);
  // In memory two have done what there is before thirty are there.
  for (let n = 0; n < nThreads && nClaimed[0]! < paths.length; n++) {
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
  for (let index = 0; index < paths.length; index++) if (places[index * PLACE_WORDS + 6] !== 1) left.push(index);
  return left;
}

interface Names {
  readonly paths: readonly string[];
  readonly start: Address;
  /** All paths have as many bytes as characters. */
  readonly isAscii: boolean;
}

function fillPaths(places: Uint32Array, { paths, start, isAscii }: Names): void {
  let pathAt = start;
  let at = 0;
  for (const path of paths) {
    places[at] = pathAt;
    places[at + 1] = pathAt / HIGH;
    pathAt += (isAscii ? path.length : Buffer.byteLength(path)) + 1;
    at += PLACE_WORDS;
  }
}

function fillLooks(places: Uint32Array, { sizesBytes, mtimesSeconds }: TimedFiles): void {
  for (let index = 0, at = 0; index < sizesBytes.length; index++, at += PLACE_WORDS) {
    const sizeBytes = sizesBytes[index]!;
    const mtimeSeconds = mtimesSeconds[index]!;
    places[at + 2] = sizeBytes;
    // Below 0 is no size, and no file has one.
    places[at + 3] = sizeBytes < 0 ? -1 : sizeBytes / HIGH;
    places[at + 4] = mtimeSeconds;
    places[at + 5] = mtimeSeconds / HIGH;
  }
}

function fillFlags(places: Uint32Array, flags: number): void {
  for (let at = 0; at < places.length; at += PLACE_WORDS) places[at + 7] = flags;
}
