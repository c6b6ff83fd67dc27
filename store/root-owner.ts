/**
 * Whose links those in a folder below `var/gcroots` are: its file `owner` says it, a path as bytes without an end of line. So pkm keeps
 * what generations of a root elsewhere need, and what became of that root can be seen from here.
 */
import { type Dirent, lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, sys, systemFaultOf, textToBytes } from '../base/index.ts';

export const OWNER_FILE = 'owner';

export interface OwnedLinks {
  readonly folder: Bytes;
  readonly owner: Bytes;
  readonly nLinks: number;
}

/**
 * `undefined` where the folder says nothing: a link or a folder of that name is somebody's own.
 *
 * @param entries  all that is in it
 * @throws SystemFault
 */
export function ownerOf(folder: Bytes, entries: readonly Dirent[]): Bytes | undefined {
  if (!entries.some((entry) => entry.name === OWNER_FILE && entry.isFile())) return undefined;
  const file = `${folder}/${OWNER_FILE}`;
  return unlessMissing(file, () => readFileSync(bytesToPath(file), 'latin1'));
}

/** Folders whose owner is not there any more: removed, moved, or on a disk that is not mounted. What they keep stays kept. */
export const forsakenLinks = (home: string): OwnedLinks[] => ownedLinks(home).filter(({ owner }) => !isThere(owner));

/** All that say whose they are. @throws SystemFault */
export function ownedLinks(home: string): OwnedLinks[] {
  const found: OwnedLinks[] = [];
  const visit = (folder: Bytes): void => {
    const entries = unlessMissing(folder, () => readdirSync(bytesToPath(folder), { withFileTypes: true, encoding: 'latin1' }));
    if (entries === undefined) return;
    for (const entry of entries) if (entry.isDirectory()) visit(`${folder}/${entry.name}`);
    const owner = ownerOf(folder, entries);
    if (owner !== undefined) found.push({ folder, owner, nLinks: entries.filter((entry) => entry.isSymbolicLink()).length });
  };
  visit(textToBytes(`${home}/var/gcroots`));
  return found;
}

export const isThere = (path: Bytes): boolean => unlessMissing(path, () => lstatSync(bytesToPath(path))) !== undefined;

/** Whose they are goes last: stopped in between, the rest can be removed in the same way. */
export function removeOwnedLinks({ folder }: OwnedLinks): void {
  for (const name of readdirSync(bytesToPath(folder), { encoding: 'latin1' })) {
    if (name !== OWNER_FILE) sys('remove', bytesToText(`${folder}/${name}`), () => rmSync(bytesToPath(`${folder}/${name}`)));
  }
  sys('remove', bytesToText(folder), () => rmSync(bytesToPath(folder), { recursive: true }));
}

function unlessMissing<T>(path: Bytes, look: () => T): T | undefined {
  try {
    return sys('read', bytesToText(path), look);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemFaultOf(error)?.errno ?? '')) return undefined;
    throw error;
  }
}
