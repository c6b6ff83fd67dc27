/** How the files of a cache are got and put, wherever they are. */
import { Fault } from '../../base/index.ts';
import type { CacheCode } from './codes.ts';
import { decompress } from './compression.ts';

export interface Got {
  /** From where the answer starts; 0 where the whole came though a part was asked for. */
  readonly fromByte: number;
  /** Of the whole file, where the other side says. */
  readonly totalBytes?: number;
  /** As it is stored: of what is compressed for the way, the compressed bytes. */
  readonly body: AsyncIterable<Uint8Array>;
  /** How it is compressed for the way, as HTTP says it: buckets may say so of the small files that Nix puts there. */
  readonly encoding?: string;
}

export interface GetOptions {
  /** Leave out what is there already. */
  readonly fromByte?: number;
  readonly signal?: AbortSignal;
}

/** What is put: bytes, or a file with its size. */
export type PutBody = Uint8Array | { readonly file: string; readonly sizeBytes: number };

export interface Transport {
  /** As the user named it, without secrets. */
  readonly url: string;
  /** `undefined`: there is no such file. @throws CacheProblem */
  get(key: string, options?: GetOptions): Promise<Got | undefined>;
  has(key: string, signal?: AbortSignal): Promise<boolean>;
  put(key: string, body: PutBody, options: { contentType: string; signal?: AbortSignal }): Promise<void>;
}

/** The other side failed. `isTransient`: asking again may help. */
export class CacheProblem extends Error {
  override readonly name = 'CacheProblem';
  readonly isTransient: boolean;
  /** How long the other side wants to be left alone. */
  readonly waitMs: number;
  constructor(reason: string, isTransient: boolean, waitMs: number = 0) {
    super(reason);
    this.isTransient = isTransient;
    this.waitMs = waitMs;
  }
}

/** All of a small file, whatever it was compressed with for the way. @throws CacheProblem it is larger than `limit` */
export async function getSmall(
  transport: Transport,
  key: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Buffer | undefined> {
  const got = await transport.get(key, signal === undefined ? {} : { signal });
  if (got === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of decoded(got, key)) {
      size += chunk.length;
      if (size > limit) throw new CacheProblem(`'${key}' has more than ${limit} bytes`, false);
      chunks.push(chunk);
    }
  } catch (error) {
    if (got.encoding === undefined || !/^(?:Z_|ERR_|ZSTD_)/.test((error as NodeJS.ErrnoException).code ?? '')) throw error;
    throw new CacheProblem(`'${key}' comes in ${got.encoding}, and that is damaged`, true);
  }
  return Buffer.concat(chunks);
}

const ENCODINGS: ReadonlyMap<string, string> = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['br', 'br'],
  ['zstd', 'zstd'],
]);

function decoded({ body, encoding }: Got, key: string): AsyncIterable<Uint8Array> {
  if (encoding === undefined) return body;
  const compression = ENCODINGS.get(encoding.toLowerCase());
  if (compression === undefined) throw new CacheProblem(`'${key}' comes in '${encoding}', which igos cannot undo`, false);
  return decompress(compression, body);
}

/** Runs `attempt` again after transient problems: waits of 0.25, 0.5, 1 seconds, or what the other side asks for. */
export async function withRetries<T>(attempt: () => Promise<T>, signal?: AbortSignal, pauseMs = 250): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof CacheProblem) || !error.isTransient || n === 3) throw error;
      const { setTimeout: sleep } = await import('node:timers/promises');
      await sleep(Math.max(pauseMs * 2 ** n, error.waitMs), undefined, signal === undefined ? {} : { signal });
    }
  }
}

export const cacheFault = (url: string, doing: string, reason: string): Fault =>
  new Fault('E-CACHE-006' satisfies CacheCode, `cache '${url}' failed ${doing}: ${reason}`, {
    hints: ['see whether its address is right and whether it is up'],
  });
