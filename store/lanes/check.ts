/** Comparing entries of objects with their manifests, whichever thread does it. It only says which are as recorded. */
import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { type Bytes, bytesToPath } from '../../base/index.ts';
import { joinPath } from '../tree.ts';
import type { ManifestEntry } from '../types.ts';
import { canonicalMtimeSeconds, directoryMode, executableMode, fileMode } from '../write-tree.ts';

/**
 * Entries of a slot are one text, written and read in one go: a record each, ended by NUL. `o<folder or file>`: whose entries follow ·
 * `d<number of names>:<path>` · `f<SHA-256 hex><size>:<path>`, `x…` where executable · `l<path>` NUL `<target>`.
 */
export type CheckText = string;

export const objectText = (real: Bytes): CheckText => `o${real}\0`;

/** @param nNames  how many names a folder has */
export function entryText(entry: ManifestEntry, nNames: number): CheckText {
  switch (entry.kind) {
    case 'directory':
      return `d${nNames}:${entry.path}\0`;
    case 'symlink':
      return `l${entry.path}\0${entry.target}\0`;
    case 'file':
      return `${entry.isExecutable ? 'x' : 'f'}${entry.sha256}${entry.sizeBytes}:${entry.path}\0`;
  }
}

const HEX_LENGTH = 64;

/** Says at `start` whether all is as recorded; the text comes behind. */
export const TEXT_OFFSET = 4;

export const areIntact = (slot: Buffer, start: number): boolean => slot[start] === 1;

export function checkEntries(slot: Buffer, start: number, end: number): void {
  slot[start] = 0;
  const records = slot.toString('latin1', start + TEXT_OFFSET, end).split('\0');
  let root = '';
  for (let i = 0; i < records.length - 1; i++) {
    const record = records[i]!;
    const kind = record[0]!;
    if (kind === 'o') root = record.slice(1);
    else if (kind === 'l') {
      // Stops at the first: the whole object is looked at again where one entry is not as it should be.
      if (!isAsRecorded(joinPath(root, record.slice(1)), kind, 0, records[++i]!)) return;
    } else {
      const numberAt = kind === 'd' ? 1 : 1 + HEX_LENGTH;
      const colon = record.indexOf(':', numberAt);
      const real = joinPath(root, record.slice(colon + 1));
      if (!isAsRecorded(real, kind, Number(record.slice(numberAt, colon)), record.slice(1, numberAt))) return;
    }
  }
  slot[start] = 1;
}

/** The same without a slot. */
export function isIntactEntry(real: Bytes, entry: ManifestEntry, nNames: number): boolean {
  switch (entry.kind) {
    case 'directory':
      return isAsRecorded(real, 'd', nNames, '');
    case 'symlink':
      return isAsRecorded(real, 'l', 0, entry.target);
    case 'file':
      return isAsRecorded(real, entry.isExecutable ? 'x' : 'f', entry.sizeBytes, entry.sha256);
  }
}

/** @param number  size, or names in the folder. @param text  SHA-256, or target */
function isAsRecorded(real: Bytes, kind: string, number: number, text: string): boolean {
  const path = bytesToPath(real);
  try {
    switch (kind) {
      case 'd': {
        const found = lstatSync(path);
        return found.isDirectory() && isCanonical(found, directoryMode) && readdirSync(path, 'latin1').length === number;
      }
      case 'l':
        return hasCanonicalTime(lstatSync(path)) && readlinkSync(path, 'latin1') === text;
      default:
        return isIntactFile(path, kind === 'x' ? executableMode : fileMode, number, text);
    }
  } catch {
    return false;
  }
}

const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const BUFFER_SIZE = 1 << 20;
let buffer: Buffer | undefined;

/** Four system calls and one hash. @throws where it cannot be read */
function isIntactFile(path: string | Buffer, mode: number, sizeBytes: number, sha256: string): boolean {
  buffer ??= Buffer.allocUnsafeSlow(BUFFER_SIZE);
  const fd = openSync(path, READ_ONLY);
  try {
    const found = fstatSync(fd);
    if (!found.isFile() || found.size !== sizeBytes || !isCanonical(found, mode)) return false;
    if (sizeBytes > BUFFER_SIZE) return hashOf(fd, sizeBytes, buffer) === sha256;
    if (sizeBytes > 0 && readSync(fd, buffer, 0, sizeBytes, null) !== sizeBytes) return false;
    return hash('sha256', buffer.subarray(0, sizeBytes), 'hex') === sha256;
  } finally {
    closeSync(fd);
  }
}

/** `undefined` where the file ends before. */
function hashOf(fd: number, sizeBytes: number, piece: Buffer): string | undefined {
  const whole = createHash('sha256');
  for (let done = 0; done < sizeBytes; ) {
    const nRead = readSync(fd, piece, 0, Math.min(piece.length, sizeBytes - done), null);
    if (nRead === 0) return undefined;
    whole.update(piece.subarray(0, nRead));
    done += nRead;
  }
  return whole.digest('hex');
}

const isCanonical = (found: Stats, mode: number): boolean => (found.mode & 0o7777) === mode && hasCanonicalTime(found);

const hasCanonicalTime = (found: Stats): boolean => Math.floor(found.mtimeMs / 1000) === canonicalMtimeSeconds;
