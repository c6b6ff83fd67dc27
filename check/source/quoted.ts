/**
 * Strings and comments in the texts of build systems, in one pass: a pattern that looks for the end of each string anew reads a text
 * of open ones as often as it has quotes.
 */

/**
 * Comments become blanks, so that places stay, and a parenthesis in a string none.
 *
 * @param quote  what strings begin with
 * @param endOf  where what begins with the quote or `#` at an offset ends; behind it
 */
export function withoutQuoted(text: string, quote: '"' | "'", endOf: (at: number) => number): string {
  const begin = new RegExp(`[${quote}#]`, 'g');
  const parts: string[] = [];
  let done = 0;
  while (begin.test(text)) {
    const at = begin.lastIndex - 1;
    const end = endOf(at);
    const part = text.slice(at, end);
    parts.push(text.slice(done, at), text[at] === '#' ? part.replaceAll(/[^\n]/g, ' ') : part.replaceAll('(', ' '));
    done = end;
    begin.lastIndex = end;
  }
  return parts.join('') + text.slice(done);
}

export function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}

/** Behind the quote that closes the one at `at`; `limit` where none does before. */
export function endOfString(text: string, at: number, limit: number): number {
  for (let next = at + 1; next < limit; next++) {
    if (text[next] === '\\') next++;
    else if (text[next] === text[at]) return next + 1;
  }
  return limit;
}
