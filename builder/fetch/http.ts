/** http and https: bounded redirects and waits, broken transfers go on where they broke. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  askHttp,
  type HttpAnswer,
  type HttpFailure,
  httpFailure,
  partOf,
  redirectionOf,
  retryAfterMs,
  SystemFault,
  wayOutOf,
} from '../../base/index.ts';
import { FetchProblem, type Received } from './receive.ts';

export interface HttpLimits {
  readonly nRedirects: number;
  /** Attempts in a row that bring next to nothing new: what a restart threw away is not new when it comes again. */
  readonly nFruitless: number;
  /** Until an answer begins, and between two pieces of it. */
  readonly idleMs: number;
  /** Before the second attempt; doubled for each one after it. */
  readonly pauseMs: number;
}

const LIMITS: HttpLimits = { nRedirects: 10, nFruitless: 4, idleMs: 60_000, pauseMs: 500 };

/** A connection that breaks after less, again and again, is none that a file comes over. */
const LEAST_BYTES = 4096;

/** What a server calls the bytes that it sent: an `etag` as it stands, or a `last-modified`. */
export interface HttpOutcome {
  readonly version: string | undefined;
  /** Nothing came, since the version is the one that was named. */
  readonly isUnchanged: boolean;
}

/**
 * @param known  the version that the caller has already
 * @throws FetchProblem with the reason in words · what the signal says
 */
export async function fetchHttp(
  url: string,
  into: Received,
  limits: HttpLimits = LIMITS,
  known?: string | undefined,
): Promise<HttpOutcome> {
  const address = URL.parse(url);
  if (address === null) throw new FetchProblem('it is no address');
  const transfer: Transfer = { url: address, known, validator: undefined, version: undefined, isUnchanged: false };
  let nFruitless = 0;
  let mostBytes = 0;
  for (;;) {
    const problem = await attempt(transfer, into, limits);
    if (problem === undefined) return transfer;
    if (!problem.isTransient) throw new FetchProblem(problem.reason);
    nFruitless = into.doneBytes >= mostBytes + LEAST_BYTES ? 1 : nFruitless + 1;
    mostBytes = Math.max(mostBytes, into.doneBytes);
    if (nFruitless >= limits.nFruitless) throw new FetchProblem(`${problem.reason} (${nFruitless} attempts)`);
    await sleep(Math.max(limits.pauseMs * 2 ** (nFruitless - 1), problem.waitMs ?? 0), undefined, { signal: into.signal });
  }
}

interface Transfer {
  readonly url: URL;
  readonly known: string | undefined;
  /** What names this very version of the file, byte for byte; without it a transfer starts over. */
  validator: string | undefined;
  version: string | undefined;
  isUnchanged: boolean;
}

interface Problem extends HttpFailure {
  /** How long the server wants to be left alone. */
  readonly waitMs?: number;
}

/** `undefined`: all arrived. */
async function attempt(transfer: Transfer, into: Received, limits: HttpLimits): Promise<Problem | undefined> {
  const { signal } = into;
  try {
    if (into.doneBytes > 0 && transfer.validator === undefined) into.restart();
    const answer = await follow(transfer, into.doneBytes, { signal, limits });
    if (answer.status === 416) {
      answer.discard();
      into.restart();
      transfer.validator = undefined;
      return { reason: 'the server lost its place', isTransient: true };
    }
    if (answer.status === 304 && transfer.known !== undefined && into.doneBytes === 0) {
      answer.discard();
      transfer.version = transfer.known;
      transfer.isUnchanged = true;
      return undefined;
    }
    const validator = validatorOf(answer);
    const part = answer.status === 206 ? partOf(answer) : undefined;
    if (answer.status === 200) {
      if (into.doneBytes > 0) into.restart();
    } else if (part?.start !== into.doneBytes) {
      answer.discard();
      const isTransient = answer.status >= 500 || answer.status === 429 || answer.status === 408;
      const reason = `${answer.status} ${answer.statusText || 'answer'}${wayOutOf(answer)}`;
      return { reason, isTransient, waitMs: retryAfterMs(answer, Date.now()) };
    } else if (into.doneBytes > 0 && validator !== undefined && validator !== transfer.validator) {
      // It did not look at `if-range`, and the file is another one now.
      answer.discard();
      into.restart();
      transfer.validator = undefined;
      return { reason: 'the file was replaced while it came', isTransient: true };
    }
    transfer.validator = validator;
    transfer.version = answer.headers.etag ?? answer.headers['last-modified'];
    const length = Number(answer.headers['content-length'] ?? Number.NaN);
    const totalBytes = part?.totalBytes ?? (Number.isNaN(length) ? undefined : into.doneBytes + length);
    into.expect(totalBytes);
    for await (const chunk of answer.body) into.write(chunk);
    if (totalBytes !== undefined && into.doneBytes < totalBytes) return { reason: 'the transfer broke off', isTransient: true };
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof FetchProblem || error instanceof SystemFault) throw error;
    return httpFailure(error);
  }
}

/** What names this very version of a file. */
const validatorOf = ({ headers: { etag, 'last-modified': modified } }: HttpAnswer): string | undefined =>
  etag?.startsWith('W/') === false ? etag : modified;

async function follow(
  transfer: Transfer,
  fromByte: number,
  { signal, limits }: { signal: AbortSignal; limits: HttpLimits },
): Promise<HttpAnswer> {
  let { url } = transfer;
  for (let n = 0; n <= limits.nRedirects; n++) {
    const answer = await askHttp(url, {
      signal,
      idleMs: limits.idleMs,
      headers: {
        // Bytes as they are: the hash is of the file, not of how it travels.
        'accept-encoding': 'identity',
        'user-agent': 'igos',
        ...(fromByte > 0 ? { range: `bytes=${fromByte}-`, 'if-range': transfer.validator! } : unlessStill(transfer.known)),
      },
    });
    const next = redirectionOf(answer, url);
    if (next === undefined) return answer;
    answer.discard();
    url = next;
  }
  throw new FetchProblem(`more than ${limits.nRedirects} redirects`);
}

/** Dates have no quotes, tags always have. @source RFC 9110, 13.1 */
const unlessStill = (version: string | undefined): Record<string, string> =>
  version === undefined ? {} : { [version.includes('"') ? 'if-none-match' : 'if-modified-since']: version };
