/**
 * What expressions find of this program's own files: `<nix/fetchurl.nix>`. They stand in a folder that exists on no disk, so that
 * no result tells where igos is installed; messages and printed values call them as Nix does.
 */
import { readFileSync } from 'node:fs';
import { type Bytes, bytesToPath, SystemFault, sys, textToBytes } from '../base/index.ts';
import { type HashAlgorithm, hashBytes, type StorePath } from '../store/index.ts';
import type { EvalIO, EvalStore, FetchedUrl, FileKind, GitRequest, GitTree, TalkKind, UrlRequest } from './io.ts';
import { isOwnPath, OWN_FOLDER, shownPath } from './path.ts';

const realFolder = `${import.meta.dirname}/builtins/nix`;

/** File names. */
const FILES: readonly string[] = ['fetchurl.nix'];

/** The same world with the own folder in it. They are read from the installation, whatever disk there is. */
export function withOwnFiles(io: EvalIO): EvalIO {
  return new WithOwnFiles(io);
}

class WithOwnFiles implements EvalIO {
  readonly store: EvalStore;
  readonly #inner: EvalIO;

  constructor(inner: EvalIO) {
    this.#inner = inner;
    this.store = inner.store;
  }

  readFile(path: Bytes): Bytes {
    return isOwnPath(path)
      ? sys('read', shownPath(path), () => readFileSync(bytesToPath(sourceOf(path)), 'latin1'))
      : this.#inner.readFile(path);
  }

  hashFile(algorithm: HashAlgorithm, path: Bytes): string {
    return isOwnPath(path) ? hashBytes(algorithm, this.readFile(path)) : this.#inner.hashFile(algorithm, path);
  }

  readDir(path: Bytes): ReadonlyMap<Bytes, FileKind> {
    if (!isOwnPath(path)) return this.#inner.readDir(path);
    if (path !== OWN_FOLDER) throw missing('list', path, ownKind(path) === undefined ? 'ENOENT' : 'ENOTDIR');
    return new Map(FILES.map((name): [Bytes, FileKind] => [name, 'regular']));
  }

  lstat(path: Bytes): FileKind | undefined {
    return isOwnPath(path) ? ownKind(path) : this.#inner.lstat(path);
  }

  realpath(path: Bytes): Bytes {
    if (!isOwnPath(path)) return this.#inner.realpath(path);
    if (ownKind(path) === undefined) throw missing('resolve', path, 'ENOENT');
    return path;
  }

  pathExists(path: Bytes): boolean {
    return isOwnPath(path) ? ownKind(path) !== undefined : this.#inner.pathExists(path);
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

  fetchGit(request: GitRequest): GitTree {
    return this.#inner.fetchGit(request);
  }

  fetchUrl(request: UrlRequest): FetchedUrl {
    return this.#inner.fetchUrl(request);
  }

  admit(path: Bytes): void {
    this.#inner.admit?.(path);
  }
}

function ownKind(path: Bytes): FileKind | undefined {
  if (path === OWN_FOLDER) return 'directory';
  return FILES.includes(path.slice(OWN_FOLDER.length + 1)) ? 'regular' : undefined;
}

/** The file or folder on the disk that is copied for a path. */
export const sourceOf = (path: Bytes): Bytes =>
  isOwnPath(path) ? textToBytes(realFolder) + path.slice(OWN_FOLDER.length) : path;

const missing = (operation: string, path: Bytes, errno: string): SystemFault =>
  new SystemFault(operation, shownPath(path), Object.assign(new Error(errno), { code: errno, syscall: operation }));
