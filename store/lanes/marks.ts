/** Answers of a slot that holds up to 256 records: which of them have to be looked at again, a bit each. The text comes behind. */

export const MAX_MARKS = 256;
export const MARKS_BYTES: number = MAX_MARKS >> 3;

export const clearMarks = (slot: Buffer, start: number): unknown => slot.fill(0, start, start + MARKS_BYTES);

export const allMarks = (slot: Buffer, start: number): unknown => slot.fill(0xff, start, start + MARKS_BYTES);

export function mark(slot: Buffer, start: number, index: number): void {
  slot[start + (index >> 3)]! |= 1 << (index & 7);
}

export const isMarked = (slot: Buffer, start: number, index: number): boolean =>
  (slot[start + (index >> 3)]! & (1 << (index & 7))) !== 0;
