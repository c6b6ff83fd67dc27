/** Comparing entries of objects with their manifests, whichever thread does it. It only says which are as recorded. */
import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { type Bytes, bytesToPath } from '../../base/index.ts';
import type { ManifestEntry } from '../types.ts';
import { canonicalMtimeSeconds, directoryMode, executableMode, fileMode } from '../write-tree.ts';

/**
 * | at | |
 * | --- | --- |
 * | 0 | length of the record, a multiple of 4 |
 * | 4 | kind |
 * | 8 | 1 where it is as recorded |
 * | 12, 16 | lengths of path and target |
 * | 20 | size, or number of names in the folder, a double |
 * | 28 | SHA-256 as hex |
 * | 92 | path, target |
 */
const RECORD_BYTES = 92;
const HEX_LENGTH = 64;

const FILE = 0;
const EXECUTABLE = 1;
const DIRECTORY = 2;
const SYMLINK = 3;

const kindOf = (entry: ManifestEntry): number =>
  entry.kind === 'directory' ? DIRECTORY : entry.kind === 'symlink' ? SYMLINK : entry.isExecutable ? EXECUTABLE : FILE;

/** What an entry takes of a slot. */
export const checkLength = (real: Bytes, entry: ManifestEntry): number =>
  (RECORD_BYTES + real.length + (entry.kind === 'symlink' ? entry.target.length : 0) + 3) & ~3;

/** @param nNames  how many names a folder has */
export function putCheck(slot: Buffer, at: number, real: Bytes, entry: ManifestEntry, nNames: number): void {
  slot.writeUInt32LE(checkLength(real, entry), at);
  slot.writeUInt32LE(kindOf(entry), at + 4);
  slot.writeUInt32LE(0, at + 8);
  slot.writeUInt32LE(real.length, at + 12);
  slot.writeDoubleLE(entry.kind === 'file' ? entry.sizeBytes : nNames, at + 20);
  if (entry.kind === 'file') slot.write(entry.sha256, at + 28, 'latin1');
  slot.write(real, at + RECORD_BYTES, 'latin1');
  if (entry.kind === 'symlink') {
    slot.writeUInt32LE(entry.target.length, at + 16);
    slot.write(entry.target, at + RECORD_BYTES + real.length, 'latin1');
  } else slot.writeUInt32LE(0, at + 16);
}

/** Whether all entries of a slot were found to be as recorded. */
export function areIntact(slot: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += slot.readUInt32LE(at)) if (slot.readUInt32LE(at + 8) !== 1) return false;
  return true;
}

export function checkEntries(slot: Buffer, start: number, end: number): void {
  for (let at = start; at < end; at += slot.readUInt32LE(at)) {
    const pathEnd = at + RECORD_BYTES + slot.readUInt32LE(at + 12);
    const real = slot.toString('latin1', at + RECORD_BYTES, pathEnd);
    const kind = slot.readUInt32LE(at + 4);
    const number = slot.readDoubleLE(at + 20);
    const text =
      kind === SYMLINK
        ? slot.toString('latin1', pathEnd, pathEnd + slot.readUInt32LE(at + 16))
        : kind === DIRECTORY
          ? ''
          : slot.toString('latin1', at + 28, at + 28 + HEX_LENGTH);
    // Stops at the first: the whole object is looked at again where one entry is not as it should be.
    if (!isAsRecorded(real, kind, number, text)) return;
    slot.writeUInt32LE(1, at + 8);
  }
}

/** The same without a slot. */
export const isIntactEntry = (real: Bytes, entry: ManifestEntry, nNames: number): boolean =>
  isAsRecorded(
    real,
    kindOf(entry),
    entry.kind === 'file' ? entry.sizeBytes : nNames,
    entry.kind === 'file' ? entry.sha256 : entry.kind === 'symlink' ? entry.target : '',
  );

/** @param number  size, or names in the folder. @param text  SHA-256, or target */
function isAsRecorded(real: Bytes, kind: number, number: number, text: string): boolean {
  const path = bytesToPath(real);
  try {
    switch (kind) {
      case DIRECTORY: {
        const found = lstatSync(path);
        return found.isDirectory() && isCanonical(found, directoryMode) && readdirSync(path, 'latin1').length === number;
      }
      case SYMLINK:
        return hasCanonicalTime(lstatSync(path)) && readlinkSync(path, 'latin1') === text;
      default:
        return isIntactFile(path, kind === EXECUTABLE ? executableMode : fileMode, number, text);
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
