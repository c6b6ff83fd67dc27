/** Archives that are unpacked on arrival: finds out how they are compressed, undoes it, unpacks. */
import { closeSync, createReadStream, createWriteStream, linkSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Fault, formatBytes, roomIn, SystemFault, sys } from '../../base/index.ts';
import { resolveHostFiles } from '../../store/index.ts';
import { buildFault, setUpFailed, stopped } from '../build-fault.ts';
import { buildFolder } from '../environment.ts';
import { hostProgram } from '../host-programs.ts';
import { removeScratch } from '../remove.ts';
import { runSandboxed } from '../sandbox.ts';
import type { Workspace } from '../workspace.ts';
import { type Placing, unpackTar } from './tar.ts';

export interface UnpackOptions {
  readonly workspace: Workspace;
  readonly signal: AbortSignal;
  readonly slot: number;
  /** What comes out is no larger: a few bytes may stand for terabytes. */
  readonly limitBytes?: number;
  /** Bytes that may come yet onto the disk; of the one that the file is on, with something left to others, if not given. */
  readonly room?: () => number;
}

/**
 * Unpacks a tar archive, plain or compressed with gzip, zstd, xz, bzip2 or lzip, into the folder `target`.
 *
 * @returns when its youngest entry was modified, as `unpackTar`
 * @throws Fault E-BUILD-013 · SystemFault
 */
export async function unpackArchive(
  file: string,
  target: string,
  options: UnpackOptions & { readonly placing?: Placing },
): Promise<number> {
  return unpackTar(await decompress(file, options), target, options.placing);
}

/**
 * Undoes the compression of `file`, whichever it is, into a file beside it.
 *
 * @returns the plain file: `file` itself where nothing is to be undone
 * @throws Fault E-BUILD-013 · SystemFault
 */
export async function decompress(file: string, options: UnpackOptions): Promise<string> {
  const format = formatOf(file);
  if (format === 'tar') return file;
  const plain = `${file}.tar`;
  const limit = limitOf(file, options);
  if (format === 'gzip' || format === 'zstd') await inflate(file, plain, { ...options, format, limit });
  else await decompressSandboxed(file, { program: format, plain, ...options, limit });
  return plain;
}

interface Limit {
  readonly bytes: number;
  /** More than that comes out. */
  readonly fault: () => Fault;
}

/** What is in an archive needs as much of the disk as the archive. */
function limitOf(file: string, { limitBytes = Infinity, room }: UnpackOptions): Limit {
  const roomBytes = room === undefined ? roomIn(dirname(file)) : room();
  const bytes = Math.max(0, Math.floor(roomBytes / 2));
  return bytes < limitBytes ? { bytes, fault: () => noRoom(bytes) } : { bytes: limitBytes, fault: () => tooLarge(limitBytes) };
}

type Format = 'tar' | 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'lzip';

const MAGIC: readonly (readonly [format: Format, at: number, bytes: string])[] = [
  ['gzip', 0, '\x1f\x8b'],
  ['zstd', 0, '\x28\xb5\x2f\xfd'],
  ['xz', 0, '\xfd7zXZ\0'],
  ['bzip2', 0, 'BZh'],
  ['lzip', 0, 'LZIP'],
  ['tar', 257, 'ustar'],
];

function formatOf(file: string): Format {
  const start = Buffer.alloc(512);
  sys('read', file, () => {
    const fd = openSync(file, 'r');
    try {
      readSync(fd, start, 0, start.length, 0);
    } finally {
      closeSync(fd);
    }
  });
  const text = start.toString('latin1');
  // Archives older than the magic are told by their checksum, which reading them checks.
  return MAGIC.find(([, at, bytes]) => text.startsWith(bytes, at))?.[0] ?? (text.startsWith('PK\x03\x04') ? refuseZip() : 'tar');
}

function refuseZip(): never {
  throw cannotUnpack('it is a zip archive', ['fetch it without unpack = true, and unpack it in a build with unzip']);
}

const cannotUnpack = (reason: string, hints: readonly string[]): Fault =>
  buildFault('E-BUILD-013', `cannot unpack the archive: ${reason}`, { hints });

const tooLarge = (limitBytes: number): Fault =>
  cannotUnpack(`more than ${limitBytes} bytes come out of it`, ['nothing real is so large: look at what arrived']);

const noRoom = (bytes: number): Fault =>
  cannotUnpack(`more than ${formatBytes(bytes)} come out of it, for which the disk has no room`, [
    "look at what arrived; if it is right, make room: 'igos gc' removes what nothing needs",
  ]);

type InflateOptions = UnpackOptions & { format: 'gzip' | 'zstd'; limit: Limit };

async function inflate(file: string, plain: string, options: InflateOptions): Promise<void> {
  const { createGunzip, createZstdDecompress } = await import('node:zlib');
  const decoder = options.format === 'gzip' ? createGunzip() : createZstdDecompress();
  const { limit } = options;
  let nBytes = 0;
  decoder.on('data', (chunk: Buffer) => {
    nBytes += chunk.length;
    if (nBytes > limit.bytes) decoder.destroy(limit.fault());
  });
  try {
    await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), decoder, createWriteStream(plain), {
      signal: options.signal,
    });
  } catch (error) {
    if (options.signal.aborted) throw stopped();
    if (error instanceof Fault) throw error;
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw new SystemFault('write', plain, error);
    throw cannotUnpack(`its ${options.format} data is damaged (${(error as Error).message})`, [
      'fetch it again, or look at what arrived',
    ]);
  }
}

/** Archives ask for memory, for up to 4 GiB; those of `xz -9` for 64 MiB. Read by xz of XZ Utils, while others know no such option. */
const XZ_DEFAULTS = '--memlimit-decompress=512MiB';

/** With the machine's own program, alone in a sandbox: a decoder is a large piece of C that reads what strangers wrote. */
async function decompressSandboxed(
  file: string,
  options: UnpackOptions & { program: 'xz' | 'bzip2' | 'lzip'; plain: string; limit: Limit },
): Promise<void> {
  const { program, workspace, limit } = options;
  // In blocks of 512 bytes, as POSIX has it.
  const inShell = limit.bytes === Infinity ? '' : `ulimit -f ${Math.ceil(limit.bytes / 512)}; `;
  if (hostProgram(program) === undefined)
    throw cannotUnpack(`it is compressed with ${program}, and this machine has no '${program}'`, [
      `install ${program === 'xz' ? 'xz-utils' : program}, or declare a mirror of the .tar.gz`,
    ]);
  const scratch = workspace.store.makeScratch();
  let messages = '';
  try {
    const end = await runSandboxed({
      workspace,
      scratch,
      input: {
        builder: '/bin/sh',
        args: ['-c', `${inShell}exec /usr/bin/${program} -dc <${buildFolder}/packed >${buildFolder}/plain`],
        environment: new Map([['XZ_DEFAULTS', XZ_DEFAULTS]]),
        files: new Map(),
      },
      layers: undefined,
      isCopied: false,
      hostFiles: resolveHostFiles({ tools: ['sh', hostProgram(program)!], files: [], searchPath: ['/bin', '/usr/bin'] }),
      given: new Map([['packed', file]]),
      objects: [],
      hasNetwork: false,
      slot: options.slot,
      onOutput: (chunk) => {
        messages = (messages + chunk.toString('utf8')).slice(0, 1000);
      },
      signal: options.signal,
    });
    if (end.kind === 'stopped') throw stopped();
    if (end.kind === 'refused') throw setUpFailed(`${program} -d`, end.refusal);
    const plain = `${scratch}/build/plain`;
    const isDone = end.kind === 'exited' && end.status === 0;
    // xz makes holes of zeros, and so may not have come to the limit when it met it.
    const isTooLarge = (statSync(plain, { throwIfNoEntry: false })?.size ?? 0) >= limit.bytes || /File too large/.test(messages);
    if (!isDone && isTooLarge) throw limit.fault();
    if (!isDone) {
      const why = messages.split('\n', 1)[0]!.replace(/^.*: /, '') || 'it says no more';
      throw cannotUnpack(`'${program}' refuses it: ${why}`, ['fetch it again, or look at what arrived']);
    }
    sys('move', options.plain, () => linkSync(plain, options.plain));
  } finally {
    removeScratch(scratch);
  }
}
