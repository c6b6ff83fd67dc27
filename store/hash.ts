/**
 * Hashes as values and as text. Digests are kept as hex, which is what Node makes fastest and what derivations hold.
 *
 * @source docs/store.md §1
 */
import { createHash, hash } from 'node:crypto';
import { type Bytes, Fault, sha256, sha256Raw } from '../base/index.ts';
import { base32Length, decodeBase32, encodeBase32 } from './base32.ts';
import type { StoreCode } from './codes.ts';
import type { Digest, HashAlgorithm } from './types.ts';

/** Bytes of a digest by algorithm. */
export const hashSizes: Readonly<Record<HashAlgorithm, number>> = { md5: 16, sha1: 20, sha256: 32, sha512: 64 };

export const isHashAlgorithm = (text: string): text is HashAlgorithm => Object.hasOwn(hashSizes, text);

const LARGE = 1 << 20;

/** Hash of bytes, or of a byte string (one character a byte), as lower-case hex. */
export function hashBytes(algorithm: HashAlgorithm, data: Uint8Array | string): string {
  if (algorithm === 'sha256') return sha256(data);
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  return bytes.length <= LARGE ? hash(algorithm, bytes, 'hex') : createHash(algorithm).update(bytes).digest('hex');
}

/** SHA-256 of a byte string, as 32 bytes, which are good until anything else is hashed. */
export const digestBytes: (data: Bytes) => Uint8Array = sha256Raw;

/** The forms a hash is written in. `sri` is the one to show people. */
export type HashFormat = 'base16' | 'nix32' | 'base64' | 'sri';

/** The text of a digest; only `sri` names the algorithm. */
export function formatHash(digest: Digest, format: HashFormat): string {
  if (format === 'base16') return digest.hex;
  const bytes = Buffer.from(digest.hex, 'hex');
  if (format === 'nix32') return encodeBase32(bytes);
  const base64 = bytes.toString('base64');
  return format === 'sri' ? `${digest.algorithm}-${base64}` : base64;
}

/**
 * Reads `algo-<base 64>`, `algo:<hex | base 32 | base 64>` or, where `expected` is given, the bare digits; the length tells the base.
 *
 * @throws Fault E-STORE-003 wrong length, digit or algorithm
 */
export function parseHash(text: string, expected?: HashAlgorithm): Digest {
  const [prefix, name] = /^([^:]*):/.exec(text) ?? /^([^-]*)-/.exec(text) ?? [];
  const algorithm = name ?? expected;
  if (algorithm === undefined) {
    const message = `hash '${text}' does not include a type, nor is the type otherwise known from context`;
    throw badHash(message, ["write it as 'sha256-<base 64>' or 'sha256:<digits>'"]);
  }
  if (!isHashAlgorithm(algorithm)) {
    const message = `unknown hash algorithm '${algorithm}', expect 'blake3', 'md5', 'sha1', 'sha256', or 'sha512'`;
    throw badHash(message, [`use one of ${Object.keys(hashSizes).join(', ')}`]);
  }
  if (expected !== undefined && algorithm !== expected) throw badHash(`hash '${text}' should have type '${expected}'`);
  const bytes = decodeDigits(text.slice(prefix?.length ?? 0), algorithm, prefix?.endsWith('-') === true);
  return { algorithm, hex: Buffer.from(bytes).toString('hex') };
}

/** Except of SRI, the length tells the base. @throws Fault E-STORE-003, in Nix's words */
function decodeDigits(digits: string, algorithm: HashAlgorithm, isSri: boolean): Uint8Array {
  const size = hashSizes[algorithm];
  const refuse = (base: string, length: number): never => {
    const message = `invalid ${base} hash '${digits}', length ${length} != expected length ${size}`;
    throw badHash(message, sizeHints(algorithm));
  };
  if (!isSri && digits.length === size * 2) {
    return /^[0-9a-fA-F]*$/.test(digits) ? Buffer.from(digits, 'hex') : refuse('base16', 0);
  }
  if (!isSri && digits.length === base32Length(size)) return decodeBase32(digits, size) ?? refuse('nix32', 0);
  if (!isSri && digits.length !== Math.ceil(size / 3) * 4) {
    throw badHash(`hash '${digits}' has wrong length for hash algorithm '${algorithm}'`, sizeHints(algorithm));
  }
  // As in Nix: padding may be missing and ends what is read, lines may end anywhere, spare bits may be set.
  const read = digits.replace(/=.*$/s, '').replaceAll('\n', '');
  const bytes = Buffer.from(read, 'base64');
  const base = isSri ? 'SRI' : 'Base64';
  if (!/^[A-Za-z0-9+/]*$/.test(read)) return refuse(base, 0);
  return bytes.length === size ? bytes : refuse(base, bytes.length);
}

const sizeHints = (algorithm: HashAlgorithm): string[] => {
  const size = hashSizes[algorithm];
  return [
    `${algorithm} has ${size * 2} hexadecimal digits, ${base32Length(size)} in base 32, ${Math.ceil(size / 3) * 4} in base 64 with its padding`,
  ];
};

const badHash = (message: string, hints: readonly string[] = []): Fault =>
  new Fault('E-STORE-003' satisfies StoreCode, message, { hints });
