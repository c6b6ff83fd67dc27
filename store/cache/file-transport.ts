/** A cache in a folder: `file:///srv/cache`. */
import { renameSync, rmSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileSink, makeDirectory, syncDirectory, sys, temporaryName } from '../../base/index.ts';
import { fileBytes } from './compression.ts';
import { CacheProblem, type GetOptions, type Got, type PutBody, type Transport } from './transport.ts';

export class FileTransport implements Transport {
  readonly url: string;
  readonly #folder: string;

  /** @param folder  absolute */
  constructor(url: string, folder: string) {
    this.url = url;
    this.#folder = folder;
  }

  async get(key: string, { fromByte = 0 }: GetOptions = {}): Promise<Got | undefined> {
    const path = this.#path(key);
    const stat = statFile(path);
    if (stat === undefined) return undefined;
    if (!stat.isFile()) throw new CacheProblem(`'${key}' is not a file`, false);
    const start = fromByte <= stat.size ? fromByte : 0;
    return { fromByte: start, totalBytes: stat.size, body: start === stat.size ? nothing() : fileBytes(path, start) };
  }

  async has(key: string): Promise<boolean> {
    return statFile(this.#path(key)) !== undefined;
  }

  async put(key: string, body: PutBody): Promise<void> {
    const path = this.#path(key);
    const temporary = temporaryName(path);
    makeDirectory(dirname(path));
    try {
      const source = body instanceof Uint8Array ? [body] : fileBytes(body.file);
      await pipeline(source, fileSink(temporary, path, { flags: 'wx', mode: 0o644, flush: true }));
      sys('rename', path, () => renameSync(temporary, path));
      syncDirectory(dirname(path));
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  #path(key: string): string {
    return `${this.#folder}/${decodeKey(key)}`;
  }
}

/** The name on disk; where a URL of a hostile narinfo hides a way up, no name at all. */
function decodeKey(key: string): string {
  if (key.split('/').includes('..') || key.includes('\0')) throw new CacheProblem(`'${key}' leads out of the cache`, false);
  return key;
}

function statFile(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw new CacheProblem((error as Error).message, false);
  }
}

async function* nothing(): AsyncIterable<Uint8Array> {}
