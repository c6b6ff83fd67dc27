/** The file of the index, as LMDB lays it out: what it says of itself, and whether it is whole. */
import { accessSync, closeSync, constants, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { Fault, SystemFault, sys, writeAll } from '../base/index.ts';
import type { StoreCode } from './codes.ts';
import { missingPage } from './index-pages.ts';

/** Behind the header of the first page. */
const MAGIC_OFFSET = 24;
const MAGIC = 0xbeefc0de;
const META_LENGTH = 160;
/** The second meta page starts there where pages have the usual size: one read then gets both. */
const USUAL_PAGE_BYTES = 4096;

/** A store that nobody has written to has no folder yet; what is there and is none is no store. @throws SystemFault */
export function assertFolder(home: string): void {
  const stat = statSync(home, { throwIfNoEntry: false });
  if (stat?.isDirectory() === false) throw new SystemFault('open the store', home, { code: 'ENOTDIR' });
}

export function isWritable(folder: string): boolean {
  try {
    accessSync(`${folder}/data.mdb`, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * LMDB maps the file and trusts it: one that is no index, or that ends before its last page, would end the process by a signal.
 * Two meta pages stand at the start; the one of the newer transaction counts. Layout (little-endian, from the start of a meta page):
 * 24 magic, 48 page size, 144 number of the last page, 152 transaction.
 */
export function assertIndex(folder: string): void {
  const path = `${folder}/data.mdb`;
  if (!existsSync(path)) return;
  for (let before = -1n; ; ) {
    const { sizeBytes, first, needed, transaction, missing } = measure(path, { walks: true });
    // A process that was killed while it made the index leaves an empty file, which LMDB fills.
    if (sizeBytes === 0) return;
    if (first.length < META_LENGTH || first.readUInt32LE(MAGIC_OFFSET) !== MAGIC)
      throw badIndex(`'${path}' is not the index of a store`);
    if (needed <= sizeBytes) return;
    // Killed right after a transaction that left its last pages unused: see `fillUp`.
    if (missing === undefined) break;
    // What another process wrote while we walked may have looked like damage.
    if (transaction === before)
      throw badIndex(`the index '${path}' was cut off: it has ${sizeBytes} of ${needed} bytes, and ${missing}`);
    before = transaction;
  }
  if (isWritable(folder)) fillUp(folder);
}

/**
 * LMDB never writes pages that a transaction took at the end of the file and gave back before it was over, though it counts them: the
 * file may then end before its last page. Zeros are put there, so that this is no sign of damage, and so that no page is missing in
 * the map. Appended, not placed: nothing that another process writes meanwhile is overwritten.
 */
export function fillUp(folder: string): void {
  const path = `${folder}/data.mdb`;
  const { sizeBytes, needed } = measure(path);
  if (sizeBytes === 0 || sizeBytes >= needed) return;
  sys('write', path, () => {
    const fd = openSync(path, 'a');
    try {
      writeAll(fd, Buffer.alloc(needed - sizeBytes));
    } finally {
      closeSync(fd);
    }
  });
}

/** The number of the transaction that was committed last: two calls that give the same number had the same index. */
export const newestTransaction = (folder: string): number => Number(measure(`${folder}/data.mdb`).transaction);

interface Measured {
  readonly sizeBytes: number;
  /** The first meta page, as much of it as there is. */
  readonly first: Buffer;
  /** Bytes, as the newer meta page says; 0 where there is none. */
  readonly needed: number;
  readonly transaction: bigint;
  /** A page that is in use and beyond the end; looked for where the file ends too early. */
  readonly missing: string | undefined;
}

function measure(path: string, { walks = false } = {}): Measured {
  return sys('read', path, () => {
    const fd = openSync(path, 'r');
    try {
      const start = readAt(fd, 0, USUAL_PAGE_BYTES + META_LENGTH);
      const first = start.subarray(0, META_LENGTH);
      const newest = newerOf(first, secondMeta(fd, start));
      // The size is taken after the meta pages: a writer makes the file longer before it says so.
      const sizeBytes = fstatSync(fd).size;
      if (newest === undefined) return { sizeBytes, first, needed: 0, transaction: 0n, missing: undefined };
      const pageBytes = newest.readUInt32LE(48);
      const needed = (Number(newest.readBigUInt64LE(144)) + 1) * pageBytes;
      let missing: string | undefined;
      // Whole pages are what LMDB leaves out.
      if (needed > sizeBytes && sizeBytes % pageBytes !== 0) missing = `page ${Math.floor(sizeBytes / pageBytes)} is in part`;
      else if (walks && needed > sizeBytes) missing = missingPage(fd, newest, pageBytes, sizeBytes);
      return { sizeBytes, first, needed, transaction: newest.readBigUInt64LE(152), missing };
    } finally {
      closeSync(fd);
    }
  });
}

function secondMeta(fd: number, start: Buffer): Buffer {
  if (start.length < META_LENGTH) return start;
  const pageBytes = start.readUInt32LE(48);
  return pageBytes === USUAL_PAGE_BYTES ? start.subarray(pageBytes) : readAt(fd, pageBytes, META_LENGTH);
}

/** That of the newer transaction; `undefined` where neither is one. */
function newerOf(first: Buffer, second: Buffer): Buffer | undefined {
  const isMeta = (page: Buffer): boolean => page.length === META_LENGTH && page.readUInt32LE(MAGIC_OFFSET) === MAGIC;
  if (!isMeta(second)) return isMeta(first) ? first : undefined;
  return isMeta(first) && first.readBigUInt64LE(152) >= second.readBigUInt64LE(152) ? first : second;
}

function readAt(fd: number, position: number, sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  return bytes.subarray(0, readSync(fd, bytes, 0, sizeBytes, position));
}

/** Objects without anything that was recorded of them: those of a store that lost it, or of somebody else. */
export const lostStore = (home: string): Fault =>
  new Fault('E-STORE-024' satisfies StoreCode, `there are objects in '${home}/store', and nothing that was recorded of them`, {
    notes: [`'${home}/var' has neither the index nor the log of registrations`],
    hints: [
      'if another program keeps them there, choose another folder: --home, IGOS_HOME',
      `if they are yours, restore '${home}/var' from a backup`,
      "without one, 'igos store rebuild-index' takes over what its content proves; 'igos gc' then removes the rest",
    ],
  });

export const badIndex = (message: string): Fault =>
  new Fault('E-STORE-024' satisfies StoreCode, message, {
    hints: [
      "'igos store rebuild-index' makes it anew from the log of registrations, and checks every object",
      'or move it away and restore it from a backup',
    ],
  });
