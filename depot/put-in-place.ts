import { existsSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, exchangePaths, syncDirectory, syncFileSystem, sys } from '../base/index.ts';

/**
 * Makes a folder durable and gives it its name, by one rename. What stood there is then where the folder was, for the caller to remove: the
 * name never stands for nothing, nor for a part. @throws SystemFault
 */
export function putInPlace(folder: string, place: string): void {
  syncFileSystem(folder);
  if (existsSync(place) || !moved(folder, place)) exchangePaths(folder, place);
  syncDirectory(dirname(place));
}

/** @returns whether it was; not where another process has just put something there */
function moved(folder: string, place: string): boolean {
  return sys('move', place, () => {
    try {
      renameSync(folder, place);
      return true;
    } catch (error) {
      if (errorCode(error) === 'ENOTEMPTY' || errorCode(error) === 'EEXIST') return false;
      throw error;
    }
  });
}
