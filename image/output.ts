/** Files that images are written to, and what is copied into them. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { Bug, syncDirectory, sys, temporaryName } from '../base/index.ts';
import { Breath, type Watching } from './breath.ts';
import { imageFault } from './faults.ts';

/** What a file of an image holds: bytes in memory, or those of a file of the host, which has to have this size. */
export type Content = Uint8Array | { readonly file: string; readonly sizeBytes: number };

export const sizeOf = (content: Content): number => (content instanceof Uint8Array ? content.length : content.sizeBytes);

const PIECE_BYTES: number = 1 << 20;

/**
 * The bytes of a content, in pieces of at most `pieceBytes`; a piece is overwritten by the next.
 *
 * @throws SystemFault · Fault E-IMG-001 a file that is not as long as it was said to be
 */
export function* piecesOf(content: Content, pieceBytes: number = PIECE_BYTES): Generator<Uint8Array> {
  if (content instanceof Uint8Array) {
    for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes);
    return;
  }
  const { file, sizeBytes } = content;
  const fd = sys('open', file, () => openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW));
  try {
    if (sys('read', file, () => fstatSync(fd)).size !== sizeBytes) throw imageFault.changed(file);
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(pieceBytes, sizeBytes)));
    for (let left = sizeBytes; left > 0; ) {
      const wanted = Math.min(buffer.length, left);
      let length = 0;
      while (length < wanted) {
        const nRead = sys('read', file, () => readSync(fd, buffer, length, wanted - length, null));
        if (nRead === 0) throw imageFault.changed(file);
        length += nRead;
      }
      yield buffer.subarray(0, length);
      left -= length;
    }
  } finally {
    closeSync(fd);
  }
}

/** All bytes of a content at once. For what is small. */
export function bytesOf(content: Content): Uint8Array {
  if (content instanceof Uint8Array) return content;
  return Buffer.concat([...piecesOf(content)].map((piece) => Buffer.from(piece)));
}

/**
 * A file that grows from its start. It stands under a name of its own until `commit` gives it the one that was asked for, whole and synced;
 * without that it is removed.
 */
export class ImageFile implements Disposable {
  /** For messages, and where it stands in the end. */
  readonly path: string;
  /** None once it has its own. */
  #temporary: string | undefined;
  #fd: number;
  #position = 0;
  readonly #owed: { readonly at: number; readonly content: Content }[] = [];

  /** @throws SystemFault */
  constructor(path: string) {
    this.path = path;
    const temporary = temporaryName(path);
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_NOFOLLOW;
    this.#fd = sys('write', path, () => openSync(temporary, flags, 0o644));
    this.#temporary = temporary;
  }

  /** Bytes so far. */
  get position(): number {
    return this.#position;
  }

  write(bytes: Uint8Array): void {
    this.patch(this.#position, bytes);
    this.#position += bytes.length;
  }

  /** Of files of the host only the place is taken: their bytes come with `fill`, or when they are needed. */
  copy(content: Content): void {
    if (content instanceof Uint8Array) this.write(content);
    else {
      this.#owed.push({ at: this.#position, content });
      this.zeros(content.sizeBytes);
    }
  }

  /** Copies files that have their place by now, and can be ended. @throws SystemFault · Fault E-IMG-001 · what the signal says */
  async fill(watching: Watching = {}): Promise<void> {
    const totalBytes = this.#owed.reduce((sum, { content }) => sum + sizeOf(content), 0);
    const breath = new Breath(totalBytes, watching);
    for (const bytes of this.#copyOwed()) await breath.did(bytes);
  }

  *#copyOwed(): Generator<number> {
    for (; this.#owed.length > 0; this.#owed.shift()) {
      const { at, content } = this.#owed[0]!;
      let done = at;
      for (const piece of piecesOf(content)) {
        this.patch(done, piece);
        done += piece.length;
        yield piece.length;
      }
    }
  }

  /** Zeros up to the next multiple of `multiple` bytes. */
  pad(multiple: number): void {
    this.zeros((multiple - (this.#position % multiple)) % multiple);
  }

  /** They are not stored: the file has a hole there, which reads as zeros. */
  zeros(length: number): void {
    if (length === 0) return;
    this.#position += length;
    sys('write', this.path, () => ftruncateSync(this.#fd, this.#position));
  }

  /** Writes over what was written before. */
  patch(at: number, bytes: Uint8Array): void {
    sys('write', this.path, () => {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done, bytes.length - done, at + done);
    });
  }

  /** Reads back what was written. */
  read(at: number, into: Uint8Array): void {
    for (const _ of this.#copyOwed());
    sys('read', this.path, () => {
      for (let done = 0; done < into.length; ) {
        const nRead = readSync(this.#fd, into, done, into.length - done, at + done);
        if (nRead === 0) throw new Bug(`byte ${at + done} of an image of ${this.#position} was asked for`);
        done += nRead;
      }
    });
  }

  /** Gives it its name. @throws SystemFault · Fault E-IMG-001 */
  commit(): void {
    for (const _ of this.#copyOwed());
    sys('write', this.path, () => {
      fsyncSync(this.#fd);
      this.#close();
      renameSync(this.#temporary!, this.path);
      this.#temporary = undefined;
      syncDirectory(dirname(this.path));
    });
  }

  [Symbol.dispose](): void {
    if (this.#fd !== -1) this.#close();
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    const fd = this.#fd;
    this.#fd = -1;
    closeSync(fd);
  }
}
