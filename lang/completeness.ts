/** Whether a text goes on: for those who read it line by line. */
import type { Fault, SourceFile } from '../base/index.ts';

/** Brackets, strings, comments and interpolations that are never closed. */
const UNCLOSED = new Set<string>(['E-LANG-003', 'E-LANG-005', 'E-LANG-006', 'E-LANG-007']);

/**
 * Whether more text could make the source right: everything that is wrong with it is that it ends too early. An empty source is
 * incomplete. @param diagnostics what `parse` said of it
 */
export function isIncomplete(source: SourceFile, diagnostics: readonly Fault[]): boolean {
  if (diagnostics.length === 0) return false;
  const lines = source.text.split('\n');
  const end = endOfCode(lines);
  // an unclosed bracket with a second place is one that something stands in the way of
  const isOpen = ({ code, labels }: Fault): boolean =>
    (UNCLOSED.has(code) && labels.length === 1) || (labels[0] !== undefined && labels[0].start >= end);
  return diagnostics.every(isOpen);
}

/** The offset behind the last line that holds more than blanks and a comment to its end. */
function endOfCode(lines: readonly string[]): number {
  let end = 0;
  let at = 0;
  for (const line of lines) {
    const code = line.replace(/^\s*#.*$/, '').trimEnd();
    if (code !== '') end = at + code.length;
    at += line.length + 1;
  }
  return end;
}
