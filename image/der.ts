/** DER: what signatures are written in, and as much of its reading as a certificate needs. @source ITU-T X.690 */

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const SEQUENCE = 0x30;
export const SET = 0x31;

/** `[n]`: a tag of the context, of something made of parts. */
export const context = (n: number): number => 0xa0 | n;

/** One value: its tag, its length, and its parts one after the other. */
export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...lengthOf(content.length)]), content]);
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return [0x80 | bytes.length, ...bytes];
}

/** Sorted by its bytes, as DER has it. */
export const setOf = (tag: number, parts: readonly Uint8Array[]): Buffer => der(tag, ...parts.toSorted(Buffer.compare));

/** An object identifier, from its numbers with dots. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...others].flatMap((number) => {
    const digits = [number % 128];
    for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128)) digits.unshift(0x80 | (rest % 128));
    return digits;
  });
  return der(0x06, Buffer.from(bytes));
}

export const NULL: Buffer = der(0x05);

/** Two digits for the year until 2049, as certificates and signatures have it. */
export function time(seconds: number): Buffer {
  const digits = new Date(seconds * 1000).toISOString().replace(/\.\d+|[-:T]/g, '');
  const year = Number(digits.slice(0, 4));
  return year >= 1950 && year < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits));
}

export interface DerValue {
  readonly tag: number;
  /** All of it, with tag and length. */
  readonly raw: Uint8Array;
  readonly content: Uint8Array;
}

/** The values that stand one after the other; `undefined` where these bytes are none, or have tags or lengths of a kind that no certificate needs. */
export function readDer(bytes: Uint8Array): readonly DerValue[] | undefined {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    let length = bytes[at + 1];
    let start = at + 2;
    if (length === undefined || (tag & 0x1f) === 0x1f) return undefined;
    if (length >= 0x80) {
      const nBytes = length & 0x7f;
      if (nBytes === 0 || nBytes > 4 || start + nBytes > bytes.length) return undefined;
      length = bytes.subarray(start, start + nBytes).reduce((sum, byte) => sum * 256 + byte, 0);
      start += nBytes;
    }
    if (start + length > bytes.length) return undefined;
    values.push({ tag, raw: bytes.subarray(at, start + length), content: bytes.subarray(start, start + length) });
    at = start + length;
  }
  return values;
}
