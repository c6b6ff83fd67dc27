/** An index that is gone, where the log of registrations says that there was one: an empty store is what it must not be taken for. */
import { statSync } from 'node:fs';
import { dirname } from 'node:path';

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/**
 * Whether the index in `folder` (`<home>/var/index`) was lost: its file is missing or empty, and what was registered is not. Nothing is
 * registered before the index is there. Cost: a look at its file.
 */
export function isIndexLost(folder: string): boolean {
  const index = `${folder}/data.mdb`;
  if (sizeOf(index) > 0 || sizeOf(`${dirname(folder)}/registrations`) === 0) return false;
  // Another process may just have begun the store, between both looks.
  return sizeOf(index) === 0;
}
