/** Absolute paths as byte strings. */
import type { Bytes } from '../base/index.ts';

/** Resolves `.`, `..` and repeated slashes by text alone; symlinks are not asked. The root is its own parent. */
export function canonicalPath(path: Bytes): Bytes {
  if (!/\/\.{0,2}(\/|$)/.test(path)) return path;
  const kept: Bytes[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') kept.pop();
    else kept.push(part);
  }
  return `/${kept.join('/')}`;
}

/** The folder of a path; of a root, the root. */
export const parentPath = (path: Bytes): Bytes =>
  path === OWN_FOLDER ? path : path.slice(0, Math.max(1, path.lastIndexOf('/')));

/** Where this program's own files stand (own-files.ts): a tree of its own, on no disk. */
export const OWN_FOLDER: Bytes = '/__corepkgs__';

export const isOwnPath = (path: Bytes): boolean =>
  path.startsWith(OWN_FOLDER) && (path.length === OWN_FOLDER.length || path[OWN_FOLDER.length] === '/');

/** A path as values and messages show it: those of the own tree as `<nix/…>`. */
export const shownPath = (path: Bytes): Bytes => (isOwnPath(path) ? `<nix${path.slice(OWN_FOLDER.length) || '/'}>` : path);

/** A path as a string. As in Nix, what is said of the own tree is where in it. */
export const pathText = (path: Bytes): Bytes => (isOwnPath(path) ? path.slice(OWN_FOLDER.length) || '/' : path);

/** A path as written in a source: absolute, relative to `base`, or below the home folder. */
export function resolvePath(written: Bytes, base: Bytes, home: () => Bytes): Bytes {
  if (written.startsWith('/')) return canonicalPath(written);
  if (written.startsWith('~/')) return canonicalPath(`${home()}/${written.slice(2)}`);
  return canonicalPath(`${base}/${written}`);
}
