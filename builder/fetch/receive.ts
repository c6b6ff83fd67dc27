/** One download on its way into a file, hashed as it comes. */
import { createHash, type Hash } from 'node:crypto';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { sys, writeAll } from '../../base/index.ts';
import type { HashAlgorithm } from '../../store/index.ts';

/** Why an address did not deliver: in words for a note, lower case. The next address is tried. */
export class FetchProblem extends Error {}

/** Progress is told about ten times a second at most. */
const PROGRESS_MS = 100;

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
}

/** Runs `fill` and gives the digest of what it wrote. @throws what `fill` throws · SystemFault */
export async function receive(options: ReceiveOptions, fill: (into: Received) => Promise<void>): Promise<{ hex: string }> {
  const { file, algorithm } = options;
  const fd = sys('write', file, () => openSync(file, 'a', 0o644));
  // Appending, so that after a restart writing begins at the start again. What an address before left is not kept.
  ftruncateSync(fd, 0);
  let hash: Hash = createHash(algorithm);
  let doneBytes = 0;
  let totalBytes: number | undefined;
  let toldAt = 0;
  const into: Received = {
    get doneBytes() {
      return doneBytes;
    },
    signal: options.signal,
    write(chunk) {
      sys('write', file, () => writeAll(fd, chunk));
      hash.update(chunk);
      doneBytes += chunk.length;
      if (performance.now() - toldAt < PROGRESS_MS) return;
      toldAt = performance.now();
      options.onProgress(doneBytes, totalBytes);
    },
    expect(size) {
      totalBytes = size;
    },
    restart() {
      ftruncateSync(fd, 0);
      hash = createHash(algorithm);
      doneBytes = 0;
    },
  };
  try {
    await fill(into);
    options.onProgress(doneBytes, totalBytes ?? doneBytes);
    return { hex: hash.digest('hex') };
  } finally {
    closeSync(fd);
  }
}
