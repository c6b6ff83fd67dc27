/** One download on its way into a file, hashed as it comes. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { formatBytes, roomIn, sys, writeAll } from '../../base/index.ts';
import type { HashAlgorithm } from '../../store/index.ts';

/** Why an address did not deliver: in words for a note, lower case. The next address is tried. */
export class FetchProblem extends Error {}

/** It is too large for the disk, or never ends. */
export class NoRoom extends FetchProblem {}

/** Progress is told about ten times a second at most. */
const PROGRESS_MS = 100;

/** As often it is looked how much there is. */
const LOOK_BYTES = 16 << 20;

/** Where a download goes. */
export interface Received {
  /** Bytes that are there: a broken transfer goes on from here. */
  readonly doneBytes: number;
  readonly signal: AbortSignal;
  write(chunk: Uint8Array): void;
  /** Size of the whole, once it is known. */
  expect(totalBytes: number | undefined): void;
  /** Throws away what came so far. */
  restart(): void;
}

export interface ReceiveOptions {
  readonly file: string;
  readonly algorithm: HashAlgorithm;
  readonly onProgress: (doneBytes: number, totalBytes: number | undefined) => void;
  readonly signal: AbortSignal;
  /** Bytes that may come yet; of the disk that `file` is on, with something left to others, if not given. */
  readonly room?: () => number;
}

/** Runs `fill` and gives the digest of what it wrote, with what it says itself. @throws what `fill` throws · SystemFault */
export async function receive<T>(
  options: ReceiveOptions,
  fill: (into: Received) => Promise<T>,
): Promise<{ hex: string; outcome: T }> {
  const { file, algorithm, room = () => roomIn(dirname(file)) } = options;
  const fd = sys('write', file, () => openSync(file, 'a', 0o644));
  // Appending, so that after a restart writing begins at the start again. What an address before left is not kept.
  ftruncateSync(fd, 0);
  let hash: Hash = createHash(algorithm);
  let doneBytes = 0;
  let totalBytes: number | undefined;
  let toldAt = 0;
  let lookAtBytes = LOOK_BYTES;
  const into: Received = {
    get doneBytes() {
      return doneBytes;
    },
    signal: options.signal,
    write(chunk) {
      if (doneBytes >= lookAtBytes) {
        if (room() <= 0) throw new NoRoom(`${formatBytes(doneBytes)} came without an end, and the disk has no room for more`);
        lookAtBytes = doneBytes + LOOK_BYTES;
      }
      sys('write', file, () => writeAll(fd, chunk));
      hash.update(chunk);
      doneBytes += chunk.length;
      if (performance.now() - toldAt < PROGRESS_MS) return;
      toldAt = performance.now();
      options.onProgress(doneBytes, totalBytes);
    },
    expect(size) {
      totalBytes = size;
      const left = size === undefined ? 0 : size - doneBytes;
      if (left > LOOK_BYTES && left > room()) throw new NoRoom(`it has ${formatBytes(size!)}, for which the disk has no room`);
    },
    restart() {
      ftruncateSync(fd, 0);
      hash = createHash(algorithm);
      doneBytes = 0;
      lookAtBytes = LOOK_BYTES;
    },
  };
  try {
    const outcome = await fill(into);
    options.onProgress(doneBytes, totalBytes ?? doneBytes);
    return { hex: hash.digest('hex'), outcome };
  } finally {
    closeSync(fd);
  }
}
