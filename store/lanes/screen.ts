/**
 * Tells objects that are as recorded from those that have to be looked at more closely, with the help of lanes where there is much to
 * read. What it calls intact, is: every byte of it was hashed, every name, kind, mode, time and link target compared.
 */
import type { Bytes } from '../../base/index.ts';
import { checkFew, surplus, TEXT_OFFSET } from './check.ts';
import { Lanes } from './lanes.ts';
import { objectText, Records } from './records.ts';
import { CHECK_ENTRIES, FIRST_RECORD } from './work.ts';

/** A thread takes as long to start as some thousand files take to read. */
const MANY_ENTRIES = 4000;
const MANY_BYTES: number = 1 << 26;
/** Entries of a slot: few enough that the last ones do not keep one thread busy for long. */
const MAX_ENTRIES = 128;
const MAX_BYTES: number = 1 << 22;
/** Texts of that many entries are shorter, of which each has less than 9 KiB; a slot has room for one more. */
const MAX_TEXT: number = 1 << 17;

/** Objects whose records are in the same slots. */
interface Group {
  readonly suspects: Set<() => void>;
  /** Names of folders without a record. */
  surplus: number;
}

/** What goes into one slot. */
interface Filling {
  readonly suspects: Set<() => void>;
  readonly group: Group;
  text: Bytes;
  nEntries: number;
  nBytes: number;
}

export class Screen {
  #lanes: Lanes | undefined;
  #nSeen = 0;
  #nBytesSeen = 0;
  #filling: Filling | undefined;
  readonly #groups: Group[] = [];

  readonly #startLanes: () => Lanes;

  /** @param isLarge  much will come, so that lanes may start at once */
  constructor(isLarge: boolean, startLanes: () => Lanes = () => Lanes.start()) {
    this.#startLanes = startLanes;
    if (isLarge) this.#lanes = startLanes();
  }

  /**
   * @param manifest  by `encodeManifest`
   * @param suspect   is called, now or until `end` returns, where something is not as recorded; maybe more than once
   */
  look(real: Bytes, manifest: Bytes, suspect: () => void): void {
    const object = objectText(real);
    this.#lanes ??= this.#lanesFor(manifest);
    if (this.#lanes === undefined) {
      if (checkFew(object + manifest) !== 0) suspect();
      return;
    }
    let filling = this.#begin(object, suspect);
    const record = new Records(manifest);
    let start = 0;
    while (record.next()) {
      const isFull =
        filling.nEntries >= MAX_ENTRIES || filling.nBytes >= MAX_BYTES || filling.text.length + record.end - start > MAX_TEXT;
      if (isFull) {
        filling.text += manifest.slice(start, record.at);
        start = record.at;
        this.#flush();
        filling = this.#begin(object, suspect, start === 0 ? undefined : filling.group);
      }
      filling.nEntries++;
      filling.nBytes += record.sizeBytes;
    }
    filling.text += manifest.slice(start);
    // Those that come after are another group.
    if (start > 0) this.#flush();
  }

  /** Waits for the lanes. */
  end(): void {
    this.#flush();
    this.#lanes?.drain();
    for (const group of this.#groups.splice(0)) if (group.surplus !== 0) for (const suspect of group.suspects) suspect();
  }

  close(): void {
    this.#lanes?.close();
    this.#lanes = undefined;
  }

  #lanesFor(manifest: Bytes): Lanes | undefined {
    const record = new Records(manifest);
    while (record.next()) {
      this.#nSeen++;
      this.#nBytesSeen += record.sizeBytes;
    }
    return this.#nSeen >= MANY_ENTRIES || this.#nBytesSeen >= MANY_BYTES ? this.#startLanes() : undefined;
  }

  /** @param group  where the object has records in the slot before */
  #begin(object: Bytes, suspect: () => void, group?: Group): Filling {
    if (this.#filling === undefined) {
      const own = group ?? { suspects: new Set(), surplus: 0 };
      if (own !== group) this.#groups.push(own);
      this.#filling = { suspects: new Set(), group: own, text: '', nEntries: 0, nBytes: 0 };
    }
    const filling = this.#filling;
    filling.text += object;
    filling.suspects.add(suspect);
    filling.group.suspects.add(suspect);
    return filling;
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
      const n = surplus(found, FIRST_RECORD);
      if (n === undefined) for (const suspect of filling.suspects) suspect();
      else filling.group.surplus += n;
    });
  }
}
