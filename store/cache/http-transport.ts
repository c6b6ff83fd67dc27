/** A cache behind http or https. */
import { fileBytes } from './compression.ts';
import { CacheProblem, type GetOptions, type Got, type PutBody, type Transport } from './transport.ts';

/** Node's `fetch`, or what a test puts in its place. */
export type Fetch = (url: string, init: RequestInit & { duplex?: 'half' }) => Promise<Response>;

/** Headers to be added to a request, of its final form: signatures. */
export type Authorize = (request: {
  method: string;
  url: URL;
  headers: Record<string, string>;
  payloadHash: string;
}) => Record<string, string>;

/** Until an answer begins, and between two pieces of it. */
const IDLE_MS = 60_000;
const MAX_REDIRECTS = 5;

export class HttpTransport implements Transport {
  readonly url: string;
  readonly #base: URL;
  readonly #fetch: Fetch;
  readonly #authorize: Authorize | undefined;
  readonly #idleMs: number;

  constructor(url: string, base: URL, options: { fetch?: Fetch; authorize?: Authorize; idleMs?: number } = {}) {
    this.url = url;
    this.#base = base;
    this.#fetch = options.fetch ?? ((address, init) => fetch(address, init));
    this.#authorize = options.authorize;
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  async get(key: string, { fromByte = 0, signal }: GetOptions = {}): Promise<Got | undefined> {
    const { response, idle } = await this.#request('GET', key, { ...(signal ? { signal } : {}), headers: rangeHeader(fromByte) });
    const { status } = response;
    // A bucket that may not be listed answers 403 for what it does not have; Nix takes it so too.
    if (status === 404 || status === 410 || status === 403) {
      await response.body?.cancel();
      idle.stop();
      return undefined;
    }
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    if (status === 416) {
      await response.body?.cancel();
      idle.stop();
      throw new CacheProblem('the server lost its place', true);
    }
    const start = status === 206 ? rangeStart(response) : 0;
    if ((status !== 200 && status !== 206) || start === undefined || (start !== 0 && start !== fromByte)) {
      await response.body?.cancel();
      idle.stop();
      throw badStatus(response);
    }
    return {
      fromByte: start,
      ...(Number.isNaN(length) ? {} : { totalBytes: start + length }),
      body: this.#pieces(response, idle, signal),
    };
  }

  async has(key: string, signal?: AbortSignal): Promise<boolean> {
    const { response, idle } = await this.#request('HEAD', key, signal ? { signal } : {});
    idle.stop();
    await response.body?.cancel();
    if (response.ok) return true;
    if (response.status === 404 || response.status === 410 || response.status === 403) return false;
    throw badStatus(response);
  }

  async put(key: string, body: PutBody, options: { contentType: string; signal?: AbortSignal }): Promise<void> {
    const sizeBytes = body instanceof Uint8Array ? body.length : body.sizeBytes;
    const { response, idle } = await this.#request('PUT', key, {
      ...(options.signal ? { signal: options.signal } : {}),
      headers: { 'content-type': options.contentType, 'content-length': String(sizeBytes) },
      body,
    });
    idle.stop();
    await response.body?.cancel();
    if (!response.ok) throw badStatus(response);
  }

  async #request(
    method: string,
    key: string,
    options: { signal?: AbortSignal; headers?: Record<string, string>; body?: PutBody },
  ): Promise<{ response: Response; idle: IdleTimer }> {
    let url = this.#address(key);
    for (let n = 0; ; n++) {
      const idle = new IdleTimer(this.#idleMs);
      const signal = options.signal === undefined ? idle.signal : AbortSignal.any([options.signal, idle.signal]);
      const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'igos', ...options.headers };
      const { body } = options;
      // Sending a large file may take longer than any answer should.
      if (body !== undefined) idle.stop();
      // Secrets are for the cache that was named, not for where it points.
      const isHome = url.origin === this.#base.origin;
      const signed = isHome ? (this.#authorize?.({ method, url, headers, payloadHash: 'UNSIGNED-PAYLOAD' }) ?? {}) : {};
      try {
        const response = await this.#fetch(url.href, {
          method,
          redirect: 'manual',
          signal,
          headers: { ...headers, ...signed },
          ...(body === undefined ? {} : { body: bodyOf(body), duplex: 'half' }),
        });
        const location = response.headers.get('location');
        if (![301, 302, 303, 307, 308].includes(response.status) || location === null || method === 'PUT')
          return { response, idle };
        await response.body?.cancel();
        idle.stop();
        const next = URL.parse(location, url.href);
        if (next === null || !['http:', 'https:'].includes(next.protocol) || n === MAX_REDIRECTS)
          throw new CacheProblem(`it points on to '${location}'`, false);
        if (url.protocol === 'https:' && next.protocol === 'http:')
          throw new CacheProblem('it points on from https to http', false);
        url = next;
      } catch (error) {
        idle.stop();
        throw problemOf(error, options.signal, idle);
      }
    }
  }

  #address(key: string): URL {
    const url = new URL(this.#base.href);
    const [path, query] = key.split('?', 2) as [string, string?];
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path.split('/').map(encodeSegment).join('/')}`;
    url.search = query === undefined ? '' : `?${query}`;
    return url;
  }

  async *#pieces(response: Response, idle: IdleTimer, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    try {
      if (response.body === null) return;
      for await (const chunk of response.body) {
        idle.restart();
        yield chunk;
      }
    } catch (error) {
      throw problemOf(error, signal, idle);
    } finally {
      idle.stop();
    }
  }
}

/** Files go as streams: `duplex` is what the standard asks for then. */
const bodyOf = (body: PutBody): NonNullable<RequestInit['body']> =>
  (body instanceof Uint8Array ? body : fileBytes(body.file)) as unknown as NonNullable<RequestInit['body']>;

/** Percent-encoded names, as `s3://` wants them signed: what `encodeURIComponent` leaves and RFC 3986 does not, too. */
export const encodeSegment = (segment: string): string =>
  encodeURIComponent(decodeQuietly(segment)).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function decodeQuietly(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const rangeHeader = (fromByte: number): Record<string, string> => (fromByte > 0 ? { range: `bytes=${fromByte}-` } : {});

function rangeStart(response: Response): number | undefined {
  const [, start] = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '') ?? [];
  return start === undefined ? undefined : Number(start);
}

const badStatus = (response: Response): CacheProblem =>
  new CacheProblem(
    `${response.status} ${response.statusText || 'answer'}`,
    response.status >= 500 || response.status === 429 || response.status === 408,
  );

class IdleTimer {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#ms = ms;
    this.#timer = this.#start();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get seconds(): number {
    return Math.round(this.#ms / 1000);
  }

  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => this.#controller.abort(), this.#ms).unref();
  }
}

const LASTING = new Map([
  ['ENOTFOUND', 'its host is not known'],
  ['EAI_AGAIN', 'its host cannot be looked up'],
  ['ECONNREFUSED', 'its host refuses the connection'],
  ['ENETUNREACH', 'there is no way to its host'],
  ['EHOSTUNREACH', 'there is no way to its host'],
]);

function problemOf(error: unknown, signal: AbortSignal | undefined, idle: IdleTimer): unknown {
  if (error instanceof CacheProblem) return error;
  if (signal?.aborted === true) return signal.reason;
  if (idle.signal.aborted) return new CacheProblem(`nothing came for ${idle.seconds} seconds`, true);
  const { cause } = error as { cause?: { code?: string; message?: string } };
  const code = cause?.code ?? '';
  const lasting = LASTING.get(code);
  if (lasting !== undefined) return new CacheProblem(lasting, false);
  if (code.startsWith('CERT_') || code.includes('SELF_SIGNED') || code.includes('UNABLE_TO_'))
    return new CacheProblem(`its certificate is not trusted (${code})`, false);
  return new CacheProblem(cause?.message || code || (error as Error).message, true);
}
