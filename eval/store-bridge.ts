/** The object store of this machine as evaluation sees it. */
import { type Bytes, textToBytes } from '../base/index.ts';
import type { AddOptions, Derivation, Digest, Gathering, LaterTexts, ObjectStore, StorePath, TreeEntry } from '../store/index.ts';
import { decodeDerivation, derivationName, hostTree, nameSmallSource, splitStorePath } from '../store/index.ts';
import { sourceChanged } from './errors.ts';
import type { EvalStore, StoreText } from './io.ts';

/** Where tools of the host are looked up: not the user's PATH, which would give each user other keys, and builds look nowhere else. */
const HOST_PATH: readonly Bytes[] = ['/usr/bin', '/usr/sbin', '/bin', '/sbin'];

/**
 * Texts (derivations, `toFile`) and sources are gathered and registered in one transaction by `flush`, which whoever needs them calls:
 * before a build, before something reads them, and at the end. Sources are copied as they come, texts written by `flush`. Read-only,
 * texts stay in memory and nothing is ever written.
 */
export class StoreBridge implements EvalStore {
  readonly storeDir: string;
  readonly isReadOnly: boolean;
  readonly #open: () => ObjectStore;
  readonly #texts = new Map<StorePath, StoreText>();
  readonly #searchPath: readonly Bytes[];
  #pending: StoreText[] = [];
  readonly #later = new Set<StorePath>();
  readonly #defersWrites: boolean;
  /** Sources that are copied, and valid after `flush`. */
  #gathering: Gathering | undefined;
  /** Sources that are yet to be copied (deferred), or never will be (read-only), though the store may have them. */
  readonly #uncopied = new Set<StorePath>();
  readonly #copies: (() => void)[] = [];

  /**
   * @param store    or how it is opened, where many evaluations never need it: called for each use
   * @param options  `searchPath`: folders that tools of the host are looked up in, as in PATH; `defersWrites`: sources too are only
   * copied by `flush`, so that an evaluation may be cut off at any point (the repl)
   */
  constructor(
    store: ObjectStore | { readonly storeDir: string; readonly open: () => ObjectStore },
    options: { readonly isReadOnly: boolean; readonly searchPath?: readonly Bytes[]; readonly defersWrites?: boolean },
  ) {
    this.#defersWrites = options.defersWrites === true;
    this.#open = 'open' in store ? store.open : () => store;
    this.storeDir = store.storeDir;
    this.isReadOnly = options.isReadOnly;
    this.#searchPath = options.searchPath ?? HOST_PATH;
  }

  get #store(): ObjectStore {
    return this.#open();
  }

  addPath(name: string, source: Bytes, options: AddOptions = {}): { path: StorePath; digest: Digest } {
    const [real, mapped] = this.#onDisk(source, options);
    if (!this.isReadOnly && !this.#defersWrites) return this.#gathered().ensurePath(name, real, mapped);
    // Mostly that is all: the store need not be opened.
    const computed = nameSmallSource(name, real, mapped, this.storeDir) ?? this.#store.computePath(name, real, mapped);
    this.#copy(computed.path, () => {
      if (this.#store.addPath(name, real, mapped) !== computed.path) throw sourceChanged(source);
    });
    return computed;
  }

  #copy(path: StorePath, run: () => void): void {
    if (this.#uncopied.has(path)) return;
    // Read-only, whether the store has it is asked when somebody reads it: seldom.
    if (!this.isReadOnly && this.#store.hold(path)) return;
    this.#uncopied.add(path);
    if (!this.isReadOnly) this.#copies.push(run);
  }

  /** Whether evaluation has made a path that is not on disk, so that nothing below it can be read before `flush`. */
  isUnwritten(path: StorePath): boolean {
    return (
      this.#gathering?.has(path) === true ||
      (this.#uncopied.has(path) && !(this.isReadOnly && this.#store.isValid(path))) ||
      (this.#texts.has(path) && !this.#store.isValid(path))
    );
  }

  /** A source inside of the store stands elsewhere on disk; a filter still sees it where it seems to be. */
  #onDisk(source: Bytes, options: AddOptions): [source: Bytes, options: AddOptions] {
    const object = splitStorePath(source, this.storeDir);
    if (object === undefined) return [source, options];
    if (this.#gathering?.has(object.path) === true) this.flush();
    const real = textToBytes(this.#store.toReal(object.path)) + object.rest;
    const { filter } = options;
    if (filter === undefined) return [real, options];
    return [real, { ...options, filter: (path, kind) => filter(source + path.slice(real.length), kind) }];
  }

  #gathered(): Gathering {
    this.#gathering ??= this.#store.gather();
    return this.#gathering;
  }

  addTree(name: string, entries: readonly TreeEntry[]): { path: StorePath; digest: Digest } {
    const computed = this.#store.computeTree(name, entries);
    if (!this.isReadOnly && !this.#defersWrites) {
      this.#gathered().addTree(name, entries);
      return computed;
    }
    this.#copy(computed.path, () => this.#store.addTree(name, entries));
    return computed;
  }

  addHostTree(name: string, { tools, files }: { readonly tools: readonly Bytes[]; readonly files: readonly Bytes[] }): StorePath {
    const spec = { tools, files, searchPath: this.#searchPath };
    if (!this.isReadOnly && !this.#defersWrites) return hostTree(this.#gathered(), name, spec);
    const path = hostTree(this.#store, name, spec, { isReadOnly: true });
    this.#copy(path, () => hostTree(this.#store, name, spec));
    return path;
  }

  addText(text: StoreText): void {
    const { size } = this.#texts;
    // In one search: one of the same name is the same text.
    this.#texts.set(text.path, text);
    if (this.#texts.size > size) this.#pending.push(text);
  }

  readDerivation(path: StorePath): Derivation | undefined {
    const text = this.#texts.get(path);
    if (text !== undefined) return decodeDerivation(derivationName(path), text.text, this.storeDir);
    return this.#store.isValid(path) ? this.#store.readDerivation(path) : undefined;
  }

  isValid(path: StorePath): boolean {
    return this.#texts.has(path) || this.#gathering?.has(path) === true || this.#store.isValid(path);
  }

  references(path: StorePath): readonly StorePath[] {
    return this.#texts.get(path)?.references ?? this.#store.info(path)?.references ?? [];
  }

  /** A text of this evaluation, written or not. */
  textOf(path: StorePath): Bytes | undefined {
    return this.#texts.get(path)?.text;
  }

  /** Texts that wait for `flush`, or for what `flushLater` gave. */
  pending(): ReadonlySet<StorePath> {
    return new Set([...this.#later, ...this.#pending.map((text) => text.path)]);
  }

  /**
   * Writes the gathered texts, in the order in which they came (references first), and registers them with the gathered sources.
   * Nothing in read-only mode.
   *
   * @throws Fault E-EVAL-090 a source whose copying was deferred is not what it was
   */
  flush(): void {
    const texts = this.#take();
    this.#register(texts);
  }

  #register(texts: readonly StoreText[]): void {
    const sources = this.#gathering;
    if (sources !== undefined) this.#store.addTexts(texts, sources);
    else if (texts.length > 0) this.#store.addTexts(texts);
  }

  /**
   * The same, but that the derivations are registered by the `finish` of what is returned, and only then are valid: while the first of
   * them are built.
   */
  flushLater(): LaterTexts | undefined {
    const texts = this.#take();
    const [derivations, others] = [texts.filter(isDerivation), texts.filter((text) => !isDerivation(text))];
    // A text may name a derivation that it does not depend on.
    if (others.some(({ references }) => references.some((path) => path.endsWith('.drv')))) {
      this.#register(texts);
      return undefined;
    }
    this.#register(others);
    for (const { path } of derivations) this.#later.add(path);
    return derivations.length === 0 ? undefined : this.#store.addTextsLater(derivations);
  }

  /** What is yet to be written; sources are copied. */
  #take(): readonly StoreText[] {
    for (let copy = this.#copies[0]; copy !== undefined; copy = this.#copies[0]) {
      copy();
      this.#copies.shift();
    }
    if (this.isReadOnly) return [];
    this.#uncopied.clear();
    const texts = this.#pending;
    this.#pending = [];
    return texts;
  }
}

const isDerivation = ({ path }: StoreText): boolean => path.endsWith('.drv');
