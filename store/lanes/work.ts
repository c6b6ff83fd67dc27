/** What is in a slot, and what is done with it by the thread that claimed it. */
import { Bug } from '../../base/index.ts';
import { copyFiles, copyPiece } from './copy.ts';
import { checkPlaced, unlinkNames, unlinkTimed } from './placed.ts';
import { removeFiles } from './remove.ts';

export const COPY_FILES = 1;
export const COPY_PIECE = 2;
export const CHECK_PLACED = 3;
export const UNLINK_NAMES = 4;
export const REMOVE_FILES = 5;
export const UNLINK_TIMED = 6;

export type Work =
  | typeof COPY_FILES
  | typeof COPY_PIECE
  | typeof REMOVE_FILES
  | typeof CHECK_PLACED
  | typeof UNLINK_NAMES
  | typeof UNLINK_TIMED;

/** Where the records of a slot start; before stand what kind they are and where they end. */
export const FIRST_RECORD = 8;

export function describeSlot(slot: Buffer, work: Work, end: number): void {
  slot.writeUInt32LE(work, 0);
  slot.writeUInt32LE(end, 4);
}

/** Failures are written into the slot, for the main thread to throw. */
export function workOn(slot: Buffer): void {
  const end = slot.readUInt32LE(4);
  switch (slot.readUInt32LE(0)) {
    case COPY_FILES:
      copyFiles(slot, FIRST_RECORD, end);
      break;
    case COPY_PIECE:
      copyPiece(slot, FIRST_RECORD);
      break;
    case CHECK_PLACED:
      checkPlaced(slot, FIRST_RECORD, end);
      break;
    case UNLINK_TIMED:
      unlinkTimed(slot, FIRST_RECORD, end);
      break;
    case UNLINK_NAMES:
      unlinkNames(slot, FIRST_RECORD, end);
      break;
    case REMOVE_FILES:
      removeFiles(slot, FIRST_RECORD, end);
      break;
    default:
      throw new Bug('a slot with unknown work');
  }
}
