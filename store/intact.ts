/**
 * Whether objects are still what was registered, told by the inodes of their files: kind, size, mode and time are those of the manifest,
 * and nothing happened to an inode after the object came into the store. Where something did, its bytes are read. That catches whatever
 * changes files; what changes under the file system (a bit on the disk) only `verify` finds.
 */
import { Fault, textToBytes } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { InodeTimes } from './inode-times.ts';
import type { Staging } from './staging.ts';
import type { StoreIndex } from './store-index.ts';
import { storePathBase } from './store-path.ts';
import type { PathInfo, StorePath, VerifyProblem } from './types.ts';
import { verifyStore } from './verify.ts';

/** A path is registered within the second that its record names, or waits for its turn in the next. */
const SLACK_MS = 2000;
const SHOWN = 3;

interface Place {
  readonly objects: string;
  readonly storeDir: string;
  readonly index: StoreIndex;
  readonly staging: Staging;
}

/** Looks at each path once. */
export class IntactPaths {
  readonly #place: Place;
  readonly #known = new Set<StorePath>();
  readonly #times: InodeTimes = new InodeTimes();

  constructor(place: Place) {
    this.#place = place;
  }

  /**
   * Cost: one `lstat` a file, 2 to 3 µs, and nothing the second time. Files that were linked or repaired since are read once, which is remembered.
   *
   * @throws Fault E-STORE-041
   */
  assert(paths: readonly StorePath[]): void {
    const { index } = this.#place;
    const read: (readonly [path: StorePath, untilMs: number])[] = [];
    for (const path of paths) {
      if (this.#known.has(path)) continue;
      const info = index.info(path);
      const manifest = index.manifestBytes(path);
      if (info === undefined || manifest === undefined) continue; // for the caller to find
      const changedAt = this.#look(info, manifest);
      if (changedAt !== 'as before') {
        const problems = verifyStore(this.#place, { paths: [path], contents: true });
        if (problems.length > 0) throw changed(path, problems);
        if (changedAt !== undefined) read.push([path, changedAt]);
      }
      this.#known.add(path);
    }
    if (read.length > 0 && index.isWritable) {
      index.write((transaction) => {
        for (const [path, untilMs] of read) transaction.putCache(keyOf(path), `${untilMs} ${path}`);
      });
    }
  }

  /** `undefined`: not as recorded. A number: as recorded, but something happened to an inode until then. */
  #look({ path, registeredAt }: PathInfo, manifest: Buffer): 'as before' | number | undefined {
    const newestMs = this.#times.newest(textToBytes(`${this.#place.objects}/${storePathBase(path)}`), manifest);
    if (newestMs === undefined) return undefined;
    if (newestMs <= registeredAt * 1000 + SLACK_MS) return 'as before';
    const checkedUntil = Number(this.#place.index.cacheGet(keyOf(path))?.split(' ')[0] ?? 0);
    return newestMs <= checkedUntil ? 'as before' : newestMs;
  }
}

const keyOf = (path: StorePath): string => `intact ${path}`;

function changed(path: StorePath, problems: readonly VerifyProblem[]): Fault {
  const shown = problems.slice(0, SHOWN).map(({ file, detail }) => `${file ? `${file}: ` : ''}${detail}`);
  const more = problems.length - shown.length;
  return new Fault('E-STORE-041' satisfies StoreCode, `'${path}' is damaged: it is not what was registered`, {
    notes: [...shown, ...(more > 0 ? [`and ${more} more`] : [])],
    hints: ["'igos store verify --contents --repair' gets the recorded bytes back"],
  });
}
