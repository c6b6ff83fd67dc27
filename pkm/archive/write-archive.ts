/** Archives that are the same to the bit wherever and whenever they are made: sorted, fixed times, numeric owners, no name in the gzip header. */
import { createHash, hash } from 'node:crypto';
import { createReadStream, readFileSync, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Header } from 'tar/header';
import { fileSink, sys, temporaryName } from '../../base/index.ts';
import { contentFault } from '../contents.ts';
import { STATE_DIR } from '../layout.ts';
import { encodeManifest } from '../manifest-text.ts';
import type { FileRow, ImageEntry, PackageImage } from '../types.ts';
import { CAPABILITY_ATTRIBUTE } from './capability.ts';
import { encodePackageInfo } from './package-info.ts';
import { encodePax, XATTR_PREFIX } from './pax.ts';
import { isPrivileged } from './privileged.ts';

const BLOCK = 512;
const MEMORY_BYTES = 8 << 20;
const TIME = new Date(1000);

/**
 * Writes `image` as an `.igos.tar.gz`; the whole file or none.
 *
 * @returns its SHA-256 and size
 * @throws Fault E-PKM-017 · SystemFault · AbortError by the signal
 */
export async function writeArchive(
  image: PackageImage,
  file: string,
  signal?: AbortSignal,
): Promise<{ sha256: string; sizeBytes: number }> {
  const temporary = temporaryName(file);
  const digest = createHash('sha256');
  let sizeBytes = 0;
  try {
    const gzip = createGzip({ level: 6, chunkSize: 1 << 18 });
    gzip.on('data', (chunk: Buffer) => {
      digest.update(chunk);
      sizeBytes += chunk.length;
    });
    await pipeline(
      Readable.from(blocks(image), { objectMode: true }),
      gzip,
      fileSink(temporary, file, { flags: 'wx', flush: true }),
      signal === undefined ? {} : { signal },
    );
    sys('write', file, () => renameSync(temporary, file));
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return { sha256: digest.digest('hex'), sizeBytes };
}

async function* blocks(image: PackageImage): AsyncGenerator<Buffer> {
  const sizeBytes = image.entries.reduce((sum, entry) => sum + (entry.kind === 'file' ? entry.sizeBytes : 0), 0);
  const privileged = image.entries.filter(isPrivileged);
  yield* textMember(
    '.PKGINFO',
    encodePackageInfo(
      image,
      privileged.map((entry) => entry.path),
      sizeBytes,
    ),
  );
  // InterGenOS's pkm learns from a text manifest alone what is superseded. It writes its own as `<name>-<version>`, and would then
  // find that file of ours modified: so the name has a suffix, and only archives that need it hold one.
  if (image.supersedes.length > 0) {
    yield* textMember(`${STATE_DIR}/packages/${image.name}-${image.version}.archive`, manifestOf(image));
  }
  for (const entry of order(image.entries)) {
    yield header(entry);
    if (entry.kind === 'file' && entry.sizeBytes > 0) {
      yield* contents(image, entry);
      yield padding(entry.sizeBytes);
    }
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** By path, but hard links after all files: their targets must be earlier in the archive. */
const order = (entries: readonly ImageEntry[]): ImageEntry[] => [
  ...entries.filter((entry) => entry.kind !== 'hardlink'),
  ...entries.filter((entry) => entry.kind === 'hardlink'),
];

async function* contents(image: PackageImage, entry: ImageEntry): AsyncGenerator<Buffer> {
  const path = image.contentPath(entry);
  const fault = () => contentFault({ path: entry.path, owner: image.name }, 'its source was modified');
  if (entry.sizeBytes <= MEMORY_BYTES) {
    const bytes = sys('read', path, () => readFileSync(path));
    if (bytes.length !== entry.sizeBytes || hash('sha256', bytes) !== entry.sha256) throw fault();
    yield bytes;
    return;
  }
  const digest = createHash('sha256');
  let length = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    digest.update(chunk);
    length += chunk.length;
    yield chunk;
  }
  if (length !== entry.sizeBytes || digest.digest('hex') !== entry.sha256) throw fault();
}

function* textMember(path: string, text: string): Generator<Buffer> {
  const bytes = Buffer.from(text, 'utf8');
  yield header({ path, kind: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes: bytes.length, sha256: '', target: '' });
  yield bytes;
  yield padding(bytes.length);
}

const padding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

const TYPES = { file: 'File', directory: 'Directory', symlink: 'SymbolicLink', hardlink: 'Link' } as const;

/** A ustar header, after a pax header where names are too long or sizes too large for it. */
function header(entry: ImageEntry): Buffer {
  const data = {
    path: entry.kind === 'directory' ? `${entry.path}/` : entry.path,
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    size: entry.kind === 'file' ? entry.sizeBytes : 0,
    type: TYPES[entry.kind],
    mtime: TIME,
    ...(entry.target === '' ? {} : { linkpath: entry.target }),
  };
  const block = Buffer.alloc(BLOCK);
  const isPlain = !new Header(data).encode(block, 0) && /^[\x20-\x7e]*$/.test(data.path + entry.target);
  const capability = entry.kind === 'file' ? (entry.capability ?? '') : '';
  if (isPlain && capability === '') return block;
  const records = new Map<string, Buffer | string>();
  if (!isPlain) {
    records.set('path', data.path);
    records.set('size', String(data.size));
    if (entry.target !== '') records.set('linkpath', entry.target);
  }
  if (capability !== '') records.set(XATTR_PREFIX + CAPABILITY_ATTRIBUTE, Buffer.from(capability, 'hex'));
  const body = encodePax(records);
  const extended = Buffer.alloc(BLOCK);
  new Header({ path: 'PaxHeader', mode: 0o644, uid: 0, gid: 0, size: body.length, type: 'ExtendedHeader', mtime: TIME }).encode(
    extended,
    0,
  );
  return Buffer.concat([extended, body, padding(body.length), block]);
}

function manifestOf(image: PackageImage): string {
  const rows = image.entries.map(
    (entry): FileRow => ({
      path: entry.path,
      owner: image.name,
      kind: entry.kind === 'hardlink' ? 'file' : entry.kind,
      mode: entry.mode,
      uid: entry.uid,
      gid: entry.gid,
      sizeBytes: entry.sizeBytes,
      sha256: entry.sha256,
      target: entry.target,
      isConfig: false,
      wasThere: false,
      mtimeSeconds: 0,
    }),
  );
  const { entries: _entries, notes: _notes, contentPath: _path, scratch: _scratch, origin: _origin, ...about } = image;
  // Where the archive comes from, and when, is not part of it.
  const record = { ...about, origin: { kind: 'store' as const, storePath: '-' }, reason: 'explicit' as const, installedAt: 0 };
  return encodeManifest({ ...record, supersededBy: [], supersededAt: 0, fromGeneration: 0 }, rows).replace(
    /^(INSTALL DATE|ORIGIN): .*\n/gm,
    '',
  );
}
