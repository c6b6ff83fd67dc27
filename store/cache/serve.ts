/**
 * A store as a binary cache over HTTP: what Nix and igos substitute from. Reads only; the names in requests are looked up in the
 * index and never in the file system.
 *
 * | path | what |
 * | --- | --- |
 * | `nix-cache-info`, `<hash part>.narinfo` | as Nix |
 * | `nar/<NarHash>-<hash part>.nar[.zst \| .xz \| .gz \| .br \| .bz2]` | the NAR |
 * | `<hash part>.ls` | what is in it, and where in its NAR |
 * | `log/<drv>` | log of its newest build |
 * | `build-trace-v2/<drv>/<output>.doi` | realisation, signed |
 * | `igos/<hash part>/manifest`, `igos/<hash part>/files?of=0-3,7` | the list of files, and some of them: raw, one behind the other, zstd |
 */

import { existsSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bytesToPath, compareBytes, SystemFault, sys, textToBytes } from '../../base/index.ts';
import { formatHash } from '../hash.ts';
import { encodeManifest } from '../manifest.ts';
import { hashPartLength, tryParseStorePath } from '../store-path.ts';
import { joinPath } from '../tree.ts';
import type { ManifestEntry, ObjectStore, PathInfo } from '../types.ts';
import { formatCacheInfo } from './cache-info.ts';
import { compress, fileBytes } from './compression.ts';
import { narSuffix, type WrittenCompression } from './compression-name.ts';
import { pathFingerprint } from './fingerprint.ts';
import { type SecretKey, signText } from './keys.ts';
import { formatListing } from './listing.ts';
import { NarFiles, Unwanted } from './nar-files.ts';
import { narStream } from './nar-stream.ts';
import { formatNarInfo } from './narinfo.ts';
import { formatRealisation } from './realisation-file.ts';

export interface ServeOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Sign what is served, beside the signatures that paths have. */
  readonly keys: readonly SecretKey[];
  /** What narinfos offer; the others are there for who asks. */
  readonly compression: WrittenCompression;
  readonly priority: number;
  /** Of compressed NARs that are kept on disk. */
  readonly maxCacheBytes: number;
  readonly onRequest?: (line: { method: string; url: string; status: number; bytes: number }) => void;
  /** What went wrong on our side; the client hears only that something did. */
  readonly onFailure?: (error: unknown) => void;
  /** Time-outs, for tests. */
  readonly limits?: Partial<ServeLimits>;
}

export interface ServeLimits {
  /** For all headers of a request to come. */
  readonly headersMs: number;
  /** For a client to take or send anything at all. */
  readonly idleMs: number;
  readonly maxConnections: number;
}

const LIMITS: ServeLimits = { headersMs: 10_000, idleMs: 60_000, maxConnections: 256 };
const MAX_HEADER_BYTES = 1 << 14;
/** Files asked for at once. */
const MAX_FILES = 1 << 20;

export interface CacheServer {
  readonly port: number;
  /** Ends when what is being sent has been sent, or after this time. */
  close(graceMs?: number): Promise<void>;
}

/** @throws SystemFault the address cannot be had */
export async function serveCache(store: ObjectStore, options: ServeOptions): Promise<CacheServer> {
  const limits = { ...LIMITS, ...options.limits };
  const handler = new Handler(store, options);
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.headersMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersMs / 2),
      keepAliveTimeout: 10_000,
    },
    (request, response) => void handler.handle(request, response),
  );
  server.maxConnections = limits.maxConnections;
  server.setTimeout(limits.idleMs, (socket) => socket.destroy());
  await listen(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    close: (graceMs = 5000) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const listen = (server: Server, { host, port }: ServeOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new SystemFault('listen on', `${host}:${port}`, error)));
    server.listen(port, host, resolve);
  });

/** An answer before it is known which part of it is wanted. */
interface Answer {
  readonly type: string;
  /** Without it there are no parts and no "not modified". */
  readonly etag?: string;
  readonly sizeBytes?: number;
  /** Bytes from `start` up to and without `end`. */
  readonly body: (start: number, end: number | undefined) => AsyncIterable<Uint8Array> | Uint8Array;
}

class Handler {
  readonly #store: ObjectStore;
  readonly #options: ServeOptions;
  readonly #nars: NarFiles;

  constructor(store: ObjectStore, options: ServeOptions) {
    this.#store = store;
    this.#options = options;
    this.#nars = new NarFiles(store, options.maxCacheBytes);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    let bytes = 0;
    response.once('close', () => this.#options.onRequest?.({ method, url, status: response.statusCode, bytes }));
    try {
      if (method !== 'GET' && method !== 'HEAD') {
        response.setHeader('allow', 'GET, HEAD');
        plain(response, 405, 'this cache is read-only');
        return;
      }
      const answer = await this.#find(url, () => !response.destroyed);
      if (typeof answer === 'number') plain(response, answer, answer === 404 ? 'not found' : 'bad request');
      else
        await send(request, response, answer, (n) => {
          bytes += n;
        });
    } catch (error) {
      if (isGone(error) || error instanceof Unwanted) return;
      this.#options.onFailure?.(error);
      // What is cut short is noticed by its length or by the missing end of its chunks.
      if (response.headersSent) response.destroy();
      else plain(response, 500, 'this cache is damaged');
    }
  }

  /** An HTTP status where there is nothing. */
  async #find(url: string, isWanted: () => boolean): Promise<Answer | number> {
    const [path = '', query = ''] = url.split('?', 2);
    let name: string;
    try {
      name = decodeURIComponent(path.replace(/^\/+/, ''));
    } catch {
      return 400;
    }
    if (!url.startsWith('/') || /[\0\\]|(?:^|\/)\.\.?(?:\/|$)/.test(name)) return 400;
    if (name === 'nix-cache-info') return text('text/x-nix-cache-info', this.#cacheInfo());
    const [, hashPart] = /^([0-9a-z]{32})\.narinfo$/.exec(name) ?? [];
    if (hashPart !== undefined) return this.#narInfo(hashPart);
    const [, listed] = /^([0-9a-z]{32})\.ls$/.exec(name) ?? [];
    if (listed !== undefined) return this.#listing(listed);
    if (name.startsWith('nar/')) return await this.#nar(name.slice(4), isWanted);
    if (name.startsWith('log/')) return this.#log(name.slice(4));
    if (name.startsWith('build-trace-v2/')) return this.#realisation(name.slice(15));
    if (name.startsWith('igos/')) return this.#ours(name.slice(5), query);
    return 404;
  }

  #cacheInfo(): string {
    const { priority } = this.#options;
    return formatCacheInfo({ storeDir: this.#store.storeDir, wantsMassQuery: true, priority, hasManifests: true });
  }

  #narInfo(hashPart: string): Answer | number {
    const info = this.#info(hashPart);
    if (info === undefined) return 404;
    const { path, narHash, narSizeBytes, references, deriver, ca } = info;
    const { compression, keys } = this.#options;
    const own = keys.map((key) => signText(key, pathFingerprint(info)));
    return text(
      'text/x-nix-narinfo',
      formatNarInfo({
        path,
        url: `nar/${formatHash({ algorithm: 'sha256', hex: narHash }, 'nix32')}-${hashPart}${narSuffix(compression)}`,
        compression,
        ...(compression === 'none' ? { fileHash: narHash, fileSizeBytes: narSizeBytes } : {}),
        narHash,
        narSizeBytes,
        references,
        ...(deriver === undefined ? {} : { deriver }),
        signatures: [...new Set([...(info.signatures ?? []), ...own])].sort(compareBytes),
        ...(ca === undefined ? {} : { ca }),
      }),
    );
  }

  #listing(hashPart: string): Answer | number {
    const path = this.#store.find(hashPart);
    return path === undefined ? 404 : text('application/json', textToBytes(formatListing(this.#store.manifest(path))));
  }

  /** The name holds the NAR's hash: an address of old content never gives new. */
  async #nar(name: string, isWanted: () => boolean): Promise<Answer | number> {
    const [, digits, hashPart, suffix] = /^([0-9a-z]{52})-([0-9a-z]{32})(\.nar(?:\.[a-z0-9]+)?)$/.exec(name) ?? [];
    const compression = SERVED.find((candidate) => narSuffix(candidate) === suffix);
    const info = hashPart === undefined ? undefined : this.#info(hashPart);
    if (info === undefined || compression === undefined) return 404;
    if (formatHash({ algorithm: 'sha256', hex: info.narHash }, 'nix32') !== digits) return 404;
    const etag = `"${info.narHash}${suffix}"`;
    if (compression === 'none') {
      return {
        type: NAR_TYPE,
        etag,
        sizeBytes: info.narSizeBytes,
        body: (start, end) => slice(narStream(this.#store, info.path), start, end ?? info.narSizeBytes),
      };
    }
    const file = await this.#nars.get(info.path, compression, isWanted);
    return {
      type: NAR_TYPE,
      etag,
      sizeBytes: file.sizeBytes,
      body: (start, end) => fileBytes(file.path, start, end === undefined ? undefined : end - 1),
    };
  }

  #log(base: string): Answer | number {
    const drvPath = tryParseStorePath(`${this.#store.storeDir}/${base}`, this.#store.storeDir);
    if (drvPath === undefined || !base.endsWith('.drv')) return 404;
    const path = this.#store.logPath(drvPath);
    if (!existsSync(path)) return 404;
    const sizeBytes = sys('read', path, () => statSync(path)).size;
    return {
      type: 'text/plain; charset=utf-8',
      sizeBytes,
      body: (start, end) => (sizeBytes === 0 ? new Uint8Array() : fileBytes(path, start, (end ?? sizeBytes) - 1)),
    };
  }

  #realisation(name: string): Answer | number {
    const { storeDir } = this.#store;
    const [, base, output] = /^([^/]+\.drv)\/([^/]+)\.doi$/.exec(name) ?? [];
    const drvPath = base === undefined ? undefined : tryParseStorePath(`${storeDir}/${base}`, storeDir);
    const path = drvPath === undefined ? undefined : this.#store.realisation(drvPath, output!);
    if (path === undefined || !this.#store.isValid(path)) return 404;
    return text('application/json', formatRealisation({ drvPath: drvPath!, output: output!, path }, this.#options.keys));
  }

  #ours(name: string, query: string): Answer | number {
    const [, hashPart, what] = /^([0-9a-z]{32})\/(manifest|files)$/.exec(name) ?? [];
    const path = hashPart === undefined ? undefined : this.#store.find(hashPart);
    if (path === undefined) return 404;
    const manifest = this.#store.manifest(path);
    if (what === 'manifest') return text('application/octet-stream', encodeManifest(manifest));
    const indices = parseRanges(/^of=([0-9,-]+)$/.exec(query)?.[1] ?? '', manifest.length);
    const entries = indices?.map((i) => manifest[i]!);
    if (entries === undefined || !entries.every((entry) => entry.kind === 'file')) return 400;
    const root = textToBytes(this.#store.toReal(path));
    return {
      type: 'application/zstd',
      body: () => compress('zstd', concatenated(root, entries as Extract<ManifestEntry, { kind: 'file' }>[])),
    };
  }

  #info(hashPart: string): PathInfo | undefined {
    const path = hashPart.length === hashPartLength ? this.#store.find(hashPart) : undefined;
    return path === undefined ? undefined : this.#store.info(path);
  }
}

const NAR_TYPE = 'application/x-nix-nar';
const SERVED: readonly WrittenCompression[] = ['zstd', 'none', 'xz', 'gzip', 'br', 'bzip2'];

/** Texts are of one character a byte. */
function text(type: string, content: string): Answer {
  const data = Buffer.from(content, 'latin1');
  return { type, sizeBytes: data.length, body: (start, end) => data.subarray(start, end) };
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  onBytes: (n: number) => void,
): Promise<void> {
  response.setHeader('content-type', answer.type);
  const { etag, sizeBytes } = answer;
  let [start, end]: [number, number | undefined] = [0, undefined];
  if (etag !== undefined) {
    response.setHeader('etag', etag);
    response.setHeader('accept-ranges', 'bytes');
    response.setHeader('cache-control', 'public, max-age=31536000, immutable');
    if (namesTag(request.headers['if-none-match'], etag)) {
      response.writeHead(304).end();
      return;
    }
    const condition = request.headers['if-range'];
    const wanted = condition === undefined || condition === etag ? parseRange(request.headers.range, sizeBytes!) : undefined;
    if (wanted === 'unsatisfiable') {
      response.setHeader('content-range', `bytes */${sizeBytes}`);
      plain(response, 416, 'no such part');
      return;
    }
    if (wanted !== undefined) {
      [start, end] = wanted;
      response.statusCode = 206;
      response.setHeader('content-range', `bytes ${start}-${end - 1}/${sizeBytes}`);
    }
  }
  if (sizeBytes !== undefined) response.setHeader('content-length', (end ?? sizeBytes) - start);
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const body = answer.body(start, end);
  if (body instanceof Uint8Array) {
    onBytes(body.length);
    response.end(body);
    return;
  }
  async function* counted(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of pieces) {
      onBytes(chunk.length);
      yield chunk;
    }
  }
  await pipeline(Readable.from(counted(body), { objectMode: false }), response);
}

const namesTag = (list: string | undefined, etag: string): boolean =>
  list?.split(',').some((tag) => tag.trim() === etag) ?? false;

/** `start` and `end` (exclusive) of one part; `undefined`: the whole, also for what is not understood, as the standard has it. */
function parseRange(header: string | undefined, sizeBytes: number): [number, number] | 'unsatisfiable' | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === undefined || (first === '' && last === '')) return undefined;
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? 'unsatisfiable' : [sizeBytes - length, sizeBytes];
  }
  const start = Number(first);
  const end = last === '' ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  if (start >= sizeBytes) return 'unsatisfiable';
  return end <= start ? undefined : [start, end];
}

/** `0-3,7`: ascending, each below `limit`. */
function parseRanges(list: string, limit: number): number[] | undefined {
  const indices: number[] = [];
  for (const part of list.split(',')) {
    const [, first, last] = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(part) ?? [];
    if (first === undefined) return undefined;
    const [from, to] = [Number(first), Number(last ?? first)];
    if (to < from || to >= limit || from <= (indices.at(-1) ?? -1) || to - from + indices.length >= MAX_FILES) return undefined;
    for (let i = from; i <= to; i++) indices.push(i);
  }
  return indices;
}

async function* concatenated(
  root: string,
  entries: readonly Extract<ManifestEntry, { kind: 'file' }>[],
): AsyncIterable<Uint8Array> {
  for (const entry of entries) {
    if (entry.sizeBytes > 0) yield* fileBytes(bytesToPath(joinPath(root, entry.path)), 0, entry.sizeBytes - 1);
  }
}

async function* slice(source: AsyncIterable<Uint8Array>, start: number, end: number): AsyncIterable<Uint8Array> {
  let at = 0;
  for await (const chunk of source) {
    const from = Math.max(0, start - at);
    const to = Math.min(chunk.length, end - at);
    at += chunk.length;
    if (from < to) yield chunk.subarray(from, to);
    if (at >= end && start > 0) return;
  }
}

function plain(response: ServerResponse, status: number, message: string): void {
  const data = Buffer.from(`${message}\n`);
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': data.length });
  response.end(response.req.method === 'HEAD' ? undefined : data);
}

/** The client hung up: nothing is wrong here. */
const isGone = (error: unknown): boolean =>
  ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');
