/** What stands in an image, as data: one entry for each path. */
import { type Bytes, compareBytes } from '../base/index.ts';
import { imageFault } from './codes.ts';
import type { Content } from './output.ts';

interface Common {
  /** Below the root, without a slash at its ends; a byte string. Empty for the root itself. */
  readonly path: Bytes;
  /** Permissions with set-user-id, set-group-id and sticky bit: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Extended attributes by whole name: `security.capability`. */
  readonly attributes?: ReadonlyMap<Bytes, Uint8Array>;
}

export interface DirectoryEntry extends Common {
  readonly kind: 'directory';
}

export interface FileEntry extends Common {
  readonly kind: 'file';
  readonly content: Content;
  /** Files that say the same here are names of one file: the first says what it is. */
  readonly link?: string;
}

export interface SymlinkEntry extends Common {
  readonly kind: 'symlink';
  readonly target: Bytes;
}

export interface DeviceEntry extends Common {
  readonly kind: 'block' | 'char';
  readonly major: number;
  readonly minor: number;
}

export interface PipeEntry extends Common {
  readonly kind: 'fifo' | 'socket';
}

export type ImageEntry = DirectoryEntry | FileEntry | SymlinkEntry | DeviceEntry | PipeEntry;

/** An entry in its place. */
export interface ImageNode {
  readonly name: Bytes;
  readonly entry: ImageEntry;
  /** In the order of their names' bytes; empty for what is no directory. */
  readonly children: readonly ImageNode[];
}

const ROOT: DirectoryEntry = { path: '', kind: 'directory', mode: 0o755, uid: 0, gid: 0 };
const NAME_BYTES = 255;

/**
 * Puts entries in their places, whatever their order.
 *
 * @throws Fault E-IMG-002 a path twice, below something that is no directory, or one that no file system has
 */
export function imageTree(entries: Iterable<ImageEntry>): ImageNode {
  const byPath = new Map<Bytes, { name: Bytes; entry: ImageEntry; children: ImageNode[] }>([
    ['', { name: '', entry: ROOT, children: [] }],
  ]);
  let hasRoot = false;
  for (const entry of entries) {
    const { path } = entry;
    if (path === '') {
      if (hasRoot || entry.kind !== 'directory')
        throw imageFault.misplaced(path, hasRoot ? 'it is there twice' : 'the root is a directory');
      hasRoot = true;
      byPath.get('')!.entry = entry;
      continue;
    }
    if (byPath.has(path)) throw imageFault.misplaced(path, 'it is there twice');
    const name = path.slice(path.lastIndexOf('/') + 1);
    const why = wrongName(name);
    if (why !== undefined) throw imageFault.misplaced(path, why);
    byPath.set(path, { name, entry, children: [] });
  }
  for (const [path, node] of byPath) {
    if (path === '') continue;
    const parent = byPath.get(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
    if (parent?.entry.kind !== 'directory')
      throw imageFault.misplaced(path, parent === undefined ? 'its folder is not there' : 'what it is in is no directory');
    parent.children.push(node);
  }
  for (const { children } of byPath.values()) children.sort((a, b) => compareBytes(a.name, b.name));
  return byPath.get('')!;
}

function wrongName(name: Bytes): string | undefined {
  if (name === '' || name === '.' || name === '..' || name.includes('\0')) return 'no file has such a name';
  return name.length > NAME_BYTES ? `its name is longer than ${NAME_BYTES} bytes` : undefined;
}
