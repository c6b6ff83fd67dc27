/**
 * What Linux unpacks as its first root: cpio archives ("newc"), one after the other, each of them compressed or not.
 *
 * @source Linux, Documentation/driver-api/early-userspace/buffer-format.rst; what it does with them: init/initramfs.c
 */
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { Bug, type Bytes, bytesToText, compareBytes } from '../base/index.ts';
import type { ImageEntry } from './entry.ts';
import { imageFault } from './faults.ts';
import { type Content, type ImageFile, piecesOf, sizeOf } from './output.ts';

/**
 * One archive. That for the processor's microcode has to be the first, not compressed, and to hold
 * `kernel/x86/microcode/GenuineIntel.bin` or `AuthenticAMD.bin`.
 */
export type InitramfsPart =
  | {
      /** In any order. Folders have to be among them; attributes are left out, as the format has none. */
      readonly entries: readonly ImageEntry[];
      readonly compression: 'zstd' | 'gzip' | 'none';
    }
  /** Archives that others made, as they are. */
  | { readonly ready: Content };

const MAX_BYTES = 0xffff_ffff;
const MAX_PATH_BYTES = 4096;
const PIECE_BYTES: number = 1 << 18;
/** 19 takes sixteen times as long for a tenth less (40 MB of libraries: 10.7 s and 6.4 MB, where this takes 0.7 s and has 7.2 MB). */
const ZSTD_LEVEL = 9;
const TRAILER = 'TRAILER!!!';
/** As others pad archives: parts that follow begin at a multiple of 4, where Linux looks for them. */
const RECORD_BYTES = 512;

/**
 * Writes the archives, sorted by name, with inodes counted from 0, as GNU cpio writes them with `--reproducible`. The same entries give the same bytes from the same zlib and zstd
 * (Node brings its own, whose gzip is not the same on every processor).
 *
 * zstd: one frame, for Linux takes no second one; with a checksum; its window has at most 8 MiB, which every decoder has to have.
 *
 * @param mtimeSeconds  of all entries, since 1970, at most 2^32 - 1
 * @param signal        ends the work while it compresses
 * @throws Fault E-IMG-011 an entry that Linux would leave out · E-IMG-001 · SystemFault
 */
export async function writeInitramfs(
  image: ImageFile,
  parts: readonly InitramfsPart[],
  mtimeSeconds = 0,
  signal?: AbortSignal,
): Promise<void> {
  for (const part of parts) {
    if ('ready' in part) image.copy(part.ready);
    else
      await writeArchive(
        image,
        part.entries.toSorted((a, b) => compareBytes(a.path, b.path)),
        part.compression,
        mtimeSeconds,
        signal,
      );
    image.pad(4);
  }
}

async function writeArchive(
  image: ImageFile,
  entries: readonly ImageEntry[],
  compression: 'zstd' | 'gzip' | 'none',
  mtimeSeconds: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  checkEntries(entries);
  const archive = (): Generator<Buffer> => gathered(archiveOf(entries, mtimeSeconds));
  if (compression === 'none') {
    for (const piece of archive()) image.write(piece);
    return;
  }
  const packer =
    compression === 'gzip'
      ? createGzip({ level: 9 })
      : createZstdCompress({
          params: {
            [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL,
            [constants.ZSTD_c_windowLog]: 23,
            [constants.ZSTD_c_checksumFlag]: 1,
          },
        });
  await pipeline(archive, packer, async (packed: AsyncIterable<Buffer>) => {
    for await (const piece of packed) {
      signal?.throwIfAborted();
      image.write(piece);
    }
  });
}

/** In order, so that folders come before what is in them. */
function checkEntries(entries: readonly ImageEntry[]): void {
  const kinds = new Map<Bytes, ImageEntry['kind']>();
  for (const entry of entries) {
    const { path } = entry;
    const refuse = (why: string, hint?: string): Error => imageFault.entry(bytesToText(path), why, hint);
    const isRoot = path === '';
    if (!isRoot && path.split('/').some((name) => name === '' || name === '.' || name === '..'))
      throw refuse("its name has to be relative, without '.' and '..'");
    if (path.includes('\0') || path === TRAILER) throw refuse('it cannot have this name');
    if (path.length >= MAX_PATH_BYTES) throw refuse(`its name has ${path.length} bytes, and Linux takes at most 4095`);
    if (kinds.has(path)) throw refuse('it is there twice');
    if (isRoot && entry.kind !== 'directory') throw refuse('the root is a folder');
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const above = folder === '' ? 'directory' : kinds.get(folder);
    if (above === undefined)
      throw refuse(`the folder '${bytesToText(folder)}' is missing`, 'add the folder: Linux makes none by itself');
    if (above !== 'directory') throw refuse(`'${bytesToText(folder)}' is not a folder`);
    if (entry.kind === 'file' && sizeOf(entry.content) > MAX_BYTES) throw refuse('it has 4 GiB or more');
    if (entry.kind === 'symlink' && (entry.target === '' || entry.target.length >= MAX_PATH_BYTES || entry.target.includes('\0')))
      throw refuse('what the link points to has to have 1 to 4095 bytes, none of them NUL');
    kinds.set(path, entry.kind);
  }
}

const TYPES = {
  directory: 0o040000,
  file: 0o100000,
  symlink: 0o120000,
  block: 0o060000,
  char: 0o020000,
  fifo: 0o010000,
  socket: 0o140000,
} as const;

function* archiveOf(entries: readonly ImageEntry[], mtimeSeconds: number): Generator<Uint8Array> {
  let written = 0;
  const counted = (bytes: Uint8Array): Uint8Array => {
    written += bytes.length;
    return bytes;
  };
  const padding = (multiple: number): Uint8Array => counted(Buffer.alloc((multiple - (written % multiple)) % multiple));
  let inode = 0;
  for (const entry of entries) {
    const content = contentOf(entry);
    const device = entry.kind === 'block' || entry.kind === 'char' ? [entry.major, entry.minor] : [0, 0];
    const mode = TYPES[entry.kind] | (entry.mode & 0o7777);
    const nLinks = entry.kind === 'directory' ? 2 : 1;
    const fields = [inode++, mode, entry.uid, entry.gid, nLinks, mtimeSeconds, sizeOf(content), 0, 0, ...device];
    yield counted(header(fields, entry.path === '' ? '.' : entry.path));
    yield padding(4);
    for (const piece of piecesOf(content)) yield counted(piece);
    yield padding(4);
  }
  yield counted(header([0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0], TRAILER));
  yield padding(RECORD_BYTES);
}

function contentOf(entry: ImageEntry): Content {
  switch (entry.kind) {
    case 'file':
      return entry.content;
    case 'symlink':
      return Buffer.from(entry.target, 'latin1');
    default:
      return new Uint8Array();
  }
}

/** @param fields  all between the magic number and the length of the name */
function header(fields: readonly number[], path: Bytes): Buffer {
  const all = [...fields, path.length + 1, 0];
  if (!all.every((field) => Number.isInteger(field) && field >= 0 && field <= MAX_BYTES))
    throw new Bug(`fields ${all} of '${path}'`);
  const hex = all.map((field) => field.toString(16).toUpperCase().padStart(8, '0'));
  return Buffer.from(`070701${hex.join('')}${path}\0`, 'latin1');
}

/** In pieces of the same size, each with memory of its own, however small or large they come. */
function* gathered(pieces: Iterable<Uint8Array>): Generator<Buffer> {
  let buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  let length = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const nBytes = Math.min(piece.length - at, PIECE_BYTES - length);
      buffer.set(piece.subarray(at, at + nBytes), length);
      length += nBytes;
      at += nBytes;
      if (length < PIECE_BYTES) continue;
      yield buffer;
      buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
      length = 0;
    }
  }
  if (length > 0) yield buffer.subarray(0, length);
}
