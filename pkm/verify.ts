/** Compares the disk with the current generation. */
import { PlacedFiles, PlacedLoop } from '../store/index.ts';
import type { RootLayout } from './layout.ts';
import { type ManifestDivergence, manifestDivergences } from './manifest-text.ts';
import type { Database } from './state/database.ts';
import { checkHistory } from './state/history.ts';
import { readSetting } from './state/state.ts';
import { hasJournal } from './transaction.ts';
import { TREE_TOPS, wrongLinks } from './trees.ts';
import type { FileRow } from './types.ts';
import { unownedPaths } from './unowned.ts';
import { Checker, type FileProblem } from './verifying/checker.ts';
import { countPaths, effectiveRows, filesAt, hasManyRows, pathsOfPiece, plainPieces } from './verifying/rows.ts';

export interface VerifyOptions {
  /** These packages instead of all. */
  readonly packages?: readonly string[];
  /** Kinds, sizes, times and modes only: no file is read. */
  readonly fast?: boolean;
  /** Look for files of no package below the directories of packages, too. */
  readonly unowned?: boolean;
  readonly onProgress?: (done: number, total: number, bytes: number) => void;
}

export interface VerifyReport {
  readonly nChecked: number;
  /** Bytes that were read and hashed. */
  readonly nBytes: number;
  readonly problems: readonly FileProblem[];
  /** Configuration that differs from what its package brought: expected, and no problem. */
  readonly drift: readonly FileProblem[];
  readonly manifests: readonly ManifestDivergence[];
  /** What is wrong with the chain of the history; `undefined` where it is whole. */
  readonly history: string | undefined;
  /** A transaction was interrupted, and not finished yet. */
  readonly isUnfinished: boolean;
  /** Paths of no package in the folders of packages, folders with a slash at the end; empty unless asked for. No problem. */
  readonly unowned: readonly string[];
  /** Nothing is wrong but, perhaps, drift. */
  readonly isClean: boolean;
}

const PROGRESS_EVERY = 256;
/** Beginning with threads takes as long as looking at a hundred files without them. */
const MANY_ROWS = 300;

/** Whose the symlinks of an atomic root are: no package is called so. */
export const LAYOUT = 'atomic layout';

export type StartLoop = (root: string, hasOwners: boolean) => PlacedLoop | undefined;

const startLoop: StartLoop = (root, hasOwners) => PlacedLoop.start(root, hasOwners);

/**
 * Reads only. Cost: without `fast`, one read and one hash of every file, by as many threads as there are processors; memory does not grow
 * with the root.
 *
 * @param start  of the threads; without one, files are looked at row by row, from some thousand on with the help of other threads of Node
 */
export function verifyRoot(
  layout: RootLayout,
  database: Database,
  options: VerifyOptions = {},
  start: StartLoop = startLoop,
): VerifyReport {
  const links = wrongLinks(layout, database);
  const hasOwners = readSetting(database, 'owners') === 'declared';
  const isLooped = options.fast !== true && links.length === 0 && hasManyRows(database, MANY_ROWS);
  const loop = isLooped ? start(layout.root, hasOwners) : undefined;
  const look = new Look(layout, database, options, hasOwners);
  if (loop !== undefined) look.inLoop(loop);
  else {
    // What cannot be seen is not wrong: once the tree is shown again it can be looked at.
    look.rowByRow((path) => links.length > 0 && TREE_TOPS.some((top) => path === top || path.startsWith(`${top}/`)));
  }
  const { found, nChecked, nBytes, manifests, history } = look;
  options.onProgress?.(nChecked, nChecked, nBytes);
  const ofLinks = links.map((link): FileProblem => ({ ...link, owner: LAYOUT, kind: 'modified' }));
  const inOrder = found.length < 2 ? found : inOrderOfPaths(found);
  const problems = [...ofLinks, ...inOrder.filter(({ isConfig }) => !isConfig).map(({ problem }) => problem)];
  const drift = inOrder.filter(({ isConfig }) => isConfig).map(({ problem }) => problem);
  const isUnfinished = hasJournal(database);
  const unowned = options.unowned === true ? unownedPaths(layout, database) : [];
  const isClean = problems.length + manifests.length === 0 && history === undefined && !isUnfinished;
  return { nChecked, nBytes, problems, drift, manifests, history, isUnfinished, unowned, isClean };
}

interface Found {
  readonly problem: FileProblem;
  readonly isConfig: boolean;
}

/** Threads find things in their own order; the report has that of the paths, byte by byte, as the database has it. */
const inOrderOfPaths = (found: readonly Found[]): readonly Found[] =>
  found
    .map((each) => ({ each, bytes: Buffer.from(each.problem.path) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ each }) => each);

/** One walk through all rows. */
class Look {
  readonly found: Found[] = [];
  nChecked = 0;
  manifests: ManifestDivergence[] = [];
  history: string | undefined;
  readonly #layout: RootLayout;
  readonly #database: Database;
  readonly #options: VerifyOptions;
  readonly #checker: Checker;
  /** Of files that were handed over. */
  #nBytes = 0;
  /** Counted where somebody wants to know. */
  readonly #nPaths: number;

  constructor(layout: RootLayout, database: Database, options: VerifyOptions, hasOwners: boolean) {
    this.#layout = layout;
    this.#database = database;
    this.#options = options;
    this.#checker = new Checker(layout, { isFast: options.fast === true, withOwners: hasOwners });
    this.#nPaths = options.onProgress === undefined ? 0 : countPaths(database, options.packages);
  }

  /** Read and hashed. */
  get nBytes(): number {
    return this.#nBytes + this.#checker.nBytes;
  }

  /** Threads look at plain files, this one at everything else, and again at what they did not find as it should be. */
  inLoop(loop: PlacedLoop): void {
    const database = this.#database;
    const { packages } = this.#options;
    const suspects = new Set<string>();
    try {
      for (const piece of plainPieces(database, packages)) {
        const isRead = loop.look(piece.records, (folder) => this.#checker.realFolder(folder));
        if (!isRead) for (const path of pathsOfPiece(database, packages, piece)) suspects.add(path);
        this.nChecked += piece.nFiles;
        this.#nBytes += piece.nBytes;
        this.#tellProgress();
      }
      for (const row of effectiveRows(database, packages, 'others')) {
        this.nChecked++;
        this.#say(row, this.#checker.check(row));
      }
      this.#lookBeside();
      for (const path of loop.end()) suspects.add(path);
    } finally {
      loop.close();
    }
    for (const row of filesAt(database, [...suspects])) {
      this.#nBytes -= row.sizeBytes;
      this.#say(row, this.#checker.check(row));
    }
  }

  rowByRow(isHidden: (path: string) => boolean): void {
    const { packages, fast } = this.#options;
    const files = new PlacedFiles(fast === true ? 0 : countPaths(this.#database, packages));
    try {
      for (const row of effectiveRows(this.#database, packages, 'all')) {
        if (isHidden(row.path)) continue;
        this.#checker.look(row, files, (problem) => this.#say(row, problem));
        if (++this.nChecked % PROGRESS_EVERY === 0) this.#tellProgress();
      }
      this.#lookBeside();
      files.end();
    } finally {
      files.close();
    }
  }

  /** While others still read the last files. */
  #lookBeside(): void {
    const { packages } = this.#options;
    this.manifests = manifestDivergences(this.#layout, this.#database, packages);
    this.history = packages === undefined ? checkHistory(this.#database) : undefined;
  }

  #say(row: FileRow, problem: FileProblem | undefined): void {
    if (problem !== undefined) this.found.push({ problem, isConfig: row.isConfig });
  }

  #tellProgress(): void {
    this.#options.onProgress?.(this.nChecked, this.#nPaths, this.nBytes);
  }
}
