/** Values as they are written: names and strings, shared by what prints results and what prints messages. */
import type { Bytes } from '../base/index.ts';

const IDENTIFIER = /^[a-zA-Z_][a-zA-Z0-9_'-]*$/;
const KEYWORDS = new Set(['assert', 'else', 'if', 'in', 'inherit', 'let', 'rec', 'then', 'with']);

/** Whether an attribute name can stand without quotes. `or` can. */
export const isIdentifier = (name: Bytes): boolean => IDENTIFIER.test(name) && !KEYWORDS.has(name);

const ESCAPES: Record<string, string> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', '${': '\\${' };

/** A string literal; `$` is escaped only before `{`, other bytes stay as they are. */
export const quoteString = (text: Bytes): Bytes => `"${text.replace(/["\\\n\r\t]|\$\{/g, (found) => ESCAPES[found]!)}"`;
