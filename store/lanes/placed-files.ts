/** Much work on the files of a root, with the help of lanes where there is enough of it. */
import { rmdirSync } from 'node:fs';
import { FILES_A_THREAD, removeInLoop } from '../removing/removal-loop.ts';
import { Lanes } from './lanes.ts';
import { isMarked, MARKS_BYTES, MAX_MARKS } from './marks.ts';
import { isIntactPlaced, type PlacedFile, placedText } from './placed.ts';
import { SLOT_BYTES } from './slots.ts';
import { type TimedFiles, timedFile } from './timed-files.ts';
import { CHECK_PLACED, FIRST_RECORD, UNLINK_NAMES, UNLINK_TIMED, type Work } from './work.ts';

/** A thread takes as long to start as some thousand files take to read, or to remove. */
const MANY_FILES = 4000;
const MANY_NAMES = 2000;
/** Threads of the C library are there at once. */
const MANY_IN_LOOP = 50;
/** Names alone: fewer are gone, one by one, before threads have begun. */
const MANY_NAMES_IN_LOOP = 150;
/** Few enough that the last slot does not keep one thread busy for long. */
const MAX_BYTES: number = 1 << 22;

/** Those of this process: who needs lanes twice starts them once. */
let shared: Lanes | undefined;

/** Starts threads before it is known what there is to do. Cost: some 6 ms, and 40 ms of a processor that is idle. */
export function startFileLanes(): Lanes {
  shared ??= Lanes.start();
  return shared;
}

/** @param isIdle  nothing is left in them */
function giveBack(lanes: Lanes | undefined, isIdle: boolean): void {
  if (isIdle && lanes === shared) return;
  if (lanes === shared) shared = undefined;
  lanes?.close();
}

/** Records on their way into one slot. */
class Batch {
  #text = '';
  #again: (() => void)[] = [];
  #nBytes = 0;
  readonly #lanes: Lanes;
  readonly #work: Work;

  constructor(lanes: Lanes, work: Work) {
    this.#lanes = lanes;
    this.#work = work;
  }

  /** @param again  is called, now or until `end` returns, where the record was marked */
  add(text: string, sizeBytes: number, again: () => void): void {
    // three bytes of UTF-8 a character at most
    const isFull = this.#text.length * 3 + text.length * 3 + FIRST_RECORD + MARKS_BYTES > SLOT_BYTES;
    if (isFull || this.#again.length === MAX_MARKS || this.#nBytes >= MAX_BYTES) this.#flush();
    this.#text += text;
    this.#again.push(again);
    this.#nBytes += sizeBytes;
  }

  end(): void {
    this.#flush();
    this.#lanes.drain();
  }

  #flush(): void {
    if (this.#again.length === 0) return;
    const again = this.#again;
    const { slot, bytes } = this.#lanes.take();
    const textAt = FIRST_RECORD + MARKS_BYTES;
    const end = textAt + bytes.write(this.#text, textAt, 'utf8');
    this.#text = '';
    this.#again = [];
    this.#nBytes = 0;
    this.#lanes.queue(slot, this.#work, end, false, (found) => {
      for (let index = 0; index < again.length; index++) if (isMarked(found, FIRST_RECORD, index)) again[index]!();
    });
  }
}

/** Tells files that are as they should be from those that have to be looked at more closely. */
export class PlacedFiles {
  readonly #lanes: Lanes | undefined;
  readonly #batch: Batch | undefined;
  #isIdle = true;

  /** @param nFiles  about how many will come */
  constructor(nFiles: number, startLanes: () => Lanes | undefined = startFileLanes) {
    this.#lanes = nFiles >= MANY_FILES ? startLanes() : undefined;
    this.#batch = this.#lanes === undefined ? undefined : new Batch(this.#lanes, CHECK_PLACED);
  }

  /** @param suspect  is called, now or until `end` returns, where the file is not as it should be */
  look(file: PlacedFile, suspect: () => void): void {
    this.#isIdle = false;
    if (this.#batch !== undefined) this.#batch.add(placedText(file), file.sizeBytes, suspect);
    else if (!isIntactPlaced(file)) suspect();
  }

  /** Waits until every file was looked at. */
  end(): void {
    this.#batch?.end();
    this.#isIdle = true;
  }

  close(): void {
    giveBack(this.#lanes, this.#isIdle);
  }
}

/** Does work on so many records. @param marked  is told which of them were marked */
function inLanes(
  lanes: Lanes,
  work: Work,
  nRecords: number,
  textOf: (index: number) => string,
  marked: (index: number) => void,
): void {
  let isIdle = false;
  try {
    const batch = new Batch(lanes, work);
    for (let index = 0; index < nRecords; index++) batch.add(textOf(index), 0, () => marked(index));
    batch.end();
    isIdle = true;
  } finally {
    giveBack(lanes, isIdle);
  }
}

/**
 * Removes names that are no directories, in the removal loop or, where there is none, in lanes. @returns those that could not be removed, or were gone already, in their order
 *
 * @param paths       absolute
 * @param startLanes  if it is given, lanes do it
 */
export function unlinkMany(paths: readonly string[], startLanes?: () => Lanes | undefined): string[] {
  if (startLanes === undefined && paths.length >= MANY_NAMES_IN_LOOP) {
    const left = removeInLoop('/', { paths, areFolders: false });
    if (left !== undefined) return left.map((index) => paths[index]!);
  }
  const lanes = paths.length >= MANY_NAMES ? (startLanes ?? startFileLanes)() : undefined;
  if (lanes === undefined) return [...paths];
  const left = new Set<number>();
  inLanes(
    lanes,
    UNLINK_NAMES,
    paths.length,
    (index) => `${paths[index]!}\0`,
    (index) => left.add(index),
  );
  return left.size === 0 ? [] : paths.filter((_, index) => left.has(index));
}

/**
 * Removes regular files that are of the size and time given, and looks at no other. @returns the places of those that were not removed,
 * in no order; all where there are few
 *
 * @param folder              which the paths are relative to; ends in a slash
 * @param options.meanwhile   is done while they are removed, or before
 * @param options.startLanes  if it is given, lanes do it
 */
export function unlinkPlaced(
  folder: string,
  files: TimedFiles,
  { meanwhile, startLanes }: { meanwhile?: () => void; startLanes?: () => Lanes | undefined } = {},
): number[] {
  const left =
    startLanes === undefined && files.paths.length >= MANY_IN_LOOP ? removeInLoop(folder, files, meanwhile) : undefined;
  if (left !== undefined) return left;
  meanwhile?.();
  return unlinkPlacedInLanes(folder, files, startLanes ?? startFileLanes);
}

function unlinkPlacedInLanes(folder: string, files: TimedFiles, startLanes: () => Lanes | undefined): number[] {
  const nFiles = files.paths.length;
  const lanes = nFiles >= MANY_NAMES ? startLanes() : undefined;
  if (lanes === undefined) return [...files.paths.keys()];
  const left: number[] = [];
  const folderBytes = Buffer.byteLength(folder);
  const text = (index: number): string => {
    const { path, sizeBytes, mtimeSeconds } = timedFile(files, index);
    return `${sizeBytes}:${mtimeSeconds}:${folderBytes + Buffer.byteLength(path)}:${folder}${path}\0`;
  };
  inLanes(lanes, UNLINK_TIMED, nFiles, text, (index) => left.push(index));
  return left;
}

/**
 * Removes empty folders, those inside before those around: many of one depth by threads, since a thread a depth would cost more than
 * the few folders that are so deep. @returns those that were not removed, in their order; all of few
 *
 * @param paths  absolute; none of them twice
 */
export function removeFolders(paths: readonly string[]): string[] {
  if (paths.length < MANY_IN_LOOP) return [...paths];
  const byDepth = new Map<number, string[]>();
  for (const path of paths) {
    const depth = path.split('/').length;
    const known = byDepth.get(depth);
    if (known === undefined) byDepth.set(depth, [path]);
    else known.push(path);
  }
  const left = new Set<string>();
  for (const [, folders] of [...byDepth].sort(([a], [b]) => b - a)) {
    const failed = folders.length > FILES_A_THREAD ? removeInLoop('/', { paths: folders, areFolders: true }) : undefined;
    if (failed === undefined) for (const path of folders.filter((each) => !isRemoved(each))) left.add(path);
    else for (const index of failed) left.add(folders[index]!);
  }
  return left.size === 0 ? [] : paths.filter((path) => left.has(path));
}

function isRemoved(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false; // whoever removes it once more finds out why
  }
}
