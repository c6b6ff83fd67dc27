/** Looks at entries of objects by `node:fs`. */
import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { type Bytes, bytesToPath } from '../../base/index.ts';
import { joinPath } from '../tree.ts';
import { canonicalMtimeSeconds, directoryMode, executableMode, fileMode } from '../write-tree.ts';
import type { Checker } from './checker.ts';
import { EXECUTABLE, type Records } from './records.ts';

export class PortableChecker implements Checker {
  #root: Bytes = '';

  object(real: Bytes): void {
    this.#root = real;
  }

  folder(record: Records): number {
    const path = this.#real(record);
    const found = lstatSync(path);
    return found.isDirectory() && isCanonical(found, directoryMode) ? readdirSync(path, 'latin1').length : -1;
  }

  link(record: Records): boolean {
    const path = this.#real(record);
    return hasCanonicalTime(lstatSync(path)) && readlinkSync(path, 'latin1') === record.target;
  }

  file(record: Records): boolean {
    return isIntactFile(
      this.#real(record),
      record.kind === EXECUTABLE ? executableMode : fileMode,
      record.sizeBytes,
      record.sha256,
    );
  }

  #real = (record: Records): string | Buffer => bytesToPath(joinPath(this.#root, record.path));
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
