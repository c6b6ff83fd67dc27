/** An index that is gone where there are objects: an empty store is what it must not be taken for. */
import { readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { sys } from '../base/index.ts';

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/**
 * Whether the index in `folder` (`<home>/var/index`) was lost: its file is missing or empty, something was registered, and objects are
 * there. Where they are gone as well the store is empty. Nothing is registered before the index is there. Cost: a look at its file.
 */
export function isIndexLost(folder: string): boolean {
  const index = `${folder}/data.mdb`;
  if (sizeOf(index) > 0) return false;
  const variable = dirname(folder);
  if (sizeOf(`${variable}/registrations`) === 0 || !hasEntries(`${dirname(variable)}/store`)) return false;
  // Another process may just have begun the store, between both looks.
  return sizeOf(index) === 0;
}

/** @throws SystemFault it cannot be told: a store that cannot be read is not an empty one */
function hasEntries(folder: string): boolean {
  return sys('read the folder', folder, () => {
    try {
      return readdirSync(folder).length > 0;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  });
}
