/** Everything that stands in an ext4 file system, with what it holds, before any of it has a place. */
import { bytesToText } from '../../base/index.ts';
import { Breath, type Watching } from '../breath.ts';
import type { ImageEntry } from '../entry.ts';
import { imageFault } from '../faults.ts';
import { type Node, numberInodes } from '../numbered.ts';
import type { Content } from '../output.ts';
import { placed } from '../placed.ts';
import { type Attributes, encodeAttributes } from './attributes.ts';
import type { Listed } from './directory.ts';
import { N_OWN_INODES } from './geometry.ts';
import { ATTRIBUTE_ROOM, MAX_LINKS } from './inode.ts';
import { Scan } from './scan.ts';
import type { Run } from './space.ts';
import { ROOT_INODE } from './superblock.ts';

/** Where e2fsck puts files that it finds without a name. */
const LOST_AND_FOUND = 'lost+found';
/** Longer ones have a block. */
const SHORT_TARGET_BYTES = 59;
const MAX_TARGET_BYTES = 4095;

export interface Item {
  readonly inode: number;
  readonly entry: ImageEntry;
  readonly nLinks: number;
  readonly attributes: Attributes;
  readonly holds:
    | { readonly kind: 'folder'; readonly parent: number; readonly listed: readonly Listed[] }
    /** `runs` are the blocks of it that are not zeros. */
    | { readonly kind: 'content'; readonly content: Content; readonly runs: readonly Run[] }
    | { readonly kind: 'inode' };
}

export interface Contents {
  /** In the order of their inodes, which leave no gap. */
  readonly items: readonly Item[];
  /** Of everything; lower-case hex. */
  readonly digest: string;
}

/** @throws SystemFault · Fault E-IMG-001 · E-IMG-002 · E-IMG-003 */
export async function contentsOf(name: string, entries: Iterable<ImageEntry>, watching: Watching): Promise<Contents> {
  const all = [...entries];
  const found = all.find(({ path }) => path === LOST_AND_FOUND);
  if (found !== undefined && found.kind !== 'directory')
    throw imageFault.misplaced(LOST_AND_FOUND, 'there stands a folder in which e2fsck puts what it finds');
  if (found === undefined) all.push({ path: LOST_AND_FOUND, kind: 'directory', mode: 0o700, uid: 0, gid: 0 });
  const root = placed(all);
  const { byNode } = numberInodes(root);
  const numberOf = (node: Node): number => {
    const { number } = byNode.get(node)!;
    return number === 1 ? ROOT_INODE : number + N_OWN_INODES - 1;
  };
  const scan = new Scan(name);
  const items = new Map<number, Item>();
  const breath = new Breath(0, watching);
  const addNode = async (node: Node, parent: number): Promise<void> => {
    const inode = numberOf(node);
    const { entry, nLinks } = byNode.get(node)!;
    // Further names of a file are found where they are listed.
    scan.add({ ...entry, path: node.path }, inode);
    if (items.has(inode)) return;
    const holds = await (async (): Promise<Item['holds']> => {
      switch (entry.kind) {
        case 'directory': {
          const listed = node.children.map(
            (child): Listed => ({ name: child.name, inode: numberOf(child), kind: byNode.get(child)!.entry.kind }),
          );
          return { kind: 'folder', parent, listed };
        }
        case 'file':
          return { kind: 'content', content: entry.content, runs: await scan.content(entry.content, breath) };
        case 'symlink': {
          const { length } = entry.target;
          if (length === 0 || length > MAX_TARGET_BYTES)
            throw imageFault.tooMuch(`the target of '/${bytesToText(entry.path)}'`, `1 to ${MAX_TARGET_BYTES} bytes`);
          if (length <= SHORT_TARGET_BYTES) return { kind: 'inode' };
          return { kind: 'content', content: Buffer.from(entry.target, 'latin1'), runs: [{ start: 0, count: 1 }] };
        }
        default:
          return { kind: 'inode' };
      }
    })();
    if (nLinks > MAX_LINKS) throw imageFault.tooMuch(`what leads to '/${bytesToText(node.path)}'`, linksAllowed(entry.kind));
    items.set(inode, { inode, entry, nLinks, attributes: encodeAttributes(entry, ATTRIBUTE_ROOM), holds });
    await breath.did(0);
  };
  const waiting: [Node, number][] = [[root, ROOT_INODE]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [node, parent] = next;
    await addNode(node, parent);
    for (let at = node.children.length - 1; at >= 0; at--) waiting.push([node.children[at]!, numberOf(node)]);
  }
  return { items: [...items.values()].sort((a, b) => a.inode - b.inode), digest: scan.digest() };
}

const linksAllowed = (kind: ImageEntry['kind']): string =>
  kind === 'directory' ? `${MAX_LINKS - 2} folders in one` : `${MAX_LINKS} names of one file`;
