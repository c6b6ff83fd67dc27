/** The tree that an archive was made of. */
import { lstatSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { sys } from '../../base/index.ts';
import { type UnpackOptions, unpackArchive } from './unpack.ts';

/**
 * Unpacks `file` in `folder`, which is made, and moves what is meant to `target`: a single folder at the top is what was packed, else
 * it is all.
 *
 * @returns when its youngest entry was modified, as `unpackTar`
 * @throws Fault E-BUILD-013 · SystemFault
 */
export async function unpackSource(
  { file, folder, target }: { readonly file: string; readonly folder: string; readonly target: string },
  options: UnpackOptions,
): Promise<number> {
  mkdirSync(folder);
  const lastModified = await unpackArchive(file, folder, options);
  const [only, ...others] = readdirSync(folder, { encoding: 'buffer' });
  const top = Buffer.concat([Buffer.from(`${folder}/`), only ?? Buffer.alloc(0)]);
  const isSingle = only !== undefined && others.length === 0 && lstatSync(top).isDirectory();
  sys('move', folder, () => renameSync(isSingle ? top : folder, target));
  return lastModified;
}
