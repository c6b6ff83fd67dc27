/** Addresses of caches → transports. */
import { Fault } from '../../base/index.ts';
import type { CacheCode } from './codes.ts';
import { FileTransport } from './file-transport.ts';
import { HttpTransport } from './http-transport.ts';
import { type S3Credentials, signRequest } from './sigv4.ts';
import type { Transport } from './transport.ts';

export interface TransportOptions {
  /** Asked only for `s3://`. Without any, requests are not signed: a public bucket. */
  readonly s3Credentials?: (profile: string | undefined) => S3Credentials | undefined;
  /** Until an answer begins, and between two pieces of it. */
  readonly idleMs?: number;
}

/**
 * `file:///folder`, `http(s)://…`, `s3://bucket[/prefix]?endpoint=&region=&profile=&scheme=`.
 *
 * @throws Fault E-CACHE-009
 */
export function openTransport(address: string, options: TransportOptions = {}): Transport {
  const url = URL.parse(address);
  const decoded = (text: string): string => {
    try {
      return decodeURIComponent(text);
    } catch {
      throw badAddress(address, "a '%' in it begins no character (itself it is written '%25')");
    }
  };
  const { idleMs } = options;
  const http = idleMs === undefined ? {} : { idleMs };
  switch (url?.protocol) {
    case 'file:':
      if (url.host !== '' && url.host !== 'localhost')
        throw badAddress(address, 'a folder of another machine cannot be named so');
      return new FileTransport(address, decoded(url.pathname).replace(/(.)\/+$/, '$1'));
    case 'http:':
    case 'https:': {
      const shown = new URL(url);
      shown.username = '';
      shown.password = '';
      shown.search = '';
      const base = new URL(shown);
      if (url.username === '') return new HttpTransport(shown.href, base, http);
      const secret = Buffer.from(`${decoded(url.username)}:${decoded(url.password)}`).toString('base64');
      return new HttpTransport(shown.href, base, { ...http, authorize: () => ({ authorization: `Basic ${secret}` }) });
    }
    case 's3:':
      return openS3(address, url, options, http);
    default:
      throw badAddress(address, 'it is no address of a cache');
  }
}

function openS3(address: string, url: URL, options: TransportOptions, http: { idleMs?: number }): Transport {
  const known = ['endpoint', 'region', 'profile', 'scheme'];
  for (const name of url.searchParams.keys()) {
    if (!known.includes(name)) throw badAddress(address, `'${name}' is not one of ${known.join(', ')}`);
  }
  if (url.host === '') throw badAddress(address, 'it names no bucket');
  const region = url.searchParams.get('region') ?? 'us-east-1';
  const endpoint = url.searchParams.get('endpoint') ?? `s3.${region}.amazonaws.com`;
  const origin = /^https?:\/\//.test(endpoint) ? endpoint : `${url.searchParams.get('scheme') ?? 'https'}://${endpoint}`;
  const base = URL.parse(`${origin.replace(/\/+$/, '')}/${url.host}${url.pathname}`);
  if (base === null) throw badAddress(address, `its endpoint '${endpoint}' is no host`);
  const credentials = options.s3Credentials?.(url.searchParams.get('profile') ?? undefined);
  if (credentials === undefined) return new HttpTransport(address, base, http);
  return new HttpTransport(address, base, {
    ...http,
    authorize: (request) => signRequest(request, { credentials, region, service: 's3', date: new Date() }),
  });
}

const badAddress = (address: string, reason: string): Fault =>
  new Fault('E-CACHE-009' satisfies CacheCode, `'${address.replace(/\/\/[^/@]*@/, '//')}' cannot be used as a cache: ${reason}`, {
    hints: ["write 'file:///folder', 'http://…', 'https://…' or 's3://bucket?endpoint=…&region=…'"],
  });
