/**
 * Byte strings. Nix strings are bytes, file names are bytes, source text is bytes; JavaScript strings are UTF-16.
 * We keep bytes in ordinary JavaScript strings with one character (0–255) per byte ("latin1"): V8 stores them in one byte per
 * character, concatenates them lazily, and `<` orders them exactly as `memcmp` does. Only the edges convert: reading and
 * writing files (`latin1`), and showing text to people (`bytesToText`).
 */

/** A string whose every character is one byte, 0–255. An alias, not a brand: ASCII text is both. */
export type Bytes = string;

const ASCII = /^[\x00-\x7f]*$/;

/** Whether every byte is below 128, so that bytes and text are the same. Cost: one scan. */
export const isAscii = (bytes: Bytes): boolean => ASCII.test(bytes);

/** UTF-8 encodes text. */
export const textToBytes = (text: string): Bytes => (isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1'));

/** Decodes UTF-8 for showing; invalid sequences become U+FFFD. Never throws. */
export const bytesToText = (bytes: Bytes): string => (isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8'));

/** Decodes UTF-8; `undefined` where the bytes are not valid UTF-8. */
export function tryBytesToText(bytes: Bytes): string | undefined {
  if (isAscii(bytes)) return bytes;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
  } catch {
    return undefined;
  }
}

/** What `node:fs` takes for a path whose name is bytes: a string where that is exact, else a Buffer. */
export const bytesToPath = (bytes: Bytes): string | Buffer => (isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1'));

/** Orders byte strings as `memcmp` does. */
export const compareBytes = (a: Bytes, b: Bytes): number => (a < b ? -1 : a > b ? 1 : 0);
