/** Keeps what a root's generations need from being collected: one link a store path, in a folder a root, which says whose it is. */
import { existsSync, readdirSync, realpathSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeDirectory, sha256, symlinkAtomic, writeFileAtomic } from '../base/index.ts';
import type { StorePins } from '../pkm/index.ts';
import { OWNER_FILE, tryParseStorePath } from '../store/index.ts';
import type { Context } from './context.ts';

export function pinsOf(context: Pick<Context, 'home' | 'storeDir'>, root: string): StorePins {
  let known: { folder: string; owner: string } | undefined;
  // The same folder by whatever name the root is called. The root may be made meanwhile: only now is it there.
  const place = (): { folder: string; owner: string } => {
    if (known !== undefined) return known;
    const owner = realpathSync(root);
    const name = sha256(Buffer.from(owner)).slice(0, 32);
    known = { folder: join(context.home, 'var', 'gcroots', 'pkm', name), owner };
    return known;
  };
  const isHere = (storePath: string): boolean => existsSync(join(context.home, 'store', basename(storePath)));
  return {
    add: (storePaths, inUse) => {
      const { folder, owner } = place();
      const ownerFile = join(folder, OWNER_FILE);
      const isKnown = existsSync(ownerFile);
      const wanted = isKnown ? storePaths : [...inUse().filter(isHere), ...storePaths];
      if (wanted.length === 0) return;
      makeDirectory(folder);
      for (const storePath of wanted) symlinkAtomic(storePath, join(folder, basename(storePath)));
      if (!isKnown) writeFileAtomic(ownerFile, owner);
    },
    besides: (storePaths) => {
      const { folder } = place();
      if (!existsSync(folder)) return [];
      return readdirSync(folder)
        .map((name) => `${context.storeDir}/${name}`)
        .filter((path) => tryParseStorePath(path, context.storeDir) !== undefined && !storePaths.has(path));
    },
    remove: (storePath) => {
      try {
        unlinkSync(join(place().folder, basename(storePath)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    },
  };
}
