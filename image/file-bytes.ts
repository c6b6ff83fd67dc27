/** Files that are read at any place: those of the host, and images while they grow. */
import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { sys } from '../base/index.ts';
import { Breath, type Watching } from './breath.ts';
import { imageFault } from './faults.ts';
import type { ImageFile } from './output.ts';

export interface FileBytes {
  /** For messages. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Fills `into`. */
  read(at: number, into: Uint8Array): void;
}

const PIECE_BYTES: number = 1 << 20;

/** What the image holds so far. */
export const bytesOfImage = (image: ImageFile): FileBytes => ({
  path: image.path,
  sizeBytes: image.position,
  read: (at, into) => image.read(at, into),
});

/** @throws SystemFault · Fault E-IMG-001 when it is cut while it is read */
export class HostFile implements FileBytes, Disposable {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #fd: number;

  constructor(path: string) {
    this.path = path;
    this.#fd = sys('open', path, () => openSync(path, constants.O_RDONLY));
    this.sizeBytes = sys('read', path, () => fstatSync(this.#fd)).size;
  }

  read(at: number, into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const nRead = sys('read', this.path, () => readSync(this.#fd, into, done, into.length - done, at + done));
      if (nRead === 0) throw imageFault.changed(this.path);
      done += nRead;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** From `start` to `end`, in pieces of 1 MiB; each is overwritten by the next. */
export function* piecesBetween(file: FileBytes, start: number, end: number): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.max(0, Math.min(PIECE_BYTES, end - start)));
  for (let at = start; at < end; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, end - at));
    file.read(at, piece);
    yield piece;
  }
}

/** Of all that the image holds, as lower-case hex. @throws SystemFault · what the signal says */
export async function sha256Of(image: ImageFile, watching: Watching = {}): Promise<string> {
  const hash = createHash('sha256');
  const breath = new Breath(image.position, watching);
  for (const piece of piecesBetween(bytesOfImage(image), 0, image.position)) {
    hash.update(piece);
    await breath.did(piece.length);
  }
  return hash.digest('hex');
}
