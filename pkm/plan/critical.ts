import { Fault } from '../../base/index.ts';
import type { Disk } from '../disk.ts';
import { STATE_DIR } from '../layout.ts';
import { printable } from '../names.ts';
import type { ImageEntry } from '../types.ts';
import type { Draft } from './draft.ts';

/** Where a link stands on a merged-usr root: its loss stops every program. */
const LINKS = new Set(['bin', 'sbin', 'lib', 'lib64']);
/** What must stay a directory once it is one. */
const DIRECTORIES = new Set(
  'bin sbin lib lib64 usr usr/bin usr/sbin usr/lib usr/lib64 usr/share etc var var/lib boot dev proc sys run root home opt srv tmp'.split(
    ' ',
  ),
);
/** `/bin` and the like as a symlink: every archive of igos-build brings them, and none of them is its package's own. */
export const isLayoutLink = (entry: { path: string; kind: string }): boolean => entry.kind === 'symlink' && LINKS.has(entry.path);

const KERNEL = /^(proc|sys|dev)\//;

/** What of a path decides: an entry of an image, or a row. */
type Placed = Pick<ImageEntry, 'path' | 'kind' | 'target'>;

/**
 * Refuses what would break the layout of the root, or pkm itself.
 * @throws Fault E-PKM-003
 */
export function checkEntry(draft: Draft, image: { readonly name: string }, entry: Placed, disk: Disk): void {
  const { path } = entry;
  if (path.startsWith(`${STATE_DIR}/`) || (path === STATE_DIR && entry.kind !== 'directory')) {
    throw fault(image, path, 'that is where pkm keeps its state');
  }
  if (KERNEL.test(path) && entry.kind !== 'directory') throw fault(image, path, 'the kernel provides what is there');
  if (!DIRECTORIES.has(path)) {
    if (entry.kind !== 'directory') return;
    const other = draft.at(path).first(image.name);
    if (other?.kind === 'symlink') throw fault(image, path, `it is a symlink of package '${other.owner}', not a directory`);
    return;
  }
  const there = disk.entry(path);
  if (there === undefined) {
    // Nothing is lost, but no other package could ever be installed; and programs would go on looking below it.
    if (entry.kind === 'file' || entry.kind === 'hardlink')
      throw fault(image, path, 'it is to be a directory, and would become a file');
    return;
  }
  if (there.kind === 'symlink' && LINKS.has(path)) {
    if (entry.kind === 'directory')
      throw fault(image, path, `it is a symlink to '${printable(there.target)}', and would become a directory`);
    if (entry.kind !== 'symlink')
      throw fault(image, path, `it is a symlink to '${printable(there.target)}', and would become a file`);
    if (entry.target !== there.target)
      throw fault(image, path, `it would lead to '${printable(entry.target)}' instead of '${printable(there.target)}'`);
  }
  if (there.kind === 'directory' && entry.kind !== 'directory') {
    throw fault(image, path, `it is a directory, and would become a ${entry.kind}`);
  }
}

const fault = (image: { readonly name: string }, path: string, why: string): Fault =>
  new Fault('E-PKM-003', `package '${image.name}' may not replace '/${printable(path)}': ${why}`, {
    notes: ['nothing was changed'],
    hints: ["install under 'usr', and leave the layout of the root to the package that made it"],
  });
