import { readdirSync } from 'node:fs';
import { SystemFault } from '../base/index.ts';
import { type RootLayout, STATE_DIR, under } from './layout.ts';
import type { Database } from './state/database.ts';

/** Where files come and go without packages: what the kernel provides, what people keep, what programs remember. */
const FREE = ['dev', 'home', 'media', 'mnt', 'proc', 'root', 'run', 'srv', 'sys', 'tmp', 'var', STATE_DIR];

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
  const isOwned = (path: string): boolean => database.get('SELECT 1 FROM files WHERE path = ? LIMIT 1', path) !== undefined;
  for (const row of database.all("SELECT DISTINCT path FROM files WHERE kind = 'directory' ORDER BY path")) {
    const folder = String(row['path']);
    if (FREE.some((free) => folder === free || folder.startsWith(`${free}/`))) continue;
    for (const entry of entriesOf(under(layout, folder))) {
      const path = `${folder}/${entry.name}`;
      if (!waiting.has(path) && !isOwned(path)) found.push(entry.isDirectory() ? `${path}/` : path);
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
