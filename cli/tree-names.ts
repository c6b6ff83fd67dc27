/** Names that a tree declares, from its texts alone: what shells offer behind `TREE#`. */
import { compareBytes, SourceFile, uptimeMs } from '../base/index.ts';
import { NodeFiles, surveyTree } from '../eval/index.ts';
import { parse } from '../lang/index.ts';
import { Files } from './lsp/files.ts';

/** Who presses a key waits no longer, and what is named may be no tree at all but half a disk. */
const PATIENCE_MS = 1000;

/**
 * Packages, splits and systems, sorted: those of the files that were found in time. What cannot be read has none. Evaluates nothing, and
 * never throws.
 *
 * @param tree        absolute path of the folder, or of one file
 * @param patienceMs  after which no more files are looked for or read
 */
export function treeNames(tree: string, patienceMs: number = PATIENCE_MS): string[] {
  const end = uptimeMs() + patienceMs;
  const disk = new NodeFiles();
  const files = new Files({ pipes: true });
  const looking = {
    lstat: (path: string) => disk.lstat(path),
    realpath: (path: string) => disk.realpath(path),
    readDir: (folder: string) => {
      try {
        return uptimeMs() < end ? disk.readDir(folder) : new Map();
      } catch {
        return new Map();
      }
    },
  };
  const { packages, systems } = surveyTree(
    tree,
    (path, shown) => {
      const file = uptimeMs() < end ? files.get(path) : undefined;
      if (file !== undefined) return { source: file.source, ...file.parsed };
      const source = new SourceFile(shown, '');
      return { source, ...parse(source, { kind: 'igos' }) };
    },
    looking,
  ).names;
  const splits = [...packages.values()].flatMap((each) => [...each.splits.values()].map(({ name }) => name));
  return [...new Set([...packages.keys(), ...splits, ...systems.keys()])]
    .filter((name) => /^[\w.+-]+$/.test(name))
    .sort(compareBytes);
}
