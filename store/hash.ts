/**
 * Hashes as values and as text. Digests are kept as hex, which is what Node makes fastest and what derivations hold.
 *
 * @source docs/store.md §1
 */
import { createHash, hash } from 'node:crypto';
import { Fault, isAscii } from '../base/index.ts';
import { base32Length, decodeBase32, encodeBase32 } from './base32.ts';
import type { StoreCode } from './codes.ts';
import type { Digest, HashAlgorithm } from './types.ts';

/** Bytes of a digest by algorithm. */
export const hashSizes: Readonly<Record<HashAlgorithm, number>> = { md5: 16, sha1: 20, sha256: 32, sha512: 64 };

export const isHashAlgorithm = (text: string): text is HashAlgorithm => Object.hasOwn(hashSizes, text);

const SMALL = 1 << 12;
const LARGE = 1 << 20;

/** Hash of bytes, or of a byte string (one character a byte), as lower-case hex. */
export function hashBytes(algorithm: HashAlgorithm, data: Uint8Array | string): string {
  // Node writes a text as UTF-8, which for ASCII is the same and saves the buffer.
  if (typeof data === 'string' && data.length <= SMALL && isAscii(data)) return hash(algorithm, data, 'hex');
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  return bytes.length <= LARGE ? hash(algorithm, bytes, 'hex') : createHash(algorithm).update(bytes).digest('hex');
}

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
 * @throws Fault E-STORE-003 wrong length, digit, padding or algorithm
 */
export function parseHash(text: string, expected?: HashAlgorithm): Digest {
  const [, name, separator] = /^([a-z0-9]+)([-:])/.exec(text) ?? [];
  const hasAlgorithm = name !== undefined && (isHashAlgorithm(name) || separator === ':');
  const algorithm = hasAlgorithm ? name : expected;
  if (algorithm === undefined) {
    throw badHash(text, 'it does not name its algorithm', ["write it as 'sha256-<base 64>' or 'sha256:<digits>'"]);
  }
  if (!isHashAlgorithm(algorithm)) {
    throw badHash(text, `'${algorithm}' is not a known algorithm`, [`use one of ${Object.keys(hashSizes).join(', ')}`]);
  }
  if (expected !== undefined && algorithm !== expected) throw badHash(text, `expected ${expected}, not ${algorithm}`);
  const digits = hasAlgorithm ? text.slice(name.length + 1) : text;
  const bytes = decodeDigits(digits, hashSizes[algorithm], hasAlgorithm && separator === '-');
  if (typeof bytes === 'string') throw badHash(text, bytes, sizeHints(algorithm));
  return { algorithm, hex: Buffer.from(bytes).toString('hex') };
}

/** The bytes, or what is wrong with the digits. */
function decodeDigits(digits: string, nBytes: number, isSri: boolean): Uint8Array | string {
  if (!isSri && digits.length === nBytes * 2) {
    return /^[0-9a-fA-F]*$/.test(digits) ? Buffer.from(digits, 'hex') : 'it has a character that is not hexadecimal';
  }
  if (!isSri && digits.length === base32Length(nBytes)) {
    return decodeBase32(digits, nBytes) ?? 'it has a character that is not Nix base 32, or bits set in its padding';
  }
  if (digits.length !== Math.ceil(nBytes / 3) * 4)
    return `${digits.length} characters are too ${isTooLong(digits, nBytes, isSri) ? 'many' : 'few'}`;
  const bytes = Buffer.from(digits, 'base64');
  return bytes.length === nBytes && bytes.toString('base64') === digits ? bytes : 'it is not padded base 64';
}

const isTooLong = (digits: string, nBytes: number, isSri: boolean): boolean =>
  digits.length > (isSri ? Math.ceil(nBytes / 3) * 4 : nBytes * 2);

const sizeHints = (algorithm: HashAlgorithm): string[] => {
  const size = hashSizes[algorithm];
  return [
    `${algorithm} has ${size * 2} hexadecimal digits, ${base32Length(size)} in base 32, ${Math.ceil(size / 3) * 4} in base 64 with its padding`,
  ];
};

const badHash = (text: string, reason: string, hints: readonly string[] = []): Fault =>
  new Fault('E-STORE-003' satisfies StoreCode, `bad hash '${text}': ${reason}`, { hints });
