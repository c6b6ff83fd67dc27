/**
 * Where a text of the shell is code and where it is literal: enough of bash's lexical grammar to cut a script into its functions
 * and to replace variables only where the shell would. Nothing is run.
 *
 * Tracked are quotes, `$'…'`, command substitutions, parameter expansions, comments and here-documents, nested in each other.
 * Not tracked is the grammar above: `case x)` inside `$( … )` closes the substitution early. Where that matters, the text as
 * a whole no longer ends where it should, and `isBalanced` is false.
 */

/** A half-open range of offsets. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface ShellScan {
  /** What the shell takes as it stands: in single quotes, in here-documents with a quoted end, comments. In order. */
  readonly literal: readonly Range[];
  /** Comments, from `#` to before the line end. In order; also part of `literal`. */
  readonly comments: readonly Range[];
  /** Offsets of lines that begin inside quotes or a here-document: their blanks are data. */
  readonly dataLines: ReadonlySet<number>;
  /** Offsets of lines that begin outside of all quotes, substitutions and here-documents. */
  readonly openLines: ReadonlySet<number>;
  readonly isBalanced: boolean;
}

type Context = 'code' | 'double' | 'single' | 'ansi' | 'parameter' | 'backquote' | 'arithmetic';

interface HereDocument {
  readonly end: string;
  readonly isQuoted: boolean;
  readonly isTabbed: boolean;
}

/** Deeper than anybody writes: what is nested to cost time ends here, and is not balanced. */
const MAX_NESTING = 200;

const WORD_BREAK = /[\s;&|()<>]/;

/** Cost: linear. */
export function scanShell(text: string): ShellScan {
  const literal: Range[] = [];
  const comments: Range[] = [];
  const dataLines = new Set<number>();
  const openLines = new Set<number>([0]);
  /** What is open; each `code` below the first is a `$(` or `(`. */
  const stack: Context[] = [];
  let pending: HereDocument[] = [];
  let at = 0;

  const top = (): Context => stack.at(-1) ?? 'code';
  const lineStarts = (offset: number): void => {
    if (stack.some((each) => each === 'double' || each === 'single' || each === 'ansi')) dataLines.add(offset);
    else if (stack.length === 0) openLines.add(offset);
  };

  while (at < text.length && stack.length <= MAX_NESTING) {
    const character = text[at]!;
    const context = top();
    if (context === 'single' || context === 'ansi') {
      at = quotedEnd(context);
      continue;
    }
    if (character === '\n') {
      at++;
      if (pending.length > 0 && context !== 'double') hereDocuments();
      lineStarts(at);
      continue;
    }
    if (character === '\\') {
      at++;
      if (text[at] === '\n') lineStarts(at + 1);
      at++;
      continue;
    }
    if (context === 'double') {
      if (character === '"') stack.pop();
      else expansion(character);
    } else if (context === 'arithmetic') {
      if (character === ')' && text[at + 1] === ')') {
        stack.pop();
        at++;
      } else if (character === '(') stack.push('code');
      else expansion(character);
    } else if (context === 'parameter') {
      if (character === '}') stack.pop();
      else if (character === '"') stack.push('double');
      else if (character === "'") stack.push('single');
      else expansion(character);
    } else code(character);
    at++;
  }
  return { literal, comments, dataLines, openLines, isBalanced: stack.length === 0 && pending.length === 0 };

  /** `at` is on the character; the loop steps over it. */
  function expansion(character: string): void {
    if (character === '`') {
      if (top() === 'backquote') stack.pop();
      else stack.push('backquote');
    } else if (character === '$' && text.startsWith('((', at + 1)) {
      at += 2;
      stack.push('arithmetic');
    } else if (character === '$' && text[at + 1] === '(') {
      at++;
      stack.push('code');
    } else if (character === '$' && text[at + 1] === '{') {
      at++;
      stack.push('parameter');
    }
  }

  function code(character: string): void {
    if (character === "'") stack.push('single');
    else if (character === '$' && text[at + 1] === "'") {
      at++;
      stack.push('ansi');
    } else if (character === '"') stack.push('double');
    else if (character === '(' && text[at + 1] === '(') {
      at++;
      stack.push('arithmetic');
    } else if (character === '(') stack.push('code');
    else if (character === ')') {
      if (stack.at(-1) === 'code') stack.pop();
    } else if (character === '#' && (at === 0 || WORD_BREAK.test(text[at - 1]!))) {
      const newline = text.indexOf('\n', at);
      const end = newline === -1 ? text.length : newline;
      comments.push({ start: at, end });
      literal.push({ start: at, end });
      at = end - 1;
    } else if (character === '<' && text[at + 1] === '<') {
      if (text[at + 2] === '<') at += 2;
      else hereDocument();
    } else expansion(character);
  }

  /** The text in quotes from here; steps over its end. */
  function quotedEnd(context: 'single' | 'ansi'): number {
    const start = at;
    while (at < text.length && text[at] !== "'") {
      if (context === 'ansi' && text[at] === '\\') at++;
      if (text[at] === '\n') dataLines.add(at + 1);
      at++;
    }
    // bash pairs quotes within ${ } in double quotes as well, but replaces variables in them.
    const isExpanded = stack.at(-2) === 'parameter' && stack.slice(0, -2).findLast((each) => each !== 'parameter') === 'double';
    if (!isExpanded) literal.push({ start, end: Math.min(at, text.length) });
    if (at < text.length) stack.pop();
    return at + 1;
  }

  /** `<<WORD`, `<<-'WORD'`: what ends it, to be read from the next line on. `at` stays on the last character read. */
  function hereDocument(): void {
    let next = at + 2;
    const isTabbed = text[next] === '-';
    if (isTabbed) next++;
    while (text[next] === ' ' || text[next] === '\t') next++;
    const match = /^(?:'([^'\n]*)'|"([^"\n]*)"|\\?([A-Za-z0-9_.!-]+))/.exec(text.slice(next, next + 200));
    if (match === null) {
      at++;
      return;
    }
    const isQuoted = match[3] === undefined || match[0].startsWith('\\');
    pending.push({ end: (match[1] ?? match[2] ?? match[3])!, isQuoted, isTabbed });
    at = next + match[0].length - 1;
  }

  /** The bodies of all here-documents begun on the line before. */
  function hereDocuments(): void {
    const documents = pending;
    pending = [];
    for (const [index, { end, isQuoted, isTabbed }] of documents.entries()) {
      const start = at;
      let isEnded = false;
      while (at < text.length && !isEnded) {
        const newline = text.indexOf('\n', at);
        const lineEnd = newline === -1 ? text.length : newline;
        const line = text.slice(at, lineEnd);
        isEnded = (isTabbed ? line.replace(/^\t+/, '') : line) === end;
        dataLines.add(at);
        if (isEnded && isQuoted) literal.push({ start, end: at });
        at = lineEnd + 1;
      }
      if (!isEnded) {
        pending = documents.slice(index);
        at = text.length;
        return;
      }
    }
  }
}

/** The text between ranges, which are in order. */
export function without(text: string, ranges: readonly Range[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const { start, end } of ranges) {
    parts.push(text.slice(done, start));
    done = end;
  }
  return parts.join('') + text.slice(done);
}

/** Replaces `pattern` (global) only where the text is not literal. */
export function replaceCode(
  text: string,
  scan: ShellScan,
  pattern: RegExp,
  replace: (match: RegExpExecArray) => string | undefined,
): string {
  const literal = [...scan.literal].sort((a, b) => a.start - b.start);
  let out = '';
  let done = 0;
  let index = 0;
  for (const match of text.matchAll(pattern)) {
    while (index < literal.length && literal[index]!.end <= match.index) index++;
    const range = literal[index];
    if (range !== undefined && range.start <= match.index && match.index < range.end) continue;
    const replacement = replace(match);
    if (replacement === undefined) continue;
    out += text.slice(done, match.index) + replacement;
    done = match.index + match[0].length;
  }
  return out + text.slice(done);
}
