/** Paths that were there during the build and will not be where its outputs go: the folder of the build, and the store. */
import { closeSync, readlinkSync, readSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, sys } from '../base/index.ts';
import { buildFolder } from './environment.ts';
import { type OutputFile, openFile } from './output-files.ts';

const CHUNK_BYTES = 1024 * 1024;
/** What is looked at around a place: enough to show it, and to see what stands before it. */
const MARGIN_BYTES = 256;

const chunk = Buffer.allocUnsafe(CHUNK_BYTES);

/** The first such path that a file or a link holds, as text of at most 120 characters. Cost: the file is read once. */
export function findLeak(file: OutputFile, storeDir: string): string | undefined {
  if (file.kind === 'symlink') {
    const target = sys('read', bytesToText(file.realPath), () => readlinkSync(bytesToPath(file.realPath), 'latin1'));
    return firstLeak(Buffer.from(target, 'latin1'), storeDir);
  }
  if (file.kind !== 'file') return undefined;
  return sys('read', bytesToText(file.realPath), () => {
    const fd = openFile(file);
    try {
      let kept = 0;
      for (;;) {
        const got = readSync(fd, chunk, kept, CHUNK_BYTES - kept, null);
        const data = chunk.subarray(0, kept + got);
        // A file gives less than was asked for at its end only.
        const hasMore = data.length === CHUNK_BYTES;
        const found = firstLeak(data, storeDir, hasMore);
        if (found !== undefined || !hasMore) return found;
        kept = Math.min(MARGIN_BYTES, data.length);
        chunk.copyWithin(0, data.length - kept, data.length);
      }
    } finally {
      closeSync(fd);
    }
  });
}

/** `hasMore`: a path that may go on behind the end is left for the next look. */
function firstLeak(data: Buffer, storeDir: string, hasMore = false): string | undefined {
  const limit = hasMore ? data.length - MARGIN_BYTES / 2 : data.length;
  for (const needle of [`${buildFolder}/`, `${storeDir}/`]) {
    for (let at = data.indexOf(needle, 0, 'latin1'); at !== -1 && at < limit; at = data.indexOf(needle, at + 1, 'latin1')) {
      if (!startsPath(data, at)) continue;
      const text = data.toString('latin1', at, at + 120);
      const path = /^[\w+./=@~-]+/.exec(text)![0];
      if (path.length > needle.length) return path;
    }
  }
  return undefined;
}

/** `/usr/lib/build/x`, `${top}/build/x` and `./build/x` are other folders; `-I/build/x`, `"/build/x` and `=/build/x` are not. */
function startsPath(data: Buffer, at: number): boolean {
  const before = data.toString('latin1', Math.max(0, at - 2), at);
  return !/[\w./)}\]$~*+-]$/.test(before) || /-[A-Za-z]$/.test(before);
}

/** What is said of leaks: a line a file, the first twenty. */
export function describeLeaks(leaks: readonly { readonly path: Bytes; readonly found: string }[]): string[] {
  const lines = leaks.slice(0, 20).map(({ path, found }) => `${bytesToText(path)} names ${bytesToText(found)}`);
  return leaks.length > lines.length ? [...lines, `and ${leaks.length - lines.length} more files`] : lines;
}
