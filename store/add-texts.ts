/**
 * Texts become store objects: derivations, and what evaluation writes. Many at a time, each a small file.
 *
 * @source docs/store.md §2
 */
import { closeSync, constants, lstatSync, openSync } from 'node:fs';
import { type Bytes, compareBytes, SystemFault, syncFileSystemCall, sys, textToBytes } from '../base/index.ts';
import { canonicalMtimeSeconds } from './canonical-metadata.ts';
import { DerivationText, lengthOfText } from './derivation-text.ts';
import { hashBytes } from './hash.ts';
import { bytesSource } from './nar-decode.ts';
import { TextNars } from './nar-encode.ts';
import { type Places, registerObjects } from './register.ts';
import { repairFromNar } from './repair.ts';
import { formatContentAddress, storePathBase } from './store-path.ts';
import type { FinishedObject, LaterTexts, StorePath, TextToAdd } from './types.ts';
import { isUmaskTight, removeTree, writeObjectFile } from './write-tree.ts';

/** What is registered with texts. */
interface Companions {
  readonly objects: readonly FinishedObject[];
  /** For the cache of the index. */
  readonly notes: readonly (readonly [key: string, value: string])[];
}

/** Writes and registers what is missing, by path. @throws Fault E-STORE-015 · SystemFault */
export function addTexts(places: Places, missing: ReadonlyMap<StorePath, TextToAdd>, others?: Companions): void {
  const staged = new StagedTexts(places, missing);
  try {
    staged.register(others);
  } finally {
    staged.close();
  }
}

/** Gives a registered text its bytes again where it is gone or somebody wrote there. Cost: one `lstat`; bits that rotted do not show in it. */
export function repairText(places: Places, path: StorePath, text: TextToAdd): void {
  const stat = lstatSync(`${places.objects}/${storePathBase(path)}`, { throwIfNoEntry: false });
  const isWhole = stat?.isFile() && stat.size === lengthOfText(text) && stat.mtimeMs === canonicalMtimeSeconds * 1000;
  if (isWhole) return;
  const { nar } = new TextNars().of(text instanceof DerivationText ? text.content : text.text);
  repairFromNar(places, path, bytesSource(nar));
}

/** What `addTexts` does, when the caller has time for it. */
export class TextsOfLater implements LaterTexts {
  readonly #places: Places;
  readonly #missing: ReadonlyMap<StorePath, TextToAdd>;
  #finished: Promise<void> | undefined;
  #isGivenUp: boolean = false;

  constructor(places: Places, missing: ReadonlyMap<StorePath, TextToAdd>) {
    this.#places = places;
    this.#missing = missing;
  }

  finish(): Promise<void> {
    this.#finished ??= this.#finish();
    return this.#finished;
  }

  /** The store is closed: what was not begun is not, and what was is not ended. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  async #finish(): Promise<void> {
    if (this.#isGivenUp || this.#missing.size === 0) return;
    const staged = new StagedTexts(this.#places, this.#missing);
    try {
      await staged.flush();
      if (!this.#isGivenUp) staged.register();
    } finally {
      staged.close();
    }
  }
}

/** Files in a scratch folder, complete but for their registration. */
class StagedTexts {
  readonly #places: Places;
  readonly #folder: string;
  readonly #objects: FinishedObject[] = [];
  #isDurable: boolean = false;

  constructor(places: Places, missing: ReadonlyMap<StorePath, TextToAdd>) {
    this.#places = places;
    this.#folder = places.staging.make('add');
    try {
      const nars = new TextNars();
      const isMasked = isUmaskTight();
      for (const [path, text] of missing)
        this.#write(path, text, nars.of(text instanceof DerivationText ? text.content : text.text), isMasked);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Has another thread wait for the disk, where that can be had. @throws SystemFault */
  async flush(): Promise<void> {
    const sync = syncFileSystemCall();
    if (sync === undefined) return;
    const folder = this.#folder;
    const fd = sys('open', folder, () => openSync(folder, constants.O_RDONLY));
    const { promise, resolve } = Promise.withResolvers<number>();
    sync.async(fd, (_, result) => resolve(result));
    const result = await promise;
    closeSync(fd);
    if (result !== 0) throw new SystemFault('sync the file system of', folder, { code: 'EIO' });
    this.#isDurable = true;
  }

  register({ objects, notes }: Companions = { objects: [], notes: [] }): void {
    registerObjects(this.#places, [...objects, ...this.#objects], { isDurable: this.#isDurable, notes });
  }

  close(): void {
    removeTree(textToBytes(this.#folder));
  }

  #write(path: StorePath, text: TextToAdd, { nar, data }: { nar: Buffer; data: Buffer }, isMasked: boolean): void {
    const isComplete = text instanceof DerivationText;
    const sha256 = isComplete ? text.content.sha256 : hashBytes('sha256', data);
    const realPath = `${this.#folder}/${this.#objects.length}`;
    writeObjectFile(realPath, data, isMasked);
    this.#objects.push({
      realPath,
      manifest: [{ kind: 'file', path: '', isExecutable: false, sizeBytes: data.length, sha256 }],
      info: {
        path,
        narHash: hashBytes('sha256', nar),
        narSizeBytes: nar.length,
        references: isComplete ? text.references : [...new Set(text.references)].sort(compareBytes),
        ca: formatContentAddress({ kind: 'text', digest: { algorithm: 'sha256', hex: sha256 } }),
      },
    });
  }
}

/** Texts of derivations that this process has put into the store, or will: whoever goes on to build them needs not read them. */
export class WrittenDerivations {
  readonly #texts = new Map<StorePath, TextToAdd>();
  #nBytes = 0;

  /** Those of derivations, as far as there is room. */
  add(texts: ReadonlyMap<StorePath, TextToAdd>): void {
    for (const [path, text] of texts) {
      const length = lengthOfText(text);
      if (!path.endsWith('.drv') || !this.hasRoom(length) || this.#texts.has(path)) continue;
      this.#texts.set(path, text);
      this.#nBytes += length;
    }
  }

  hasRoom(nBytes: number): boolean {
    return this.#nBytes + nBytes <= MAX_WRITTEN_BYTES;
  }

  get(path: StorePath): Bytes | undefined {
    return this.#texts.get(path)?.text;
  }
}

const MAX_WRITTEN_BYTES = 1 << 23;
