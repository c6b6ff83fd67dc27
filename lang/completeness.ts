/** Whether a text goes on: for those who read it line by line. */
import { type Fault, SourceFile } from '../base/index.ts';
import { type ParseOptions, parse } from './parse.ts';

/** Strings and interpolations that are never closed. */
const UNCLOSED = new Set<string>(['E-LANG-005', 'E-LANG-006', 'E-LANG-007']);

function isEarlyEnd({ code, message, labels }: Fault): boolean {
  if (UNCLOSED.has(code) || message.includes('unexpected end of file')) return true;
  // an operand may be `let {`, but not `let x`
  const at = labels[0];
  return code === 'E-LANG-028' && at !== undefined && LAST_LET.test(at.source.text.slice(at.start));
}

const LAST_LET = /^let(?:\s|#[^\n]*\n|\/\*[\s\S]*?\*\/)*$/;

/**
 * Whether more text could make the source right: all that is wrong with it is that it ends too early. False for a source that is
 * right; an empty one is incomplete. Cost: at most two parses.
 */
export function isIncomplete(source: SourceFile, options: ParseOptions = {}): boolean {
  const { diagnostics } = parse(source, options);
  if (diagnostics.length === 0) return false;
  if (diagnostics.every(isEarlyEnd)) return true;
  // a comment that is not closed reads as a division
  const closed = new SourceFile(source.name, `${source.text}*/`);
  const result = parse(closed, options);
  const last = result.comments.at(-1);
  return last?.end === closed.text.length && closed.text.startsWith('/*', last.start) && result.diagnostics.every(isEarlyEnd);
}
