/** Calls `NAME(…)` in the texts of build systems: where they stand, and their arguments as written. */

export interface Call {
  readonly name: string;
  /** From 1. */
  readonly line: number;
  readonly at: number;
  /** As written, quotes included, without the white space around them. */
  readonly args: readonly string[];
  /** Where the arguments begin in the text. */
  readonly starts: readonly number[];
}

export interface CallSyntax {
  /** What stands around text in which parentheses and separators mean nothing. */
  readonly strings: readonly string[];
  /** Brackets that count like parentheses: m4's quotes, meson's lists. */
  readonly brackets: boolean;
  readonly separator: ',' | ' ';
}

/** Longest list of arguments that is believed: a damaged file must not cost the square of its size. */
const MAX_CALL_CHARACTERS = 1 << 16;

/** Characters of arguments that are read of one text, calls inside calls counted each time: texts of strangers end here. */
const MAX_READ_CHARACTERS = 1 << 24;

/** All calls of names that fit, outermost and inner ones, in order. Cost: linear in the text and in the length of the calls found. */
export function callsIn(text: string, names: RegExp, syntax: CallSyntax): Call[] {
  const calls: Call[] = [];
  const pattern = new RegExp(`(?<![A-Za-z0-9_$-])(?:${names.source})\\s{0,8}\\(`, `g${names.flags}`);
  let line = 1;
  let counted = 0;
  let left = MAX_READ_CHARACTERS;
  for (const match of text.matchAll(pattern)) {
    for (; counted < match.index; counted++) if (text.charCodeAt(counted) === 10) line++;
    const inside = match.index + match[0].length;
    const { args: read, end } = readArguments(text, inside, syntax);
    left -= end - inside;
    if (left < 0) break;
    if (read === undefined) continue;
    const name = match[0].slice(0, -1).trim();
    calls.push({ name, line, at: match.index, args: read.map(({ text }) => text), starts: read.map(({ start }) => start) });
  }
  return calls;
}

interface Read {
  /** Absent where the parenthesis is never closed. */
  readonly args?: readonly { readonly text: string; readonly start: number }[];
  readonly end: number;
}

/** The arguments from behind an opening parenthesis. */
function readArguments(text: string, from: number, syntax: CallSyntax): Read {
  const args: { text: string; start: number }[] = [];
  let depth = 0;
  let start = from;
  const end = Math.min(text.length, from + MAX_CALL_CHARACTERS);
  const take = (until: number): void => {
    const raw = text.slice(start, until);
    const trimmed = raw.trim();
    if (trimmed !== '' || syntax.separator === ',') args.push({ text: trimmed, start: start + raw.indexOf(trimmed) });
  };
  for (let at = from; at < end; at++) {
    const char = text[at]!;
    if (syntax.strings.includes(char)) {
      at = skipString(text, at, char, end);
      continue;
    }
    if (char === '(' || (syntax.brackets && char === '[')) depth++;
    else if (syntax.brackets && char === ']') depth--;
    else if (char === ')') {
      if (depth === 0) {
        take(at);
        return { args, end: at };
      }
      depth--;
    } else if (depth === 0 && (syntax.separator === ',' ? char === ',' : /\s/.test(char))) {
      take(at);
      start = at + 1;
    }
  }
  return { end };
}

function skipString(text: string, at: number, quote: string, end: number): number {
  for (let next = at + 1; next < end; next++) {
    if (text[next] === '\\') next++;
    else if (text[next] === quote) return next;
  }
  return end;
}
