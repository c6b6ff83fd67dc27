/**
 * Tells objects that are as recorded from those that have to be looked at more closely, with the help of lanes where there is much to
 * read. What it calls intact, is: every byte of it was hashed, every name, kind, mode, time and link target compared.
 */
import type { Bytes } from '../../base/index.ts';
import { joinPath, parentPath } from '../tree.ts';
import type { Manifest } from '../types.ts';
import { areIntact, checkLength, isIntactEntry, putCheck } from './check.ts';
import { Lanes } from './lanes.ts';
import { SLOT_BYTES } from './slots.ts';
import { CHECK_ENTRIES, FIRST_RECORD } from './work.ts';

/** A thread takes as long to start as some thousand files take to read. */
const MANY_ENTRIES = 4000;
const MANY_BYTES: number = 1 << 26;
/** Entries of a slot: few enough that the last ones do not keep one thread busy for long. */
const MAX_ENTRIES = 256;
const MAX_BYTES: number = 1 << 22;

interface Filling {
  readonly slot: number;
  readonly bytes: Buffer;
  /** Whose entries are in it. */
  readonly suspects: Set<() => void>;
  end: number;
  nEntries: number;
  nBytes: number;
}

export class Screen {
  #lanes: Lanes | undefined;
  #hasTried: boolean = false;
  #nSeen = 0;
  #nBytesSeen = 0;
  #filling: Filling | undefined;

  readonly #startLanes: () => Lanes | undefined;

  /** @param isLarge  much will come, so that lanes may start at once */
  constructor(isLarge: boolean, startLanes: () => Lanes | undefined = () => Lanes.start()) {
    this.#startLanes = startLanes;
    if (isLarge) this.#start();
  }

  /** @param suspect  is called, now or until `end` returns, where something is not as recorded; maybe more than once */
  look(real: Bytes, manifest: Manifest, suspect: () => void): void {
    const lanes = this.#lanesFor(manifest);
    const nNames = namesOfFolders(manifest);
    if (lanes === undefined) {
      const isIntact = manifest.every((entry) => isIntactEntry(joinPath(real, entry.path), entry, nNames.get(entry.path) ?? 0));
      if (!isIntact) suspect();
      return;
    }
    for (const entry of manifest) {
      const at = joinPath(real, entry.path);
      const length = checkLength(at, entry);
      if (this.#isFull(length)) this.#flush();
      this.#filling ??= { ...lanes.take(), suspects: new Set(), end: FIRST_RECORD, nEntries: 0, nBytes: 0 };
      const filling = this.#filling;
      putCheck(filling.bytes, filling.end, at, entry, nNames.get(entry.path) ?? 0);
      filling.end += length;
      filling.nEntries++;
      filling.nBytes += entry.kind === 'file' ? entry.sizeBytes : 0;
      filling.suspects.add(suspect);
    }
  }

  /** Waits for the lanes. */
  end(): void {
    this.#flush();
    this.#lanes?.drain();
  }

  close(): void {
    this.#lanes?.close();
    this.#lanes = undefined;
  }

  #lanesFor(manifest: Manifest): Lanes | undefined {
    if (this.#hasTried) return this.#lanes;
    this.#nSeen += manifest.length;
    for (const entry of manifest) if (entry.kind === 'file') this.#nBytesSeen += entry.sizeBytes;
    if (this.#nSeen >= MANY_ENTRIES || this.#nBytesSeen >= MANY_BYTES) this.#start();
    return this.#lanes;
  }

  #start(): void {
    this.#hasTried = true;
    this.#lanes = this.#startLanes();
  }

  #isFull(length: number): boolean {
    const filling = this.#filling;
    return (
      filling !== undefined &&
      (filling.end + length > SLOT_BYTES || filling.nEntries >= MAX_ENTRIES || filling.nBytes >= MAX_BYTES)
    );
  }

  #flush(): void {
    const filling = this.#filling;
    if (filling === undefined) return;
    this.#filling = undefined;
    this.#lanes!.queue(filling.slot, CHECK_ENTRIES, filling.end, false, (bytes) => {
      if (!areIntact(bytes, FIRST_RECORD, filling.end)) for (const suspect of filling.suspects) suspect();
    });
  }
}

/** How many names each folder has. Together with each of them being there, it says that no others are. */
function namesOfFolders(manifest: Manifest): Map<Bytes, number> {
  const found = new Map<Bytes, number>();
  let parent = '';
  let n = 0;
  for (const { path } of manifest) {
    if (path === '') continue;
    const at = parentPath(path);
    if (at !== parent) {
      found.set(parent, (found.get(parent) ?? 0) + n);
      parent = at;
      n = 0;
    }
    n++;
  }
  return found.set(parent, (found.get(parent) ?? 0) + n);
}
