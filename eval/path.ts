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

/** The folder of a path; of the root, the root. */
export const parentPath = (path: Bytes): Bytes => path.slice(0, Math.max(1, path.lastIndexOf('/')));

/** The last component; of the root, ''. */
export const baseName = (path: Bytes): Bytes => path.slice(path.lastIndexOf('/') + 1);

/** A path as written in a source: absolute, relative to `base`, or below the home folder. */
export function resolvePath(written: Bytes, base: Bytes, home: () => Bytes): Bytes {
  if (written.startsWith('/')) return canonicalPath(written);
  if (written.startsWith('~/')) return canonicalPath(`${home()}/${written.slice(2)}`);
  return canonicalPath(`${base}/${written}`);
}
