/**
 * Signature version 4 of Amazon's services: how a request to S3, or to what speaks like it, is signed.
 *
 * @source https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 */

import { createHash, createHmac } from 'node:crypto';
import { compareBytes } from '../../base/index.ts';

export interface S3Credentials {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken?: string;
}

export interface SigningContext {
  readonly credentials: S3Credentials;
  readonly region: string;
  readonly service: string;
  /** Of the request. */
  readonly date: Date;
}

/** The headers to add. `payloadHash`: SHA-256 in hex, or `UNSIGNED-PAYLOAD`. */
export function signRequest(
  request: {
    readonly method: string;
    readonly url: URL;
    readonly headers: Readonly<Record<string, string | undefined>>;
    readonly payloadHash: string;
  },
  { credentials, region, service, date }: SigningContext,
): Record<string, string> {
  const stamp = date.toISOString().replace(/[-:]|\.\d+/g, '');
  const day = stamp.slice(0, 8);
  const added: Record<string, string> = {
    'x-amz-content-sha256': request.payloadHash,
    'x-amz-date': stamp,
    ...(credentials.sessionToken === undefined ? {} : { 'x-amz-security-token': credentials.sessionToken }),
  };
  const range = request.headers['range'];
  const signed: Record<string, string> = {
    host: request.url.host,
    ...added,
    ...(range === undefined ? {} : { range }),
  };
  const names = Object.keys(signed).sort(compareBytes);
  const query = [...request.url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort(compareBytes)
    .join('&');
  const canonical = [
    request.method,
    request.url.pathname,
    query,
    ...names.map((name) => `${name}:${signed[name]!.trim()}`),
    '',
    names.join(';'),
    request.payloadHash,
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    Buffer.from(`AWS4${credentials.secretKey}`, 'utf8'),
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return {
    ...added,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKey}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
