/**
 * The bytes behind a `file:`, `http:` or `https:` address, as they are. Not with `fetch`: web servers like to label `.gz` files with
 * `Content-Encoding: gzip`, and it would unpack them, whatever was asked for.
 */
import { createReadStream, statSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { fileURLToPath } from 'node:url';
import { printable } from '../names.ts';

export interface OpenedUrl {
  /** Where `body` starts; 0 where the server did not go on from where it was asked to. */
  readonly fromByte: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Why it could not be fetched, in words. `canRetry`: it may be otherwise in a moment. */
export class UrlProblem extends Error {
  readonly canRetry: boolean;
  constructor(why: string, canRetry: boolean, cause?: unknown) {
    super(why, { cause });
    this.canRetry = canRetry;
  }
}

const MAX_REDIRECTS = 5;
/** Without a byte for so long, a connection is dead. */
const IDLE_MS = 60_000;
/** Slower than this over such a time it would never end: others may be waiting for the root. Any telephone line is faster. */
const MIN_BYTES_PER_SECOND = 512;

/** @param options.fromByte  go on from there, if the server can. @throws UrlProblem, also while the body is read */
export async function openUrl(url: URL, options: { fromByte?: number; idleMs?: number } = {}): Promise<OpenedUrl> {
  const fromByte = options.fromByte ?? 0;
  if (url.protocol === 'file:') return openFile(url, fromByte);
  let here = url;
  for (let n = 0; ; n++) {
    const idleMs = options.idleMs ?? IDLE_MS;
    const response = await ask(here, fromByte, idleMs);
    const { statusCode = 0, headers } = response;
    if (statusCode === 200) return { fromByte: 0, body: notTooSlow(response, idleMs) };
    if (statusCode === 206) {
      const start = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
      if (start !== undefined && Number(start) === fromByte) return { fromByte, body: notTooSlow(response, idleMs) };
    }
    response.destroy();
    // Nothing after what is there already: once more from the start.
    if (statusCode === 416 && fromByte > 0) return openUrl(url, { ...options, fromByte: 0 });
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) {
      throw new UrlProblem(`HTTP status ${statusCode}`, statusCode >= 500 || statusCode === 429 || statusCode === 408);
    }
    here = redirected(here, headers.location, n);
  }
}

function redirected(from: URL, location: string, n: number): URL {
  const next = URL.parse(location, from.href);
  if (n >= MAX_REDIRECTS) throw new UrlProblem(`it points on and on, the last time to '${printable(location)}'`, false);
  if (next === null || !['http:', 'https:'].includes(next.protocol))
    throw new UrlProblem(`it points on to '${printable(location)}'`, false);
  if (from.protocol === 'https:' && next.protocol === 'http:') throw new UrlProblem('it points on from https to http', false);
  return next;
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

function ask(url: URL, fromByte: number, idleMs: number): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  const headers = { 'user-agent': 'igos', ...(fromByte > 0 ? { range: `bytes=${fromByte}-` } : {}) };
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    // Drops of a header, and answers that say that the answer will come, keep a connection busy for as long as a server likes.
    const deadline = setTimeout(() => pending.destroy(new Error('no answer came for too long')), 2 * idleMs);
    const pending = request(url, { headers, timeout: idleMs }, (response) => {
      clearTimeout(deadline);
      answer = response;
      resolve(response);
    });
    // Whoever reads the answer hears of it from the answer alone.
    pending.on('timeout', () => (answer ?? pending).destroy(new Error('nothing came for too long')));
    pending.on('error', (error) => {
      clearTimeout(deadline);
      reject(problem(error));
    });
    pending.end();
  });
}

async function* pieces(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (error) {
    throw problem(error);
  }
}

/** Ends what comes drop by drop. By the clock: what stands between the pieces of an answer comes without any piece. */
async function* notTooSlow(response: IncomingMessage, windowMs: number): AsyncGenerator<Uint8Array> {
  const least = (MIN_BYTES_PER_SECOND * windowMs) / 1000;
  let nBytes = 0;
  let isRead = true;
  const timer = setInterval(() => {
    // Who does not ask for more is not kept waiting.
    if (isRead && nBytes < least)
      response.destroy(new UrlProblem(`it comes too slowly: ${nBytes} bytes in ${Math.round(windowMs / 1000)} s`, true));
    nBytes = 0;
  }, windowMs);
  try {
    for await (const chunk of pieces(response)) {
      nBytes += chunk.length;
      isRead = false;
      yield chunk;
      isRead = true;
    }
  } finally {
    clearInterval(timer);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
  ECONNREFUSED: 'nobody listens there (ECONNREFUSED)',
  ENOTFOUND: 'there is no such host (ENOTFOUND)',
  ECONNRESET: 'the connection broke off (ECONNRESET)',
};

/** @source the list of X509 errors in Node's documentation of `tls` */
const CERTIFICATE = /CERT|SIGNATURE|^CRL_|^INVALID_(?:CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$/;

function problem(error: unknown): UrlProblem {
  if (error instanceof UrlProblem) return error;
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (CERTIFICATE.test(code)) return new UrlProblem(`its certificate is not trusted (${code})`, false, error);
  const isLocal = ['ENOENT', 'EISDIR', 'EACCES'].includes(code);
  return new UrlProblem(WORDS[code] ?? (code === '' ? message : code), !isLocal, error);
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
