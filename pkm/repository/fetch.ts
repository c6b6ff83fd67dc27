import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, openAsBlob, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { Fault, sys, temporaryName } from '../../base/index.ts';
import { fileSha256 } from '../disk.ts';
import { under } from '../layout.ts';
import { printable } from '../names.ts';
import type { AvailablePackage } from '../query.ts';
import type { RootContext } from '../transaction.ts';

const CACHE = 'var/cache/igos/archives';
/** Without a byte for so long, a connection is dead. */
const IDLE_MS = 60_000;

/**
 * The archive of a package that an index offers, from the cache of the root or from its repository. What is returned has the
 * SHA-256 of the index.
 * @returns absolute path
 * @throws Fault E-PKM-026 it cannot be fetched, or is another file than the index says
 */
export async function fetchArchive({ layout, io }: RootContext, item: AvailablePackage): Promise<string> {
  const folder = under(layout, CACHE);
  sys('create the folder', folder, () => io.makeOwnFolder(folder));
  const path = join(folder, `${item.sha256}.igos.tar.gz`);
  if (existsSync(path) && fileSha256(path) === item.sha256) return path;
  const url = new URL(item.file, item.repository);
  const temporary = temporaryName(path);
  try {
    const actual = await download(url, temporary, item.sizeBytes);
    if (actual !== item.sha256) {
      throw new Fault('E-PKM-026', `'${printable(url.href)}' is not the archive that its index promises`, {
        notes: [`expected SHA-256 ${item.sha256}`, `  actual SHA-256 ${actual}`],
        hints: ["fetch the newest index with 'pkm sync' and try again", 'if it differs still, do not install this archive'],
      });
    }
    sys('write', path, () => renameSync(temporary, path));
    return path;
  } finally {
    rmSync(temporary, { force: true });
  }
}

async function download(url: URL, file: string, maxBytes: number): Promise<string> {
  const digest = createHash('sha256');
  let length = 0;
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(new Error('nothing came for a minute')), IDLE_MS);
  async function* counted(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(new Error('nothing came for a minute')), IDLE_MS);
      length += chunk.length;
      if (length > maxBytes) throw new Error('it is longer than its index says');
      digest.update(chunk);
      yield chunk;
    }
  }
  try {
    const body = url.protocol === 'file:' ? (await openAsBlob(fileURLToPath(url))).stream() : await open(url, stop.signal);
    await pipeline(Readable.from(counted(body as AsyncIterable<Uint8Array>)), createWriteStream(file, { flags: 'wx' }));
    return digest.digest('hex');
  } catch (error) {
    const { message, cause } = error as Error & { cause?: { code?: string } };
    throw new Fault('E-PKM-026', `cannot fetch '${printable(url.href)}': ${cause?.code ?? message}`, {
      cause: error,
      hints: ['check the address and the network'],
    });
  } finally {
    clearTimeout(timer);
  }
}

async function open(url: URL, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
  const response = await fetch(url, { signal });
  if (!response.ok || response.body === null) throw new Error(`HTTP status ${response.status}`);
  return response.body;
}
