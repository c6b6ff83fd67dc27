/** The real machine as the evaluator sees it: files as bytes, the environment and the clock as handed in. */
import { createHash } from 'node:crypto';
import { closeSync, lstatSync, openSync, readdirSync, readFileSync, readSync, realpathSync, type Stats, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bug, type Bytes, bytesToPath, bytesToText, type Latin1Buffer, SystemFault, sys, textToBytes } from '../base/index.ts';
import { type HashAlgorithm, type StorePath, splitStorePath } from '../store/index.ts';
import { fetchGit } from './git/fetch.ts';
import type { EvalIO, EvalStore, FetchedUrl, FileKind, GitRequest, GitTree, TalkKind, UrlRequest } from './io.ts';

export interface NodeEvalIOOptions {
  readonly store: EvalStore;
  /** The real file of a logical store path; by default the path itself. */
  readonly toReal?: (path: Bytes) => Bytes;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Seconds since 1970. */
  readonly now?: () => number;
  readonly trace?: EvalIO['trace'];
  readonly realise: EvalIO['realise'];
  /** Left out: nothing without a hash is fetched. */
  readonly fetchUrl?: EvalIO['fetchUrl'];
  /** Where Git repositories from elsewhere are kept. */
  readonly gitCache?: string;
  /** Called before a Git repository is read; may throw. */
  readonly beforeFetch?: () => void;
}

/** Small files are read at once, and what is hashed is read in pieces of this size. */
const PIECE_BYTES = 1 << 16;

/** The part that looks at files. */
export class NodeFiles implements Pick<EvalIO, 'readFile' | 'hashFile' | 'readDir' | 'lstat' | 'realpath' | 'pathExists'> {
  readonly #toReal: ((path: Bytes) => Bytes) | undefined;

  /** @param toReal  where a path is on this machine; by default the path itself */
  constructor(toReal?: (path: Bytes) => Bytes) {
    this.#toReal = toReal;
  }

  readFile(path: Bytes): Bytes {
    return sys('read', bytesToText(path), () => readWhole(this.#real(path)));
  }

  hashFile(algorithm: HashAlgorithm, path: Bytes): string {
    return sys('read', bytesToText(path), () => {
      const fd = openSync(this.#real(path), 'r');
      try {
        const hash = createHash(algorithm);
        const buffer = Buffer.allocUnsafe(PIECE_BYTES);
        for (let n = readSync(fd, buffer); n > 0; n = readSync(fd, buffer)) hash.update(buffer.subarray(0, n));
        return hash.digest('hex');
      } finally {
        closeSync(fd);
      }
    });
  }

  readDir(path: Bytes): ReadonlyMap<Bytes, FileKind> {
    const entries = sys('list', bytesToText(path), () =>
      readdirSync(this.#real(path), { withFileTypes: true, encoding: 'buffer' }),
    );
    return new Map(entries.map((entry) => [entry.name.toString('latin1'), kindOf(entry)]));
  }

  lstat(path: Bytes): FileKind | undefined {
    const found = this.#stat('examine', path, (real) => lstatSync(real, { throwIfNoEntry: false }));
    return found && kindOf(found);
  }

  realpath(path: Bytes): Bytes {
    const real = this.#real(path);
    return sys('resolve', bytesToText(path), () => realpathSync.native(real, { encoding: 'latin1' }));
  }

  pathExists(path: Bytes): boolean {
    const real = this.#real(path);
    try {
      return statSync(real, { throwIfNoEntry: false }) !== undefined;
    } catch {
      return false; // no permission to look, a loop of links: not there for the language
    }
  }

  #real(path: Bytes): string | Buffer {
    return bytesToPath(this.#toReal === undefined ? path : this.#toReal(path));
  }

  /** A component that is a file, or missing, is "nothing there". */
  #stat(operation: string, path: Bytes, stat: (real: string | Buffer) => Stats | undefined): Stats | undefined {
    try {
      return sys(operation, bytesToText(path), () => stat(this.#real(path)));
    } catch (error) {
      if (error instanceof SystemFault && (error.errno === 'ENOTDIR' || error.errno === 'ENOENT')) return undefined;
      throw error;
    }
  }
}

export class NodeEvalIO extends NodeFiles implements EvalIO {
  readonly store: EvalStore;
  readonly #options: NodeEvalIOOptions;
  #now: number | undefined;

  constructor(options: NodeEvalIOOptions) {
    const { store, toReal } = options;
    const prefix = `${store.storeDir}/`;
    super(toReal && ((path) => (path.startsWith(prefix) ? toReal(path) : path)));
    this.store = store;
    this.#options = options;
  }

  /** What is in an object of the store stays in it: where the store is on this machine is no path of the language. */
  override realpath(path: Bytes): Bytes {
    const real = super.realpath(path);
    // Nearly always; what takes paths apart is loaded for the others.
    if (!path.startsWith(`${this.store.storeDir}/`)) return real;
    const object = splitStorePath(path, this.store.storeDir);
    if (object === undefined) return real;
    const root = super.realpath(object.path);
    return real === root || real.startsWith(`${root}/`) ? object.path + real.slice(root.length) : real;
  }

  env(name: Bytes): Bytes | undefined {
    const value = this.#options.env?.[bytesToText(name)];
    return value === undefined ? undefined : textToBytes(value);
  }

  now(): number {
    this.#now ??= this.#options.now?.() ?? Math.floor(Date.now() / 1000);
    return this.#now;
  }

  trace(kind: TalkKind, text: Bytes): void {
    this.#options.trace?.(kind, text);
  }

  realise(drvPath: StorePath, outputs: readonly string[]): ReadonlyMap<string, StorePath> {
    return this.#options.realise(drvPath, outputs);
  }

  fetchGit(request: GitRequest): GitTree {
    this.#options.beforeFetch?.();
    return fetchGit(request, {
      cacheFolder: this.#options.gitCache ?? join(tmpdir(), 'igos-git-cache'),
      environment: this.#options.env ?? {},
      warn: (message) => this.trace('warning', textToBytes(message)),
    });
  }

  fetchUrl(request: UrlRequest): FetchedUrl {
    if (this.#options.fetchUrl === undefined) throw new Bug(`nothing can be fetched here: '${request.url}'`);
    return this.#options.fetchUrl(request);
  }
}

/** What files are read through. A buffer for each, as `readFileSync` makes it, takes as long as all else. */
let shared: Latin1Buffer | undefined;

function readWhole(real: string | Buffer): Bytes {
  shared ??= Buffer.allocUnsafeSlow(PIECE_BYTES) as Latin1Buffer;
  const fd = openSync(real, 'r');
  try {
    let nBytes = 0;
    for (let n = -1; n !== 0 && nBytes < PIECE_BYTES; nBytes += n) n = readSync(fd, shared, nBytes, PIECE_BYTES - nBytes, null);
    const start = shared.latin1Slice(0, nBytes);
    return nBytes < PIECE_BYTES ? start : start + readFileSync(fd, 'latin1');
  } finally {
    closeSync(fd);
  }
}

const kindOf = (entry: Pick<Stats, 'isFile' | 'isDirectory' | 'isSymbolicLink'>): FileKind => {
  if (entry.isFile()) return 'regular';
  if (entry.isDirectory()) return 'directory';
  return entry.isSymbolicLink() ? 'symlink' : 'unknown';
};
