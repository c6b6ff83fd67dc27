import { createReadStream, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Header } from 'tar/header';
import { Pax } from 'tar/pax';
import {
  type Bytes,
  bytesToPath,
  bytesToText,
  Fault,
  fileSink,
  sys,
  temporaryName,
  textToBytes,
  tryBytesToText,
} from '../base/index.ts';
import { listTree, loadCaches, type TreeEntry } from '../store/index.ts';
import type { DepotCode } from './codes.ts';
import type { Layout } from './layout.ts';

const BLOCK = 512;
const MEMORY_BYTES = 8 << 20;
/** Of every member: archives have versions, and need no times. */
const TIME = new Date(1000);

/**
 * Writes a folder as a compressed tar whose one name at the top is `top`; the same to the bit wherever and whenever it is made. Whole or
 * absent; not made durable.
 *
 * @throws Fault E-DEPOT-014 a name that is no UTF-8 · E-CACHE-008 no `xz` · SystemFault
 */
export async function packFolder(folder: string, top: string, file: string, layout: Layout): Promise<void> {
  await writeCompressed(tarBlocks(folder, top), file, layout);
}

/** Dates are set in whole milliseconds, and come out a little earlier. */
const ROUNDING_MS = 2;

/** Writes one file, compressed: indexes are published so. It gets the date of `path` before that is read: what is written there meanwhile is newer. */
export function packFile(path: string, file: string): Promise<void> {
  const { mtimeMs } = sys('read', path, () => statSync(path));
  return writeCompressed(createReadStream(path), file, 'present', new Date(Math.floor(mtimeMs) + ROUNDING_MS));
}

async function writeCompressed(source: AsyncIterable<Uint8Array>, file: string, layout: Layout, time?: Date): Promise<void> {
  const { compress } = await loadCaches();
  sys('make the folder', dirname(file), () => mkdirSync(dirname(file), { recursive: true }));
  const temporary = temporaryName(file);
  try {
    const packed = compress(layout === 'present' ? 'xz' : 'gzip', source);
    await pipeline(Readable.from(packed), fileSink(temporary, file, { flags: 'wx' }));
    if (time !== undefined) sys('date', file, () => utimesSync(temporary, time, time));
    sys('move', file, () => renameSync(temporary, file));
  } finally {
    rmSync(temporary, { force: true });
  }
}

async function* tarBlocks(folder: string, top: string): AsyncGenerator<Buffer> {
  for (const entry of listTree(textToBytes(folder))) {
    const name = entry.path === '' ? top : `${top}/${nameOf(entry.path)}`;
    const realPath = `${textToBytes(folder)}${entry.path === '' ? '' : `/${entry.path}`}`;
    yield* member(entry, name, realPath);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function nameOf(path: Bytes): string {
  const text = tryBytesToText(path);
  if (text !== undefined && !/[\x00-\x1f\x7f]/.test(text)) return text;
  throw new Fault(
    'E-DEPOT-014' satisfies DepotCode,
    `'${bytesToText(path)}' cannot be published: its name is no UTF-8, or has control characters`,
    {
      hints: ['give the file another name'],
    },
  );
}

async function* member(entry: TreeEntry, name: string, realPath: Bytes): AsyncGenerator<Buffer> {
  const path = bytesToPath(realPath);
  switch (entry.kind) {
    case 'directory':
      yield header(`${name}/`, 'Directory', 0o755, 0);
      break;
    case 'symlink':
      yield header(name, 'SymbolicLink', 0o777, 0, nameOf(entry.target));
      break;
    case 'file': {
      const stat = sys('read', bytesToText(realPath), () => lstatSync(path));
      yield header(name, 'File', (stat.mode & 0o100) === 0 ? 0o644 : 0o755, stat.size);
      let length = 0;
      if (stat.size <= MEMORY_BYTES) {
        const bytes = sys('read', bytesToText(realPath), () => readFileSync(path));
        length = bytes.length;
        yield bytes;
      } else {
        for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
          length += chunk.length;
          yield chunk;
        }
      }
      if (length !== stat.size) {
        throw new Fault('E-DEPOT-014' satisfies DepotCode, `'${bytesToText(realPath)}' changed while it was published`, {
          hints: ['archives in a depot never change: extract it again, as a new version'],
        });
      }
      yield Buffer.alloc((BLOCK - (length % BLOCK)) % BLOCK);
    }
  }
}

type MemberType = 'File' | 'Directory' | 'SymbolicLink';

/** A ustar header, after a pax header where names are too long or sizes too large for it. */
function header(path: string, type: MemberType, mode: number, size: number, linkpath?: string): Buffer {
  const data = { path, mode, uid: 0, gid: 0, size, type, mtime: TIME, ...(linkpath === undefined ? {} : { linkpath }) };
  const block = Buffer.alloc(BLOCK);
  const needsPax = new Header(data).encode(block, 0) || !/^[\x20-\x7e]*$/.test(path + (linkpath ?? ''));
  if (!needsPax) return block;
  const extended = new Pax({ path, size, mtime: TIME, ...(linkpath === undefined ? {} : { linkpath }) });
  return Buffer.concat([extended.encode(), block]);
}
