/**
 * Tells objects that are as recorded from those that have to be looked at more closely, with the help of lanes where there is much to
 * read. What it calls intact, is: every byte of it was hashed, every name, kind, mode, time and link target compared.
 */
import type { Bytes } from '../../base/index.ts';
import { joinPath, parentPath } from '../tree.ts';
import type { Manifest } from '../types.ts';
import { areIntact, type CheckText, entryText, isIntactEntry, objectText, TEXT_OFFSET } from './check.ts';
import { Lanes } from './lanes.ts';
import { SLOT_BYTES } from './slots.ts';
import { CHECK_ENTRIES, FIRST_RECORD } from './work.ts';

/** A thread takes as long to start as some thousand files take to read. */
const MANY_ENTRIES = 4000;
const MANY_BYTES: number = 1 << 26;
/** Entries of a slot: few enough that the last ones do not keep one thread busy for long. */
const MAX_ENTRIES = 256;
const MAX_BYTES: number = 1 << 22;

/** What goes into one slot. */
interface Filling {
  /** Whose entries are in it. */
  readonly suspects: Set<() => void>;
  text: CheckText;
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
    this.#begin(real, suspect);
    for (const entry of manifest) {
      const text = entryText(entry, entry.kind === 'directory' ? (nNames.get(entry.path) ?? 0) : 0);
      if (this.#isFull(text)) {
        this.#flush();
        this.#begin(real, suspect);
      }
      const filling = this.#filling!;
      filling.text += text;
      filling.nEntries++;
      filling.nBytes += entry.kind === 'file' ? entry.sizeBytes : 0;
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

  /** The text of an object, where it is the first of a slot, is never too long for it: paths have at most 4,096 bytes. */
  #begin(real: Bytes, suspect: () => void): void {
    const text = objectText(real);
    if (this.#isFull(text)) this.#flush();
    this.#filling ??= { suspects: new Set(), text: '', nEntries: 0, nBytes: 0 };
    this.#filling.text += text;
    this.#filling.suspects.add(suspect);
  }

  #isFull(text: CheckText): boolean {
    const filling = this.#filling;
    return (
      filling !== undefined &&
      (FIRST_RECORD + TEXT_OFFSET + filling.text.length + text.length > SLOT_BYTES ||
        filling.nEntries >= MAX_ENTRIES ||
        filling.nBytes >= MAX_BYTES)
    );
  }

  #flush(): void {
    const filling = this.#filling;
    if (filling === undefined) return;
    this.#filling = undefined;
    const lanes = this.#lanes!;
    const { slot, bytes } = lanes.take();
    const textAt = FIRST_RECORD + TEXT_OFFSET;
    const end = textAt + bytes.write(filling.text, textAt, 'latin1');
    lanes.queue(slot, CHECK_ENTRIES, end, false, (found) => {
      if (!areIntact(found, FIRST_RECORD)) for (const suspect of filling.suspects) suspect();
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
