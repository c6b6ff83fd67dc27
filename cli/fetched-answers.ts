/**
 * What was fetched before: `<home>/var/cache/fetched/<SHA-256 of what was asked for>`, the question and its answer as JSON. Nothing in
 * it is needed; whatever is not exactly what was written is not there.
 */
import { sha256 } from '../base/index.ts';
import { type ObjectStore, parseStorePath, type StorePath } from '../store/index.ts';
import { CacheFolder } from './evaluation-cache/folder.ts';

const LIMITS = { maxBytes: 4 << 20, maxRecords: 2000, sweepEvery: 64 };

export class FetchedAnswers {
  readonly #store: ObjectStore;
  readonly #folder: CacheFolder;

  constructor(home: string, store: ObjectStore) {
    this.#store = store;
    this.#folder = new CacheFolder(home, LIMITS, 'fetched');
  }

  /** Where an answer is kept; the file is replaced whole. */
  fileOf(question: string): string {
    return `${this.#folder.path}/${sha256(question)}`;
  }

  /** The answer, if its path is still in the store, where it is held. */
  find<T extends { readonly path: StorePath }>(question: string): T | undefined {
    const bytes = this.#folder.read(sha256(question));
    if (bytes === undefined) return undefined;
    try {
      const kept = JSON.parse(bytes.toString()) as { readonly question: string; readonly answer: T };
      const path = parseStorePath(kept.answer.path, this.#store.storeDir);
      return kept.question === question && this.#store.hold(path) ? { ...kept.answer, path } : undefined;
    } catch {
      return undefined;
    }
  }

  keep(question: string, answer: { readonly path: StorePath }): void {
    this.#folder.write(sha256(question), Buffer.from(JSON.stringify({ question, answer })));
  }
}
