/** Archives of a depot that hold no package of igos, as images: below `/depot` of a root, where Genode looks for them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sys, textToBytes } from '../base/index.ts';
import { depotPath, formatArchiveName, type VersionedName } from '../depot/index.ts';
import { imageFromStore, type PackageImage } from '../pkm/index.ts';
import type { ObjectStore } from '../store/index.ts';

/** Makes the folder that the files of an archive are to be unpacked into. @param root  an empty folder @returns it */
export function folderInRoot(archive: VersionedName, root: string): string {
  const folder = join(root, 'depot', depotPath(archive, 'present'));
  sys('make the folder', folder, () => mkdirSync(folder, { recursive: true }));
  return folder;
}

/**
 * The image of what was unpacked there. It goes into the store first, so that a rollback finds it again. Its version is none of its name,
 * `genodelabs.bin.x86_64.wm`: another one is an upgrade.
 *
 * @param root  with the files of the archive, and no others
 * @param runtime  what it needs there: requirements
 */
export function depotImage(store: ObjectStore, archive: VersionedName, root: string, runtime: readonly string[]): PackageImage {
  const { version, ...unversioned } = archive;
  const name = formatArchiveName(unversioned).replaceAll('/', '.');
  const storePath = store.addPath(`${name}-${version}`, textToBytes(root));
  const about = { name, version, summary: `${formatArchiveName(archive)} of a depot`, runtime };
  return imageFromStore(about, storePath, store.manifest(storePath), store.toReal(storePath));
}

/** Whether an image out of a depot was made by `depotImage`, not read from a package of igos. */
export const isDepotImage = ({ origin }: PackageImage): boolean => origin.kind === 'store';
