/** What was fetched without a hash, so that a server is asked once for what many evaluations name, and later only for something new. */
import type { Download, DownloadRequest } from '../builder/index.ts';
import type { ObjectStore } from '../store/index.ts';
import { FetchedAnswers } from './fetched-answers.ts';

/** What tells apart. */
type Question = Pick<DownloadRequest, 'url' | 'name' | 'isTree'>;

export interface Fetched extends Download {
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

export class FetchedFolder {
  readonly #answers: FetchedAnswers;

  constructor(home: string, store: ObjectStore) {
    this.#answers = new FetchedAnswers(home, store);
  }

  fileOf(asked: Question): string {
    return this.#answers.fileOf(textOf(asked));
  }

  /** What came the last time, if it is still in the store, where it is held. */
  find(asked: Question): Fetched | undefined {
    return this.#answers.find<Fetched>(textOf(asked));
  }

  keep(asked: Question, found: Download): void {
    const answer: Fetched = { ...found, atMs: Date.now() };
    this.#answers.keep(textOf(asked), answer);
  }
}

const textOf = ({ url, name, isTree }: Question): string => JSON.stringify(['address', url, name, isTree]);

/** A clock that was set back makes nothing fresh. */
export const isFresh = ({ atMs }: Fetched, maxAgeSeconds: number): boolean => {
  const age = Date.now() - atMs;
  return age >= 0 && age < maxAgeSeconds * 1000;
};
