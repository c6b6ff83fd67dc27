/** Files that stand in a root, and names to be removed from it, whichever thread does it. It only says which need a closer look. */
import { createHash, hash } from 'node:crypto';
import { closeSync, constants, lstatSync, openSync, readSync, unlinkSync } from 'node:fs';
import { allMarks, clearMarks, MARKS_BYTES, mark } from './marks.ts';

/** What a regular file should be. Names are text, as everywhere in a root. */
export interface PlacedFile {
  /** Absolute. */
  readonly path: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** With setuid, setgid and sticky bit. */
  readonly mode: number;
  /** `undefined`: anyone's. */
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

const HEX_LENGTH = 64;

/** A record, ended by NUL: SHA-256, size, mode, uid, gid (empty: any), path, with colons between. */
export const placedText = ({ path, sha256, sizeBytes, mode, owner }: PlacedFile): string =>
  `${sha256}${sizeBytes}:${mode}:${owner === undefined ? ':' : `${owner.uid}:${owner.gid}`}:${path}\0`;

/** Marks, from `start` on, the files that are not as they should be, or cannot be read. */
export function checkPlaced(slot: Buffer, start: number, end: number): void {
  allMarks(slot, start); // should it fail in the middle
  const records = slot.toString('utf8', start + MARKS_BYTES, end).split('\0');
  const answers: number[] = [];
  for (let index = 0; index < records.length - 1; index++) {
    const record = records[index]!;
    const sizeEnd = record.indexOf(':', HEX_LENGTH);
    const modeEnd = record.indexOf(':', sizeEnd + 1);
    const uidEnd = record.indexOf(':', modeEnd + 1);
    const gidEnd = record.indexOf(':', uidEnd + 1);
    const isAny = uidEnd === modeEnd + 1;
    const isIntact = isIntactPlaced({
      path: record.slice(gidEnd + 1),
      sha256: record.slice(0, HEX_LENGTH),
      sizeBytes: Number(record.slice(HEX_LENGTH, sizeEnd)),
      mode: Number(record.slice(sizeEnd + 1, modeEnd)),
      owner: isAny
        ? undefined
        : { uid: Number(record.slice(modeEnd + 1, uidEnd)), gid: Number(record.slice(uidEnd + 1, gidEnd)) },
    });
    if (!isIntact) answers.push(index);
  }
  clearMarks(slot, start);
  for (const index of answers) mark(slot, start, index);
}

const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const BUFFER_BYTES = 1 << 20;
let buffer: Buffer | undefined;

/** Four system calls and one hash; what is no regular file is not opened. */
export function isIntactPlaced({ path, sha256, sizeBytes, mode, owner }: PlacedFile): boolean {
  try {
    const found = lstatSync(path);
    if (!found.isFile() || found.size !== sizeBytes || (found.mode & 0o7777) !== mode) return false;
    if (owner !== undefined && (found.uid !== owner.uid || found.gid !== owner.gid)) return false;
    const fd = openSync(path, READ_ONLY);
    try {
      return contentHash(fd, sizeBytes) === sha256;
    } finally {
      closeSync(fd);
    }
  } catch {
    return false;
  }
}

/** `undefined` where the file ends before. */
function contentHash(fd: number, sizeBytes: number): string | undefined {
  buffer ??= Buffer.allocUnsafeSlow(BUFFER_BYTES);
  if (sizeBytes <= BUFFER_BYTES) {
    let filled = 0;
    while (filled < sizeBytes) {
      const nRead = readSync(fd, buffer, filled, sizeBytes - filled, null);
      if (nRead === 0) return undefined;
      filled += nRead;
    }
    return hash('sha256', buffer.subarray(0, sizeBytes), 'hex');
  }
  const whole = createHash('sha256');
  for (let done = 0; done < sizeBytes; ) {
    const nRead = readSync(fd, buffer, 0, Math.min(BUFFER_BYTES, sizeBytes - done), null);
    if (nRead === 0) return undefined;
    whole.update(buffer.subarray(0, nRead));
    done += nRead;
  }
  return whole.digest('hex');
}

/** Removes names, each ended by NUL, and marks those that could not be removed. */
export function unlinkNames(slot: Buffer, start: number, end: number): void {
  allMarks(slot, start);
  const paths = slot.toString('utf8', start + MARKS_BYTES, end).split('\0');
  const answers: number[] = [];
  for (let index = 0; index < paths.length - 1; index++) {
    try {
      unlinkSync(paths[index]!);
    } catch {
      answers.push(index);
    }
  }
  clearMarks(slot, start);
  for (const index of answers) mark(slot, start, index);
}
