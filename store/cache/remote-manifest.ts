/** Manifests from other machines: read strictly, since file names come out of them. */
import { decodeManifest } from '../manifest.ts';
import { isEntryName, maxDepth, maxTargetLength } from '../tree.ts';
import type { Manifest } from '../types.ts';

/** Longest that is read: some 500,000 files. */
export const maxManifestBytes: number = 1 << 26;

/** What the least entry takes in a NAR: a folder with nothing in it. */
const LEAST_NAR_BYTES = 168;
/** A symlink has two records, all others one. */
const MAX_RECORDS = 2 << 20;

/** What is wrong is said in words. */
export function parseManifest(text: string, limit: { readonly narSizeBytes: number }): Manifest | string {
  // Nobody signed it: of 64 MiB of folders whose names have a few bytes each the entries would fill our memory.
  if (hasMore(text, Math.min(MAX_RECORDS, 2 * Math.ceil(limit.narSizeBytes / LEAST_NAR_BYTES)))) {
    return 'it has more entries than its NAR';
  }
  let manifest: Manifest;
  try {
    manifest = decodeManifest(text);
  } catch (error) {
    return (error as Error).message;
  }
  const folders = new Set<string>();
  let last: string | undefined;
  let sizeBytes = 0;
  for (const entry of manifest) {
    const { path } = entry;
    if (last === undefined ? path !== '' : path <= last) return 'its entries are not sorted';
    last = path;
    const names = path === '' ? [] : path.split('/');
    if (names.length > maxDepth || !names.every(isEntryName)) return `'${path.slice(0, 200)}' is not the name of a file`;
    if (path !== '' && !folders.has(names.slice(0, -1).join('/'))) return `'${path}' is in no folder`;
    if (entry.kind === 'directory') folders.add(path);
    else if (entry.kind === 'symlink') {
      if (!entry.target || entry.target.length > maxTargetLength) return `the symlink '${path}' has a bad target`;
    } else {
      if (!/^[0-9a-f]{64}$/.test(entry.sha256) || !Number.isSafeInteger(entry.sizeBytes) || entry.sizeBytes < 0)
        return `'${path}' has no hash or size`;
      sizeBytes += entry.sizeBytes;
    }
    if (sizeBytes > limit.narSizeBytes) return 'it has more bytes than its NAR';
  }
  return manifest.length === 0 ? 'it is empty' : manifest;
}

function hasMore(text: string, nRecords: number): boolean {
  let left = nRecords;
  for (let at = text.indexOf('\0'); at !== -1; at = text.indexOf('\0', at + 1)) if (--left < 0) return true;
  return false;
}
