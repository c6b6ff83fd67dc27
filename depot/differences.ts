import { readFileSync, statSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, compareBytes, sys, textToBytes } from '../base/index.ts';
import { listTree, type TreeEntry } from '../store/index.ts';

/** What distinguishes two folders, by path below them: only in the first, only in the second, or in both but different. */
export interface Difference {
  readonly path: string;
  readonly kind: 'removed' | 'added' | 'changed';
}

/** Compares kinds, contents, targets of links and the executable bit; not times, owners or other modes. Sorted by path. @throws SystemFault */
export function differencesOf(a: string, b: string): Difference[] {
  const [before, after] = [byPath(a), byPath(b)];
  const found: Difference[] = [];
  for (const [path, entry] of before) {
    const other = after.get(path);
    if (other === undefined) found.push({ path: bytesToText(path), kind: 'removed' });
    else if (!isSame(entry, other)) found.push({ path: bytesToText(path), kind: 'changed' });
  }
  for (const path of after.keys()) if (!before.has(path)) found.push({ path: bytesToText(path), kind: 'added' });
  return found.sort((x, y) => compareBytes(x.path, y.path));
}

const byPath = (folder: string): Map<Bytes, TreeEntry> =>
  new Map(listTree(textToBytes(folder)).flatMap((entry) => (entry.path === '' ? [] : [[entry.path, entry]])));

function isSame(a: TreeEntry, b: TreeEntry): boolean {
  if (a.kind === 'symlink') return b.kind === 'symlink' && a.target === b.target;
  if (a.kind !== 'file') return a.kind === b.kind;
  if (b.kind !== 'file') return false;
  const [x, y] = [stat(a.realPath), stat(b.realPath)];
  if (x.size !== y.size || (x.mode & 0o100) !== (y.mode & 0o100)) return false;
  return read(a.realPath).equals(read(b.realPath));
}

const stat = (path: Bytes) => sys('read', bytesToText(path), () => statSync(bytesToPath(path)));
const read = (path: Bytes): Buffer => sys('read', bytesToText(path), () => readFileSync(bytesToPath(path)));
