/** What is laid out whole before its first byte is written: a file system, a disk. */
import { Bug } from '../base/index.ts';
import { type Content, type ImageFile, sizeOf } from './output.ts';

export interface Layout {
  readonly sizeBytes: number;
  /** Writes that many bytes where the file stands. */
  write(out: ImageFile): void;
}

/** What a partition holds. */
export type Part = Content | Layout;

/** A Buffer has a `write` too. */
const isLayout = (part: Part): part is Layout => !(part instanceof Uint8Array) && 'write' in part;

export const partBytes = (part: Part): number => (isLayout(part) ? part.sizeBytes : sizeOf(part));

/** @throws SystemFault · Fault E-IMG-001 */
export function writePart(out: ImageFile, part: Part): void {
  const start = out.position;
  if (isLayout(part)) part.write(out);
  else out.copy(part);
  const written = out.position - start;
  if (written !== partBytes(part)) throw new Bug(`${written} bytes of an image instead of ${partBytes(part)}`);
}

export const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Zeros up to a place that is counted from where something began, wherever in the file that is. */
export function zerosTo(out: ImageFile, start: number, place: number): void {
  const missing = start + place - out.position;
  if (missing < 0) throw new Bug(`${-missing} bytes of an image stand where others belong`);
  out.zeros(missing);
}
