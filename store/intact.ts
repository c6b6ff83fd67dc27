/**
 * Whether objects are still what was registered, told by the inodes of their files: kind, size, mode and time are those of the manifest,
 * and nothing happened to an inode after the object came into the store. Where something did, its bytes are read. That catches whatever
 * changes files; what changes under the file system (a bit on the disk) only `verify` finds.
 */
import { lstatSync } from 'node:fs';
import { type Bytes, bytesToPath, Fault } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import type { Staging } from './staging.ts';
import type { StoreIndex } from './store-index.ts';
import { storePathBase } from './store-path.ts';
import { joinPath } from './tree.ts';
import type { Manifest, ManifestEntry, PathInfo, StorePath, VerifyProblem } from './types.ts';
import { verifyStore } from './verify.ts';
import { canonicalMtimeSeconds, directoryMode, executableMode, fileMode } from './write-tree.ts';

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

  constructor(place: Place) {
    this.#place = place;
  }

  /**
   * Cost: one `lstat` a file, 3 µs, and nothing the second time. Files that were linked or repaired since are read once, which is remembered.
   *
   * @throws Fault E-STORE-041
   */
  assert(paths: readonly StorePath[]): void {
    const { index } = this.#place;
    const read: (readonly [path: StorePath, untilMs: number])[] = [];
    for (const path of paths) {
      if (this.#known.has(path)) continue;
      const info = index.info(path);
      const manifest = index.manifest(path);
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
  #look({ path, registeredAt }: PathInfo, manifest: Manifest): 'as before' | number | undefined {
    const root = `${this.#place.objects}/${storePathBase(path)}` as Bytes;
    let newestMs = 0;
    for (const entry of manifest) {
      const changedAtMs = inodeTime(joinPath(root, entry.path), entry);
      if (changedAtMs === undefined) return undefined;
      if (changedAtMs > newestMs) newestMs = changedAtMs;
    }
    if (newestMs <= registeredAt * 1000 + SLACK_MS) return 'as before';
    const checkedUntil = Number(this.#place.index.cacheGet(keyOf(path))?.split(' ')[0] ?? 0);
    return newestMs <= checkedUntil ? 'as before' : newestMs;
  }
}

const keyOf = (path: StorePath): string => `intact ${path}`;

/** When something last happened to it; folders, whose entries have their own, at 0. `undefined` where it is not as recorded. */
function inodeTime(real: Bytes, entry: ManifestEntry): number | undefined {
  let stat: ReturnType<typeof lstatSync>;
  try {
    stat = lstatSync(bytesToPath(real));
  } catch {
    return undefined;
  }
  if (Math.floor(stat.mtimeMs / 1000) !== canonicalMtimeSeconds) return undefined;
  const mode = stat.mode & 0o7777;
  switch (entry.kind) {
    case 'directory':
      return stat.isDirectory() && mode === directoryMode ? 0 : undefined;
    case 'symlink':
      return stat.isSymbolicLink() ? stat.ctimeMs : undefined;
    case 'file': {
      const isAsRecorded =
        stat.isFile() && stat.size === entry.sizeBytes && mode === (entry.isExecutable ? executableMode : fileMode);
      return isAsRecorded ? stat.ctimeMs : undefined;
    }
  }
}

function changed(path: StorePath, problems: readonly VerifyProblem[]): Fault {
  const shown = problems.slice(0, SHOWN).map(({ file, detail }) => `${file ? `${file}: ` : ''}${detail}`);
  const more = problems.length - shown.length;
  return new Fault('E-STORE-041' satisfies StoreCode, `'${path}' is damaged: it is not what was registered`, {
    notes: [...shown, ...(more > 0 ? [`and ${more} more`] : [])],
    hints: ["'igos store verify --contents --repair' gets the recorded bytes back"],
  });
}
