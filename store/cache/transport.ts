/** How the files of a cache are got and put, wherever they are. */
import { Fault } from '../../base/index.ts';
import type { CacheCode } from './codes.ts';

export interface Got {
  /** From where the answer starts; 0 where the whole came though a part was asked for. */
  readonly fromByte: number;
  /** Of the whole file, where the other side says. */
  readonly totalBytes?: number;
  readonly body: AsyncIterable<Uint8Array>;
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
  constructor(reason: string, isTransient: boolean) {
    super(reason);
    this.isTransient = isTransient;
  }
}

/** All of a small file. @throws CacheProblem it is larger than `limit` */
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
  for await (const chunk of got.body) {
    size += chunk.length;
    if (size > limit) throw new CacheProblem(`'${key}' has more than ${limit} bytes`, false);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Runs `attempt` again after transient problems: waits of 0.25, 0.5, 1 seconds. */
export async function withRetries<T>(attempt: () => Promise<T>, signal?: AbortSignal, pauseMs = 250): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof CacheProblem) || !error.isTransient || n === 3) throw error;
      const { setTimeout: sleep } = await import('node:timers/promises');
      await sleep(pauseMs * 2 ** n, undefined, signal === undefined ? {} : { signal });
    }
  }
}

export const cacheFault = (url: string, doing: string, reason: string): Fault =>
  new Fault('E-CACHE-006' satisfies CacheCode, `cache '${url}' failed ${doing}: ${reason}`, {
    hints: ['see whether its address is right and whether it is up'],
  });
