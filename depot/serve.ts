import { closeSync, constants, createReadStream, fstatSync, openSync, realpathSync, type Stats } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, sep } from 'node:path';
import { pipeline } from 'node:stream';

export interface ServeDepotOptions {
  readonly publicFolder: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Given out at `/`. */
  readonly page: () => string;
  readonly onRequest?: (request: { method: string; url: string; status: number }) => void;
  /** What went wrong on our side; the client hears only that something did. */
  readonly onFailure?: (error: unknown) => void;
  /** For a client to take or send anything at all; for tests. */
  readonly idleMs?: number;
}

const IDLE_MS = 60_000;
const MAX_CONNECTIONS = 256;

export interface DepotServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves a `public/` tree over HTTP, read only: regular files whose names do not start with a dot, with ranges; nothing that a link leads
 * out to, no unfinished downloads.
 */
export function serveDepot(options: ServeDepotOptions): Promise<DepotServer> {
  const page = kept(options.page);
  const server = createServer((request, response) => {
    response.on('close', () =>
      options.onRequest?.({ method: request.method ?? '', url: request.url ?? '', status: response.statusCode }),
    );
    try {
      answer(request, response, { ...options, page });
    } catch (error) {
      options.onFailure?.(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain' }).end('this depot is damaged\n');
    }
  });
  const { idleMs = IDLE_MS } = options;
  server.requestTimeout = idleMs;
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(idleMs, (socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () =>
      resolve({
        port: (server.address() as AddressInfo).port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            server.closeAllConnections();
          }),
      }),
    );
  });
}

/** A page is made of all that is published, for whoever asks: what took long counts for ten times as long. */
function kept(make: () => string): () => string {
  let page = '';
  let goodUntil = 0;
  return () => {
    const start = performance.now();
    if (start < goodUntil) return page;
    page = make();
    const end = performance.now();
    goodUntil = end + 10 * (end - start);
    return page;
  };
}

function answer(request: IncomingMessage, response: ServerResponse, options: ServeDepotOptions): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const isHead = request.method === 'HEAD';
  const path = pathOf(request.url ?? '');
  if (path === '') {
    const page = Buffer.from(options.page());
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': page.length });
    response.end(isHead ? undefined : page);
    return;
  }
  const found = path === undefined ? undefined : openAt(options.publicFolder, path);
  if (found === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end(isHead ? undefined : 'not found\n');
    return;
  }
  sendFile(request, response, found, isHead);
}

// Relative path, '' for the top; `undefined` where it cannot be a file of ours.
function pathOf(url: string): string | undefined {
  try {
    const parts = decodeURIComponent(new URL(url, 'http://localhost').pathname)
      .split('/')
      .filter((part) => part !== '');
    if (parts.some((part) => part.startsWith('.') || part.includes('\0') || part.endsWith('.partial'))) return undefined;
    return parts.join('/');
  } catch {
    return undefined;
  }
}

/** Open, so that what is told of it and what is sent are of one file, though another takes its name meanwhile. */
interface Opened {
  readonly fd: number;
  readonly stat: Stats;
}

function openAt(folder: string, path: string): Opened | undefined {
  try {
    const top = realpathSync(folder);
    const file = realpathSync(join(top, path));
    if (!file.startsWith(top + sep)) return undefined;
    // A pipe would be waited for.
    const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    if (stat.isFile()) return { fd, stat };
    closeSync(fd);
  } catch {
    // there is none, or none for us
  }
  return undefined;
}

function sendFile(request: IncomingMessage, response: ServerResponse, { fd, stat }: Opened, isHead: boolean): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(range?.[2] ? Number(range[2]) : stat.size - 1, stat.size - 1);
  const headers = {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    'last-modified': stat.mtime.toUTCString(),
  };
  if (range !== null && (start >= stat.size || end < start)) {
    closeSync(fd);
    response.writeHead(416, { ...headers, 'content-range': `bytes */${stat.size}` }).end();
    return;
  }
  const length = stat.size === 0 ? 0 : end - start + 1;
  if (range === null) response.writeHead(200, { ...headers, 'content-length': length });
  else response.writeHead(206, { ...headers, 'content-length': length, 'content-range': `bytes ${start}-${end}/${stat.size}` });
  if (isHead || length === 0) {
    closeSync(fd);
    response.end();
  } else pipeline(createReadStream('', { fd, start, end }), response, () => {});
}
