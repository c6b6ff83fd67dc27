/** Opening the tables of the index. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { Database, DatabaseOptions, Key, RootDatabase } from 'lmdb';
import { errnoName, SystemFault } from '../base/index.ts';
import type { GraphTable } from './graph-table.ts';
import { assertIndex } from './index-file.ts';
import { type OnWait, whileGuarded } from './index-guard.ts';
import { loadLmdb } from './load-lmdb.ts';

export interface Tables {
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly paths: Database<string, string>;
  /** `undefined` where we may only read what an older igos wrote. */
  readonly graph: GraphTable | undefined;
  readonly manifests: Database<Buffer, string>;
  readonly realisations: Database<string, string>;
  readonly cache: Database<Buffer, Buffer>;
  readonly isReadOnly: boolean;
}

/** Keys and values of names, hashes and JSON, all ASCII: one byte a character, and no buffers in between. */
const TEXTS: DatabaseOptions & { keyEncoder: object } = {
  encoding: 'string',
  keyEncoder: {
    // Where a range has no start, the start is a buffer.
    writeKey: (key: string | Uint8Array, target: Buffer, position: number): number => {
      if (typeof key === 'string') return position + target.write(key, position, 'latin1');
      target.set(key, position);
      return position + key.length;
    },
    readKey: (source: Buffer, start: number, end: number): string => source.toString('latin1', start, end),
  },
};

/** Room for keys: each table is a named database of one environment. */
const MAX_TABLES = 8;

/** @throws SystemFault not an index, no permission */
export function openTables(folder: string, isReadOnly: boolean, onWait?: OnWait): Tables {
  assertIndex(folder);
  try {
    return whileGuarded(folder, () => tryOpenTables(folder, isReadOnly), onWait);
  } catch (error) {
    if (error instanceof SystemFault) throw error;
    throw systemFault('open the index', folder, error);
  }
}

/** LMDB's errors have a number: the system's where it is positive, its own otherwise. */
export const isOfLmdb = (error: unknown): boolean => typeof (error as { code?: unknown } | null)?.code === 'number';

export function systemFault(operation: string, folder: string, error: unknown): SystemFault {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const name = typeof code === 'number' && code > 0 ? errnoName(code) : undefined;
  return new SystemFault(operation, folder, { code: name ?? String(message ?? error) });
}

/** As LMDB makes it for its usual number of readers. */
const LOCK_BYTES = 8272;

/** LMDB writes to its file of locks in memory: where the disk has no room for it, the kernel would end the process. @throws ENOSPC */
function makeLockFile(folder: string): void {
  const path = `${folder}/lock.mdb`;
  if (existsSync(path)) return;
  try {
    writeFileSync(path, Buffer.alloc(LOCK_BYTES), { flag: 'wx' });
  } catch (error) {
    // Somebody else's, in use by now: whoever took it away would leave two who do not see each other.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    rmSync(path, { force: true });
    throw new SystemFault('write', path, error);
  }
}

function tryOpenTables(folder: string, isReadOnly: boolean): Tables {
  if (!isReadOnly) makeLockFile(folder);
  const root = loadLmdb().open<Buffer, Buffer>({
    path: folder,
    noSubdir: false,
    maxDbs: MAX_TABLES,
    encoding: 'binary',
    keyEncoding: 'binary',
    readOnly: isReadOnly,
    // Everything is written in `transactionSync`; there are no asynchronous writes to collect.
    eventTurnBatching: false,
    commitDelay: 0,
  });
  // A reader that was killed keeps its slot, and with it every page it saw.
  root.readerCheck();
  const table = <K, V>(name: string, options: DatabaseOptions): Database<V, K & Key> =>
    root.openDB<V, K & Key>({ name, ...options });
  return {
    root,
    paths: table('paths', TEXTS),
    graph: table('graph', TEXTS),
    manifests: table('manifests', { ...TEXTS, encoding: 'binary' }),
    realisations: table('realisations', TEXTS),
    cache: table('cache', { encoding: 'binary', keyEncoding: 'binary' }),
    isReadOnly,
  };
}
