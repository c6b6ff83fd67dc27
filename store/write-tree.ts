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
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, sys } from '../base/index.ts';
import { joinPath, type TreeVisitor } from './tree.ts';

/** Modification time of everything in the store, in seconds since 1970: 0 confuses tools that take it for "never". */
export const canonicalMtimeSeconds = 1;
export const fileMode: number = 0o444;
export const executableMode = 0o555;
export const directoryMode = 0o555;

const CREATE = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;

/** Zeros that are left out of a file as a hole, in whole pieces of this size: less than a page is not worth a hole. */
const HOLE_SIZE = 1 << 16;
const ZEROS = Buffer.alloc(HOLE_SIZE);

/** Whether a whole piece of zeros starts there. Cost: one byte where the piece does not start with zeros. */
const isZeros = (chunk: Uint8Array, start: number): boolean =>
  chunk.length - start >= HOLE_SIZE && chunk[start] === 0 && ZEROS.equals(chunk.subarray(start, start + HOLE_SIZE));

/**
 * Writes the tree it visits to `root`, which must not exist; its parent is ours alone. The root folder itself stays writable, since a
 * folder that we cannot write cannot be moved either: `sealRoot` finishes it.
 */
export class TreeWriter implements TreeVisitor {
  readonly #root: Bytes;
  #fd = -1;
  #mode = fileMode;
  /** The umask takes bits away that files of the store have. */
  readonly #isMasked: boolean = (process.umask() & executableMode) !== 0;
  #path: string | Buffer = '';
  /** Where the next bytes of the file go. */
  #offset = 0;
  #endsInHole: boolean = false;

  constructor(root: Bytes) {
    this.#root = root;
  }

  enterDirectory(path: Bytes): void {
    const real = joinPath(this.#root, path);
    sys('create the folder', bytesToText(real), () => mkdirSync(bytesToPath(real), 0o755));
  }

  leaveDirectory(path: Bytes): void {
    if (path === '') return;
    sealDirectory(joinPath(this.#root, path));
  }

  symlink(path: Bytes, target: Bytes): void {
    const real = joinPath(this.#root, path);
    sys('create the link', bytesToText(real), () => {
      symlinkSync(bytesToPath(target), bytesToPath(real));
      lutimesSync(bytesToPath(real), canonicalMtimeSeconds, canonicalMtimeSeconds);
    });
  }

  beginFile(path: Bytes, isExecutable: boolean): void {
    const real = joinPath(this.#root, path);
    this.#path = bytesToPath(real);
    this.#mode = isExecutable ? executableMode : fileMode;
    this.#offset = 0;
    this.#endsInHole = false;
    this.#fd = sys('create', bytesToText(real), () => openSync(this.#path, CREATE, this.#mode));
  }

  fileData(chunk: Uint8Array): void {
    for (let start = 0; start < chunk.length; ) {
      const isHole = isZeros(chunk, start);
      let end = Math.min(start + HOLE_SIZE, chunk.length);
      while (end < chunk.length && isZeros(chunk, end) === isHole) end = Math.min(end + HOLE_SIZE, chunk.length);
      if (isHole) this.#offset += end - start;
      else this.#write(chunk, start, end);
      this.#endsInHole = isHole;
      start = end;
    }
  }

  #write(chunk: Uint8Array, start: number, end: number): void {
    for (let done = start; done < end; ) {
      const nWritten = sys('write', this.#shown(), () => writeSync(this.#fd, chunk, done, end - done, this.#offset));
      this.#offset += nWritten;
      done += nWritten;
    }
  }

  endFile(): void {
    sys('write', this.#shown(), () => {
      if (this.#endsInHole) ftruncateSync(this.#fd, this.#offset);
      if (this.#isMasked) fchmodSync(this.#fd, this.#mode);
      futimesSync(this.#fd, canonicalMtimeSeconds, canonicalMtimeSeconds);
    });
    this.close();
  }

  /** Lets go of a file that was begun and not ended. */
  close(): void {
    if (this.#fd === -1) return;
    closeSync(this.#fd);
    this.#fd = -1;
  }

  #shown(): string {
    return typeof this.#path === 'string' ? this.#path : this.#path.toString('utf8');
  }
}

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

/** Removes a tree, read-only folders included; follows no links. Fine if it is not there. @throws SystemFault */
export function removeTree(real: Bytes): void {
  const path = bytesToPath(real);
  const stat = sys('remove', bytesToText(real), () => lstatSync(path, { throwIfNoEntry: false }));
  if (stat === undefined) return;
  sys('remove', bytesToText(real), () => {
    if (!stat.isDirectory()) {
      unlinkSync(path);
      return;
    }
    if ((stat.mode & 0o700) !== 0o700) chmodSync(path, 0o700);
    for (const child of readdirSync(path, { encoding: 'latin1', withFileTypes: true })) {
      const childReal = `${real}/${child.name}`;
      if (child.isFile() || child.isSymbolicLink()) unlinkSync(bytesToPath(childReal));
      else removeTree(childReal);
    }
    rmdirSync(path);
  });
}
