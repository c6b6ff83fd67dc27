/** The two system calls that Node lacks and we want: `syncfs` and `renameat2(RENAME_EXCHANGE)`. Bound by koffi on first use. */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { SystemFault } from './fault.ts';

interface Library {
  syncfs(fd: number): number;
}

let library: Library | undefined | null;

function load(): Library | undefined {
  if (library === undefined) {
    try {
      const koffi = createRequire(import.meta.url)('koffi') as { load(name: null): { func(signature: string): unknown } };
      library = { syncfs: koffi.load(null).func('int syncfs(int fd)') as Library['syncfs'] };
    } catch {
      library = null; // no prebuilt binding for this platform: the portable way below
    }
  }
  return library ?? undefined;
}

/** Makes everything written so far on the file system that holds `path` durable. One flush, whatever the number of files. @throws SystemFault */
export function syncFileSystem(path: string): void {
  const bound = load();
  if (bound === undefined) {
    const result = spawnSync('sync', ['-f', path]);
    if (result.status !== 0) throw new SystemFault('sync the file system of', path, result.error ?? { code: 'EIO' });
    return;
  }
  const fd = openSync(path, constants.O_RDONLY);
  try {
    if (bound.syncfs(fd) !== 0) throw new SystemFault('sync the file system of', path, { code: 'EIO' });
  } finally {
    closeSync(fd);
  }
}
