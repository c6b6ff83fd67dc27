/** The evaluator's door to the world, with a recorder standing in it. */
import { type Bytes, textToBytes } from '../../base/index.ts';
import {
  type EvalIO,
  type EvalStore,
  type FetchedUrl,
  type FileKind,
  type GitRequest,
  type GitTree,
  localRepository,
  type StoreText,
  type TalkKind,
  type UrlRequest,
} from '../../eval/index.ts';
import {
  type AddOptions,
  type Derivation,
  type Digest,
  type HashAlgorithm,
  type StorePath,
  type TreeEntry,
  toldPath,
} from '../../store/index.ts';
import { type FileState, fileState } from './file-state.ts';
import { hashOf, type Recorder } from './recorder.ts';
import type { SourceEntrySeen } from './seen.ts';

type ToReal = (path: Bytes) => Bytes;

/** Notes every answer. A failure spoils the recording: errors are not kept. */
export class WatchingIO implements EvalIO {
  readonly store: EvalStore;
  readonly #inner: EvalIO;
  readonly #recorder: Recorder;
  readonly #toReal: ToReal;

  /** @param toReal  where a path that evaluation names is on this machine (store paths are logical); may refuse, which starts evaluation over */
  constructor(inner: EvalIO, recorder: Recorder, toReal: ToReal) {
    this.#inner = inner;
    this.store = inner.store;
    this.#recorder = recorder;
    this.#toReal = toReal;
  }

  readFile(path: Bytes): Bytes {
    const real = this.#toReal(path);
    const before = fileState(real, true);
    const bytes = this.#try(real, () => this.#inner.readFile(path));
    this.#recorder.file(real, before, hashOf(bytes));
    return bytes;
  }

  hashFile(algorithm: HashAlgorithm, path: Bytes): string {
    const real = this.#toReal(path);
    const before = fileState(real, true);
    const hash = this.#try(real, () => this.#inner.hashFile('sha256', path));
    this.#recorder.file(real, before, hash);
    return algorithm === 'sha256' ? hash : this.#try(real, () => this.#inner.hashFile(algorithm, path));
  }

  readDir(path: Bytes): ReadonlyMap<Bytes, FileKind> {
    const real = this.#toReal(path);
    const before = fileState(real, true);
    const entries = this.#try(real, () => this.#inner.readDir(path));
    this.#recorder.folder(real, before, entries);
    return entries;
  }

  lstat(path: Bytes): FileKind | undefined {
    const real = this.#toReal(path);
    const kind = this.#try(real, () => this.#inner.lstat(path));
    this.#recorder.kind(real, kind);
    return kind;
  }

  realpath(path: Bytes): Bytes {
    const asked = this.#toReal(path);
    const real = this.#try(asked, () => this.#inner.realpath(path));
    this.#recorder.realPath(asked, real);
    return real;
  }

  pathExists(path: Bytes): boolean {
    const exists = this.#inner.pathExists(path);
    this.#recorder.exists(this.#toReal(path), exists);
    return exists;
  }

  /** The environment it looks into is watched itself. */
  env(name: Bytes): Bytes | undefined {
    return this.#inner.env(name);
  }

  now(): number {
    this.#recorder.spoil('the clock was read');
    return this.#inner.now();
  }

  /** What it prints is recorded as output. */
  trace(kind: TalkKind, text: Bytes): void {
    this.#inner.trace(kind, text);
  }

  /** A build that fails ends the evaluation, or starts it over as one that may write. */
  realise(drvPath: StorePath, outputs: readonly string[]): ReadonlyMap<string, StorePath> {
    const built = this.#inner.realise(drvPath, outputs);
    const drv = this.store.readDerivation(drvPath);
    for (const [output, path] of built) {
      // Where the derivation says the path, that it is there is all that counts.
      if (toldPath(drv?.outputs.get(output)) !== path) this.#recorder.built(drvPath, output, path);
      this.#recorder.needs(path);
    }
    return built;
  }

  /** A repository may move on, and what is taken from it passes through a folder that is gone afterwards. */
  fetchGit(request: GitRequest): GitTree {
    this.#recorder.spoil('a Git repository was read');
    try {
      const tree = this.#inner.fetchGit(request);
      const folder = tree.path.slice(0, tree.path.lastIndexOf('/'));
      this.#recorder.fetched([folder, this.#inner.realpath(folder)], tree.origins?.() ?? []);
      return tree;
    } catch (error) {
      const local = localRepository(request);
      // Git writes beside what it replaces: that shows in the folder.
      if (local !== undefined) for (const path of [local, `${local}/.git`]) this.#recorder.failed(textToBytes(path));
      throw error;
    }
  }

  /** Who fetches says how long that does. */
  fetchUrl(request: UrlRequest): FetchedUrl {
    const found = this.#inner.fetchUrl(request);
    this.#recorder.needs(found.path);
    return found;
  }

  #try<T>(path: Bytes, run: () => T): T {
    try {
      return run();
    } catch (error) {
      this.#recorder.failed(path);
      throw error;
    }
  }
}

/** The store as evaluation sees it, watched. In read-only mode nothing that it names has to be there. */
export class WatchingStore implements EvalStore {
  readonly storeDir: string;
  readonly isReadOnly: boolean;
  readonly #inner: EvalStore;
  readonly #recorder: Recorder;
  readonly #toReal: ToReal;
  /** Texts of this evaluation: what is said of them follows from the evaluation alone. */
  readonly #own = new Set<StorePath>();

  constructor(inner: EvalStore, recorder: Recorder, toReal: ToReal) {
    this.storeDir = inner.storeDir;
    this.isReadOnly = inner.isReadOnly;
    this.#inner = inner;
    this.#recorder = recorder;
    this.#toReal = toReal;
  }

  addPath(name: string, source: Bytes, options: AddOptions = {}): { path: StorePath; digest: Digest } {
    const real = this.#toReal(source);
    const met = new Map<Bytes, SourceEntrySeen>();
    const note = (path: Bytes, kind: string, state: FileState | undefined, isTaken: boolean): void => {
      const known = met.get(path);
      if (known === undefined) {
        const place = path === '' ? real : `${real}/${path}`;
        met.set(path, [path, kind, isTaken ? this.#recorder.settled(place, state) : '', isTaken]);
      } else if (known[1] !== kind || known[3] !== isTaken) this.#recorder.spoil('a source changed meanwhile');
    };
    const root = fileState(real, false);
    note('', root?.kind ?? '', root, true);
    // Called for each entry before it is read: so the states are those before the bytes.
    const filter: NonNullable<AddOptions['filter']> = (path, kind) => {
      const relative = path.slice(source.length + 1);
      const state = fileState(`${real}/${relative}`, false);
      const isTaken = options.filter === undefined || options.filter(path, kind);
      note(relative, kind, state, isTaken);
      return isTaken;
    };
    const added = this.#try(real, () => this.#inner.addPath(name, source, { ...options, filter }));
    const { method = 'nar', algorithm = 'sha256' } = options;
    this.#recorder.source({ name, path: real, method, algorithm, storePath: added.path, entries: [...met.values()] });
    this.#added(added.path);
    return added;
  }

  /** Nothing that evaluation offers leads here; where something does, nothing is kept. */
  addTree(name: string, entries: readonly TreeEntry[]): { path: StorePath; digest: Digest } {
    this.#recorder.spoil('a tree from several places was added');
    return this.#inner.addTree(name, entries);
  }

  addHostTree(name: string, spec: { readonly tools: readonly string[]; readonly files: readonly string[] }): StorePath {
    const path = this.#try(undefined, () => this.#inner.addHostTree(name, spec));
    this.#recorder.hostTree(name, JSON.stringify({ tools: spec.tools, files: spec.files }), path);
    this.#added(path);
    return path;
  }

  addText(text: StoreText): void {
    this.#inner.addText(text);
    this.#own.add(text.path);
    this.#added(text.path);
  }

  readDerivation(path: StorePath): Derivation | undefined {
    const drv = this.#try(undefined, () => this.#inner.readDerivation(path));
    if (!this.#own.has(path)) this.#recorder.answer('derivation', path, String(drv !== undefined));
    return drv;
  }

  isValid(path: StorePath): boolean {
    const isValid = this.#inner.isValid(path);
    if (!this.#own.has(path)) this.#recorder.answer('valid', path, String(isValid));
    return isValid;
  }

  references(path: StorePath): readonly StorePath[] {
    const found = this.#inner.references?.(path) ?? [];
    if (!this.#own.has(path)) this.#recorder.answer('references', path, found.join(' '));
    return found;
  }

  #added(path: StorePath): void {
    if (!this.isReadOnly) this.#recorder.needs(path);
  }

  #try<T>(path: Bytes | undefined, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (path === undefined) this.#recorder.spoil('something could not be read');
      else this.#recorder.failed(path);
      throw error;
    }
  }
}
