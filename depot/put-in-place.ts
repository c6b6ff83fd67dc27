import { existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { exchangePaths, syncDirectory, syncFileSystem, sys } from '../base/index.ts';

/**
 * Makes a folder durable and gives it its name, by one rename. What stood there is then where the folder was, for the caller to remove: the
 * name never stands for nothing, nor for a part. @throws SystemFault
 */
export function putInPlace(folder: string, place: string): void {
  syncFileSystem(folder);
  if (existsSync(place)) exchangePaths(folder, place);
  else sys('move', place, () => renameSync(folder, place));
  syncDirectory(dirname(place));
}
