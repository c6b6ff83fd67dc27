/** Tells whether a store's index changed, without loading LMDB. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The two first pages of an LMDB file are its meta pages: each committed transaction writes its number into one of them. This is as
 * exact as a counter, which file times are not.
 */
const META_BYTES = 256;
/** The header of a page, then magic, version, address and map size; then the first table, whose first field is the page size. */
const PAGE_SIZE_OFFSET = 24 + 24;

/** Equal: no transaction was committed in between. 'none' where there is no index; '' where it cannot be told. */
export function indexVersion(home: string): string {
  let fd: number;
  try {
    fd = openSync(`${home}/var/index/data.mdb`, 'r');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : '';
  }
  try {
    const { dev, ino } = fstatSync(fd);
    const first = Buffer.alloc(META_BYTES);
    const second = Buffer.alloc(META_BYTES);
    if (readSync(fd, first, 0, META_BYTES, 0) !== META_BYTES) return '';
    const pageSize = first.readUInt32LE(PAGE_SIZE_OFFSET);
    if (pageSize < 512 || pageSize > 65536 || readSync(fd, second, 0, META_BYTES, pageSize) !== META_BYTES) return '';
    return `${dev}:${ino}:${first.toString('base64')}:${second.toString('base64')}`;
  } catch {
    return '';
  } finally {
    closeSync(fd);
  }
}
