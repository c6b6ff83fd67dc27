/** The four kinds of TOML strings. */
import { type Bytes, textToBytes } from '../../../base/index.ts';
import { nulInString } from '../faults.ts';
import { type Cursor, TomlError } from './cursor.ts';

/** @throws TomlError */
export function readString(cursor: Cursor): Bytes {
  const start = cursor.at;
  const text = readAny(cursor);
  if (!text.includes('\0')) return text;
  throw new TomlError('strings cannot hold the character NUL', start, `error: ${nulInString(text)}`);
}

function readAny(cursor: Cursor): Bytes {
  if (cursor.take("'''")) return multiLine(cursor, "'");
  if (cursor.take('"""')) return multiLine(cursor, '"');
  if (cursor.take("'")) {
    const text = cursor.match(/[^'\x00-\x08\x0a-\x1f\x7f]*/y)![0];
    cursor.expect("'", 'the string does not end on its line');
    return text;
  }
  cursor.expect('"', 'a string was expected');
  let text = '';
  for (;;) {
    text += cursor.match(/[^"\\\x00-\x08\x0a-\x1f\x7f]*/y)![0];
    if (cursor.take('"')) return text;
    if (!cursor.isAt('\\')) throw cursor.error('the string does not end on its line');
    text += readEscape(cursor);
  }
}

/** Behind the opening quotes. Up to two quotes may stand before the closing three. */
function multiLine(cursor: Cursor, quote: '"' | "'"): Bytes {
  cursor.match(/\r?\n/y);
  const plain = quote === '"' ? /(?:[^"\\\x00-\x08\x0b-\x1f\x7f]|\r\n)+/y : /(?:[^'\x00-\x08\x0b-\x1f\x7f]|\r\n)+/y;
  const closing = quote === '"' ? /"{1,5}/y : /'{1,5}/y;
  let text = '';
  for (;;) {
    text += cursor.match(plain)?.[0] ?? '';
    const quotes = cursor.match(closing)?.[0].length ?? 0;
    if (quotes >= 3) return text + quote.repeat(quotes - 3);
    if (quotes > 0) text += quote.repeat(quotes);
    else if (quote === '"' && cursor.match(/\\[ \t]*\r?\n(?:[ \t\n]|\r\n)*/y) !== undefined) continue;
    else if (quote === '"' && cursor.isAt('\\')) text += readEscape(cursor);
    else throw cursor.error('the string does not end, or holds a control character');
  }
}

function readEscape(cursor: Cursor): Bytes {
  const start = cursor.at;
  const short = cursor.match(/\\([btnfr"\\])/y);
  if (short !== undefined) return ESCAPES[short[1]!]!;
  const long = cursor.match(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y);
  if (long === undefined) throw cursor.error('unknown escape', start);
  const code = Number.parseInt(long[1] ?? long[2]!, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw cursor.error('not a Unicode character', start);
  return textToBytes(String.fromCodePoint(code));
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  t: '\t',
  n: '\n',
  f: '\f',
  r: '\r',
  '"': '"',
  '\\': '\\',
};
