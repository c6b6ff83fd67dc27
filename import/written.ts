/** Values of the language as a person writes them: strings with interpolations, lists, sets. */
import { textToBytes } from '../base/index.ts';
import { isIdentifier, printName, quote } from '../lang/index.ts';

/** Text, and expressions that stand in it as `${…}`. */
export type Written = readonly (string | { readonly code: string })[];

/** A string literal of one line. */
export const writeString = (parts: Written | string): string =>
  `"${pieces(parts)
    .map((part) => (typeof part === 'string' ? quote(part).slice(1, -1) : `\${${part.code}}`))
    .join('')}"`;

/**
 * Text of several lines as an indented string, which ends its last line; one line as a string in quotes.
 *
 * @param indent  of the line that the literal begins on
 */
export function writeText(parts: Written | string, indent: string): string {
  const all = pieces(parts);
  return writeLines(all, indent, `\n${indent}`, all);
}

/** The same for what is no script: a last line without an end stays one. */
function writeExactText(parts: Written | string, indent: string): string {
  const exact = pieces(parts);
  const last = exact.at(-1);
  const tail = typeof last === 'string' ? last : '';
  if (tail.endsWith('\n')) return writeLines([...exact.slice(0, -1), tail.slice(0, -1)], indent, `\n${indent}`, exact);
  // blanks before the end of the literal would be taken for its indentation, a quote or a dollar for part of the end
  return /(?:(?:^|\n) *|['$])$/.test(tail) ? writeString(exact) : writeLines(exact, indent, '', exact);
}

/**
 * @param end    between the last line and the end of the literal: with a line end it ends that line
 * @param exact  what is said where lines will not do
 */
function writeLines(all: Written, indent: string, end: string, exact: Written): string {
  const isOneLine = exact.every((part) => typeof part !== 'string' || !part.includes('\n'));
  if (isOneLine && !exact.some((part) => typeof part === 'string' && part.includes('"'))) return writeString(exact);
  const inside = `${indent}  `;
  const body = all
    .map((part) => (typeof part === 'string' ? escapeIndented(part) : `\${${part.code}}`))
    .join('')
    .split('\n')
    .map((line) => (line === '' ? '' : inside + line))
    .join('\n');
  // Without a line at the margin all of it would be taken for indentation.
  const hasMargin = body.split('\n').some((line) => line.startsWith(inside) && /^[^ ]/.test(line.slice(inside.length)));
  return hasMargin ? `''\n${body}${end}''` : writeString(exact);
}

/** `''` and `${` would end the text. A single quote before what is escaped with two would become part of the escape. */
const escapeIndented = (text: string): string =>
  text
    .replace(/'+(?=(\$\{|\r|$)?)/g, (quotes, before: string | undefined) => {
      const pairs = "'''".repeat(quotes.length >> 1);
      return quotes.length % 2 === 0 ? pairs : `${pairs}${before === undefined ? "'" : "''\\'"}`;
    })
    .replaceAll('${', "''${")
    .replace(/\r/g, "''\\r")
    .replace(/\$$/, "''$");

function pieces(parts: Written | string): Written {
  if (typeof parts === 'string') return [parts];
  const out: (string | { readonly code: string })[] = [];
  for (const part of parts) {
    const before = out.at(-1);
    if (typeof part === 'string' && typeof before === 'string') out[out.length - 1] = before + part;
    else if (part !== '') out.push(part);
  }
  return out;
}

/** `[ a b ]`; on lines of its own where it is long. Comments stand before items. */
export function writeList(items: readonly { readonly text: string; readonly comment?: string }[], indent: string): string {
  if (items.length === 0) return '[ ]';
  const line = `[ ${items.map((item) => item.text).join(' ')} ]`;
  if (items.every((item) => item.comment === undefined) && indent.length + line.length < 90) return line;
  const inner = items.map(({ text, comment }) => {
    const above = comment === undefined ? '' : writeComment(comment, `${indent}  `);
    return `${above}${text === '' ? '' : `${indent}  ${text}\n`}`;
  });
  return `[\n${inner.join('')}${indent}]`;
}

/** A comment of whole lines, each with its line end. A carriage return alone ends a comment as well, and what follows would be code. */
export const writeComment = (text: string, indent: string): string =>
  text
    .split(/\r\n?|\n/)
    .map((line) => `${indent}#${line === '' ? '' : ` ${line.trimEnd()}`}\n`)
    .join('');

/** A text of plain data that holds expressions. */
export class Template {
  readonly parts: Written;
  constructor(parts: Written) {
    this.parts = parts;
  }
}

/** Plain data as an expression. Absent parts of sets have been left out. */
export function writeData(value: unknown, indent: string): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (typeof value === 'string') return writeExactText(value, indent);
  if (value instanceof Template) return writeExactText(value.parts, indent);
  if (Array.isArray(value)) {
    return writeList(
      value.map((item) => ({ text: writeData(item, `${indent}  `) })),
      indent,
    );
  }
  const entries = Object.entries(value as Record<string, unknown>);
  if (entries.length === 0) return '{ }';
  const inner = entries.map(([name, each]) => `${indent}  ${writeName(name)} = ${writeData(each, `${indent}  `)};\n`);
  return `{\n${inner.join('')}${indent}}`;
}

/** The name of an attribute or a declaration, in quotes where it must be: `package or "1"` would be no declaration. */
export const writeName = (name: string): string => (isIdentifier(name) && name !== 'or' ? printName(name) : writeString(name));

/** A path of the tree, relative to the file that holds it: `./zlib/fix.patch`. */
export function writePath(path: string): string {
  if (/^\.{1,2}(\/[A-Za-z0-9._+-]+)+$/.test(path)) return path;
  const at = path.indexOf('/');
  const [base, rest] = [path.slice(0, at), path.slice(at)];
  return `(${base}/. + ${writeString(rest)})`;
}

/** As the bytes of a file. */
export const toFile = (text: string): Buffer => Buffer.from(textToBytes(text), 'latin1');
