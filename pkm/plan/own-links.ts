/** Symlinks with which the admin switched services on: they are no package's, and lead to nothing when the service goes. */
import { posix } from 'node:path';
import { Fault, SystemFault } from '../../base/index.ts';
import type { Disk } from '../disk.ts';
import type { StateDelta, StateView } from '../state/state.ts';
import type { Warning } from '../types.ts';

const FOLDERS = ['etc/systemd/system', 'etc/runlevels'];

/** What is said of those that a change leaves behind. Cost: a listing of these folders, where packages go. */
export function linksLeftBehind(base: StateView, { dropRecords }: StateDelta, disk: Disk): Warning[] {
  const gone = new Set(dropRecords);
  if (gone.size === 0) return [];
  const warnings: Warning[] = [];
  for (const path of symlinksBelow(disk)) {
    if (base.rowsAt(path).length > 0) continue;
    const rows = base.rowsAt(posix.resolve('/', posix.dirname(path), disk.entry(path)!.target).slice(1));
    if (rows.length > 0 && rows.every(({ owner, isConfig }) => !isConfig && gone.has(owner)))
      warnings.push({ kind: 'note', path, package: rows[0]!.owner, text: OF_YOURS });
  }
  return warnings;
}

/** In these folders and those in them. What cannot be looked at is passed over: no change is to fail for a word of advice. */
function symlinksBelow(disk: Disk): string[] {
  const found: string[] = [];
  const folders = [...FOLDERS];
  for (const folder of folders) {
    try {
      if (disk.entry(folder)?.kind !== 'directory') continue;
      for (const path of disk.names(folder).map((name) => `${folder}/${name}`)) {
        const kind = disk.entry(path)?.kind;
        if (kind === 'symlink') found.push(path);
        else if (kind === 'directory' && FOLDERS.includes(folder)) folders.push(path);
      }
    } catch (error) {
      if (!(error instanceof Fault || error instanceof SystemFault)) throw error;
    }
  }
  return found;
}

const OF_YOURS = 'it is yours, and switches on a service that goes: remove it, unless the package comes back';
