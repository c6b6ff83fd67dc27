/** Entries of a tree → the inodes of a file system. */
import { bytesToText } from '../base/index.ts';
import type { DirectoryEntry, ImageEntry } from './entry.ts';
import { imageFault } from './faults.ts';
import type { Placed } from './placed.ts';

export type Node = Placed<ImageEntry>;

const MAX_NAME_BYTES = 255;

/** That of a folder that nobody named is as most are. */
export const entryOf = ({ path, entry }: Node): ImageEntry => {
  if (path !== '' && path.length - path.lastIndexOf('/') - 1 > MAX_NAME_BYTES)
    throw imageFault.tooMuch(`the name of '/${bytesToText(path)}'`, `${MAX_NAME_BYTES} bytes`);
  return entry ?? ({ path, kind: 'directory', mode: 0o755, uid: 0, gid: 0 } satisfies DirectoryEntry);
};

export interface Inode {
  readonly number: number;
  readonly entry: ImageEntry;
  nLinks: number;
}

/** The root has 1, and what a directory lists has numbers next to each other. Names of one file share its inode. */
export function numberInodes(root: Node): { readonly byNode: ReadonlyMap<Node, Inode>; readonly count: number } {
  const byNode = new Map<Node, Inode>();
  const byLink = new Map<string, Inode>();
  let count = 1;
  byNode.set(root, { number: 1, entry: entryOf(root), nLinks: 2 });
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const child of node.children) {
      const entry = entryOf(child);
      const link = entry.kind === 'file' ? entry.link : undefined;
      const known = link === undefined ? undefined : byLink.get(link);
      if (known !== undefined) {
        known.nLinks++;
        byNode.set(child, known);
        continue;
      }
      const isDirectory = entry.kind === 'directory';
      const inode: Inode = { number: ++count, entry, nLinks: isDirectory ? 2 : 1 };
      byNode.set(child, inode);
      if (link !== undefined) byLink.set(link, inode);
      if (isDirectory) {
        byNode.get(node)!.nLinks++;
        waiting.push(child);
      }
    }
  }
  return { byNode, count };
}
