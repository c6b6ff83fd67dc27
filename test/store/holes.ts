import { closeSync, openSync, type PathLike } from 'node:fs';
import { loadKoffi } from '../../base/index.ts';

/** @source lseek(2) */
const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/**
 * Where the data of a file start and end, in bytes. Not how many blocks it has: among those are what the file system keeps its place
 * with, more of them where the disk is in pieces, and from when it is written back on.
 */
export function dataOf(path: PathLike, size: number): number[] {
  const lseek = loadKoffi().load(null).func('int64_t lseek(int fd, int64_t offset, int whence)') as (
    fd: number,
    offset: number,
    whence: number,
  ) => number;
  const fd = openSync(path, 'r');
  try {
    const ends: number[] = [];
    for (let at = 0; at < size; ) {
      const start = lseek(fd, at, SEEK_DATA);
      if (start < 0) break;
      at = lseek(fd, start, SEEK_HOLE);
      ends.push(start, at);
    }
    return ends;
  } finally {
    closeSync(fd);
  }
}
