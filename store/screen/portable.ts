/** Looks at entries of objects by `node:fs`. */
import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { type Bytes, bytesToPath } from '../../base/index.ts';
import { canonicalMtimeSeconds, directoryMode, executableMode, fileMode } from '../canonical-metadata.ts';
import { joinPath } from '../tree.ts';
import type { Checker } from './checker.ts';
import { EXECUTABLE, FILE, FOLDER, Records, SYMLINK } from './records.ts';

export class PortableChecker implements Checker {
  look(real: Bytes, manifest: Buffer, suspect: () => void): void {
    if (!isIntact(real, manifest)) suspect();
  }
}

function isIntact(real: Bytes, manifest: Buffer): boolean {
  try {
    return isAsRecorded(real, new Records(manifest));
  } catch {
    return false; // not there, or not to be read
  }
}

/**
 * Whether all records are of what is there, and nothing else is there: each name that is recorded is there, so that folders which have
 * as many names as there are records in them have no others.
 */
function isAsRecorded(real: Bytes, record: Records): boolean {
  let surplus = 0;
  while (record.end < record.bytes.length) {
    if (!record.next()) return false;
    if (!record.isRoot) surplus--;
    const { kind } = record;
    const path = bytesToPath(joinPath(real, record.path));
    if (kind === FILE || kind === EXECUTABLE) {
      const mode = kind === EXECUTABLE ? executableMode : fileMode;
      if (!isIntactFile(path, mode, record.sizeBytes, record.sha256)) return false;
    } else if (kind === FOLDER) {
      const found = lstatSync(path);
      if (!found.isDirectory() || !isCanonical(found, directoryMode)) return false;
      surplus += readdirSync(path, 'latin1').length;
    } else if (kind !== SYMLINK || !isIntactLink(path, record.target)) return false;
  }
  return surplus === 0;
}

const isIntactLink = (path: string | Buffer, target: Bytes): boolean =>
  hasCanonicalTime(lstatSync(path)) && readlinkSync(path, 'latin1') === target;

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
