import { readdirSync } from 'node:fs';
import { relative } from 'node:path';
import { SystemFault } from '../base/index.ts';
import { folderInside } from './disk.ts';
import { ARCHIVE_CACHE, type RootLayout, SETTINGS, under } from './layout.ts';
import type { Database } from './state/database.ts';

/** Where files come and go without packages: what the kernel provides, what people keep, what programs remember. */
const FREE = ['dev', 'home', 'media', 'mnt', 'proc', 'root', 'run', 'srv', 'sys', 'tmp', 'var'];

/** What is pkm's own: its settings and keys, its state and the archives that it keeps, wherever symlinks of the root lead them. */
function ownFolders(layout: RootLayout): string[] {
  const places = [SETTINGS, ARCHIVE_CACHE, ...[layout.state, layout.objects].map((path) => relative(layout.root, path))];
  return [...places, ...places.map((path) => relative(layout.root, folderInside(layout, path)))];
}

/**
 * Paths that belong to no package, in directories that do; a folder (with a slash at the end) stands for all that is in it. Versions
 * of configuration that wait to be settled are known, and not named. Cost: a listing a directory, a question a name.
 */
export function unownedPaths(layout: RootLayout, database: Database): string[] {
  const found: string[] = [];
  const waiting = new Set(
    database
      .all('SELECT path, new_path FROM config_files')
      .flatMap((row) => [String(row['path']), String(row['new_path'] ?? '')]),
  );
  const free = [...FREE, ...ownFolders(layout)];
  const isFree = (path: string): boolean => free.some((each) => path === each || path.startsWith(`${each}/`));
  const isOwned = (path: string): boolean => database.get('SELECT 1 FROM files WHERE path = ? LIMIT 1', path) !== undefined;
  for (const row of database.all("SELECT DISTINCT path FROM files WHERE kind = 'directory' ORDER BY path")) {
    const folder = String(row['path']);
    if (isFree(folder)) continue;
    for (const entry of entriesOf(under(layout, folder))) {
      const path = `${folder}/${entry.name}`;
      if (!waiting.has(path) && !isFree(path) && !isOwned(path)) found.push(entry.isDirectory() ? `${path}/` : path);
    }
  }
  return found;
}

function entriesOf(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw new SystemFault('read', path, error);
  }
}
