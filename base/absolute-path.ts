import { resolve } from 'node:path';

/**
 * What `resolve` of `node:path` gives, without looking at each character where nothing is to be resolved: that asks a function for each
 * of them, at every start, which V8 compiles once it has been asked 400 times. Where igos is installed, or called, in a folder with a
 * long name, that took 2 MiB.
 *
 * @param folder  absolute
 */
export function absolutePath(folder: string, path: string): string {
  if (isPlain(path)) return path;
  const joined = `${folder}/${path}`;
  return !path.startsWith('/') && isPlain(joined) ? joined : resolve(folder, path);
}

/** Whether it is absolute, and no part of it is empty or begins with a dot. */
const isPlain = (path: string): boolean =>
  path.startsWith('/') && !path.endsWith('/') && !path.includes('/.') && !path.includes('//');
