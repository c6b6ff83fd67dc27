/**
 * Ed25519 keys in Nix's text forms, and signatures by them.
 *
 * ```
 * public key   name ":" base64(32 bytes)
 * secret key   name ":" base64(32 bytes of seed ‖ 32 bytes of public key)
 * signature    name ":" base64(64 bytes)
 * ```
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { Fault } from '../../base/index.ts';
import type { CacheCode } from './codes.ts';

export interface PublicKey {
  readonly name: string;
  /** `name:base64`. */
  readonly text: string;
  readonly key: KeyObject;
}

export interface SecretKey {
  readonly name: string;
  /** `name:base64`. Whoever has it can sign: shown to nobody. */
  readonly text: string;
  readonly key: KeyObject;
  readonly publicKey: PublicKey;
}

const PUBLIC_SIZE = 32;
const SECRET_SIZE = 64;
const SIGNATURE_SIZE = 64;

/** What comes before the bytes of a key in DER (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** A new key. `name` says whose it is, and is part of every signature. @throws Fault E-CACHE-001 bad name */
export function generateKey(name: string): SecretKey {
  checkKeyName(name);
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(PKCS8_PREFIX.length);
  const point = publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
  return parseSecretKey(`${name}:${Buffer.concat([seed, point]).toString('base64')}`);
}

/** @throws Fault E-CACHE-001 */
export function parsePublicKey(text: string): PublicKey {
  const { name, bytes } = splitKey(text, PUBLIC_SIZE, 'public key');
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' });
  return { name, text: `${name}:${bytes.toString('base64')}`, key };
}

/** The fault says nothing of the secret. @throws Fault E-CACHE-001 */
export function parseSecretKey(text: string): SecretKey {
  const { name, bytes } = splitKey(text, SECRET_SIZE, 'secret key');
  const seed = bytes.subarray(0, SECRET_SIZE - PUBLIC_SIZE);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const point = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
  if (!point.equals(bytes.subarray(SECRET_SIZE - PUBLIC_SIZE))) throw badKey(`the two halves of secret key '${name}' do not fit`);
  return { name, text: text.trim(), key, publicKey: parsePublicKey(`${name}:${point.toString('base64')}`) };
}

/** `name:base64`. */
export const signText = (key: SecretKey, text: string): string =>
  `${key.name}:${sign(null, Buffer.from(text, 'latin1'), key.key).toString('base64')}`;

/** The name of the first trusted key that made one of the signatures of `text`; malformed signatures are no signatures. */
export function trustedSigner(
  text: string,
  signatures: readonly string[],
  trusted: ReadonlyMap<string, PublicKey>,
): string | undefined {
  for (const signature of signatures) {
    const colon = signature.indexOf(':');
    const key = colon === -1 ? undefined : trusted.get(signature.slice(0, colon));
    if (key === undefined) continue;
    const bytes = decodeBase64(signature.slice(colon + 1));
    if (bytes?.length === SIGNATURE_SIZE && verify(null, Buffer.from(text, 'latin1'), key.key, bytes)) return key.name;
  }
  return undefined;
}

/** Keys by name, as `trustedSigner` takes them. @throws Fault E-CACHE-001 */
export const keyRing = (texts: Iterable<string>): ReadonlyMap<string, PublicKey> =>
  new Map(Array.from(texts, (text) => parsePublicKey(text)).map((key) => [key.name, key]));

function splitKey(text: string, size: number, what: string): { name: string; bytes: Buffer } {
  const trimmed = text.trim();
  const colon = trimmed.indexOf(':');
  if (colon === -1) throw badKey(`a ${what} has a name, a colon and base 64`);
  const name = trimmed.slice(0, colon);
  checkKeyName(name);
  const bytes = decodeBase64(trimmed.slice(colon + 1));
  if (bytes === undefined) throw badKey(`${what} '${name}' is not in base 64`);
  if (bytes.length !== size) throw badKey(`${what} '${name}' has ${bytes.length} bytes, not ${size}`);
  return { name, bytes };
}

function checkKeyName(name: string): void {
  if (/^[!-9;-~]{1,200}$/.test(name)) return;
  throw badKey(`'${name}' cannot be the name of a key`, ["take something like 'cache.example.org-1': no colon, no white space"]);
}

/** Exactly: what `Buffer` would skip is refused. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

const badKey = (message: string, hints: readonly string[] = ['make one: igos key generate NAME']): Fault =>
  new Fault('E-CACHE-001' satisfies CacheCode, message, { hints });
