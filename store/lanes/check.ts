/** Comparing entries of objects with their manifests, whichever thread does it. It only says whether they are as recorded. */
import { type Bytes, fileCalls } from '../../base/index.ts';
import { CallChecker } from './check-calls.ts';
import { PortableChecker } from './check-portable.ts';
import { Records } from './records.ts';

/** Compares what a record says with what is there. May throw where it is not there, or cannot be read. */
export interface Checker {
  /** What follows is of another object. */
  object(record: Records): void;
  /** How many names the folder has; -1 where it is not as recorded. */
  folder(record: Records): number;
  link(record: Records): boolean;
  file(record: Records): boolean;
  /** Lets go of what it has open. */
  close(): void;
}

/** What came of a slot stands at its start, and the text behind. */
export const TEXT_OFFSET = 8;

/**
 * `undefined` where something is not as recorded. Else how many more names folders have than records of the text stand in folders:
 * over all records of an object that is 0, since each name that is recorded is there, or there is something that is not recorded.
 */
export const surplus = (slot: Buffer, start: number): number | undefined =>
  slot.readUInt32LE(start) === 1 ? slot.readInt32LE(start + 4) : undefined;

export function checkEntries(slot: Buffer, start: number, end: number): void {
  slot.writeUInt32LE(0, start);
  const textAt = start + TEXT_OFFSET;
  const text = slot.toString('latin1', textAt, end);
  const calls = fileCalls();
  const found = checkText(text, calls === undefined ? new PortableChecker() : new CallChecker(calls, slot.subarray(textAt)));
  if (found === undefined) return;
  slot.writeInt32LE(found, start + 4);
  slot.writeUInt32LE(1, start);
}

/** The same without a slot: for few entries. */
export const checkFew = (text: Bytes): number | undefined => checkText(text, new PortableChecker());

/** Stops at the first that is not as recorded: the whole object is looked at again then. */
function checkText(text: Bytes, checker: Checker): number | undefined {
  const record = new Records(text);
  let n = 0;
  try {
    while (record.next()) {
      const { kind } = record;
      if (kind === 'o') {
        checker.object(record);
        continue;
      }
      if (!record.isRoot) n--;
      if (kind === 'd') {
        const nNames = checker.folder(record);
        if (nNames === -1) return undefined;
        n += nNames;
      } else if (!(kind === 'l' ? checker.link(record) : checker.file(record))) return undefined;
    }
    return n;
  } catch {
    return undefined;
  } finally {
    checker.close();
  }
}
