/**
 * Compression by its name in a narinfo. Streams only: memory does not grow with what goes through. zstd, gzip and br are Node's; for
 * xz and bzip2 the programs of these names run beside us.
 */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';
import { Fault } from '../../base/index.ts';
import type { CacheCode } from './codes.ts';
import { type WrittenCompression, writtenCompressions } from './compression-name.ts';

type Bytes = AsyncIterable<Uint8Array>;

/** Largest window of zstd that is accepted: 128 MiB, as by its own program; more would be our memory. */
const ZSTD_WINDOW_LOG = 27;

/** @throws Fault E-CACHE-008; what is wrong in the bytes comes out of the stream as an error */
export function decompress(compression: string, source: Bytes): Bytes {
  switch (compression) {
    case 'none':
      return source;
    case 'zstd':
      return through(source, zlib.createZstdDecompress({ params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG } }));
    case 'gzip':
      return through(source, zlib.createGunzip());
    case 'br':
      return through(source, zlib.createBrotliDecompress());
    case 'xz':
      return throughProgram(source, 'xz', ['-d', '-c', '-q', '--memlimit-decompress=512MiB']);
    case 'bzip2':
      return throughProgram(source, 'bzip2', ['-d', '-c', '-q']);
    default:
      throw unsupported(`compression '${compression}' is not known`, [`igos undoes ${writtenCompressions.join(', ')}`]);
  }
}

/** Deterministic for one version of the library. */
export function compress(compression: WrittenCompression, source: Bytes): Bytes {
  switch (compression) {
    case 'none':
      return source;
    case 'zstd':
      return through(source, zlib.createZstdCompress({ params: { [zlib.constants.ZSTD_c_compressionLevel]: 3 } }));
    case 'gzip':
      return through(source, zlib.createGzip());
    case 'br':
      return through(source, zlib.createBrotliCompress({ params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } }));
    case 'xz':
      return throughProgram(source, 'xz', ['-c', '-q', '-6']);
    case 'bzip2':
      return throughProgram(source, 'bzip2', ['-c', '-q']);
  }
}

/** A file in pieces. */
export const fileBytes = (path: string | Buffer, start = 0, end?: number): Bytes =>
  createReadStream(path, { start, ...(end === undefined ? {} : { end }), highWaterMark: 1 << 17 });

async function* through(source: Bytes, transform: NodeJS.ReadWriteStream & Bytes): Bytes {
  const input = Readable.from(source, { objectMode: false });
  const done = pipeline(input, transform as NodeJS.WritableStream);
  // Reported by the reading below; alone it would end the process.
  done.catch(() => {});
  yield* transform;
  await done;
}

async function* throughProgram(source: Bytes, program: string, args: readonly string[]): Bytes {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < 500) said += text;
  });
  const ended = new Promise<number | null | Error>((resolve) => {
    child.once('error', resolve);
    child.once('close', (status) => resolve(status));
  });
  let failure: unknown;
  const fed = pipeline(Readable.from(source, { objectMode: false }), child.stdin).catch((error: NodeJS.ErrnoException) => {
    // It closes its end when it does not like what it reads; its own words are better than EPIPE.
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') failure = error;
  });
  try {
    yield* child.stdout as Bytes;
    const status = await ended;
    await fed;
    if (failure !== undefined) throw failure;
    if (status instanceof Error) {
      if ((status as NodeJS.ErrnoException).code !== 'ENOENT') throw status;
      throw unsupported(`the program '${program}' is not installed, and the content is compressed by it`, [
        `install ${program === 'xz' ? 'xz (Debian: xz-utils)' : program}`,
      ]);
    }
    if (status !== 0)
      throw new Error(said.trim().split('\n')[0]?.replace(/^.*: /, '') || `${program} ended with status ${status}`);
  } finally {
    child.kill();
  }
}

const unsupported = (message: string, hints: readonly string[]): Fault =>
  new Fault('E-CACHE-008' satisfies CacheCode, message, { hints });
