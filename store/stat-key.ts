/**
 * Whether files are still what they were, told by their inodes: a second look costs one `lstat` a file instead of reading it.
 */
import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { bytesToPath, bytesToText, sys } from '../base/index.ts';
import type { TreeEntry } from './types.ts';

/** Inode times are only as fine as the kernel's clock, so that a file changed just now may change again without a trace. */
const SETTLING_MS = 2000;

export interface StatKey {
  readonly key: string;
  /** Nothing changed in the last two seconds; what is remembered by another key could be stale. */
  readonly isSettled: boolean;
}

/**
 * A hash over names, link targets and inode data of listed entries. Equal keys: the bytes are the same. Take it *before* reading them.
 *
 * @throws SystemFault  Cost: 5 µs a file
 */
export function statKey(entries: readonly TreeEntry[]): StatKey {
  const hash = createHash('sha256');
  let newest = 0n;
  let text = '';
  for (const entry of entries) {
    text += `${entry.kind}\0${entry.path}\0`;
    if (entry.kind === 'symlink') text += `${entry.target}\0`;
    if (entry.kind === 'file') {
      const path = bytesToPath(entry.realPath);
      const stat = sys('read', bytesToText(entry.realPath), () => lstatSync(path, { bigint: true }));
      if (stat.ctimeNs > newest) newest = stat.ctimeNs;
      text += `${stat.dev} ${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.mode}\0`;
    }
    if (text.length > 1 << 16) {
      hash.update(text, 'latin1');
      text = '';
    }
  }
  hash.update(text, 'latin1');
  return { key: hash.digest('hex'), isSettled: Number(newest / 1_000_000n) + SETTLING_MS < Date.now() };
}
