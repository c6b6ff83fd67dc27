/**
 * One exchange over http or https: a request, and its answer as it travels. Not `fetch`: it unpacks what a server calls compressed,
 * whatever was asked for, so that bytes do not have their hash; it refuses addresses with a user; and asks every proxy for a tunnel,
 * which many give to https only.
 *
 * The proxies of `http_proxy`, `https_proxy` and `no_proxy` count, in small letters before capitals. They are looked up here, as
 * whoever connects, in whichever thread, needs them, and handed to Node.
 */
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { takeCertificates } from './certificates.ts';
import { loginFor } from './netrc.ts';
import { count } from './quantities.ts';

// Loaded by who asks: most commands ask nobody, and it takes 5 ms.
const loadHttp = () => process.getBuiltinModule('node:http');
const loadHttps = () => process.getBuiltinModule('node:https');

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes with `content-length` in `headers`. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal;
  /** Without a byte for so long, in either direction, a connection is dead; an answer begins within twice that. */
  readonly idleMs: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  /** To be read once, or discarded. @throws HttpStall, what Node says, or what the signal says */
  readonly body: AsyncIterable<Uint8Array>;
  /** Nobody wants the body: what is short is let come, as the connection may serve again. */
  discard(): void;
}

/** It would never end. */
export class HttpStall extends Error {
  override readonly name = 'HttpStall';
  /** `silence`: nothing came; `no-answer`: something, but no answer; `drops`: less than anybody needs to send. */
  readonly kind: 'silence' | 'no-answer' | 'drops';
  readonly seconds: number;
  constructor(kind: HttpStall['kind'], ms: number, nBytes: number = 0) {
    const seconds = Math.round(ms / 1000);
    super(
      kind === 'silence'
        ? `nothing came for ${count(seconds, 'second')}`
        : kind === 'no-answer'
          ? `no answer came for ${count(seconds, 'second')}`
          : `it comes too slowly: ${nBytes} bytes in ${seconds} s`,
    );
    this.kind = kind;
    this.seconds = seconds;
  }
}

/** Slower than this over the time of silence it would never end: others may be waiting. Any telephone line is faster. */
const MIN_BYTES_PER_SECOND = 512;
/** More than this is not worth waiting for, only to keep a connection. */
const MAX_DISCARDED_BYTES = 1 << 16;

/**
 * Sends a request. Redirections are answers like others. A user and a password in the address become basic authentication, else those that
 * `.netrc` has for the host, where no header says who we are.
 *
 * @throws HttpStall · HttpDetour · BadCertificates · BadNetrc · what Node says, with its `code` · what the signal says
 */
export async function askHttp(url: URL, request: HttpRequest): Promise<HttpAnswer> {
  takeProxies();
  if (url.protocol === 'https:') takeCertificates();
  try {
    return await exchange(url, request);
  } catch (error) {
    // The other side let go of a connection that was kept, in the moment in which we used it.
    if (error instanceof Reused && (request.body === undefined || request.body instanceof Uint8Array)) {
      try {
        return await exchange(url, request, false);
      } catch (second) {
        throw second instanceof Reused ? second.cause : second;
      }
    }
    throw error instanceof Reused ? error.cause : error;
  }
}

class Reused extends Error {}

function exchange(url: URL, request: HttpRequest, keepsConnection: boolean = true): Promise<HttpAnswer> {
  const { method = 'GET', body, signal, idleMs } = request;
  const headers = { ...request.headers, ...authorization(url, request) };
  signal?.throwIfAborted();
  const ask = url.protocol === 'https:' ? loadHttps().request : loadHttp().request;
  return new Promise((resolve, reject) => {
    let answer: IncomingMessage | undefined;
    const options = {
      method,
      headers,
      timeout: idleMs,
      ...(signal === undefined ? {} : { signal }),
      ...(keepsConnection ? {} : { headers: { ...headers, connection: 'close' } }),
    };
    const pending = ask(url, options, (response) => {
      clearTimeout(deadline);
      answer = response;
      resolve(answerOf(response, request));
    });
    // Drops of a header, and answers that say that the answer will come, keep a connection busy for as long as a server likes.
    const giveUp = (): void => void pending.destroy(new HttpStall('no-answer', 2 * idleMs));
    let deadline = setTimeout(giveUp, 2 * idleMs).unref();
    // Whoever reads the answer hears of it from the answer alone.
    pending.on('timeout', () => (answer ?? pending).destroy(new HttpStall('silence', idleMs)));
    pending.on('error', (error) => {
      clearTimeout(deadline);
      const code = (error as NodeJS.ErrnoException).code ?? '';
      const isOld = pending.reusedSocket && keepsConnection && (code === 'ECONNRESET' || code === 'EPIPE');
      reject(signal?.aborted === true ? signal.reason : isOld ? new Reused('', { cause: error }) : error);
    });
    const isSent = (): void => {
      clearTimeout(deadline);
      if (answer === undefined) deadline = setTimeout(giveUp, 2 * idleMs).unref();
    };
    if (body === undefined || body instanceof Uint8Array) {
      pending.end(body);
      return;
    }
    // Sending may take longer than any answer should; silence is noticed all the same.
    clearTimeout(deadline);
    send(pending, body).then(isSent, (error) => pending.destroy(error as Error));
  });
}

function authorization(url: URL, { headers }: HttpRequest): Record<string, string> {
  if (url.username !== '' || headers?.['authorization'] !== undefined) return {};
  const login = loginFor(url);
  if (login === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}` };
}

async function send(pending: ClientRequest, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of body) {
    if (pending.destroyed) return;
    if (!pending.write(chunk)) {
      await new Promise<void>((resolve) => {
        pending.once('drain', resolve);
        pending.once('close', resolve);
      });
    }
  }
  pending.end();
}

const answerOf = (response: IncomingMessage, { signal, idleMs }: HttpRequest): HttpAnswer => ({
  status: response.statusCode ?? 0,
  statusText: response.statusMessage ?? '',
  headers: response.headers,
  body: pieces(response, idleMs, signal),
  discard: () => {
    let left = MAX_DISCARDED_BYTES;
    const deadline = setTimeout(() => response.destroy(), idleMs).unref();
    response.on('error', () => {});
    response.on('close', () => clearTimeout(deadline));
    response.on('data', (chunk: Buffer) => {
      left -= chunk.length;
      if (left < 0) response.destroy();
    });
  },
});

/** Ends what comes drop by drop. By the clock: what stands between the pieces of an answer comes without any piece. */
async function* pieces(response: IncomingMessage, windowMs: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const least = (MIN_BYTES_PER_SECOND * windowMs) / 1000;
  let nBytes = 0;
  let isRead = true;
  const timer = setInterval(() => {
    // Who does not ask for more is not kept waiting.
    if (isRead && nBytes < least) response.destroy(new HttpStall('drops', windowMs, nBytes));
    nBytes = 0;
  }, windowMs).unref();
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      nBytes += chunk.length;
      isRead = false;
      yield chunk;
      isRead = true;
    }
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    clearInterval(timer);
  }
}

/**
 * Where an answer points on to. The user and the password of `from` go along to the same server only, never to another.
 *
 * @returns `undefined`: it is the answer itself
 * @throws HttpDetour it points where nobody should go
 */
export function redirectionOf(answer: HttpAnswer, from: URL): URL | undefined {
  const { location } = answer.headers;
  if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined) return undefined;
  const next = URL.parse(location, from.href);
  if (next === null || !['http:', 'https:'].includes(next.protocol))
    throw new HttpDetour(`it points on to '${withoutSecrets(location)}', which is not http`);
  if (from.protocol === 'https:' && next.protocol === 'http:') throw new HttpDetour('it points on from https to http');
  const isSame = next.origin === from.origin;
  next.username = isSame ? from.username : '';
  next.password = isSame ? from.password : '';
  return next;
}

/**
 * Which part of a file an answer is, if it says so. It may be shorter than what was asked for, and is then not all that is left.
 *
 * @source RFC 9110, 14.4
 */
export function partOf({ headers }: HttpAnswer): { readonly start: number; readonly totalBytes?: number } | undefined {
  const [, start, total] = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15}|\*)$/.exec(headers['content-range'] ?? '') ?? [];
  if (start === undefined) return undefined;
  return { start: Number(start), ...(total === '*' ? {} : { totalBytes: Number(total) }) };
}

/** A redirection that is not followed. */
export class HttpDetour extends Error {
  override readonly name = 'HttpDetour';
}

/** An address for messages: without what may be a secret. What is no address is shown up to where a user may stand in it. */
export function withoutSecrets(address: string): string {
  const url = URL.parse(address);
  if (url === null) return address.replace(/\/\/[^/]*@/, '//');
  if (url.username === '' && url.password === '') return address;
  url.username = '';
  url.password = '';
  return url.href;
}

/** What helps against an answer, to stand behind it; mostly nothing is known. */
export const wayOutOf = ({ status }: HttpAnswer): string =>
  status === 401 ? ': it wants a user and a password, in the address or, for https, in ~/.netrc' : '';

/** Seconds that a busy server wants to be left alone, if it says so and they are few. @source RFC 9110, 10.2.3 */
export function retryAfterMs({ headers }: HttpAnswer, nowMs: number): number {
  const said = headers['retry-after'];
  if (said === undefined) return 0;
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - nowMs;
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : 0;
}

/** Nobody lets a server say how long a command takes. */
const MAX_RETRY_AFTER_MS = 30_000;

let hasProxies = false;

/** Once in each thread. @throws HttpDetour a proxy that is none */
function takeProxies(): void {
  if (hasProxies) return;
  loadHttp().setGlobalProxyFromEnv(proxiesOf(process.env));
  hasProxies = true;
}

/** `host:port`, which others take, is written out. What Node does not know is refused: going there without a proxy is another thing. */
function proxiesOf(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const proxies = { ...environment };
  for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']) {
    const value = environment[name];
    if (value === undefined || value === '') continue;
    proxies[name] = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
    const url = URL.parse(proxies[name]);
    if (url !== null && ['http:', 'https:'].includes(url.protocol) && isDecodable(url.username) && isDecodable(url.password))
      continue;
    const shown = url === null ? '' : `: '${url.protocol}//${url.host}'`;
    throw new HttpDetour(`the variable '${name}' names no proxy of the kind http://HOST:PORT${shown}`);
  }
  return proxies;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/** What a proxy said that lets nobody through, with its name; `undefined` where the failure is another. */
export function refusedByProxy(error: unknown): string | undefined {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== 'ERR_PROXY_TUNNEL') return undefined;
  const [, proxy, said] = /via (\S+): HTTP\/\S+ (.*)/.exec(message) ?? [];
  return proxy === undefined ? message : `the proxy ${withoutSecrets(proxy)} answers ${said}`;
}
