/** Whether what stands at a path is what pkm placed there. */
import type { Disk, DiskEntry } from '../disk.ts';
import type { FileRow } from '../types.ts';

/**
 * Whether a file that goes is as pkm placed it; only a warning depends on it. Size and time tell: what a program writes has a time
 * of its own. Where they do not say that it is, its bytes do.
 */
export const isAsPlaced = (disk: Disk, row: FileRow, there: DiskEntry): boolean =>
  (row.kind === 'file' && row.mtimeSeconds !== 0 && isUntouched(row, there)) || isSame(disk, row, there);

/** By what a look tells: a regular file of that size, and of a time that hardly any program writes. */
export const isUntouched = (file: { readonly sizeBytes: number; readonly mtimeSeconds: number }, there: DiskEntry): boolean =>
  there.kind === 'file' && there.isWholeSecond && there.mtimeSeconds === file.mtimeSeconds && there.sizeBytes === file.sizeBytes;

/** By kind and content. Cost: reads the file, unless its size tells. */
export function isSame(disk: Disk, row: FileRow, there: DiskEntry): boolean {
  if (row.kind !== there.kind) return false;
  if (row.kind === 'symlink') return row.target === there.target;
  return (row.sizeBytes < 0 || row.sizeBytes === there.sizeBytes) && row.sha256 === disk.sha256(row.path);
}

/** What is said of a file that goes and is not as it was placed. */
export const GOES_MODIFIED = 'it was modified; it is removed all the same';
export const FOLDER_STAYS = 'a directory stands there now; it stays';
