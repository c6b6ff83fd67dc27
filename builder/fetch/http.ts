/** http and https with Node's own client: bounded redirects and waits, broken transfers go on where they broke. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FetchProblem, type Received } from './receive.ts';

export interface HttpLimits {
  readonly nRedirects: number;
  /** Attempts in a row that bring nothing new. */
  readonly nFruitless: number;
  /** Until an answer begins, and between two pieces of it. */
  readonly idleMs: number;
  /** Before the second attempt; doubled for each one after it. */
  readonly pauseMs: number;
}

const LIMITS: HttpLimits = { nRedirects: 10, nFruitless: 4, idleMs: 60_000, pauseMs: 500 };

/** @throws FetchProblem with the reason in words · what the signal says */
export async function fetchHttp(url: string, into: Received, limits: HttpLimits = LIMITS): Promise<void> {
  const transfer: Transfer = { url, validator: undefined };
  let nFruitless = 0;
  for (;;) {
    const before = into.doneBytes;
    const problem = await attempt(transfer, into, limits);
    if (problem === undefined) return;
    if (!problem.isTransient) throw new FetchProblem(problem.reason);
    nFruitless = into.doneBytes > before ? 1 : nFruitless + 1;
    if (nFruitless >= limits.nFruitless) throw new FetchProblem(`${problem.reason} (${nFruitless} attempts)`);
    await sleep(limits.pauseMs * 2 ** (nFruitless - 1), undefined, { signal: into.signal });
  }
}

interface Transfer {
  readonly url: string;
  /** What names this very version of the file; without it a transfer starts over. */
  validator: string | undefined;
}

interface Problem {
  readonly reason: string;
  readonly isTransient: boolean;
}

/** `undefined`: all arrived. */
async function attempt(transfer: Transfer, into: Received, limits: HttpLimits): Promise<Problem | undefined> {
  const idle = new AbortController();
  let timer = setTimeout(() => idle.abort(), limits.idleMs);
  const signal = AbortSignal.any([into.signal, idle.signal]);
  try {
    if (into.doneBytes > 0 && transfer.validator === undefined) into.restart();
    const response = await follow(transfer, into.doneBytes, { signal, nRedirects: limits.nRedirects });
    const body = response.body;
    if (response.status === 416) {
      into.restart();
      transfer.validator = undefined;
      return { reason: 'the server lost its place', isTransient: true };
    }
    if (response.status === 200) {
      if (into.doneBytes > 0) into.restart();
    } else if (response.status !== 206 || !continuesAt(response, into.doneBytes)) {
      await body?.cancel();
      const isTransient = response.status >= 500 || response.status === 429 || response.status === 408;
      return { reason: `${response.status} ${response.statusText || 'answer'}`, isTransient };
    }
    const etag = response.headers.get('etag');
    transfer.validator = etag?.startsWith('W/') === false ? etag : (response.headers.get('last-modified') ?? undefined);
    const length = Number(response.headers.get('content-length') ?? Number.NaN);
    const totalBytes = Number.isNaN(length) ? undefined : into.doneBytes + length;
    into.expect(totalBytes);
    if (body !== null) {
      for await (const chunk of body) {
        clearTimeout(timer);
        timer = setTimeout(() => idle.abort(), limits.idleMs);
        into.write(chunk);
      }
    }
    if (totalBytes !== undefined && into.doneBytes < totalBytes) return { reason: 'the transfer broke off', isTransient: true };
    return undefined;
  } catch (error) {
    into.signal.throwIfAborted();
    if (error instanceof FetchProblem) throw error;
    if (idle.signal.aborted) return { reason: `nothing came for ${Math.round(limits.idleMs / 1000)} seconds`, isTransient: true };
    return networkProblem(error);
  } finally {
    clearTimeout(timer);
  }
}

async function follow(
  transfer: Transfer,
  fromByte: number,
  options: { signal: AbortSignal; nRedirects: number },
): Promise<Response> {
  let url = transfer.url;
  for (let n = 0; n <= options.nRedirects; n++) {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: options.signal,
      headers: {
        // Bytes as they are: the hash is of the file, not of how it travels.
        'accept-encoding': 'identity',
        'user-agent': 'igos',
        ...(fromByte > 0 ? { range: `bytes=${fromByte}-`, 'if-range': transfer.validator! } : {}),
      },
    });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, url);
    if (next === null || !['http:', 'https:'].includes(next.protocol))
      throw new FetchProblem(`it points on to '${location}', which is not http`);
    url = next.href;
  }
  throw new FetchProblem(`more than ${options.nRedirects} redirects`);
}

const continuesAt = (response: Response, fromByte: number): boolean =>
  response.headers.get('content-range')?.startsWith(`bytes ${fromByte}-`) === true;

/** What undici hides in `cause`. Names that do not resolve and ports that are closed stay so within seconds: not tried again. */
function networkProblem(error: unknown): Problem {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  const code = cause?.code ?? '';
  const known = NETWORK.get(code);
  if (known !== undefined) return known;
  if (code.startsWith('CERT_') || code.includes('SELF_SIGNED') || code.includes('UNABLE_TO_'))
    return { reason: `its certificate is not trusted (${code})`, isTransient: false };
  return { reason: cause?.message || code || (error as Error).message, isTransient: true };
}

const NETWORK = new Map<string, Problem>([
  ['ENOTFOUND', { reason: 'its host is not known', isTransient: false }],
  ['EAI_AGAIN', { reason: 'its host cannot be looked up: no network?', isTransient: false }],
  ['ECONNREFUSED', { reason: 'its host refuses the connection', isTransient: false }],
  ['ENETUNREACH', { reason: 'there is no way to its host: no network?', isTransient: false }],
  ['EHOSTUNREACH', { reason: 'there is no way to its host', isTransient: false }],
  ['ECONNRESET', { reason: 'its host broke the connection off', isTransient: true }],
  ['UND_ERR_SOCKET', { reason: 'the transfer broke off', isTransient: true }],
]);
