/** Paths → a tree, with the folders between that nobody named. */
import { type Bytes, compareBytes } from '../base/index.ts';
import { imageFault } from './faults.ts';

export interface Placed<E> {
  readonly path: Bytes;
  readonly name: Bytes;
  /** None for the root, and for folders that are there since something stands in them. */
  readonly entry: E | undefined;
  readonly isFolder: boolean;
  /** In the order of their names' bytes. */
  readonly children: readonly Placed<E>[];
}

interface Growing<E> extends Placed<E> {
  entry: E | undefined;
  readonly children: Growing<E>[];
}

/**
 * Puts entries in their places, whatever their order.
 *
 * @throws Fault E-IMG-002 a path twice, below something that is no folder, or one that no file system has
 */
export function placed<E extends { readonly path: Bytes; readonly kind: string }>(entries: Iterable<E>): Placed<E> {
  const byPath = new Map<Bytes, Growing<E>>();
  const folder = (path: Bytes): Growing<E> => {
    const known = byPath.get(path);
    if (known === undefined) return add(path, true);
    if (!known.isFolder) throw imageFault.misplaced(path, 'other paths lead through it, and it is no folder');
    return known;
  };
  const add = (path: Bytes, isFolder: boolean): Growing<E> => {
    const slash = path.lastIndexOf('/');
    const name = path.slice(slash + 1);
    const node: Growing<E> = { path, name, entry: undefined, isFolder, children: [] };
    if (path !== '') {
      if (slash === 0 || name === '' || name === '.' || name === '..' || name.includes('\0'))
        throw imageFault.misplaced(path, 'no file has such a name');
      folder(path.slice(0, Math.max(0, slash))).children.push(node);
    }
    byPath.set(path, node);
    return node;
  };
  const root = add('', true);
  for (const entry of entries) {
    const isFolder = entry.kind === 'directory';
    const known = byPath.get(entry.path);
    if (known === undefined) add(entry.path, isFolder).entry = entry;
    else if (known.entry !== undefined) throw imageFault.misplaced(entry.path, 'it is there twice');
    else if (!isFolder) throw imageFault.misplaced(entry.path, 'other paths lead through it, and it is no folder');
    else known.entry = entry;
  }
  for (const { children } of byPath.values()) children.sort((a, b) => compareBytes(a.name, b.name));
  return root;
}
