/** What cannot be on a medium, as errors. */
import { type Bytes, bytesToText, count, Fault, formatBytes } from '../base/index.ts';

const shown = (path: Bytes): string => `'/${bytesToText(path)}'`;

export const mediaFault = {
  fatName: (path: Bytes, why: string): Fault =>
    new Fault('E-IMG-021', `a FAT file system cannot hold ${shown(path)}: ${why}`, { hints: ['give the file another name'] }),
  sameName: (path: Bytes, other: Bytes): Fault =>
    new Fault('E-IMG-022', `${shown(other)} and ${shown(path)} are one name to a FAT file system`, {
      notes: ['it does not tell upper case from lower case'],
      hints: ['give one of the files another name'],
    }),
  fatFile: (path: Bytes, sizeBytes: number): Fault =>
    new Fault('E-IMG-023', `a FAT file system cannot hold ${shown(path)} of ${formatBytes(sizeBytes)}`, {
      notes: ['files there are smaller than 4 GiB'],
    }),
  tooSmall: (what: string, sizeBytes: number, neededBytes: number): Fault =>
    new Fault('E-IMG-024', `${what} of ${formatBytes(sizeBytes)} is too small for what goes there`, {
      notes: [`it has ${sizeBytes} bytes, and ${neededBytes} are enough`],
      hints: ['give it more room, or no size: then it gets what it needs'],
    }),
  label: (what: string, label: string, allowed: string): Fault =>
    new Fault('E-IMG-026', `'${label}' cannot be the label of ${what}`, { notes: [`a label has ${allowed}`] }),
  guid: (text: string): Fault =>
    new Fault('E-IMG-027', `'${text}' is not a GUID`, { notes: ['one looks like c12a7328-f81f-11d2-ba4b-00a0c93ec93b'] }),
  partition: (name: string, why: string): Fault => new Fault('E-IMG-028', `partition '${name}' cannot be made: ${why}`),
  isoName: (path: Bytes, what: string, nBytes: number, most: number): Fault =>
    new Fault('E-IMG-029', `the ${what} of ${shown(path)} is too long for a CD`, {
      notes: [`it has ${count(nBytes, 'byte')}, and at most ${most} are read everywhere`],
    }),
};
