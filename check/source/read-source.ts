/** The files of a source in the store: a folder, or an archive that is read in one pass and never unpacked. */
import { closeSync, createReadStream, lstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { sys } from '../../base/index.ts';
import { loadCaches } from '../../store/index.ts';
import { MAX_TEXT_BYTES, type SourceEntry, wantsText } from './scan.ts';

/** More entries than any source has: an archive made to fill memory ends here. */
const MAX_ENTRIES = 2_000_000;

/** Of all build files together: a source has a few. */
const MAX_TEXTS_BYTES = 32 * MAX_TEXT_BYTES;

/** Of what an archive holds: the largest sources unpack to a third of it; a few megabytes of zeros, packed, to more. */
const MAX_ARCHIVE_BYTES = 16 * 2 ** 30;

/**
 * @param path  a file or folder in the store
 * @param maxBytes  of an archive, unpacked
 * @returns     what is in it, or why that cannot be read (no archive, damaged)
 */
export async function readSource(path: string, maxBytes: number = MAX_ARCHIVE_BYTES): Promise<readonly SourceEntry[] | string> {
  if (lstatSync(path).isDirectory()) return readFolder(path);
  const format = formatOf(path);
  if (format === undefined) return 'it is no tar archive';
  try {
    return await readArchive(path, format, maxBytes);
  } catch (error) {
    return `it cannot be read: ${(error as Error).message.split('\n')[0]}`;
  }
}

function readFolder(root: string): SourceEntry[] {
  const entries: SourceEntry[] = [];
  let nTextBytes = 0;
  const open = [''];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const below = folder;
    for (const entry of sys('read', join(root, below), () => readdirSync(join(root, below), { withFileTypes: true }))) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) open.push(path);
      else if (entry.isFile() && entries.length < MAX_ENTRIES) {
        const full = join(root, path);
        const size = wantsText(path) ? lstatSync(full).size : MAX_TEXT_BYTES + 1;
        const isWanted = size <= MAX_TEXT_BYTES && nTextBytes + size <= MAX_TEXTS_BYTES;
        if (isWanted) nTextBytes += size;
        entries.push({ path, text: isWanted ? readFileSync(full, 'utf8') : undefined });
      }
    }
  }
  return entries;
}

const MAGIC: readonly (readonly [format: string, at: number, bytes: string])[] = [
  ['gzip', 0, '\x1f\x8b'],
  ['zstd', 0, '\x28\xb5\x2f\xfd'],
  ['xz', 0, '\xfd7zXZ\0'],
  ['bzip2', 0, 'BZh'],
  ['none', 257, 'ustar'],
];

function formatOf(path: string): string | undefined {
  const start = Buffer.alloc(512);
  const fd = sys('read', path, () => openSync(path, 'r'));
  try {
    sys('read', path, () => readSync(fd, start, 0, start.length, 0));
  } finally {
    closeSync(fd);
  }
  const text = start.toString('latin1');
  return MAGIC.find(([, at, bytes]) => text.startsWith(bytes, at))?.[0];
}

async function readArchive(path: string, format: string, maxBytes: number): Promise<SourceEntry[]> {
  const { Parser } = await import('tar');
  const { decompress } = await loadCaches();
  const entries: SourceEntry[] = [];
  let nTextBytes = 0;
  const parser = new Parser({
    strict: false,
    onReadEntry: (entry) => {
      const isFile = entry.type === 'File' || entry.type === 'OldFile' || entry.type === 'ContiguousFile';
      if (!isFile || entries.length >= MAX_ENTRIES) {
        entry.resume();
        return;
      }
      const place = entries.push({ path: entry.path, text: undefined }) - 1;
      if (!wantsText(entry.path) || entry.size > MAX_TEXT_BYTES || nTextBytes + entry.size > MAX_TEXTS_BYTES) {
        entry.resume();
        return;
      }
      nTextBytes += entry.size;
      const chunks: Buffer[] = [];
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      entry.on('end', () => {
        entries[place] = { path: entry.path, text: Buffer.concat(chunks).toString('utf8') };
      });
    },
  });
  let nBytes = 0;
  const ended = new Promise<void>((resolve, reject) => {
    parser.on('end', resolve);
    parser.on('error', reject);
  });
  ended.catch(() => {});
  for await (const chunk of decompress(format, createReadStream(path, { highWaterMark: 1 << 18 }))) {
    nBytes += (chunk as Buffer).length;
    if (nBytes > maxBytes) throw new Error(`it holds more than ${maxBytes} bytes`);
    if (!parser.write(chunk as Buffer)) await new Promise<void>((resolve) => parser.once('drain', resolve));
  }
  parser.end();
  await ended;
  if (entries.length === 0) throw new Error('it is empty, or no tar archive');
  return entries;
}
