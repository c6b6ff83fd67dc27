/**
 * Room on a full disk. A database cannot even forget without a few pages to write them down first; so a file is set aside while
 * there is room, and what frees space takes it away before anything else. After it the downloaded archives go: they can be fetched again.
 */
import { randomFillSync } from 'node:crypto';
import { existsSync, statfsSync } from 'node:fs';
import { isDiskFull, sys, systemFaultOf } from '../base/index.ts';
import type { RootIo } from './io.ts';
import type { RootLayout } from './layout.ts';
import { type CleanCacheReport, emptyCache } from './repository/clean-cache.ts';

/** The index of SQLite's log has 32 KiB, a page in the log 4; `gc` writes some thirty pages at a time where room is short. */
const LEAST_BYTES = 256 << 10;
const MOST_BYTES = 1 << 20;
/** More than this part of what is free would be missed elsewhere. */
const PART = 16;

/** What was taken away so that work could be done. */
export interface RoomMade {
  hasReserve: boolean;
  cache: CleanCacheReport;
}

/** Makes the file, where it is not there and the disk has room. */
export function setReserveAside(layout: RootLayout, io: RootIo): void {
  if (existsSync(layout.reserve)) return;
  const { bavail, bsize } = sys('read', layout.state, () => statfsSync(layout.state));
  const sizeBytes = Math.min(MOST_BYTES, Math.floor((bavail * bsize) / PART));
  if (sizeBytes < LEAST_BYTES) return;
  // Random: file systems that compress, or find equal blocks, would set nothing aside.
  const bytes = randomFillSync(Buffer.allocUnsafe(sizeBytes));
  const part = `${layout.reserve}.part`;
  try {
    if (existsSync(part)) io.unlink(part);
    io.createFile(part, bytes, { mode: 0o600, owner: undefined, mtimeSeconds: 1 });
    io.rename(part, layout.reserve);
  } catch (error) {
    // What may not become as large cannot be set aside either, and less is no help.
    if (!isDiskFull(error) && systemFaultOf(error)?.errno !== 'EFBIG') throw error;
    if (existsSync(part)) io.unlink(part);
  }
}

/** Does `work`, which may be begun again; where the disk is full, room is made for it first. */
export function withRoom<T>(layout: RootLayout, io: RootIo, made: RoomMade, work: () => T): T {
  for (const make of [() => releaseReserve(layout, io, made), () => releaseCache(layout, io, made)]) {
    try {
      return work();
    } catch (error) {
      if (!isDiskFull(error) || !make()) throw error;
    }
  }
  return work();
}

function releaseReserve(layout: RootLayout, io: RootIo, made: RoomMade): boolean {
  if (existsSync(layout.reserve)) {
    sys('remove', layout.reserve, () => io.unlink(layout.reserve));
    made.hasReserve = true;
  }
  return true;
}

function releaseCache(layout: RootLayout, io: RootIo, made: RoomMade): boolean {
  const { nFiles, sizeBytes } = emptyCache(layout, io);
  made.cache = { nFiles: made.cache.nFiles + nFiles, sizeBytes: made.cache.sizeBytes + sizeBytes };
  return nFiles > 0;
}
