import { Fault, SystemFault } from '../base/index.ts';
import { type Disk, rootDisk } from './disk.ts';
import type { RootLayout } from './layout.ts';
import { type ManifestDivergence, manifestDivergences } from './manifest-text.ts';
import { effective } from './plan/draft.ts';
import type { Database } from './state/database.ts';
import { checkHistory } from './state/history.ts';
import { toFile } from './state/rows.ts';
import { readSetting } from './state/state.ts';
import { hasJournal } from './transaction.ts';
import type { FileRow } from './types.ts';

export interface FileProblem {
  readonly path: string;
  readonly owner: string;
  readonly kind: 'missing' | 'modified' | 'type' | 'mode' | 'owner' | 'unreadable';
  readonly expected: string;
  readonly actual: string;
}

export interface VerifyOptions {
  /** These packages instead of all. */
  readonly packages?: readonly string[];
  /** Kinds, sizes, times and modes only: no file is read. */
  readonly fast?: boolean;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface VerifyReport {
  readonly nChecked: number;
  readonly problems: readonly FileProblem[];
  /** Configuration that differs from what its package brought: expected, and no problem. */
  readonly drift: readonly FileProblem[];
  readonly manifests: readonly ManifestDivergence[];
  /** What is wrong with the chain of the history; `undefined` where it is whole. */
  readonly history: string | undefined;
  /** A transaction was interrupted, and not finished yet. */
  readonly isUnfinished: boolean;
  /** Nothing is wrong but, perhaps, drift. */
  readonly isClean: boolean;
}

const PROGRESS_EVERY = 256;

/** Compares the disk with the current generation. Reads only. Cost: without `fast`, one read and one hash of every file. */
export function verifyRoot(layout: RootLayout, database: Database, options: VerifyOptions = {}): VerifyReport {
  const problems: FileProblem[] = [];
  const drift: FileProblem[] = [];
  const checker = {
    disk: rootDisk(layout),
    isFast: options.fast === true,
    withOwners: readSetting(database, 'owners') === 'declared',
  };
  const rows =
    options.packages === undefined
      ? database.all('SELECT * FROM files ORDER BY path, package')
      : database.all(
          'SELECT * FROM files WHERE path IN (SELECT path FROM files WHERE package IN (SELECT value FROM json_each(?))) ORDER BY path, package',
          JSON.stringify(options.packages),
        );
  let nChecked = 0;
  for (let index = 0; index < rows.length; ) {
    const group = [toFile(rows[index]!)];
    while (rows[++index]?.['path'] === group[0]!.path) group.push(toFile(rows[index]!));
    const row = effective(group)!;
    const problem = checkRow(checker, row);
    if (problem !== undefined) (row.isConfig ? drift : problems).push(problem);
    nChecked += 1;
    if (nChecked % PROGRESS_EVERY === 0) options.onProgress?.(index, rows.length);
  }
  options.onProgress?.(rows.length, rows.length);
  const manifests = manifestDivergences(layout, database, options.packages);
  const history = options.packages === undefined ? checkHistory(database) : undefined;
  const isUnfinished = hasJournal(database);
  const isClean = problems.length + manifests.length === 0 && history === undefined && !isUnfinished;
  return { nChecked, problems, drift, manifests, history, isUnfinished, isClean };
}

interface Checker {
  readonly disk: Disk;
  readonly isFast: boolean;
  readonly withOwners: boolean;
}

/** The first thing wrong with a path. */
function checkRow({ disk, isFast, withOwners }: Checker, row: FileRow): FileProblem | undefined {
  const problem = (kind: FileProblem['kind'], expected: string, actual: string): FileProblem => ({
    path: row.path,
    owner: row.owner,
    kind,
    expected,
    actual,
  });
  try {
    const there = disk.entry(row.path);
    if (there === undefined) return problem('missing', row.kind, 'nothing');
    if (row.kind === 'directory' && there.kind === 'symlink' && row.wasThere) return undefined;
    if (there.kind !== row.kind) return problem('type', row.kind, there.kind);
    if (row.kind === 'symlink') return there.target === row.target ? undefined : problem('modified', row.target, there.target);
    if (row.kind === 'file') {
      if (there.sizeBytes !== row.sizeBytes) return problem('modified', `${row.sizeBytes} bytes`, `${there.sizeBytes} bytes`);
      if (isFast && !row.isConfig && there.mtimeSeconds !== row.mtimeSeconds) {
        return problem('modified', `time ${row.mtimeSeconds}`, `time ${there.mtimeSeconds}`);
      }
      if (!isFast) {
        const actual = disk.sha256(row.path);
        if (actual !== row.sha256) return problem('modified', row.sha256, actual);
      }
    }
    if (there.mode !== row.mode) return problem('mode', octal(row.mode), octal(there.mode));
    if (withOwners && (there.uid !== row.uid || there.gid !== row.gid)) {
      return problem('owner', `${row.uid}:${row.gid}`, `${there.uid}:${there.gid}`);
    }
    return undefined;
  } catch (error) {
    if (error instanceof Fault) return problem('type', row.kind, error.message);
    if (error instanceof SystemFault) return problem('unreadable', row.kind, error.message);
    throw error;
  }
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
