/** A disk, an environment and a store in memory. */
import { type Bytes, SystemFault } from '../../base/index.ts';
import type {
  EvalIO,
  EvalStore,
  FetchedUrl,
  FileKind,
  GitRequest,
  GitTree,
  StoreText,
  TalkKind,
  UrlRequest,
} from '../../eval/io.ts';
import { decodeDerivation, derivationName, type HashAlgorithm, hashBytes, sourcePath } from '../../store/index.ts';
import type { StorePath } from '../../store/types.ts';

export interface MemoryIOOptions {
  /** Absolute path → content; folders are implied. */
  readonly files?: Readonly<Record<string, string>>;
  /** Absolute path → absolute target. */
  readonly links?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly storeDir?: string;
  readonly realise?: EvalIO['realise'];
  readonly fetchUrl?: EvalIO['fetchUrl'];
}

export class MemoryIO implements EvalIO {
  readonly files: Map<Bytes, Bytes>;
  readonly links: Map<Bytes, Bytes>;
  readonly reads: Bytes[] = [];
  readonly looks: Bytes[] = [];
  readonly traces: string[] = [];
  readonly texts: StoreText[] = [];
  readonly store: EvalStore;
  readonly #options: MemoryIOOptions;

  constructor(options: MemoryIOOptions = {}) {
    this.#options = options;
    this.files = new Map(Object.entries(options.files ?? {}));
    this.links = new Map(Object.entries(options.links ?? {}));
    const storeDir = options.storeDir ?? '/nix/store';
    this.store = {
      storeDir,
      isReadOnly: true,
      // Not the path of the tree's bytes: enough for what only has to tell paths apart.
      addPath: (name, source) => {
        if (this.lstat(source) === undefined) throw new SystemFault('read', source, { code: 'ENOENT' });
        const hex = Buffer.from(source.padEnd(32, '\0').slice(0, 32), 'latin1').toString('hex');
        return { path: sourcePath(name, hex, storeDir), digest: { algorithm: 'sha256', hex } };
      },
      addTree: () => {
        throw new Error('no trees in memory');
      },
      addHostTree: () => {
        throw new Error('no host in memory');
      },
      addText: (text) => void this.texts.push(text),
      readDerivation: (path) => {
        const found = this.texts.find((text) => text.path === path);
        return found && decodeDerivation(derivationName(path), found.text, storeDir);
      },
      isValid: (path) => this.texts.some((text) => text.path === path),
    };
  }

  readFile(path: Bytes): Bytes {
    this.reads.push(path);
    const content = this.files.get(this.#follow(path));
    if (content === undefined) throw new SystemFault('read', path, { code: 'ENOENT' });
    return content;
  }

  hashFile(algorithm: HashAlgorithm, path: Bytes): string {
    return hashBytes(algorithm, this.readFile(path));
  }

  readDir(path: Bytes): ReadonlyMap<Bytes, FileKind> {
    const prefix = `${this.#follow(path)}/`;
    const found = new Map<Bytes, FileKind>();
    for (const each of [...this.files.keys(), ...this.links.keys()]) {
      if (!each.startsWith(prefix)) continue;
      const name = each.slice(prefix.length).split('/')[0]!;
      found.set(name, this.lstat(prefix + name)!);
    }
    if (found.size === 0) throw new SystemFault('list', path, { code: 'ENOENT' });
    return found;
  }

  lstat(path: Bytes): FileKind | undefined {
    this.looks.push(path);
    if (this.links.has(path)) return 'symlink';
    if (this.files.has(path)) return 'regular';
    const prefix = path === '/' ? '/' : `${path}/`;
    return [...this.files.keys(), ...this.links.keys()].some((each) => each.startsWith(prefix)) ? 'directory' : undefined;
  }

  realpath(path: Bytes): Bytes {
    return this.#follow(path);
  }

  pathExists(path: Bytes): boolean {
    return this.lstat(this.#follow(path)) !== undefined;
  }

  env(name: Bytes): Bytes | undefined {
    return this.#options.env?.[name];
  }

  now(): number {
    return 1_700_000_000;
  }

  trace(kind: TalkKind, text: Bytes): void {
    this.traces.push(`${kind}: ${text}`);
  }

  realise(drvPath: StorePath, outputs: readonly string[]): ReadonlyMap<string, StorePath> {
    if (this.#options.realise === undefined) throw new Error(`unexpected build of ${drvPath}`);
    return this.#options.realise(drvPath, outputs);
  }

  fetchGit(request: GitRequest): GitTree {
    throw new Error(`unexpected fetch of ${request.url}`);
  }

  fetchUrl(request: UrlRequest): FetchedUrl {
    if (this.#options.fetchUrl === undefined) throw new Error(`unexpected fetch of ${request.url}`);
    return this.#options.fetchUrl(request);
  }

  #follow(path: Bytes): Bytes {
    return this.links.get(path) ?? path;
  }
}
