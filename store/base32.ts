/**
 * Nix's base 32: 5 bits a character, most significant first, over the bytes in reverse; without the letters e, o, t and u. Not RFC 4648.
 *
 * @source docs/store.md §1
 */
/** The 32 digits in order of their value. */
export const base32Alphabet = '0123456789abcdfghijklmnpqrsvwxyz';

const VALUES = new Int8Array(256).fill(-1);
for (let value = 0; value < 32; value++) VALUES[base32Alphabet.charCodeAt(value)] = value;

/** How many characters `nBytes` bytes take: 20 → 32, 32 → 52. */
export const base32Length = (nBytes: number): number => (nBytes === 0 ? 0 : Math.floor((nBytes * 8 - 1) / 5) + 1);

/** For digests and their like: some thousand bytes at most. */
export function encodeBase32(bytes: Uint8Array): string {
  let at = base32Length(bytes.length);
  const codes = new Array<number>(at);
  let pending = 0;
  let nPending = 0;
  for (let i = 0; i < bytes.length; i++) {
    pending |= bytes[i]! << nPending;
    for (nPending += 8; nPending >= 5; nPending -= 5) {
      codes[--at] = CODES[pending & 31]!;
      pending >>= 5;
    }
  }
  if (nPending > 0) codes[--at] = CODES[pending]!;
  return String.fromCharCode.apply(undefined, codes);
}

/**
 * The digits of a store path: 20 bytes, folded out of the 32 of a SHA-256 by exclusive or.
 *
 * @param digest  32 bytes
 */
export function encodePathDigits(digest: Uint8Array): string {
  writePathDigits(digest, digits, 0);
  return String.fromCharCode.apply(undefined, digits as unknown as number[]);
}

/** The same, into bytes. */
export function writePathDigits(digest: Uint8Array, target: Uint8Array, at: number): void {
  for (let group = 0; group < 4; group++) {
    // 5 bytes make 8 digits.
    const from = group * 5;
    const to = at + 31 - group * 8;
    const middle = folded(digest, from + 2);
    const low = folded(digest, from) | (folded(digest, from + 1) << 8) | ((middle & 15) << 16);
    const high = (middle >> 4) | (folded(digest, from + 3) << 4) | (folded(digest, from + 4) << 12);
    for (let k = 0; k < 4; k++) {
      target[to - k] = CODES[(low >> (k * 5)) & 31]!;
      target[to - 4 - k] = CODES[(high >> (k * 5)) & 31]!;
    }
  }
}

const folded = (digest: Uint8Array, at: number): number => (at < 12 ? digest[at]! ^ digest[at + 20]! : digest[at]!);

/** Written anew by every call. */
const digits = new Uint8Array(32);

const CODES = Uint8Array.from(base32Alphabet, (digit) => digit.charCodeAt(0));

/** The `nBytes` bytes that `text` stands for; `undefined` for a wrong length, a foreign character or bits set in the padding. */
export function decodeBase32(text: string, nBytes: number): Uint8Array | undefined {
  if (text.length !== base32Length(nBytes)) return undefined;
  const bytes = new Uint8Array(nBytes);
  for (let k = 0; k < text.length; k++) {
    const code = text.charCodeAt(text.length - 1 - k);
    const digit = code < 256 ? VALUES[code]! : -1;
    if (digit < 0) return undefined;
    const byte = (k * 5) >> 3;
    const pair = digit << ((k * 5) & 7);
    bytes[byte]! |= pair & 255;
    const rest = pair >> 8;
    if (rest === 0) continue;
    if (byte + 1 >= nBytes) return undefined;
    bytes[byte + 1]! |= rest;
  }
  return bytes;
}

/** Whether a byte is one of the 32 digits: a table for scanners. */
export const isBase32Byte: Uint8Array = Uint8Array.from(VALUES, (value) => (value < 0 ? 0 : 1));
