/**
 * Copies the tree it visits and makes its manifest, with the help of lanes where the tree is large enough to be worth a thread. The
 * main thread reads, makes folders and links; small files go to the lanes whole, many in a slot, and large ones piece by piece: one
 * lane hashes them, and whoever is ahead writes.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { type Bytes, bytesToPath, bytesToText, EarlyFlush, SystemFault, sys } from '../../base/index.ts';
import { executableMode, fileMode } from '../canonical-metadata.ts';
import { ManifestBuilder } from '../manifest.ts';
import { joinPath, parentPath, type TreeVisitor } from '../tree.ts';
import type { Manifest } from '../types.ts';
import {
  createFile,
  flushAhead,
  isUmaskTight,
  makeObjectDirectory,
  makeObjectLink,
  sealDirectory,
  sealFile,
  TreeWriter,
  writeSparse,
} from '../write-tree.ts';
import { type Failure, outcome, PIECE_BYTES, pieceOutcome, putFile, putPiece, recordLength } from './copy.ts';
import { Lanes } from './lanes.ts';
import { copyBytes, SLOT_BYTES } from './slots.ts';
import { COPY_FILES, COPY_PIECE, FIRST_RECORD } from './work.ts';

export interface CopyOptions {
  /** How many entries will come, where that is known. */
  readonly nExpected?: number;
  /** Starts lanes for any tree: for tests. */
  readonly start?: () => Lanes;
}

/** A thread takes as long to start as some hundred files take to copy. */
const MANY_FILES = 2000;
/** Files that came before it is believed that there will be many, where nobody knows. */
const MANY_SEEN = 1000;
/** A file of that size is worth waiting for a lane. */
const LARGE_FILE: number = 1 << 25;
/** Files up to that size go to lanes whole. */
const SMALL_FILE: number = 1 << 16;
/** A multiple of what may become a hole. */
const PIECE_DATA: number = 1 << 18;
/** Pieces that the lane has before it: with more, the main thread writes them itself. */
const MAX_LAG = 3;

interface FilledFile {
  readonly path: Bytes;
  readonly real: Bytes;
  readonly isExecutable: boolean;
  readonly sizeBytes: number;
}

/** Files that are being put into a slot. */
interface Filling {
  readonly slot: number;
  readonly bytes: Buffer;
  readonly files: FilledFile[];
  /** Where the next record goes. */
  end: number;
}

interface LargeFile {
  readonly path: Bytes;
  readonly real: Bytes;
  readonly isExecutable: boolean;
  readonly sizeBytes: number;
  readonly fd: number;
  /** Bytes that were handed over. */
  done: number;
  filling: { readonly slot: number; readonly bytes: Buffer; length: number } | undefined;
}

export class TreeCopier implements TreeVisitor {
  readonly #root: Bytes;
  readonly #options: CopyOptions;
  readonly #manifest = new ManifestBuilder();
  readonly #writer: TreeWriter;
  readonly #isMasked: boolean = isUmaskTight();
  #lanes: Lanes | undefined;
  #hasTried: boolean = false;
  #rootFd = -1;
  #early: EarlyFlush | undefined;
  #nWritten = 0;
  #nSeen = 0;
  #filling: Filling | undefined;
  /** Where the data of the small file at hand go. */
  #dataAt = -1;
  #large: LargeFile | undefined;
  /** Of large files that lanes are at. */
  readonly #open = new Set<number>();
  /** Folders that lanes still write to, from the inside out. */
  readonly #unsealed: Bytes[] = [];

  /** @param root  must not exist; its parent is ours alone */
  constructor(root: Bytes, options: CopyOptions = {}) {
    this.#root = root;
    this.#options = options;
    this.#writer = new TreeWriter(root);
  }

  enterDirectory(path: Bytes): void {
    this.#manifest.enterDirectory(path);
    makeObjectDirectory(joinPath(this.#root, path));
  }

  leaveDirectory(path: Bytes): void {
    if (path === '') return;
    const real = joinPath(this.#root, path);
    if (this.#lanes === undefined) sealDirectory(real);
    else this.#unsealed.push(real);
  }

  symlink(path: Bytes, target: Bytes): void {
    this.#manifest.symlink(path, target);
    makeObjectLink(joinPath(this.#root, path), target);
  }

  beginFile(path: Bytes, isExecutable: boolean, sizeBytes: number): void {
    const lanes = this.#lanesFor(sizeBytes);
    if (lanes !== undefined && sizeBytes <= SMALL_FILE) this.#beginSmall(lanes, path, isExecutable, sizeBytes);
    else if (lanes?.isReady(sizeBytes >= LARGE_FILE) === true) this.#beginLarge(path, isExecutable, sizeBytes);
    else {
      this.#manifest.beginFile(path, isExecutable, sizeBytes);
      this.#writer.beginFile(path, isExecutable);
    }
  }

  fileData(chunk: Uint8Array): void {
    if (this.#dataAt !== -1) {
      copyBytes(chunk, this.#filling!.bytes, this.#dataAt);
      this.#dataAt += chunk.length;
    } else if (this.#large !== undefined) this.#largeData(this.#large, chunk);
    else {
      this.#manifest.fileData(chunk);
      this.#writer.fileData(chunk);
    }
  }

  endFile(path: Bytes): void {
    if (this.#dataAt !== -1) this.#dataAt = -1;
    else if (this.#large !== undefined) {
      this.#queuePiece(this.#large, true);
      this.#large = undefined;
    } else {
      this.#manifest.endFile(path);
      this.#writer.endFile();
    }
  }

  /** Waits for the lanes. @throws SystemFault as `TreeWriter` */
  end(): void {
    this.#flush();
    this.#lanes?.drain();
    for (const real of this.#unsealed) sealDirectory(real);
    this.#early?.end();
    this.close();
  }

  manifest(): Manifest {
    return this.#manifest.manifest();
  }

  /** Lets go of everything; afterwards no lane touches the copy. */
  close(): void {
    this.#lanes?.close();
    this.#lanes = undefined;
    this.#early?.close();
    this.#early = undefined;
    for (const fd of this.#open) closeSync(fd);
    this.#open.clear();
    if (this.#rootFd !== -1) closeSync(this.#rootFd);
    this.#rootFd = -1;
    this.#writer.close();
  }

  #lanesFor(sizeBytes: number): Lanes | undefined {
    this.#nSeen++;
    if (this.#hasTried) return this.#lanes;
    const { nExpected = 0, start } = this.#options;
    if (start === undefined && nExpected < MANY_FILES && this.#nSeen < MANY_SEEN && sizeBytes < LARGE_FILE) return undefined;
    this.#hasTried = true;
    this.#lanes = start === undefined ? Lanes.start() : start();
    this.#early = EarlyFlush.of(bytesToText(parentPath(this.#root)));
    return this.#lanes;
  }

  #beginSmall(lanes: Lanes, path: Bytes, isExecutable: boolean, sizeBytes: number): void {
    const real = joinPath(this.#root, path);
    if (this.#filling !== undefined && this.#filling.end + recordLength(real, sizeBytes) > SLOT_BYTES) this.#flush();
    this.#filling ??= { ...lanes.take(), files: [], end: FIRST_RECORD };
    const filling = this.#filling;
    this.#dataAt = putFile(filling.bytes, filling.end, {
      path: real,
      folder: path === '' ? -1 : this.#openRoot(),
      belowFolder: this.#root.length + 1,
      isExecutable,
      isMasked: this.#isMasked,
      sizeBytes,
    });
    filling.end += recordLength(real, sizeBytes);
    filling.files.push({ path, real, isExecutable, sizeBytes });
  }

  /** The folder of the whole tree: with short ways from there, the kernel has less to walk. */
  #openRoot(): number {
    if (this.#rootFd === -1) {
      const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
      this.#rootFd = sys('open', bytesToText(this.#root), () => openSync(bytesToPath(this.#root), flags));
    }
    return this.#rootFd;
  }

  #flush(): void {
    const filling = this.#filling;
    if (filling === undefined) return;
    this.#filling = undefined;
    this.#lanes!.queue(filling.slot, COPY_FILES, filling.end, false, (bytes) => {
      let at = FIRST_RECORD;
      for (const { path, real, isExecutable, sizeBytes } of filling.files) {
        const found = outcome(bytes, at);
        if ('code' in found) throw failed(real, found);
        this.#manifest.add({ kind: 'file', path, isExecutable, sizeBytes, sha256: found.sha256 });
        at = found.next;
      }
      this.#nWritten += filling.files.length;
      this.#early?.written(this.#nWritten);
    });
  }

  #beginLarge(path: Bytes, isExecutable: boolean, sizeBytes: number): void {
    this.#flush();
    const real = joinPath(this.#root, path);
    const mode = isExecutable ? executableMode : fileMode;
    const fd = sys('create', bytesToText(real), () => createFile(bytesToPath(real), mode));
    this.#open.add(fd);
    this.#large = { path, real, isExecutable, sizeBytes, fd, done: 0, filling: undefined };
  }

  #largeData(file: LargeFile, chunk: Uint8Array): void {
    for (let start = 0; start < chunk.length; ) {
      file.filling ??= { ...this.#lanes!.take(), length: 0 };
      const { filling } = file;
      const length = Math.min(chunk.length - start, PIECE_DATA - filling.length);
      copyBytes(chunk.subarray(start, start + length), filling.bytes, FIRST_RECORD + PIECE_BYTES + filling.length);
      filling.length += length;
      start += length;
      if (filling.length === PIECE_DATA && file.done + PIECE_DATA < file.sizeBytes) this.#queuePiece(file, false);
    }
  }

  #queuePiece(file: LargeFile, isLast: boolean): void {
    const { slot, bytes, length } = file.filling!;
    const { fd, done: offset } = file;
    const dataAt = FIRST_RECORD + PIECE_BYTES;
    const isToWrite = this.#lanes!.nWaiting < MAX_LAG;
    putPiece(bytes, FIRST_RECORD, { fd, isFirst: offset === 0, isLast, isToWrite, lengthBytes: length, offset });
    file.done += length;
    file.filling = undefined;
    this.#lanes!.queue(slot, COPY_PIECE, dataAt + length, true, (found) => {
      const sha256 = pieceOutcome(found, FIRST_RECORD);
      if (typeof sha256 !== 'string') throw failed(file.real, sha256);
      if (isLast) this.#finishLarge(file, sha256);
    });
    // What the lane has not written yet is flushed with the next part.
    flushAhead(fd, offset, offset + length);
    if (!isToWrite) {
      sys('write', bytesToText(file.real), () => writeSparse(fd, bytes.subarray(dataAt, dataAt + length), offset));
    }
  }

  #finishLarge({ path, real, isExecutable, sizeBytes, fd }: LargeFile, sha256: string): void {
    sys('write', bytesToText(real), () => sealFile(fd, isExecutable ? executableMode : fileMode, this.#isMasked, sizeBytes));
    this.#open.delete(fd);
    closeSync(fd);
    this.#manifest.add({ kind: 'file', path, isExecutable, sizeBytes, sha256 });
  }
}

const failed = (real: Bytes, { operation, code }: Failure): SystemFault =>
  new SystemFault(operation, bytesToText(real), { code });
