/**
 * What was fetched without a hash: `<home>/var/cache/fetched/<SHA-256 of what was asked for>`, so that a server is asked once for what
 * many evaluations name, and later only whether it has something new. Nothing in it is needed; whatever is not exactly what was
 * written is not there.
 */
import { sha256 } from '../base/index.ts';
import type { Download, DownloadRequest } from '../builder/index.ts';
import { type ObjectStore, parseStorePath } from '../store/index.ts';
import { CacheFolder } from './evaluation-cache/folder.ts';

const LIMITS = { maxBytes: 4 << 20, maxRecords: 2000, sweepEvery: 64 };

/** What tells apart. */
type Question = Pick<DownloadRequest, 'url' | 'name' | 'isTree'>;

export interface Fetched extends Download {
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

export class FetchedFolder {
  readonly #store: ObjectStore;
  readonly #folder: CacheFolder;

  constructor(home: string, store: ObjectStore) {
    this.#store = store;
    this.#folder = new CacheFolder(home, LIMITS, 'fetched');
  }

  /** Where that is kept; the file is replaced whole. */
  fileOf(asked: Question): string {
    return `${this.#folder.path}/${sha256(textOf(asked))}`;
  }

  /** What came the last time, if it is still in the store, where it is held. */
  find(asked: Question): Fetched | undefined {
    const question = textOf(asked);
    const bytes = this.#folder.read(sha256(question));
    if (bytes === undefined) return undefined;
    try {
      const kept = JSON.parse(bytes.toString()) as Fetched & { readonly question: string };
      const path = parseStorePath(kept.path, this.#store.storeDir);
      return kept.question === question && this.#store.hold(path) ? { ...kept, path } : undefined;
    } catch {
      return undefined;
    }
  }

  keep(asked: Question, { path, digest, version }: Download): void {
    const question = textOf(asked);
    this.#folder.write(sha256(question), Buffer.from(JSON.stringify({ question, path, digest, version, atMs: Date.now() })));
  }
}

const textOf = ({ url, name, isTree }: Question): string => JSON.stringify([url, name, isTree]);

/** A clock that was set back makes nothing fresh. */
export const isFresh = ({ atMs }: Fetched, maxAgeSeconds: number): boolean => {
  const age = Date.now() - atMs;
  return age >= 0 && age < maxAgeSeconds * 1000;
};
