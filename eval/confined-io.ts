/**
 * The world of pure evaluation: the files that it was pointed at, and the store. What an expression finds elsewhere would make its
 * value depend on the machine.
 */
import type { Bytes } from '../base/index.ts';
import type { AddOptions, Derivation, Digest, HashAlgorithm, StorePath, TreeEntry } from '../store/index.ts';
import { forbiddenPath } from './errors.ts';
import type { EvalIO, EvalStore, FetchedUrl, FileKind, GitRequest, GitTree, StoreText, TalkKind, UrlRequest } from './io.ts';
import { sourceOf } from './own-files.ts';
import { OWN_FOLDER, parentPath } from './path.ts';

/** Refuses paths outside of what `admit` was told. Links that lead out are followed by nobody. Cost: one look a folder, one a file. */
export class ConfinedIO implements EvalIO {
  readonly store: EvalStore;
  readonly #inner: EvalIO;
  readonly #roots = new Set<Bytes>();
  /** Real paths of folders that were asked for. */
  readonly #realFolders = new Map<Bytes, Bytes>();

  constructor(inner: EvalIO) {
    this.#inner = inner;
    this.store = new ConfinedStore(inner.store, this);
    this.#roots.add(inner.store.storeDir);
    this.#roots.add(sourceOf(OWN_FOLDER));
  }

  /** Opens the Git checkout that a file or folder is in; where there is none, the folder or the folder of the file. */
  admit(path: Bytes): void {
    const inner = this.#inner;
    if (!inner.pathExists(path)) return;
    const real = inner.realpath(path);
    const folder = inner.lstat(real) === 'directory' ? real : parentPath(real);
    let checkout = folder;
    while (checkout !== '/' && !inner.pathExists(`${checkout}/.git`)) checkout = parentPath(checkout);
    this.#roots.add(checkout === '/' ? folder : checkout);
    // as it was named: a link may lead there
    this.#roots.add(inner.lstat(path) === 'directory' || real === path ? path : parentPath(path));
  }

  /** @throws Fault E-EVAL-028 outside, or a link leads outside */
  check(path: Bytes): void {
    if (!this.#isInside(path)) throw forbiddenPath(path);
    const real = this.#real(path);
    if (!this.#isInside(real)) throw forbiddenPath(real);
  }

  readFile(path: Bytes): Bytes {
    this.check(path);
    return this.#inner.readFile(path);
  }

  hashFile(algorithm: HashAlgorithm, path: Bytes): string {
    this.check(path);
    return this.#inner.hashFile(algorithm, path);
  }

  readDir(path: Bytes): ReadonlyMap<Bytes, FileKind> {
    this.check(path);
    return this.#inner.readDir(path);
  }

  /** As in Nix, what may not be looked at is not there. */
  lstat(path: Bytes): FileKind | undefined {
    return this.#isInside(path) ? this.#inner.lstat(path) : undefined;
  }

  /** What it leads to is asked for by itself. */
  realpath(path: Bytes): Bytes {
    if (!this.#isInside(path)) throw forbiddenPath(path);
    return this.#inner.realpath(path);
  }

  pathExists(path: Bytes): boolean {
    return this.#isInside(path) && this.#inner.pathExists(path);
  }

  env(name: Bytes): Bytes | undefined {
    return this.#inner.env(name);
  }

  now(): number {
    return this.#inner.now();
  }

  trace(kind: TalkKind, text: Bytes): void {
    this.#inner.trace(kind, text);
  }

  realise(drvPath: StorePath, outputs: readonly string[]): ReadonlyMap<string, StorePath> {
    return this.#inner.realise(drvPath, outputs);
  }

  /** Names its commit, so it is the same everywhere. */
  fetchGit(request: GitRequest): GitTree {
    const tree = this.#inner.fetchGit(request);
    this.#roots.add(tree.path);
    return tree;
  }

  /** Nobody asks for what has no hash in pure evaluation. */
  fetchUrl(request: UrlRequest): FetchedUrl {
    return this.#inner.fetchUrl(request);
  }

  #isInside(path: Bytes): boolean {
    for (const root of this.#roots) {
      if (path === root || (path.startsWith(root) && path[root.length] === '/')) return true;
    }
    return this.#roots.has('/');
  }

  /** Where a path leads. Files in one folder share the way to it. */
  #real(path: Bytes): Bytes {
    if (path === '/' || path.startsWith(`${this.store.storeDir}/`)) return path;
    const folder = parentPath(path);
    let real = this.#realFolders.get(folder);
    if (real === undefined) {
      real = this.#inner.pathExists(folder) ? this.#inner.realpath(folder) : folder;
      this.#realFolders.set(folder, real);
    }
    const name = path.slice(path.lastIndexOf('/') + 1);
    const here = `${real === '/' ? '' : real}/${name}`;
    const isLink = this.#inner.lstat(here) === 'symlink';
    return isLink && this.#inner.pathExists(here) ? this.#inner.realpath(here) : here;
  }
}

/** Copies into the store only what may be read. */
class ConfinedStore implements EvalStore {
  readonly storeDir: string;
  readonly isReadOnly: boolean;
  readonly #inner: EvalStore;
  readonly #io: ConfinedIO;

  constructor(inner: EvalStore, io: ConfinedIO) {
    this.storeDir = inner.storeDir;
    this.isReadOnly = inner.isReadOnly;
    this.#inner = inner;
    this.#io = io;
  }

  addPath(name: string, source: Bytes, options?: AddOptions): { path: StorePath; digest: Digest } {
    this.#io.check(source);
    return this.#inner.addPath(name, source, options);
  }

  addTree(name: string, entries: readonly TreeEntry[]): { path: StorePath; digest: Digest } {
    for (const entry of entries) if (entry.kind === 'file') this.#io.check(entry.realPath);
    return this.#inner.addTree(name, entries);
  }

  /** The package names what it takes of the machine, and its content is in the key. */
  addHostTree(name: string, spec: { readonly tools: readonly string[]; readonly files: readonly string[] }): StorePath {
    return this.#inner.addHostTree(name, spec);
  }

  addText(text: StoreText): void {
    this.#inner.addText(text);
  }

  readDerivation(path: StorePath): Derivation | undefined {
    return this.#inner.readDerivation(path);
  }

  isValid(path: StorePath): boolean {
    return this.#inner.isValid(path);
  }

  references(path: StorePath): readonly StorePath[] {
    return this.#inner.references?.(path) ?? [];
  }
}
