/**
 * Sources on their way in, which become valid together: a flush of the disk and a transaction of the index cost as much for one as for a
 * hundred, and evaluation of a large tree meets a hundred.
 *
 * @source docs/decisions/0022-quick-builds.md
 */
import { type Bytes, textToBytes } from '../base/index.ts';
import { type Named, SourceAdder, type SourceSink } from './add-sources.ts';
import { addTexts } from './add-texts.ts';
import type { Places } from './register.ts';
import type { AddOptions, FinishedObject, Gathering, ObjectStore, StorePath, TextToAdd, TreeEntry } from './types.ts';
import { removeTree } from './write-tree.ts';

/** The store as `Gathering` needs it. */
type Behind = Pick<ObjectStore, 'storeDir' | 'hold' | 'isValid' | 'cacheGet'>;

export class GatheredSources implements Gathering, SourceSink {
  readonly storeDir: string;
  readonly #store: Behind;
  readonly #places: Places;
  readonly #adder: SourceAdder = new SourceAdder(this);
  readonly #objects = new Map<StorePath, FinishedObject>();
  readonly #notes = new Map<string, string>();
  #folder: string | undefined;
  #count = 0;

  constructor(store: Behind, places: Places) {
    this.storeDir = store.storeDir;
    this.#store = store;
    this.#places = places;
  }

  has(path: StorePath): boolean {
    return this.#objects.has(path);
  }

  isValid(path: StorePath): boolean {
    return this.#objects.has(path) || this.#store.isValid(path);
  }

  hold(path: StorePath): boolean {
    return this.#objects.has(path) || this.#store.hold(path);
  }

  ensurePath(name: string, source: Bytes, options?: AddOptions): Named {
    return this.#adder.ensurePath(name, source, options);
  }

  computeTree(name: string, entries: readonly TreeEntry[]): Named {
    return this.#adder.computeTree(name, entries);
  }

  addTree(name: string, entries: readonly TreeEntry[]): StorePath {
    return this.#adder.addTree(name, entries).path;
  }

  cacheGet(key: string): string | undefined {
    return this.#notes.get(key) ?? this.#store.cacheGet(key);
  }

  cachePut(entries: readonly (readonly [key: string, value: string])[]): void {
    for (const [key, value] of entries) this.#notes.set(key, value);
  }

  take<T>(make: (realPath: string) => { readonly result: T; readonly object: FinishedObject | undefined }): T {
    this.#folder ??= this.#places.staging.make('add');
    const realPath = `${this.#folder}/${this.#count++}`;
    try {
      const { result, object } = make(realPath);
      if (object === undefined) removeTree(textToBytes(realPath));
      else this.#objects.set(object.info.path, object);
      return result;
    } catch (error) {
      removeTree(textToBytes(realPath));
      throw error;
    }
  }

  register(missing: ReadonlyMap<StorePath, TextToAdd>): void {
    try {
      if (missing.size > 0 || this.#objects.size > 0 || this.#notes.size > 0)
        addTexts(this.#places, missing, { objects: [...this.#objects.values()], notes: [...this.#notes] });
    } finally {
      this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    this.#objects.clear();
    this.#notes.clear();
    if (this.#folder === undefined) return;
    const folder = this.#folder;
    this.#folder = undefined;
    removeTree(textToBytes(folder));
  }
}
