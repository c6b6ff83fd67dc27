/** A cache behind http or https. */
import { askHttp, type HttpAnswer, httpFailure, partOf, redirectionOf, retryAfterMs, wayOutOf } from '../../base/index.ts';
import { fileBytes } from './compression.ts';
import { CacheProblem, type GetOptions, type Got, type PutBody, type Transport } from './transport.ts';

/** Headers to be added to a request, of its final form: signatures. */
export type Authorize = (request: {
  method: string;
  url: URL;
  headers: Record<string, string>;
  payloadHash: string;
}) => Record<string, string>;

/** Without a byte for so long, a connection is dead. */
const IDLE_MS = 60_000;
const MAX_REDIRECTS = 5;

export class HttpTransport implements Transport {
  readonly url: string;
  readonly #base: URL;
  readonly #authorize: Authorize | undefined;
  readonly #idleMs: number;

  constructor(url: string, base: URL, options: { authorize?: Authorize; idleMs?: number } = {}) {
    this.url = url;
    this.#base = base;
    this.#authorize = options.authorize;
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  async get(key: string, { fromByte = 0, signal }: GetOptions = {}): Promise<Got | undefined> {
    const answer = await this.#request('GET', key, { ...(signal ? { signal } : {}), headers: rangeHeader(fromByte) });
    const { status } = answer;
    // A bucket that may not be listed answers 403 for what it does not have; Nix takes it so too.
    if (status === 404 || status === 410 || status === 403) {
      answer.discard();
      return undefined;
    }
    if (status === 416) {
      answer.discard();
      // Nothing after what is there already: once more from the start.
      if (fromByte > 0) return await this.get(key, signal === undefined ? {} : { signal });
      throw new CacheProblem('the server lost its place', true);
    }
    const part = status === 206 && fromByte > 0 ? partOf(answer) : undefined;
    const start = status === 200 ? 0 : part?.start;
    if (start === undefined || (start !== 0 && start !== fromByte)) throw badStatus(answer);
    const totalBytes = part?.totalBytes ?? start + Number(answer.headers['content-length'] ?? Number.NaN);
    const encoding = answer.headers['content-encoding'] ?? 'identity';
    return {
      fromByte: start,
      ...(encoding === 'identity' || encoding === '' ? {} : { encoding }),
      ...(Number.isNaN(totalBytes) ? {} : { totalBytes }),
      body: pieces(answer, signal),
    };
  }

  async has(key: string, signal?: AbortSignal): Promise<boolean> {
    const answer = await this.#request('HEAD', key, signal ? { signal } : {});
    if (answer.status < 200 || answer.status > 299) {
      if (answer.status !== 404 && answer.status !== 410 && answer.status !== 403) throw badStatus(answer);
      answer.discard();
      return false;
    }
    answer.discard();
    return true;
  }

  async put(key: string, body: PutBody, options: { contentType: string; signal?: AbortSignal }): Promise<void> {
    const sizeBytes = body instanceof Uint8Array ? body.length : body.sizeBytes;
    const answer = await this.#request('PUT', key, {
      ...(options.signal ? { signal: options.signal } : {}),
      headers: { 'content-type': options.contentType, 'content-length': String(sizeBytes) },
      body,
    });
    if (answer.status < 200 || answer.status > 299) throw badStatus(answer);
    answer.discard();
  }

  async #request(
    method: string,
    key: string,
    options: { signal?: AbortSignal; headers?: Record<string, string>; body?: PutBody },
  ): Promise<HttpAnswer> {
    let url = this.#address(key);
    for (let n = 0; ; n++) {
      const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'igos', ...options.headers };
      const { body, signal } = options;
      // Secrets are for the cache that was named, not for where it points.
      const isHome = url.origin === this.#base.origin;
      const signed = isHome ? (this.#authorize?.({ method, url, headers, payloadHash: 'UNSIGNED-PAYLOAD' }) ?? {}) : {};
      try {
        const answer = await askHttp(url, {
          method,
          headers: { ...headers, ...signed },
          idleMs: this.#idleMs,
          ...(signal === undefined ? {} : { signal }),
          ...(body === undefined ? {} : { body: body instanceof Uint8Array ? body : fileBytes(body.file) }),
        });
        const next = method === 'PUT' ? undefined : redirectionOf(answer, url);
        if (next === undefined) return answer;
        answer.discard();
        if (n === MAX_REDIRECTS) throw new CacheProblem(`it points on and on, the last time to '${next.href}'`, false);
        url = next;
      } catch (error) {
        throw problemOf(error, options.signal);
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
}

async function* pieces(answer: HttpAnswer, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
  try {
    yield* answer.body;
  } catch (error) {
    throw problemOf(error, signal);
  }
}

/** Percent-encoded names, as `s3://` wants them signed: what `encodeURIComponent` leaves and RFC 3986 does not, too. */
const encodeSegment = (segment: string): string =>
  encodeURIComponent(decodeQuietly(segment)).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

function decodeQuietly(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

const rangeHeader = (fromByte: number): Record<string, string> => (fromByte > 0 ? { range: `bytes=${fromByte}-` } : {});

function badStatus(answer: HttpAnswer): CacheProblem {
  answer.discard();
  const { status, statusText } = answer;
  const isTransient = status >= 500 || status === 429 || status === 408;
  return new CacheProblem(
    `${status} ${statusText || 'answer'}${wayOutOf(answer)}`,
    isTransient,
    retryAfterMs(answer, Date.now()),
  );
}

function problemOf(error: unknown, signal: AbortSignal | undefined): unknown {
  if (error instanceof CacheProblem) return error;
  if (signal?.aborted === true) return signal.reason;
  const { reason, isTransient } = httpFailure(error);
  return new CacheProblem(reason, isTransient);
}
