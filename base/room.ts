/** How much of a disk what comes from elsewhere may take: its end is said by a stranger, by none perhaps. */
import { type StatsFs, statfsSync } from 'node:fs';
import { sys } from './fault.ts';

/** What a download leaves to all others. */
const LEFT_BYTES = 256 << 20;
/** Of small disks this part. */
const LEFT_PART = 16;

/** How much may come before others miss it. File systems without a size of their own say 0. */
export const roomOn = ({ bavail, blocks, bsize }: Pick<StatsFs, 'bavail' | 'blocks' | 'bsize'>): number =>
  blocks === 0 ? Infinity : bavail * bsize - Math.min(LEFT_BYTES, Math.floor((blocks * bsize) / LEFT_PART));

/** The same, of the disk that a folder is on. @throws SystemFault */
export const roomIn = (folder: string): number => roomOn(sys('read', folder, () => statfsSync(folder)));

/** So little is not asked about: of a disk that is nearly full the system says itself when it is. */
const SMALL_BYTES = 16 << 20;

/** Whether something of a known size may come. @throws SystemFault */
export const hasRoomFor = (folder: string, sizeBytes: number): boolean => sizeBytes <= SMALL_BYTES || sizeBytes <= roomIn(folder);
