/** What went wrong between a host and us, in words. */
import { BadCertificates } from './certificates.ts';
import { HttpDetour, HttpStall, refusedByProxy } from './http.ts';
import { BadNetrc } from './netrc.ts';

export interface HttpFailure {
  /** To stand behind the address and a colon. May hold what a host said. */
  readonly reason: string;
  /** Whether it may work in a moment. */
  readonly isTransient: boolean;
}

/** Names that do not resolve and ports that are closed stay so within seconds. */
const LASTING = new Map([
  ['ENOTFOUND', 'its host is not known'],
  ['EAI_AGAIN', 'its host cannot be looked up: no network?'],
  ['ECONNREFUSED', 'its host refuses the connection'],
  ['ENETUNREACH', 'there is no way to its host: no network?'],
  ['EHOSTUNREACH', 'there is no way to its host'],
  ['EPROTO', 'what answers there does not speak TLS'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet: is the clock right?'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host'],
]);

/** @source the list of X509 errors in Node's documentation of `tls` */
const CERTIFICATE = /CERT|SIGNATURE|^CRL_|^INVALID_(?:CA|PURPOSE)$|^PATH_LENGTH_EXCEEDED$|^HOSTNAME_MISMATCH$/;

const BROKEN_OFF = new Set(['ECONNRESET', 'EPIPE']);

/** @param error  of `askHttp`, or of reading what it answers */
export function httpFailure(error: unknown): HttpFailure {
  if (error instanceof HttpStall) return { reason: error.message, isTransient: true };
  if (error instanceof HttpDetour || error instanceof BadCertificates || error instanceof BadNetrc)
    return { reason: error.message, isTransient: false };
  const { code = '', message } = error as NodeJS.ErrnoException;
  const lasting = refusedByProxy(error) ?? LASTING.get(code);
  if (lasting !== undefined) return { reason: lasting, isTransient: false };
  if (CERTIFICATE.test(code)) {
    const reason = `its certificate is not trusted (${code}): SSL_CERT_FILE can name a file of those that are`;
    return { reason, isTransient: false };
  }
  if (BROKEN_OFF.has(code)) return { reason: 'the connection broke off', isTransient: true };
  return { reason: code.startsWith('HPE_') ? `what it answers is not HTTP (${code})` : message || code, isTransient: true };
}
