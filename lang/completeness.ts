/** Whether a text goes on: for those who read it line by line. */
import type { Bytes, Fault, SourceFile } from '../base/index.ts';
import type { ParseResult } from './parse.ts';

/** Brackets, strings, comments and interpolations that are never closed. */
const UNCLOSED = new Set<string>(['E-LANG-003', 'E-LANG-005', 'E-LANG-006', 'E-LANG-007']);

/**
 * Ends of a text that the parser refuses because it cannot see what follows: names (of a `let`, or a function's argument), arguments
 * in braces, and `?`, `@`, `...` behind them. Looked for from the place of the fault to the end of the text.
 */
const BEGINNING = /^(?:[\s\w'".-]+|[\s\w'-]*[@?]|\.\.\.|\{\s*(?:[A-Za-z_][\w'-]*\s*)?\}?)$/;
const ARGUMENTS = /\{\s*[A-Za-z_][\w'-]*\s*\}$/;
const CLOSING_WORD = /\b(?:then|else|in)$/;

/**
 * Whether more text could make the source right: everything that is wrong with it is that it ends too early. An empty source is
 * incomplete. Only what `parse` said of the source is looked at: in doubt, a text goes on.
 */
export function isIncomplete(
  source: SourceFile,
  { diagnostics, comments }: Pick<ParseResult, 'diagnostics' | 'comments'>,
): boolean {
  const code = withoutComments(source.text, comments);
  const isEarlyEnd = ({ code: kind, labels: [first, second] }: Fault): boolean => {
    // an unclosed bracket with a second place is one that something stands in the way of
    if (UNCLOSED.has(kind) && second === undefined) return true;
    if (first === undefined) return false;
    const rest = code.slice(first.start);
    return rest === '' || (BEGINNING.test(rest) && !CLOSING_WORD.test(rest)) || (rest === '}' && ARGUMENTS.test(code));
  };
  return diagnostics.length > 0 && diagnostics.every(isEarlyEnd);
}

/** Up to the end of the last token, with blanks for comments. */
function withoutComments(text: Bytes, comments: ParseResult['comments']): Bytes {
  const parts: Bytes[] = [];
  let at = 0;
  for (const { start, end } of comments) {
    parts.push(text.slice(at, start), ' '.repeat(end - start));
    at = end;
  }
  parts.push(text.slice(at));
  return parts.join('').trimEnd();
}
