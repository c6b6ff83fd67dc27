/**
 * Bytes that must stay readable after they left the root: archives as they came, and every version of a configuration file that
 * a package offered (the originals of three-way merges). Named by SHA-256 under `objects/xx/`, private to root: configuration
 * may hold secrets.
 */

import { hash } from 'node:crypto';
import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault, sys } from '../base/index.ts';
import { fileSha256, tolerantLstat } from './disk.ts';
import type { RootIo } from './io.ts';
import type { RootLayout } from './layout.ts';

const objectPath = (layout: RootLayout, sha256: string): string => join(layout.objects, sha256.slice(0, 2), sha256);

const PRIVATE = { mode: 0o600, owner: undefined, mtimeSeconds: 1 };

/**
 * Keeps bytes. `scratch` is a file of pkm's own on the same file system, with the metadata of objects, that is moved. Whole or absent after a crash only once the file system was
 * synced: a damaged one is written again.
 */
export function keepObject(
  layout: RootLayout,
  io: RootIo,
  sha256: string,
  source: { bytes: Buffer } | { file: string } | { scratch: string },
): void {
  const path = objectPath(layout, sha256);
  if (existsSync(path)) {
    if (fileSha256(path) === sha256) return;
    io.unlink(path);
  }
  const folder = dirname(path);
  if (tolerantLstat(folder)?.isSymbolicLink() === true) io.unlink(folder); // pkm makes none: it may lead anywhere
  io.makeOwnFolder(folder, 0o700);
  if ('scratch' in source) {
    io.rename(source.scratch, path);
    return;
  }
  const temporary = `${path}.part`;
  if (existsSync(temporary)) io.unlink(temporary);
  if ('bytes' in source) io.createFile(temporary, source.bytes, PRIVATE);
  else io.copyFile(source.file, temporary, PRIVATE);
  io.rename(temporary, path);
}

/** The bytes of an object; `undefined` where it is missing or damaged. @throws SystemFault */
export function readObject(layout: RootLayout, sha256: string): Buffer | undefined {
  if (!/^[0-9a-f]{64}$/.test(sha256)) return undefined;
  const path = objectPath(layout, sha256);
  if (!isThere(path)) return undefined;
  const bytes = sys('read', path, () => readFileSync(path));
  return hash('sha256', bytes) === sha256 ? bytes : undefined;
}

/** Objects are private: "not there" must not be said to who may not look. @throws SystemFault */
const isThere = (path: string): boolean => sys('read', path, () => statSync(path, { throwIfNoEntry: false })) !== undefined;

/** The file of an object; `undefined` where it is missing or damaged. Cost: one read. @throws SystemFault */
export function objectFile(layout: RootLayout, sha256: string): string | undefined {
  const path = objectPath(layout, sha256);
  return isThere(path) && fileSha256(path) === sha256 ? path : undefined;
}

/** The file of a kept archive. @throws Fault E-PKM-017 it is gone or damaged */
export function archiveObject(layout: RootLayout, name: string, sha256: string): string {
  if (sha256 === '') {
    throw new Fault('E-PKM-017', `the archive that package '${name}' came from was not kept`, {
      notes: ['the package was adopted from another package manager'],
      hints: ['install the package again from a repository or an archive: from then on its bytes are at hand'],
    });
  }
  const path = objectFile(layout, sha256);
  if (path !== undefined) return path;
  throw new Fault('E-PKM-017', `the archive that package '${name}' came from is missing or damaged`, {
    notes: [`SHA-256 ${sha256}`],
    hints: [`copy the archive to '${objectPath(layout, sha256)}'`, 'or install the package again from another source'],
  });
}

const FOLDER = /^[0-9a-f]{2}$/;
const NAME = /^([0-9a-f]{64})(\.part)?$/;

/** The files of what is not needed. Folders and names that pkm does not give are somebody else's; symlinks are not followed. */
export function unneededObjects(layout: RootLayout, isUnneeded: (sha256: string) => boolean): string[] {
  if (!existsSync(layout.objects)) return [];
  const list = (path: string): Dirent[] => sys('read', path, () => readdirSync(path, { withFileTypes: true }));
  return list(layout.objects).flatMap((folder) => {
    if (!folder.isDirectory() || !FOLDER.test(folder.name)) return [];
    return list(join(layout.objects, folder.name)).flatMap((entry) => {
      const [, sha256, part] = NAME.exec(entry.name) ?? [];
      const isGoing = sha256 !== undefined && !entry.isDirectory() && (part !== undefined || isUnneeded(sha256));
      return isGoing ? [join(layout.objects, folder.name, entry.name)] : [];
    });
  });
}

/** Removes them. @returns what it was */
export function collectObjects(layout: RootLayout, io: RootIo, isUnneeded: (sha256: string) => boolean): string[] {
  const removed = unneededObjects(layout, isUnneeded);
  for (const path of removed) sys('remove', path, () => io.unlink(path));
  return removed;
}
