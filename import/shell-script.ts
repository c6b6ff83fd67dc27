/** A shell script as what it defines: its functions, the code and the comments between them. Nothing is run. */
import { scanShell } from './shell-scan.ts';

export interface ShellFunction {
  readonly name: string;
  /** Between the braces, as it stands, without the line of `{` and that of `}`. */
  readonly body: string;
  /** The comment lines right above it, as they stand. */
  readonly comment: string;
  /** As it stands, comments aside. */
  readonly text: string;
}

export interface ShellScript {
  /** Lines of comment at the top, without `#!`, as they stand. */
  readonly header: string;
  readonly functions: readonly ShellFunction[];
  /** Code outside of all functions, in order; a statement may have several lines. */
  readonly statements: readonly string[];
  /** Comments between the functions that stand above nothing. */
  readonly comments: readonly string[];
  /** Why it cannot be taken apart. */
  readonly problem?: string;
}

const OPEN = /^(?:function[ \t]+)?([A-Za-z_][A-Za-z0-9_-]*)[ \t]*\(\)[ \t]*\{[ \t]*(?:#.*)?$/;
const OPEN_BELOW = /^(?:function[ \t]+)?([A-Za-z_][A-Za-z0-9_-]*)[ \t]*\(\)[ \t]*$/;
const ONE_LINE = /^(?:function[ \t]+)?([A-Za-z_][A-Za-z0-9_-]*)[ \t]*\(\)[ \t]*\{[ \t](.*)\}[ \t]*$/;
const CLOSE = /^\}[ \t]*(?:#.*)?$/;

/** Functions and statements are looked for in each other: more of them than anybody writes are not taken apart. */
const MAX_PARTS = 1000;

/** They stand for variables while a script is translated. */
const MARKS = /[\x01-\x04]/;

/** Functions begin at the start of a line and end with a `}` at the start of one, as everybody writes them. Cost: linear. */
export function readShellScript(text: string): ShellScript {
  const scan = scanShell(text);
  const lines = linesOf(text);
  const functions: ShellFunction[] = [];
  const statements: string[] = [];
  const comments: string[] = [];
  let comment: string[] = [];
  let header: string | undefined;
  let problem = !scan.isBalanced
    ? 'a quote, a substitution or a here-document does not end'
    : MARKS.test(text)
      ? 'it holds control characters'
      : undefined;

  const flush = (): void => {
    if (comment.length === 0) return;
    if (header === undefined && functions.length === 0 && statements.length === 0) header = comment.join('\n');
    else comments.push(comment.join('\n'));
    comment = [];
  };

  for (let index = 0; index < lines.length && problem === undefined; index++) {
    if (functions.length + statements.length > MAX_PARTS) problem = `it has more than ${MAX_PARTS} functions and statements`;
    const { line, start } = lines[index]!;
    if (index === 0 && line.startsWith('#!')) continue;
    if (line.trim() === '') {
      flush();
      continue;
    }
    if (line.startsWith('#')) {
      comment.push(line);
      continue;
    }
    const oneLine = ONE_LINE.exec(line);
    const openBelow = OPEN_BELOW.test(line) && lines[index + 1]?.line.trim() === '{';
    const opened = OPEN.exec(line) ?? (openBelow ? OPEN_BELOW.exec(line) : null);
    if (oneLine !== null && opened === null && (lines[index + 1] === undefined || scan.openLines.has(lines[index + 1]!.start))) {
      functions.push({ name: oneLine[1]!, body: oneLineBody(oneLine[2]!), comment: comment.join('\n'), text: line });
      comment = [];
      continue;
    }
    if (opened !== null) {
      const first = openBelow ? index + 2 : index + 1;
      let last = first;
      while (last < lines.length && !(CLOSE.test(lines[last]!.line) && scan.openLines.has(lines[last]!.start))) last++;
      if (last >= lines.length) {
        problem = `function '${opened[1]!}' has no '}' at the start of a line`;
        break;
      }
      functions.push({
        name: opened[1]!,
        body: text.slice(lines[first]!.start, lines[last]!.start).replace(/\n$/, ''),
        comment: comment.join('\n'),
        text: text.slice(start, lines[last]!.start + lines[last]!.line.length),
      });
      comment = [];
      index = last;
      continue;
    }
    // A statement goes on while something is open, or the line ends in a backslash.
    let last = index;
    while (last + 1 < lines.length && !scan.openLines.has(lines[last + 1]!.start)) last++;
    while (last + 1 < lines.length && lines[last]!.line.endsWith('\\')) last++;
    flush();
    statements.push(text.slice(start, lines[last]!.start + lines[last]!.line.length));
    index = last;
  }
  flush();
  const names = new Set<string>();
  const twice = functions.find(({ name }) => names.size === names.add(name).size);
  if (twice !== undefined) problem ??= `function '${twice.name}' is defined twice`;
  return { header: header ?? '', functions, statements, comments, ...(problem === undefined ? {} : { problem }) };
}

/** Without the blanks around it and the semicolon that ends it. */
function oneLineBody(text: string): string {
  const isBlank = (at: number): boolean => text[at] === ' ' || text[at] === '\t';
  let start = 0;
  let end = text.length;
  while (isBlank(start)) start++;
  while (end > start && isBlank(end - 1)) end--;
  if (text[end - 1] === ';') end--;
  while (end > start && isBlank(end - 1)) end--;
  return text.slice(start, Math.max(start, end));
}

function linesOf(text: string): { readonly line: string; readonly start: number }[] {
  const lines: { line: string; start: number }[] = [];
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    lines.push({ line: text.slice(start, end), start });
    start = end + 1;
  }
  return lines;
}

/** Takes the indentation away that all lines of code share; lines of data stay as they are. */
export function dedent(body: string): string {
  const { dataLines } = scanShell(body);
  const lines = linesOf(body);
  let indent = Infinity;
  for (const { line, start } of lines) {
    if (line.trim() !== '' && !dataLines.has(start)) indent = Math.min(indent, /^ */.exec(line)![0].length);
  }
  if (indent === Infinity || indent === 0) return body;
  return lines
    .map(({ line, start }) => (dataLines.has(start) ? line : line.slice(Math.min(indent, /^ */.exec(line)![0].length))))
    .join('\n');
}
