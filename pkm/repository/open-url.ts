/** The bytes behind a `file:`, `http:` or `https:` address, as they are. */
import { createReadStream, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { askHttp, type HttpAnswer, httpFailure, partOf, redirectionOf, retryAfterMs, wayOutOf } from '../../base/index.ts';
import { printable } from '../names.ts';

export interface OpenedUrl {
  /** Where `body` starts; 0 where the server did not go on from where it was asked to. */
  readonly fromByte: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Why it could not be fetched, in words. `canRetry`: it may be otherwise in a moment; `waitMs`: for so long the server wants peace. */
export class UrlProblem extends Error {
  readonly canRetry: boolean;
  readonly waitMs: number;
  constructor(why: string, canRetry: boolean, options: { cause?: unknown; waitMs?: number } = {}) {
    super(why, { cause: options.cause });
    this.canRetry = canRetry;
    this.waitMs = options.waitMs ?? 0;
  }
}

const MAX_REDIRECTS = 5;
/** Answers to a wish for the rest that say nothing of the whole: 206 with another part, bad request, method or range not known. */
const NOT_FROM_THERE: ReadonlySet<number> = new Set([206, 400, 416, 501]);
/** Without a byte for so long, a connection is dead. */
const IDLE_MS = 60_000;

/** @param options.fromByte  go on from there, if the server can. @throws UrlProblem, also while the body is read */
export async function openUrl(url: URL, options: { fromByte?: number; idleMs?: number } = {}): Promise<OpenedUrl> {
  const fromByte = options.fromByte ?? 0;
  if (url.protocol === 'file:') return openFile(url, fromByte);
  let here = url;
  for (let n = 0; ; n++) {
    const idleMs = options.idleMs ?? IDLE_MS;
    const answer = await ask(here, fromByte, idleMs);
    const { status } = answer;
    if (status === 200) return { fromByte: 0, body: pieces(answer.body) };
    if (status === 206 && fromByte > 0 && partOf(answer)?.start === fromByte) return { fromByte, body: pieces(answer.body) };
    answer.discard();
    // Nothing after what is there already, or a server that cannot tell a part: once more from the start.
    if (fromByte > 0 && NOT_FROM_THERE.has(status)) return openUrl(url, { ...options, fromByte: 0 });
    const next = redirected(answer, here);
    if (next === undefined) {
      const waitMs = retryAfterMs(answer, Date.now());
      throw new UrlProblem(`HTTP status ${status}${wayOutOf(answer)}`, status >= 500 || status === 429 || status === 408, {
        waitMs,
      });
    }
    if (n >= MAX_REDIRECTS) throw new UrlProblem(`it points on and on, the last time to '${shownUrl(next)}'`, false);
    here = next;
  }
}

function redirected(answer: HttpAnswer, from: URL): URL | undefined {
  try {
    return redirectionOf(answer, from);
  } catch (error) {
    throw problem(error);
  }
}

function openFile(url: URL, fromByte: number): OpenedUrl {
  let size: number;
  try {
    size = statSync(fileURLToPath(url)).size;
  } catch (error) {
    throw problem(error);
  }
  const start = fromByte > size ? 0 : fromByte;
  return { fromByte: start, body: pieces(createReadStream(fileURLToPath(url), { start, highWaterMark: 1 << 18 })) };
}

async function ask(url: URL, fromByte: number, idleMs: number): Promise<HttpAnswer> {
  const headers = {
    'accept-encoding': 'identity',
    'user-agent': 'igos',
    ...(fromByte > 0 ? { range: `bytes=${fromByte}-` } : {}),
  };
  try {
    return await askHttp(url, { headers, idleMs });
  } catch (error) {
    throw problem(error);
  }
}

async function* pieces(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw problem(error);
  }
}

const LOCAL: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
};

function problem(error: unknown): UrlProblem {
  if (error instanceof UrlProblem) return error;
  const local = LOCAL[(error as NodeJS.ErrnoException).code ?? ''];
  if (local !== undefined) return new UrlProblem(local, false, { cause: error });
  const { reason, isTransient } = httpFailure(error);
  return new UrlProblem(printable(reason), isTransient, { cause: error });
}

/** What is read at once, an index or a list, comes within this time: a mirror must not keep others from being asked for days. */
const MAX_READ_MS = 3_600_000;

/** All of it, at most `maxBytes`, within an hour. @throws UrlProblem */
export async function readUrl(url: URL, maxBytes: number, limits: { idleMs?: number; maxMs?: number } = {}): Promise<Buffer> {
  const { idleMs, maxMs = MAX_READ_MS } = limits;
  const end = performance.now() + maxMs;
  const { body } = await openUrl(url, idleMs === undefined ? {} : { idleMs });
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw new UrlProblem('it is too long', false);
    if (performance.now() > end)
      throw new UrlProblem(`it takes too long: ${length} bytes in ${Math.round(maxMs / 1000)} s`, true);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A file beside others: a colon in its name makes it no address. */
export const fileBelow = (folder: string | URL, name: string): URL => new URL(`./${name}`, folder);

/** For messages: without what may be a password. */
export function shownUrl(url: URL): string {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return printable(plain.href);
}
