/** An index that is gone where there are objects: an empty store is what it must not be taken for. */
import { readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { sys } from '../base/index.ts';

/** `undefined`: there is no such file. */
const sizeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.size;

/**
 * What was lost where the index in `folder` (`<home>/var/index`) is missing or empty, and objects are there. Where they are gone as well the
 * store is empty. The file has its name before any object has, and nothing is registered before it holds something: an empty one alone may
 * be what a crash left of the beginning of a store. `all`: nothing of `var` is left, or this never was a store of ours. Cost: a look at
 * its file.
 */
export function lossOf(folder: string): 'none' | 'index' | 'all' {
  const index = `${folder}/data.mdb`;
  const size = sizeOf(index);
  if (size !== undefined && size > 0) return 'none';
  const variable = dirname(folder);
  const isLogged = (sizeOf(`${variable}/registrations`) ?? 0) > 0;
  if ((!isLogged && size === 0) || !hasEntries(`${dirname(variable)}/store`)) return 'none';
  // Another process may just have begun the store, between both looks.
  if (sizeOf(index) !== size) return 'none';
  return isLogged ? 'index' : 'all';
}

/** @throws SystemFault it cannot be told: a store that cannot be read is not an empty one */
function hasEntries(folder: string): boolean {
  return sys('read the folder', folder, () => {
    try {
      return readdirSync(folder).length > 0;
    } catch (error) {
      // A file is told by whoever opens it as a folder.
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
      throw error;
    }
  });
}
