/** The serial of the next index: clients refuse one that is not above what they know, so it may never begin anew by accident. */
import { readdirSync } from 'node:fs';
import { Fault, sys } from '../../base/index.ts';
import { SIGNATURE_NAME } from './index-file.ts';

/** Of the lists of files beside an index. */
export const LIST_NAME = /^files-[0-9a-f]{16}\.gz$/;

/**
 * @param before  serial of the index that stands in the folder; `undefined` where none does
 * @param asked   what the publisher wants it to be
 * @throws Fault E-PKM-029 it would be no higher, or nobody can know
 */
export function nextSerial(folder: string, before: number | undefined, asked: number | undefined): number {
  if (asked !== undefined) {
    if (asked > (before ?? 0)) return asked;
    throw new Fault(
      'E-PKM-029',
      `the serial of the next index cannot be ${asked}: that of the index in '${folder}' is ${before}`,
      {
        hints: [`without --serial it is ${before! + 1}`],
      },
    );
  }
  if (before !== undefined) return before + 1;
  const trace = sys('read', folder, () => readdirSync(folder)).find((name) => name === SIGNATURE_NAME || LIST_NAME.test(name));
  if (trace === undefined) return 1;
  throw new Fault('E-PKM-029', `the index of '${folder}' is gone: nobody knows the serial of the next one`, {
    notes: [`'${trace}' is left of it; machines that know an index refuse one whose serial is not higher`],
    hints: [
      "put a copy of 'index.json' back, from where it is served or mirrored",
      "or say the serial with --serial N: above what 'pkm repositories' shows on the machines that synced, 1 if none ever did; and what it called itself with --identity",
    ],
  });
}
