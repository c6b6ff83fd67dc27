/** Trees of commits that were taken out of their repositories before. A commit is what it is, so they do for ever. */
import type { CommitMemory, CommitTree, GitRequest } from '../eval/index.ts';
import type { ObjectStore, StorePath } from '../store/index.ts';
import { FetchedAnswers } from './fetched-answers.ts';

/** @param onUse  told of the path of each tree that is taken from there */
export function commitMemory(home: string, open: () => ObjectStore, onUse: (path: StorePath) => void): CommitMemory {
  return {
    find: (request, name) => {
      const found = new FetchedAnswers(home, open()).find<CommitTree>(textOf(request, name));
      if (found !== undefined) onUse(found.path);
      return found;
    },
    keep: (request, name, tree) => new FetchedAnswers(home, open()).keep(textOf(request, name), tree),
  };
}

/** The address counts: those of submodules may hang on it, and whether the history is there. */
const textOf = ({ url, ref, rev, allRefs, isShallow, honoursExportIgnore, hasSubmodules }: GitRequest, name: string): string =>
  JSON.stringify(['git', url, ref ?? null, rev, allRefs, isShallow, honoursExportIgnore, hasSubmodules, name]);
