import type { Bytes } from '../../base/index.ts';
import { EXECUTABLE, FILE, FOLDER, type Records, SYMLINK } from './records.ts';

/** Compares what a record says with what is there. May throw where it is not there, or cannot be read. */
export interface Checker {
  /** What follows is of this object. @param suspect  may be called for files, later */
  object(real: Bytes, manifest: Buffer, suspect: () => void): void;
  /** How many names the folder has; -1 where it is not as recorded. */
  folder(record: Records): number;
  link(record: Records): boolean;
  /** `false` where it is not as recorded. A checker may say so later. */
  file(record: Records): boolean;
}

/**
 * Whether all records are of what is there, and nothing else is there: each name that is recorded is there, so that folders which have
 * as many names as there are records in them have no others.
 */
export function isAsRecorded(record: Records, checker: Checker): boolean {
  let surplus = 0;
  while (record.next()) {
    if (!record.isRoot) surplus--;
    const { kind } = record;
    if (kind === FILE || kind === EXECUTABLE) {
      if (!checker.file(record)) return false;
    } else if (kind === FOLDER) {
      const nNames = checker.folder(record);
      if (nNames === -1) return false;
      surplus += nNames;
    } else if (kind !== SYMLINK || !checker.link(record)) return false;
  }
  return surplus === 0 && record.end === record.bytes.length;
}
