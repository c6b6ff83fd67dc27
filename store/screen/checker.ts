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

/** Of one call: a loop that goes on for long is compiled with all the engine has, which takes longer than what it is to do. */
const N_TOGETHER = 256;

/**
 * Whether all records are of what is there, and nothing else is there: each name that is recorded is there, so that folders which have
 * as many names as there are records in them have no others.
 */
export function isAsRecorded(record: Records, checker: Checker): boolean {
  let surplus = 0;
  while (record.end < record.bytes.length) {
    const more = surplusOfSome(record, checker);
    if (more === undefined) return false;
    surplus += more;
  }
  return surplus === 0;
}

/** How many more names stand in folders than there are records; `undefined` where something is not as recorded. */
function surplusOfSome(record: Records, checker: Checker): number | undefined {
  let surplus = 0;
  for (let i = 0; i < N_TOGETHER && record.end < record.bytes.length; i++) {
    if (!record.next()) return undefined;
    if (!record.isRoot) surplus--;
    const { kind } = record;
    if (kind === FILE || kind === EXECUTABLE) {
      if (!checker.file(record)) return undefined;
    } else if (kind === FOLDER) {
      const nNames = checker.folder(record);
      if (nNames === -1) return undefined;
      surplus += nNames;
    } else if (kind !== SYMLINK || !checker.link(record)) return undefined;
  }
  return surplus;
}
