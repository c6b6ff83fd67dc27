/**
 * What a meson.build asks for.
 *
 * @source Meson's reference: dependency(), find_program(), compiler.find_library(), compiler.has_header(); `required` is true unless given
 */
import { type CallSyntax, callsIn } from './calls.ts';
import { endOfLine, endOfString, withoutQuoted } from './quoted.ts';
import { isPlainName, type Requirement } from './requirement.ts';

const SYNTAX: CallSyntax = { strings: ["'"], brackets: true, separator: ',' };
const PROBES = /dependency|find_program|find_library|has_header|check_header/;
const KINDS = {
  dependency: 'pkgconfig',
  find_program: 'program',
  find_library: 'library',
  has_header: 'header',
  check_header: 'header',
} as const;

/** Words that meson answers itself, without a package. */
const BUILT_IN = new Set(
  'threads openmp dl intl iconv m appleframeworks atomic coarray mpi gl rt python3 python pkg-config'.split(' '),
);

/** @param file  as it is shown */
export function readMeson(text: string, file: string): Requirement[] {
  const clean = withoutComments(text);
  const conditions = conditionLines(clean);
  const found: Requirement[] = [];
  for (const { name, line, args } of callsIn(clean, PROBES, SYNTAX)) {
    const strings: string[] = [];
    let required: string | undefined;
    for (const arg of args) {
      const keyword = /^(\w+)\s*:\s*([\s\S]*)$/.exec(arg);
      if (keyword === null) {
        const literal = /^'([^']*)'$/.exec(arg);
        strings.push(literal?.[1] ?? '');
      } else if (keyword[1] === 'required') required = keyword[2]!.trim();
    }
    const [first, ...others] = strings;
    if (first === undefined || !strings.every(isPlainName) || BUILT_IN.has(first)) continue;
    const isHeader = KINDS[name as keyof typeof KINDS] === 'header';
    const isRequired = (required === undefined ? !isHeader : required === 'true') && !conditions.has(line);
    found.push({
      kind: KINDS[name as keyof typeof KINDS],
      name: first,
      others,
      isRequired,
      by: 'meson',
      where: `${file}:${line}`,
    });
  }
  return found;
}

/** A `#` outside of strings ends a line; what it hides becomes blanks. A call in a string is none. */
const withoutComments = (text: string): string =>
  withoutQuoted(text, "'", (at) => {
    if (text[at] === '#') return endOfLine(text, at);
    if (text.startsWith("'''", at)) {
      const end = text.indexOf("'''", at + 3);
      return end === -1 ? text.length : end + 3;
    }
    return endOfString(text, at, endOfLine(text, at));
  });

/** The lines between `if` and `endif`, `foreach` and `endforeach`. */
function conditionLines(text: string): Set<number> {
  const inside = new Set<number>();
  let depth = 0;
  for (const [index, line] of text.split('\n').entries()) {
    const word = /^\s*(if|endif|foreach|endforeach)\b/.exec(line)?.[1];
    if (word === 'endif' || word === 'endforeach') depth = Math.max(0, depth - 1);
    if (depth > 0) inside.add(index + 1);
    if (word === 'if' || word === 'foreach') depth++;
  }
  return inside;
}
