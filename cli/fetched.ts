/**
 * What was fetched without a hash: `<home>/var/cache/fetched/<SHA-256 of what was asked for>`, so that a server is asked once for what
 * many evaluations name, and later only whether it has something new. Nothing in it is needed; whatever is not exactly what was
 * written is not there.
 */
import { type Fault, sha256 } from '../base/index.ts';
import { type Download, type DownloadOptions, type DownloadRequest, download } from '../builder/index.ts';
import { type ObjectStore, parseStorePath } from '../store/index.ts';
import { CacheFolder } from './evaluation-cache/folder.ts';

const LIMITS = { maxBytes: 4 << 20, maxRecords: 2000, sweepEvery: 64 };

export interface FetchAnew extends DownloadOptions {
  /** What was fetched so recently is taken as it is. */
  readonly maxAgeSeconds: number;
  /** Told why a server could not be asked whether it has something new; without it that fails. */
  readonly onOld?: (reason: Fault) => void;
}

export class FetchedFolder {
  readonly #store: ObjectStore;
  readonly #folder: CacheFolder;

  constructor(home: string, store: ObjectStore) {
    this.#store = store;
    this.#folder = new CacheFolder(home, LIMITS, 'fetched');
  }

  /** What stands at an address, in the store and held. @throws as `download` */
  async fetch(request: DownloadRequest, options: FetchAnew): Promise<Download> {
    const { url, name, isTree } = request;
    const question = JSON.stringify([url, name, isTree]);
    const key = sha256(question);
    const known = this.#known(key, question);
    if (known !== undefined && isFresh(known, options.maxAgeSeconds)) return known;
    let found: Download;
    try {
      found = (await download(this.#store, { url, name, isTree, known: known?.version }, options)) ?? known!;
    } catch (error) {
      if (known === undefined || options.onOld === undefined || options.signal.aborted) throw error;
      options.onOld(error as Fault);
      return known;
    }
    const { path, digest, version } = found;
    this.#folder.write(key, Buffer.from(JSON.stringify({ question, path, digest, version, atMs: Date.now() })));
    return found;
  }

  #known(key: string, question: string): Kept | undefined {
    const bytes = this.#folder.read(key);
    if (bytes === undefined) return undefined;
    try {
      const kept = JSON.parse(bytes.toString()) as Kept & { readonly question: string };
      const path = parseStorePath(kept.path, this.#store.storeDir);
      return kept.question === question && this.#store.hold(path) ? { ...kept, path } : undefined;
    } catch {
      return undefined;
    }
  }
}

interface Kept extends Download {
  readonly atMs: number;
}

/** A clock that was set back makes nothing fresh. */
const isFresh = ({ atMs }: Kept, maxAgeSeconds: number): boolean => {
  const age = Date.now() - atMs;
  return age >= 0 && age < maxAgeSeconds * 1000;
};
