/** The configuration that a system declares, as a package of its own: placed, merged, rolled back and verified like any other. */
import { hash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bytesToText, temporaryFolder, textToBytes } from '../base/index.ts';
import type { System } from '../eval/index.ts';
import { imageFromStore, type PackageImage } from '../pkm/index.ts';
import type { ObjectStore, StorePath } from '../store/index.ts';

const systemPackage = (name: string): string => `system-${name}`;

/** `undefined` where the system declares no files. They go into the store first, so that a rollback finds them again. */
export function systemImage(store: ObjectStore, system: System): PackageImage | undefined {
  return withFiles(system, ({ name, version, folder }) => {
    const storePath = store.addPath(`${name}-${version}`, textToBytes(folder));
    const about = { name, version, summary: `Files that system ${system.name} declares` };
    return imageFromStore(about, storePath, store.manifest(storePath), store.toReal(storePath));
  });
}

/** Where in the store those files are, or would be. Adds nothing. */
export const systemFilesPath = (store: ObjectStore, system: System): StorePath | undefined =>
  withFiles(system, ({ name, version, folder }) => store.computePath(`${name}-${version}`, textToBytes(folder)).path);

function withFiles<T>(system: System, use: (made: { name: string; version: string; folder: string }) => T): T | undefined {
  const files = [...system.etc];
  if (files.length === 0) return undefined;
  const name = systemPackage(system.name);
  const version = hash('sha256', JSON.stringify(files)).slice(0, 12);
  const folder = temporaryFolder('igos-system');
  try {
    for (const [path, text] of files) {
      const file = join(folder, 'etc', bytesToText(path));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Buffer.from(text, 'latin1'));
    }
    return use({ name, version, folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the system declares wins over what a package brings to the same path. */
export function withoutPaths(image: PackageImage, taken: ReadonlySet<string>): PackageImage {
  const entries = image.entries.filter((entry) => entry.kind === 'directory' || !taken.has(entry.path));
  return entries.length === image.entries.length ? image : { ...image, entries };
}
