/**
 * Names of small files. To read one again takes less time than to look up what the store remembers of it, and whoever only wants
 * to know the name needs no store at all.
 */
import { closeSync, constants, lstatSync, openSync, readSync } from 'node:fs';
import { type Bytes, bytesToPath, HashedMemory } from '../base/index.ts';
import { CLOSE, fileOpening } from './nar-of-file.ts';
import { fixedOutputPath, parseStoreName } from './store-path.ts';
import type { AddOptions, Digest, StorePath } from './types.ts';

/** A longer one is looked up. Hashing so much takes 0.3 ms; loading what looks it up, and opening the index, takes ten. */
const SMALL_BYTES = 1 << 19;
/** What stands around the bytes of a file in its NAR, at most. */
const FRAME_BYTES = 256;

// As in source-files.ts.
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The NAR of one file after the other. */
let memory: HashedMemory | undefined;

/**
 * What `computePath` of the store says of a small file; `undefined` of all else, and where anything fails. Cost: 15 µs, and 1 for each 2 KB.
 *
 * @throws Fault E-STORE-002 bad name
 */
export function nameSmallSource(
  name: Bytes,
  source: Bytes,
  { method = 'nar', algorithm = 'sha256' }: AddOptions,
  storeDir: string,
): { path: StorePath; digest: Digest } | undefined {
  if (algorithm !== 'sha256') return undefined;
  parseStoreName(name);
  const hex = hashOf(source, method === 'flat');
  if (hex === undefined) return undefined;
  const digest: Digest = { algorithm, hex };
  return { path: fixedOutputPath({ name, method, digest }, storeDir), digest };
}

function hashOf(source: Bytes, isFlat: boolean): string | undefined {
  try {
    const real = bytesToPath(source);
    const found = lstatSync(real, { throwIfNoEntry: false });
    if (found?.isFile() !== true || found.size > SMALL_BYTES) return undefined;
    const { size } = found;
    memory ??= new HashedMemory(SMALL_BYTES + FRAME_BYTES);
    const { bytes } = memory;
    const opening = fileOpening((found.mode & 0o100) !== 0);
    const start = opening.length + 8;
    // One more than there are: it may have grown meanwhile.
    if (read(real, bytes, start, size + 1) !== size) return undefined;
    const end = start + size;
    if (isFlat) return memory.sha256(start, end);
    bytes.set(opening);
    bytes.writeUInt32LE(size, opening.length);
    bytes.writeUInt32LE(0, opening.length + 4);
    const close = start + Math.ceil(size / 8) * 8;
    bytes.fill(0, end, close);
    bytes.set(CLOSE, close);
    return memory.sha256(0, close + CLOSE.length);
  } catch {
    return undefined; // who reads it with more care says what is wrong
  }
}

function read(real: string | Buffer, bytes: Buffer, at: number, sizeBytes: number): number {
  const fd = openSync(real, READ_ONLY);
  try {
    return readSync(fd, bytes, at, sizeBytes, null);
  } finally {
    closeSync(fd);
  }
}
