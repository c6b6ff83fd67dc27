/**
 * Compares the disk with the current generation. Folders are listed rather than each name asked for: what is missing, and what is no
 * file any more, shows without a system call a path, and a device that stands in the place of a file is never opened.
 */
import { hash } from 'node:crypto';
import {
  closeSync,
  constants,
  type Dirent,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { Fault, readFileCapability, SystemFault, sys } from '../base/index.ts';
import { PlacedFiles } from '../store/index.ts';
import { describeCapability } from './archive/capability.ts';
import { type Disk, fileSha256, rootDisk } from './disk.ts';
import { type RootLayout, under } from './layout.ts';
import { type ManifestDivergence, manifestDivergences } from './manifest-text.ts';
import { parentOf } from './names.ts';
import { effective } from './plan/draft.ts';
import type { Database } from './state/database.ts';
import { fileRows } from './state/file-rows.ts';
import { checkHistory } from './state/history.ts';
import { readSetting } from './state/state.ts';
import { hasJournal } from './transaction.ts';
import { TREE_TOPS, wrongLinks } from './trees.ts';
import type { FileRow } from './types.ts';
import { unownedPaths } from './unowned.ts';

export interface FileProblem {
  readonly path: string;
  readonly owner: string;
  readonly kind: 'missing' | 'modified' | 'type' | 'mode' | 'owner' | 'capability' | 'unreadable';
  readonly expected: string;
  readonly actual: string;
}

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

/** Whose the symlinks of an atomic root are: no package is called so. */
export const LAYOUT = 'atomic layout';

/** Reads only. Cost: without `fast`, one read and one hash of every file, shared with other threads; memory does not grow with the root. */
export function verifyRoot(layout: RootLayout, database: Database, options: VerifyOptions = {}): VerifyReport {
  const isFast = options.fast === true;
  const checker = new Checker(layout, { isFast, withOwners: readSetting(database, 'owners') === 'declared' });
  const total = countRows(database, options.packages);
  const found: Found[] = [];
  const links = wrongLinks(layout, database);
  // What cannot be seen is not wrong: once the tree is shown again it can be looked at.
  const isHidden = (path: string): boolean =>
    links.length > 0 && TREE_TOPS.some((top) => path === top || path.startsWith(`${top}/`));
  let nChecked = 0;
  let manifests: ManifestDivergence[];
  let history: string | undefined;
  const files = new PlacedFiles(isFast ? 0 : total);
  try {
    for (const row of effectiveRows(database, options.packages)) {
      if (isHidden(row.path)) continue;
      const order = nChecked++;
      checker.look(row, files, (problem) => found.push({ problem, order, isConfig: row.isConfig }));
      if (nChecked % PROGRESS_EVERY === 0) options.onProgress?.(nChecked, total, checker.nBytes);
    }
    // While others still read the last files.
    manifests = manifestDivergences(layout, database, options.packages);
    history = options.packages === undefined ? checkHistory(database) : undefined;
    files.end();
  } finally {
    files.close();
  }
  options.onProgress?.(nChecked, nChecked, checker.nBytes);
  found.sort((a, b) => a.order - b.order);
  const ofLinks = links.map((link): FileProblem => ({ ...link, owner: LAYOUT, kind: 'modified' }));
  const problems = [...ofLinks, ...found.filter(({ isConfig }) => !isConfig).map(({ problem }) => problem)];
  const drift = found.filter(({ isConfig }) => isConfig).map(({ problem }) => problem);
  const isUnfinished = hasJournal(database);
  const unowned = options.unowned === true ? unownedPaths(layout, database) : [];
  const isClean = problems.length + manifests.length === 0 && history === undefined && !isUnfinished;
  return { nChecked, nBytes: checker.nBytes, problems, drift, manifests, history, isUnfinished, unowned, isClean };
}

/** @param seconds  since 1970; file systems keep times that no calendar has */
function changedAt(seconds: number): string {
  const date = new Date(seconds * 1000);
  return `written ${Number.isNaN(date.getTime()) ? `${seconds} s after 1970` : date.toISOString().replace('.000', '')}`;
}

/** Threads find things in their own order; the report has that of the paths. */
interface Found {
  readonly problem: FileProblem;
  readonly order: number;
  readonly isConfig: boolean;
}

const OF_PACKAGES = 'path IN (SELECT path FROM files WHERE package IN (SELECT value FROM json_each(?)))';

function countRows(database: Database, packages: readonly string[] | undefined): number {
  const row =
    packages === undefined
      ? database.get('SELECT count(DISTINCT path) AS n FROM files')
      : database.get(`SELECT count(DISTINCT path) AS n FROM files WHERE ${OF_PACKAGES}`, JSON.stringify(packages));
  return Number(row!['n']);
}

const CHUNK_ROWS = 2000;

/** For each path the row that says how it stands, sorted by path; read piece by piece. */
function* effectiveRows(database: Database, packages: readonly string[] | undefined): Iterable<FileRow> {
  let from = '';
  for (;;) {
    const rows =
      packages === undefined
        ? fileRows(database, 'files WHERE path >= ? ORDER BY path, package LIMIT ?', from, CHUNK_ROWS)
        : fileRows(
            database,
            `files WHERE ${OF_PACKAGES} AND path >= ? ORDER BY path, package LIMIT ?`,
            JSON.stringify(packages),
            from,
            CHUNK_ROWS,
          );
    const isLast = rows.length < CHUNK_ROWS;
    let group: FileRow[] = [];
    for (const row of rows) {
      if (group.length > 0 && group[0]!.path !== row.path) {
        yield effective(group)!;
        group = [];
      }
      group.push(row);
    }
    // the owners of the last path may go on in the next piece
    if (isLast) {
      if (group.length > 0) yield effective(group)!;
      return;
    }
    from = group[0]!.path;
  }
}

type Kind = 'file' | 'directory' | 'symlink' | 'other';

/** Long files are hashed piece by piece. */
const BUFFER_BYTES = 1 << 18;
const MAX_FOLDERS = 256;
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

class Checker {
  nBytes = 0;
  /** Of the path that was asked for last, and where that really is. */
  #folder = '';
  #realFolder = '';
  readonly #layout: RootLayout;
  readonly #disk: Disk;
  readonly #isFast: boolean;
  readonly #withOwners: boolean;
  readonly #folders = new Map<string, ReadonlyMap<string, Kind> | undefined>();
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

  constructor(layout: RootLayout, options: { isFast: boolean; withOwners: boolean }) {
    this.#layout = layout;
    this.#disk = rootDisk(layout);
    this.#isFast = options.isFast;
    this.#withOwners = options.withOwners;
  }

  /** Says, now or when `files` have ended, what is wrong with a path: the first thing. */
  look(row: FileRow, files: PlacedFiles, say: (problem: FileProblem) => void): void {
    const again = (): void => {
      const problem = this.#check(row);
      if (problem !== undefined) say(problem);
    };
    const path = this.#isPlainFile(row) ? this.#pathOf(row) : undefined;
    if (path === undefined) {
      again();
      return;
    }
    const { sha256, sizeBytes, mode, uid, gid } = row;
    this.nBytes += sizeBytes;
    files.look({ path, sha256, sizeBytes, mode, owner: this.#withOwners ? { uid, gid } : undefined }, () => {
      this.nBytes -= sizeBytes;
      again();
    });
  }

  /** Whether size, mode, owner and bytes are all there is to be compared. */
  #isPlainFile(row: FileRow): boolean {
    return row.kind === 'file' && !this.#isFast && row.sizeBytes >= 0 && row.sha256 !== '' && !this.#mayHaveCapability(row);
  }

  /** `undefined` where it leads astray, which is said when it is looked at more closely. */
  #pathOf({ path }: FileRow): string | undefined {
    try {
      // rows come sorted
      const slash = path.lastIndexOf('/');
      if (slash < 1 || this.#folder.length !== slash || !path.startsWith(this.#folder)) {
        const place = under(this.#layout, this.#disk.physical(path));
        this.#folder = path.slice(0, Math.max(slash, 0));
        this.#realFolder = place.slice(0, place.lastIndexOf('/'));
        return place;
      }
      return this.#realFolder + path.slice(slash);
    } catch (error) {
      if (error instanceof Fault || error instanceof SystemFault) return undefined;
      throw error;
    }
  }

  #check(row: FileRow): FileProblem | undefined {
    try {
      const found = this.#compare(row);
      return found === undefined ? undefined : { path: row.path, owner: row.owner, ...found };
    } catch (error) {
      const kind = error instanceof Fault ? 'type' : error instanceof SystemFault ? 'unreadable' : undefined;
      if (kind === undefined) throw error;
      return { path: row.path, owner: row.owner, kind, expected: row.kind, actual: (error as Error).message };
    }
  }

  #compare(row: FileRow): Difference | undefined {
    const place = this.#disk.physical(row.path);
    const kind = this.#names(parentOf(place))?.get(place.slice(place.lastIndexOf('/') + 1));
    if (kind === undefined) return { kind: 'missing', expected: row.kind, actual: 'nothing' };
    if (row.kind === 'directory' && kind === 'symlink' && row.wasThere) return undefined;
    if (kind !== row.kind) return { kind: 'type', expected: row.kind, actual: kind };
    const path = under(this.#layout, place);
    if (kind === 'file') return this.#isFast ? this.#compareFast(row, path) : this.#compareFile(row, path);
    if (kind === 'symlink') {
      const target = sys('read', path, () => readlinkSync(path));
      if (target !== row.target) return { kind: 'modified', expected: row.target, actual: target };
    }
    return this.#compareMetadata(
      row,
      sys('read', path, () => lstatSync(path)),
    );
  }

  #compareFast(row: FileRow, path: string): Difference | undefined {
    const stat = sys('read', path, () => lstatSync(path));
    if (hasOtherSize(row, stat)) return sizes(row, stat.size);
    const mtimeSeconds = Math.floor(stat.mtimeMs / 1000);
    if (!row.isConfig && mtimeSeconds !== row.mtimeSeconds) {
      return { kind: 'modified', expected: changedAt(row.mtimeSeconds), actual: changedAt(mtimeSeconds) };
    }
    return this.#compareMetadata(row, stat);
  }

  #compareFile(row: FileRow, path: string): Difference | undefined {
    return sys('read', path, () => {
      const fd = openSync(path, READ);
      try {
        const stat = fstatSync(fd);
        if (hasOtherSize(row, stat)) return sizes(row, stat.size);
        const actual = stat.size < BUFFER_BYTES ? this.#hashShort(fd, stat.size) : fileSha256(path);
        this.nBytes += stat.size;
        if (actual !== row.sha256) return { kind: 'modified', expected: row.sha256, actual };
        return this.#compareMetadata(row, stat) ?? this.#compareCapability(row, path);
      } finally {
        closeSync(fd);
      }
    });
  }

  #hashShort(fd: number, size: number): string {
    let filled = 0;
    while (filled < size) {
      const n = readSync(fd, this.#buffer, filled, size - filled, null);
      if (n === 0) break; // it was cut off under us: its hash will be another
      filled += n;
    }
    return hash('sha256', this.#buffer.subarray(0, filled));
  }

  #compareMetadata(row: FileRow, stat: Stats): Difference | undefined {
    const mode = stat.mode & 0o7777;
    if (row.kind !== 'symlink' && mode !== row.mode) return { kind: 'mode', expected: octal(row.mode), actual: octal(mode) };
    if (this.#withOwners && (stat.uid !== row.uid || stat.gid !== row.gid)) {
      return { kind: 'owner', expected: `${row.uid}:${row.gid}`, actual: `${stat.uid}:${stat.gid}` };
    }
    return undefined;
  }

  /** What nobody can run needs none. */
  #mayHaveCapability(row: FileRow): boolean {
    return this.#withOwners && (row.capability !== undefined || (row.mode & 0o111) !== 0);
  }

  #compareCapability(row: FileRow, path: string): Difference | undefined {
    if (!this.#mayHaveCapability(row)) return undefined;
    const raw = readFileCapability(path);
    const actual = raw === undefined ? '' : Buffer.from(raw).toString('hex');
    if (actual === (row.capability ?? '')) return undefined;
    return { kind: 'capability', expected: describeCapability(row.capability ?? ''), actual: describeCapability(actual) };
  }

  /** What is in a folder; `undefined` where there is none. Rows come sorted: the folders of late suffice. */
  #names(folder: string): ReadonlyMap<string, Kind> | undefined {
    const known = this.#folders.get(folder);
    if (known !== undefined || this.#folders.has(folder)) return known;
    if (this.#folders.size >= MAX_FOLDERS) this.#folders.clear();
    const path = under(this.#layout, folder);
    const names = listing(path);
    this.#folders.set(folder, names);
    return names;
  }
}

type Difference = Pick<FileProblem, 'kind' | 'expected' | 'actual'>;

const hasOtherSize = (row: FileRow, stat: Stats): boolean => row.sizeBytes >= 0 && stat.size !== row.sizeBytes;

const sizes = (row: FileRow, size: number): Difference => ({
  kind: 'modified',
  expected: `${row.sizeBytes} bytes`,
  actual: `${size} bytes`,
});

function listing(path: string): ReadonlyMap<string, Kind> | undefined {
  try {
    return new Map(readdirSync(path, { withFileTypes: true }).map((entry) => [entry.name, kindOf(path, entry)]));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SystemFault('read', path, error);
  }
}

/** Some file systems do not tell the kind in a listing. */
function kindOf(folder: string, entry: Dirent): Kind {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'symlink';
  const stat = lstatSync(`${folder}/${entry.name}`, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return 'file';
  if (stat?.isDirectory() === true) return 'directory';
  return stat?.isSymbolicLink() === true ? 'symlink' : 'other';
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
