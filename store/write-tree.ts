/** Trees → disk, with canonical metadata: files 0444 or 0555, folders 0555, every time 1 second after 1970, nothing else kept. */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, SystemFault, startWriteback, sys } from '../base/index.ts';
import { canonicalMtimeSeconds, directoryMode, executableMode, fileMode } from './canonical-metadata.ts';
import { joinPath, type TreeVisitor } from './tree.ts';

const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

/** Zeros that are left out of a file as a hole, in whole pieces of this size: less than a page is not worth a hole. */
export const HOLE_BYTES: number = 1 << 16;
let zeros: Buffer | undefined;

/** Whether a whole piece of zeros starts there. Cost: one byte where the piece does not start with zeros. */
function isZeros(chunk: Uint8Array, start: number): boolean {
  if (chunk.length - start < HOLE_BYTES || chunk[start] !== 0) return false;
  zeros ??= Buffer.alloc(HOLE_BYTES);
  return zeros.equals(chunk.subarray(start, start + HOLE_BYTES));
}

/** Whether the umask takes bits away that files of the store have. Reading it sets it for a moment: not for two threads at a time. */
export const isUmaskTight = (): boolean => (process.umask() & executableMode) !== 0;

/** Makes a file of an object, which must not be there. @throws an error of `node:fs`, as the others here do */
export const createFile = (path: string | Buffer, mode: number): number => openSync(path, CREATE, mode);

/** Writes a chunk to its place in a new file, long runs of zeros as holes. @returns whether a hole is the end of it */
export function writeSparse(fd: number, chunk: Uint8Array, offset: number): boolean {
  let isHole = false;
  for (let start = 0; start < chunk.length; ) {
    isHole = isZeros(chunk, start);
    let end = Math.min(start + HOLE_BYTES, chunk.length);
    while (end < chunk.length && isZeros(chunk, end) === isHole) end = Math.min(end + HOLE_BYTES, chunk.length);
    for (let done = start; done < end && !isHole; ) done += writeSync(fd, chunk, done, end - done, offset + done);
    start = end;
  }
  return isHole;
}

/** Large files are on their way to disk while the rest of them is written. */
const WRITEBACK_BYTES: number = 1 << 25;

/** To be called with where each chunk of a file starts and ends, in order. Cost: nothing for files below 32 MiB. */
export function flushAhead(fd: number, start: number, end: number): void {
  const done = Math.floor(end / WRITEBACK_BYTES) * WRITEBACK_BYTES;
  if (start < done) startWriteback(fd, done - WRITEBACK_BYTES, WRITEBACK_BYTES);
}

/** Gives a written file its metadata. @param size  where it ends in a hole, else `undefined` */
export function sealFile(fd: number, mode: number, isMasked: boolean, size: number | undefined): void {
  if (size !== undefined) ftruncateSync(fd, size);
  if (isMasked) fchmodSync(fd, mode);
  futimesSync(fd, canonicalMtimeSeconds, canonicalMtimeSeconds);
}

/** Writes a file of an object at once. @param isMasked  `isUmaskTight` @throws SystemFault */
export function writeObjectFile(path: string, data: Uint8Array, isMasked: boolean): void {
  sys('write', path, () => {
    const fd = createFile(path, fileMode);
    try {
      sealFile(fd, fileMode, isMasked, writeSparse(fd, data, 0) ? data.length : undefined);
    } finally {
      closeSync(fd);
    }
  });
}

/**
 * Writes the tree it visits to `root`, which must not exist; its parent is ours alone. The root folder itself stays writable, since a
 * folder that we cannot write cannot be moved either: `sealRoot` finishes it.
 */
export class TreeWriter implements TreeVisitor {
  readonly #root: Bytes;
  #fd = -1;
  #mode = fileMode;
  readonly #isMasked: boolean = isUmaskTight();
  #path: string | Buffer = '';
  /** Where the next bytes of the file go. */
  #offset = 0;
  #endsInHole: boolean = false;

  constructor(root: Bytes) {
    this.#root = root;
  }

  enterDirectory(path: Bytes): void {
    makeObjectDirectory(joinPath(this.#root, path));
  }

  leaveDirectory(path: Bytes): void {
    if (path === '') return;
    sealDirectory(joinPath(this.#root, path));
  }

  symlink(path: Bytes, target: Bytes): void {
    makeObjectLink(joinPath(this.#root, path), target);
  }

  beginFile(path: Bytes, isExecutable: boolean): void {
    this.#path = bytesToPath(joinPath(this.#root, path));
    this.#mode = isExecutable ? executableMode : fileMode;
    this.#offset = 0;
    this.#endsInHole = false;
    this.#fd = this.#named('create', () => createFile(this.#path, this.#mode));
  }

  fileData(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#endsInHole = this.#named('write', () => writeSparse(this.#fd, chunk, this.#offset));
    flushAhead(this.#fd, this.#offset, this.#offset + chunk.length);
    this.#offset += chunk.length;
  }

  endFile(): void {
    const size = this.#endsInHole ? this.#offset : undefined;
    this.#named('write', () => sealFile(this.#fd, this.#mode, this.#isMasked, size));
    this.close();
  }

  /** Lets go of a file that was begun and not ended. */
  close(): void {
    if (this.#fd === -1) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  /** `sys`, of the file at hand, whose path is made text only where it is needed. */
  #named<T>(operation: string, run: () => T): T {
    try {
      return run();
    } catch (error) {
      throw new SystemFault(operation, typeof this.#path === 'string' ? this.#path : this.#path.toString('utf8'), error);
    }
  }
}

/** A folder of an object that is being written. @throws SystemFault */
export const makeObjectDirectory = (real: Bytes): void =>
  sys('create the folder', bytesToText(real), () => mkdirSync(bytesToPath(real), 0o755));

/** @throws SystemFault */
export const makeObjectLink = (real: Bytes, target: Bytes): void =>
  sys('create the link', bytesToText(real), () => {
    symlinkSync(bytesToPath(target), bytesToPath(real));
    lutimesSync(bytesToPath(real), canonicalMtimeSeconds, canonicalMtimeSeconds);
  });

/** Lets a folder's entries be replaced, until `sealDirectory`. */
export function openDirectory(real: Bytes): void {
  sys('change the mode of', bytesToText(real), () => chmodSync(bytesToPath(real), 0o755));
}

/** Folders of an object, itself among them, that have not their final mode and time. None where there is no folder. */
export function unsealedDirectories(root: Bytes): Bytes[] {
  const found: Bytes[] = [];
  const visit = (real: Bytes) => {
    const stat = lstatSync(bytesToPath(real), { throwIfNoEntry: false });
    if (stat?.isDirectory() !== true) return;
    for (const child of readdirSync(bytesToPath(real), { encoding: 'latin1', withFileTypes: true }))
      if (child.isDirectory()) visit(`${real}/${child.name}`);
    const isSealed = (stat.mode & 0o7777) === directoryMode && stat.mtimeMs === canonicalMtimeSeconds * 1000;
    if (!isSealed) found.push(real);
  };
  visit(root);
  return found;
}

export function sealDirectory(real: Bytes): void {
  sys('change the mode of', bytesToText(real), () => {
    chmodSync(bytesToPath(real), directoryMode);
    utimesSync(bytesToPath(real), canonicalMtimeSeconds, canonicalMtimeSeconds);
  });
}

/** Gives the top folder of an object its final mode and time, once it stands at its place. Files and links have theirs. */
export function sealRoot(real: Bytes): void {
  if (lstatSync(bytesToPath(real)).isDirectory()) sealDirectory(real);
}

/**
 * Removes a tree, read-only folders included; follows no links. Fine if it is not there. However deep it is: what has too long a path for
 * the system is moved up first, into the folder that goes.
 *
 * @throws SystemFault
 */
export function removeTree(real: Bytes): void {
  const path = bytesToPath(real);
  const stat = sys('remove', bytesToText(real), () => lstatSync(path, { throwIfNoEntry: false }));
  if (stat === undefined) return;
  sys('remove', bytesToText(real), () => {
    if (!stat.isDirectory()) {
      unlinkSync(path);
      return;
    }
    const removal = new Removal(real);
    do removal.empty(real, stat.mode);
    while (removal.takeMoved());
    rmdirSync(path);
  });
}

/** The system takes paths of 4,095 bytes, and a name has 255 at most. */
const LONG_PATH = 2048;

class Removal {
  readonly #top: Bytes;
  #nMoved = 0;
  #wasMoved: boolean = false;

  constructor(top: Bytes) {
    this.#top = top;
  }

  /** Whether something was moved up since this was asked. */
  takeMoved(): boolean {
    const wasMoved = this.#wasMoved;
    this.#wasMoved = false;
    return wasMoved;
  }

  empty(folder: Bytes, mode: number): void {
    const path = bytesToPath(folder);
    if ((mode & 0o700) !== 0o700) chmodSync(path, 0o700);
    for (const child of readdirSync(path, { encoding: 'latin1', withFileTypes: true })) {
      const childReal = `${folder}/${child.name}`;
      const childPath = bytesToPath(childReal);
      if (child.isFile() || child.isSymbolicLink()) {
        unlinkSync(childPath);
        continue;
      }
      const stat = lstatSync(childPath);
      if (!stat.isDirectory()) unlinkSync(childPath);
      else if (childReal.length - this.#top.length > LONG_PATH) this.#moveUp(childReal, childPath);
      else {
        this.empty(childReal, stat.mode);
        rmdirSync(childPath);
      }
    }
  }

  #moveUp(real: Bytes, path: string | Buffer): void {
    chmodSync(path, 0o700); // its '..' changes
    for (;;) {
      const name = `${this.#top}/.deep-${this.#nMoved++}`;
      if (name === real || lstatSync(bytesToPath(name), { throwIfNoEntry: false }) !== undefined) continue;
      renameSync(path, bytesToPath(name));
      this.#wasMoved = true;
      return;
    }
  }
}
