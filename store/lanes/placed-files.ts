/** Much work on the files of a root, with the help of lanes where there is enough of it. */
import { Lanes } from './lanes.ts';
import { isMarked, MARKS_BYTES, MAX_MARKS } from './marks.ts';
import { isIntactPlaced, type PlacedFile, placedText } from './placed.ts';
import { SLOT_BYTES } from './slots.ts';
import { CHECK_PLACED, FIRST_RECORD, UNLINK_NAMES, type Work } from './work.ts';

/** A thread takes as long to start as some thousand files take to read, or to remove. */
const MANY_FILES = 4000;
const MANY_NAMES = 2000;
/** Few enough that the last slot does not keep one thread busy for long. */
const MAX_BYTES: number = 1 << 22;

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

  /** @param nFiles  about how many will come */
  constructor(nFiles: number, startLanes: () => Lanes | undefined = () => Lanes.start()) {
    this.#lanes = nFiles >= MANY_FILES ? startLanes() : undefined;
    this.#batch = this.#lanes === undefined ? undefined : new Batch(this.#lanes, CHECK_PLACED);
  }

  /** @param suspect  is called, now or until `end` returns, where the file is not as it should be */
  look(file: PlacedFile, suspect: () => void): void {
    if (this.#batch !== undefined) this.#batch.add(placedText(file), file.sizeBytes, suspect);
    else if (!isIntactPlaced(file)) suspect();
  }

  /** Waits until every file was looked at. */
  end(): void {
    this.#batch?.end();
  }

  close(): void {
    this.#lanes?.close();
  }
}

/**
 * Removes names that are no directories. @returns those that could not be removed, or were gone already, in their order
 *
 * @param paths  absolute
 */
export function unlinkMany(paths: readonly string[], startLanes: () => Lanes | undefined = () => Lanes.start()): string[] {
  const lanes = paths.length >= MANY_NAMES ? startLanes() : undefined;
  if (lanes === undefined) return [...paths];
  const left = new Set<number>();
  try {
    const batch = new Batch(lanes, UNLINK_NAMES);
    for (const [index, path] of paths.entries()) batch.add(`${path}\0`, 0, () => left.add(index));
    batch.end();
  } finally {
    lanes.close();
  }
  return paths.filter((_, index) => left.has(index));
}
