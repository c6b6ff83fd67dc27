/** What stands in the place of each configuration file, compared with what packages brought. Reads only. */
import { compareBytes, Fault, systemFaultOf } from '../../base/index.ts';
import type { Disk, DiskEntry } from '../disk.ts';
import { parentOf } from '../names.ts';
import type { Database } from '../state/database.ts';
import { toConfig, toFile } from '../state/rows.ts';
import type { ConfigRow, FileRow } from '../types.ts';

export type ConfigState =
  /** Both sides changed it: the user's file stands, the package's version waits at `newPath`. */
  | 'conflict'
  | 'modified'
  | 'deleted'
  /** As the package brought it. */
  | 'unmodified'
  /** Its package went, or has it no more; the file stayed, and is taken up again when it comes back. */
  | 'left'
  /** Who asks may not read it, or not look into its folder. */
  | 'unreadable'
  /** A version that was put aside earlier (`.new`, `.pkmsave`) and waits for nobody but the user. */
  | 'aside';

export interface ConfigFile {
  readonly path: string;
  /** The package that owns it, or owned it. */
  readonly owner: string;
  readonly state: ConfigState;
  /** Where the package's version waits; '' where there is no conflict. */
  readonly newPath: string;
  /** Somebody edited the waiting version. */
  readonly isNewEdited: boolean;
  /** Nothing stands at `path`. */
  readonly isAbsent: boolean;
}

/** Sorted by path. Cost: a hash of each configuration file whose size does not tell, one listing of each of their folders. */
export function listConfig(database: Database, disk: Disk): ConfigFile[] {
  const found: ConfigFile[] = [];
  const rows = database.all('SELECT * FROM config_files ORDER BY path').map(toConfig);
  const owned = new Map(database.all('SELECT * FROM files WHERE is_config = 1').map((row) => [String(row['path']), toFile(row)]));
  for (const row of rows) {
    const file = configFile(disk, row, owned.get(row.path));
    if (file !== undefined) found.push(file);
  }
  found.push(...putAside(disk, found, (path) => isManaged(database, path)));
  return found.sort((a, b) => compareBytes(a.path, b.path));
}

const isManaged = (database: Database, path: string): boolean =>
  database.get('SELECT 1 FROM files WHERE path = ? LIMIT 1', path) !== undefined;

/** `undefined`: a file without a package that the user removed; nothing is left to say of it. */
export function configFile(disk: Disk, row: ConfigRow, file: FileRow | undefined): ConfigFile | undefined {
  const { path, owner } = row;
  return (
    ifReadable(() => ({ found: stateOf(disk, row, file) })) ?? {
      found: { path, owner, state: 'unreadable', newPath: '', isNewEdited: false, isAbsent: false },
    }
  ).found;
}

/** `undefined` where the kernel forbids it: there are files that only root may read, and others ask as well. */
function ifReadable<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (systemFaultOf(error)?.errno === 'EACCES') return undefined;
    throw error;
  }
}

function stateOf(disk: Disk, row: ConfigRow, file: FileRow | undefined): ConfigFile | undefined {
  const there = entryOf(disk, row.path);
  const pending = row.newPath === '' ? undefined : entryOf(disk, row.newPath);
  const common = {
    path: row.path,
    owner: row.owner,
    newPath: pending === undefined ? '' : row.newPath,
    isNewEdited: pending !== undefined && liveFingerprint(disk, row.newPath, pending) !== row.newSha256,
    isAbsent: there === undefined,
  };
  if (file === undefined) return there === undefined ? undefined : { ...common, state: 'left' };
  if (pending !== undefined) return { ...common, state: 'conflict' };
  if (there === undefined) return { ...common, state: 'deleted' };
  const isAsBrought = [row.upstreamSha256, row.originalSha256].includes(liveFingerprint(disk, row.path, there));
  return { ...common, state: isAsBrought ? 'unmodified' : 'modified' };
}

/** A parent that leads nowhere means that nothing stands there. */
function entryOf(disk: Disk, path: string): DiskEntry | undefined {
  try {
    return disk.entry(path);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function putAside(disk: Disk, files: readonly ConfigFile[], isManagedPath: (path: string) => boolean): ConfigFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const pending = new Set(files.map((file) => file.newPath));
  const aside: ConfigFile[] = [];
  for (const folder of new Set(files.map((file) => parentOf(file.path)))) {
    const names = ifReadable(() => (entryOf(disk, folder)?.kind === 'directory' ? disk.names(folder) : []));
    for (const name of names ?? []) {
      const path = folder === '' ? name : `${folder}/${name}`;
      const match = /^(.+)\.(?:new|pkmsave)(?:\.\d+)?$/.exec(path);
      const file = match === null ? undefined : byPath.get(match[1]!);
      if (file === undefined || pending.has(path) || isManagedPath(path)) continue;
      aside.push({ path, owner: file.owner, state: 'aside', newPath: '', isNewEdited: false, isAbsent: false });
    }
  }
  return aside;
}

/** The fingerprint of what stands there, as `config-rules.ts` compares it. */
export function liveFingerprint(disk: Disk, path: string, there: DiskEntry): string {
  if (there.kind === 'symlink') return `link:${there.target}`;
  return there.kind === 'file' ? disk.sha256(path) : 'other';
}
