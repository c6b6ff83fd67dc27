/** Tells whether a store's index changed, without loading LMDB. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/**
 * The two first pages of an LMDB file are its meta pages: each committed transaction writes its number into one of them. This is as
 * exact as a counter, which file times are not.
 */
const META_BYTES = 256;
/** The header of a page, then magic, version, address and map size; then the first table, whose first field is the page size. */
const PAGE_SIZE_OFFSET = 24 + 24;

/** The index of a store, if it has one. */
export const indexPath = (home: string): string => `${home}/var/index/data.mdb`;

export interface IndexHead {
  /** Equal: no transaction was committed in between. */
  readonly version: string;
  /** The file up to the end of its second meta page's table. */
  readonly bytes: Buffer;
}

/** 'none' where there is no index, `undefined` where it cannot be told. Cost: 50 µs. */
export function indexHead(home: string): IndexHead | 'none' | undefined {
  let fd: number;
  try {
    fd = openSync(indexPath(home), 'r');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : undefined;
  }
  try {
    const { dev, ino } = fstatSync(fd);
    const first = Buffer.alloc(META_BYTES);
    if (readSync(fd, first, 0, META_BYTES, 0) !== META_BYTES) return undefined;
    const pageSize = first.readUInt32LE(PAGE_SIZE_OFFSET);
    if (pageSize < 512 || pageSize > 65536) return undefined;
    const bytes = Buffer.alloc(pageSize + META_BYTES);
    if (readSync(fd, bytes, 0, bytes.length, 0) !== bytes.length) return undefined;
    const tables = [bytes.subarray(0, META_BYTES), bytes.subarray(pageSize)];
    return { version: [`${dev}:${ino}`, ...tables.map((table) => table.toString('base64'))].join(':'), bytes };
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

/** Equal: no transaction was committed in between. 'none' where there is no index; '' where it cannot be told. */
export function indexVersion(home: string): string {
  const head = indexHead(home);
  return typeof head === 'object' ? head.version : (head ?? '');
}
