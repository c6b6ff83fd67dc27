/** Booleans and numbers. */
import type { Bytes } from '../../../base/index.ts';
import { normalizeInt } from '../../arithmetic.ts';
import { Float } from '../../value.ts';
import { type Cursor, TomlError } from './cursor.ts';

/** @throws TomlError */
export function readScalar(cursor: Cursor): boolean | number | bigint | Float {
  const start = cursor.at;
  const word = cursor.match(/[A-Za-z0-9_+.:-]+/y)?.[0];
  if (word === undefined) throw cursor.error('a value was expected');
  if (word === 'true' || word === 'false') return word === 'true';
  if (/^[+-]?(?:inf|nan)$/.test(word))
    return new Float(word.endsWith('nan') ? Number.NaN : word.startsWith('-') ? -Infinity : Infinity);
  if (/^(?:0|[1-9](?:_?[0-9])*)$/.test(word.replace(/^[+-]/, ''))) return int(cursor, word.replace(/^\+/, ''), start);
  const based = /^0(?:x[0-9a-fA-F](?:_?[0-9a-fA-F])*|o[0-7](?:_?[0-7])*|b[01](?:_?[01])*)$/.exec(word);
  if (based !== null) return int(cursor, word, start);
  if (/^[+-]?(?:0|[1-9](?:_?[0-9])*)(?:\.[0-9](?:_?[0-9])*)?(?:[eE][+-]?[0-9](?:_?[0-9])*)?$/.test(word)) {
    return new Float(Number(word.replaceAll('_', '')));
  }
  throw cursor.error(`'${word}' is not a value`, start);
}

function int(cursor: Cursor, word: string, start: number): number | bigint {
  const digits = word.replaceAll('_', '');
  const exact = digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits);
  const value = normalizeInt(exact);
  if (value === undefined) throw new TomlError(`'${word}' does not fit in 64 bits`, start, tooLarge(cursor));
  return value;
}

/** In the layout of Nix's TOML library: the line, and a mark behind the number. */
function tooLarge({ text, at }: Cursor): Bytes {
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  const number = String(text.slice(0, start).split('\n').length);
  const margin = ' '.repeat(number.length + 2);
  return [
    '[error] toml::parse_dec_integer: too large integer: current max digits = 2^63',
    `${margin.slice(1)}--> fromTOML`,
    `${margin}|`,
    ` ${number} | ${text.slice(start, end < 0 ? text.length : end)}`,
    `${margin}| ${' '.repeat(at - start)}^-- must be < 2^63`,
  ].join('\n');
}
