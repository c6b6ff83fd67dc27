/** The object store of this machine as evaluation sees it. */
import { type Bytes, textToBytes } from '../base/index.ts';
import type { AddOptions, Derivation, Digest, ObjectStore, StorePath, TreeEntry } from '../store/index.ts';
import { decodeDerivation, derivationName, hostTree, splitStorePath } from '../store/index.ts';
import type { EvalStore, StoreText } from './io.ts';

/** Where tools of the host are looked up: not the user's PATH, which would give each user other keys, and builds look nowhere else. */
const HOST_PATH: readonly Bytes[] = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];

/**
 * Texts (derivations, `toFile`) are gathered and written in one transaction by `flush`, which whoever needs them on disk calls:
 * before a build, and at the end. Read-only, they stay in memory and nothing is ever written.
 */
export class StoreBridge implements EvalStore {
  readonly storeDir: string;
  readonly isReadOnly: boolean;
  readonly #store: ObjectStore;
  readonly #texts = new Map<StorePath, StoreText>();
  readonly #searchPath: readonly Bytes[];
  #pending: StoreText[] = [];

  /** @param options  `searchPath`: folders that tools of the host are looked up in, as in PATH */
  constructor(store: ObjectStore, options: { readonly isReadOnly: boolean; readonly searchPath?: readonly Bytes[] }) {
    this.#store = store;
    this.storeDir = store.storeDir;
    this.isReadOnly = options.isReadOnly;
    this.#searchPath = options.searchPath ?? HOST_PATH;
  }

  addPath(name: string, source: Bytes, options: AddOptions = {}): { path: StorePath; digest: Digest } {
    const [real, mapped] = this.#onDisk(source, options);
    return this.isReadOnly ? this.#store.computePath(name, real, mapped) : this.#store.ensurePath(name, real, mapped);
  }

  /** A source inside of the store stands elsewhere on disk; a filter still sees it where it seems to be. */
  #onDisk(source: Bytes, options: AddOptions): [source: Bytes, options: AddOptions] {
    const object = splitStorePath(source, this.storeDir);
    if (object === undefined) return [source, options];
    const real = textToBytes(this.#store.toReal(object.path)) + object.rest;
    const { filter } = options;
    if (filter === undefined) return [real, options];
    return [real, { ...options, filter: (path, kind) => filter(source + path.slice(real.length), kind) }];
  }

  addTree(name: string, entries: readonly TreeEntry[]): { path: StorePath; digest: Digest } {
    const computed = this.#store.computeTree(name, entries);
    if (!this.isReadOnly && !this.#store.isValid(computed.path)) this.#store.addTree(name, entries);
    return computed;
  }

  addHostTree(name: string, { tools, files }: { readonly tools: readonly Bytes[]; readonly files: readonly Bytes[] }): StorePath {
    return hostTree(this.#store, name, { tools, files, searchPath: this.#searchPath }, { isReadOnly: this.isReadOnly });
  }

  addText(text: StoreText): void {
    if (this.#texts.has(text.path)) return;
    this.#texts.set(text.path, text);
    this.#pending.push(text);
  }

  readDerivation(path: StorePath): Derivation | undefined {
    const text = this.#texts.get(path);
    if (text !== undefined) return decodeDerivation(derivationName(path), text.text, this.storeDir);
    return this.#store.isValid(path) ? this.#store.readDerivation(path) : undefined;
  }

  isValid(path: StorePath): boolean {
    return this.#texts.has(path) || this.#store.isValid(path);
  }

  references(path: StorePath): readonly StorePath[] {
    return this.#texts.get(path)?.references ?? this.#store.info(path)?.references ?? [];
  }

  /** A text of this evaluation, written or not. */
  textOf(path: StorePath): Bytes | undefined {
    return this.#texts.get(path)?.text;
  }

  /** Writes the gathered texts, in the order in which they came (references first). Nothing in read-only mode. */
  flush(): void {
    if (this.isReadOnly || this.#pending.length === 0) return;
    const texts = this.#pending;
    this.#pending = [];
    this.#store.addTexts(texts);
  }
}
