/**
 * Words of the command line that are file names: bytes, which need not be UTF-8. Node replaces what is not, silently, so that another
 * file would be taken than was named. Here a byte that belongs to no character is a lone surrogate, U+DC80 to U+DCFF (as in Python's
 * PEP 383): such a word goes through `node:path`, comparisons and JSON like any other, and comes back as the same bytes.
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type Bytes, bytesToText, isAscii, textToBytes } from '../base/index.ts';

const BYTE_BASE = 0xdc00;
const LONE_BYTE = /(?<![\ud800-\udbff])([\udc80-\udcff])/;

/** One character of UTF-8, or one byte of none. */
const CHARACTER =
  /[\x00-\x7f]+|[\xc2-\xdf][\x80-\xbf]|(?:\xe0[\xa0-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]|\xed[\x80-\x9f])[\x80-\xbf]|(?:\xf0[\x90-\xbf]|[\xf1-\xf3][\x80-\xbf]|\xf4[\x80-\x8f])[\x80-\xbf]{2}|[\s\S]/g;

/** The words as they were given, bytes that are not UTF-8 included. @param words  as Node has them */
export function exactWords(words: readonly string[]): readonly string[] {
  if (!words.some((word) => word.includes('\ufffd'))) return words;
  const given = commandLine();
  return given === undefined ? words : words.map((word, i) => exactWord(word, given[given.length - words.length + i]));
}

/** A process that was not started with these words (a test) says so by its own. */
const exactWord = (word: string, given: Bytes | undefined): string =>
  given !== undefined && bytesToText(given) === word ? bytesToWord(given) : word;

/** The bytes of a word. */
export const wordToBytes = (word: string): Bytes =>
  word.isWellFormed()
    ? textToBytes(word)
    : word
        .split(LONE_BYTE)
        .map((part, i) => (i % 2 === 1 ? String.fromCharCode(part.charCodeAt(0) - BYTE_BASE) : textToBytes(part)))
        .join('');

/** Bytes as a word, exactly: what `wordToBytes` takes back. `Output.line` writes it as the bytes it was. */
export function bytesToWord(bytes: Bytes): string {
  if (isAscii(bytes)) return bytes;
  if (isUtf8(Buffer.from(bytes, 'latin1'))) return bytesToText(bytes);
  return bytes.replaceAll(CHARACTER, (part) =>
    part.length === 1 && part > '\x7f' ? String.fromCharCode(BYTE_BASE + part.charCodeAt(0)) : bytesToText(part),
  );
}

/** Arguments of this process, each as bytes; `undefined` where there is no /proc. */
function commandLine(): readonly Bytes[] | undefined {
  try {
    return readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
  } catch {
    return undefined;
  }
}
