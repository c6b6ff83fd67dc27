/** Whether the world still is what a recorded evaluation saw: inodes first, bytes where they leave a doubt. */
import { lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { type Bytes, bytesToPath } from '../../base/index.ts';
import { type FileState, fileState, kindOf, settledState } from './file-state.ts';
import { indexVersion } from './index-version.ts';
import { hashOf, listingHash } from './recorder.ts';
import type { FileSeen, FolderSeen, Seen, SourceSeen } from './seen.ts';

export interface World {
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Verdict {
  readonly isTrue: boolean;
  /** States became known that save reading next time: the record is worth writing again. */
  readonly isRenewed: boolean;
  /** Sources whose inodes changed: only their bytes tell, and only the store can name them. */
  readonly doubtfulSources: readonly SourceSeen[];
  /** The index changed, or tools of the host were used: the store must be asked again. */
  readonly isStoreDoubtful: boolean;
}

const FALSE: Verdict = { isTrue: false, isRenewed: false, doubtfulSources: [], isStoreDoubtful: false };

/** Checks everything that needs no store. States in `seen` are renewed. Cost: one system call an entry; never throws. */
export function stillTrue(seen: Seen, { home, environment }: World): Verdict {
  let isRenewed = false;
  if (seen.fetched !== null) {
    const [sinceMs, untilMs] = seen.fetched;
    const now = Date.now();
    // A clock that was set back makes nothing fresh.
    if (now < sinceMs || now >= untilMs) return FALSE;
  }
  for (const [name, value] of seen.variables) if ((environment[name] ?? null) !== value) return FALSE;
  for (const [path, kind] of seen.kinds) if (kindAt(path) !== kind) return FALSE;
  for (const [path, exists] of seen.existing) if (existsAt(path) !== exists) return FALSE;
  for (const [path, real] of seen.realPaths) if (realPathOf(path) !== real) return FALSE;
  for (const [list, isSame] of [
    [seen.files, isSameFile],
    [seen.folders, isSameFolder],
  ] as const) {
    for (const each of list) {
      const now = fileState(each.path, !each.isPlain);
      if (now === undefined) return FALSE;
      if (now.text === each.state) continue;
      if (!isSame(each, now)) return FALSE;
      if (now.isSettled) isRenewed = true;
      each.state = settledState(now);
    }
  }
  const doubtfulSources = seen.sources.filter((source) => !isSameSource(source));
  const { store } = seen;
  const asksStore = store.needed.length + store.answers.length + store.built.length > 0;
  const isStoreDoubtful =
    store.hostTrees.length > 0 || (asksStore && (store.version === '' || store.version !== indexVersion(home)));
  return { isTrue: true, isRenewed, doubtfulSources, isStoreDoubtful };
}

function isSameFile(seen: FileSeen, now: FileState): boolean {
  if (seen.isPlain && now.kind !== 'regular') return false;
  try {
    return hashOf(readFileSync(bytesToPath(seen.path), 'latin1')) === seen.hash;
  } catch {
    return false;
  }
}

function isSameFolder(seen: FolderSeen, now: FileState): boolean {
  if (seen.isPlain && now.kind !== 'directory') return false;
  try {
    const entries = readdirSync(bytesToPath(seen.path), { withFileTypes: true, encoding: 'latin1' });
    return listingHash(new Map(entries.map((entry) => [entry.name, kindOf(entry)]))) === seen.hash;
  } catch {
    return false;
  }
}

const isSameSource = (source: SourceSeen): boolean =>
  source.entries.every(
    ([path, , state, isTaken]) =>
      !isTaken || fileState(path === '' ? source.path : `${source.path}/${path}`, false)?.text === state,
  );

/** '' for nothing there; `undefined` where that cannot be told, which evaluation would report. */
function kindAt(path: Bytes): string | undefined {
  try {
    const stat = lstatSync(bytesToPath(path), { throwIfNoEntry: false });
    return stat === undefined ? '' : kindOf(stat);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOTDIR' ? '' : undefined;
  }
}

function existsAt(path: Bytes): boolean {
  try {
    return statSync(bytesToPath(path), { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function realPathOf(path: Bytes): Bytes | undefined {
  try {
    return realpathSync.native(bytesToPath(path), { encoding: 'latin1' });
  } catch {
    return undefined;
  }
}
