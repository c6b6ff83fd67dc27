/** The configuration that a system declares, as a package of its own: placed, merged, rolled back and verified like any other. */
import { hash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { bytesToText, temporaryFolder, textToBytes } from '../base/index.ts';
import type { System } from '../eval/index.ts';
import { imageFromStore, type PackageImage, systemPackage } from '../pkm/index.ts';
import type { ObjectStore, StorePath } from '../store/index.ts';

/** `undefined` where the system declares no files. They go into the store first, so that a rollback finds them again. */
export function systemImage(store: ObjectStore, system: System): PackageImage | undefined {
  return withFiles(system, ({ name, summary, version, folder }) => {
    const storePath = store.addPath(`${name}-${version}`, textToBytes(folder));
    return imageFromStore({ name, version, summary }, storePath, store.manifest(storePath), store.toReal(storePath));
  });
}

/** Where in the store those files are, or would be. Adds nothing. */
export const systemFilesPath = (store: ObjectStore, system: System): StorePath | undefined =>
  withFiles(system, ({ name, version, folder }) => store.computePath(`${name}-${version}`, textToBytes(folder)).path);

export interface SystemFiles {
  readonly name: string;
  readonly summary: string;
  /** Of their paths and texts. */
  readonly version: string;
}

/** What the package of those files is called; `undefined` where there are none. Costs no look at the store. */
export function systemFiles({ name, etc }: System): SystemFiles | undefined {
  if (etc.size === 0) return undefined;
  return { ...systemPackage(name), version: hash('sha256', JSON.stringify([...etc])).slice(0, 12) };
}

function withFiles<T>(system: System, use: (made: SystemFiles & { readonly folder: string }) => T): T | undefined {
  const files = [...system.etc];
  const about = systemFiles(system);
  if (about === undefined) return undefined;
  const folder = temporaryFolder('igos-system');
  try {
    for (const [path, text] of files) {
      const file = join(folder, 'etc', bytesToText(path));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, Buffer.from(text, 'latin1'));
    }
    return use({ ...about, folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
