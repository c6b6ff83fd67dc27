/** Values as they are written: quoting and numbers, shared by what prints results and what prints messages. */
import type { Bytes } from '../base/index.ts';

const IDENTIFIER = /^[a-zA-Z_][a-zA-Z0-9_'-]*$/;
const KEYWORDS = new Set(['assert', 'else', 'if', 'in', 'inherit', 'let', 'rec', 'then', 'with']);

/** Whether an attribute name can stand without quotes. `or` can. */
export const isIdentifier = (name: Bytes): boolean => IDENTIFIER.test(name) && !KEYWORDS.has(name);

const ESCAPES: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '${': '\\${' };

/** A string literal; `$` is escaped only before `{`, other bytes stay as they are. */
export const quoteString = (text: Bytes): Bytes => `"${text.replace(/["\\\n\r\t]|\$\{/g, (found) => ESCAPES[found]!)}"`;

/** As C++ streams print a double by default (`%g`): six significant digits, `1e+06`, no trailing zeros. */
export function showFloat(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa, exponentText] = value.toExponential(5).split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${trimZeros(mantissa)}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  return trimZeros(value.toFixed(5 - exponent));
}

const trimZeros = (digits: string): string => (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits);

/** `%f`: six digits after the point, exact for any magnitude. */
export function fixedFloat(value: number): string {
  if (!Number.isFinite(value)) return showFloat(value);
  // toFixed falls back to exponents from 1e21 on; such doubles are integers.
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}.000000`;
  const text = value.toFixed(6);
  return Object.is(value, -0) ? `-${text}` : text;
}
