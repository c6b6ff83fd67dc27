/**
 * What a configure.ac asks for.
 *
 * @source GNU Autoconf: AC_CHECK_LIB, AC_SEARCH_LIBS, AC_CHECK_HEADER(S); pkg.m4: PKG_CHECK_MODULES
 */
import { type CallSyntax, callsIn } from './calls.ts';
import { isPlainName, type Requirement } from './requirement.ts';

/** m4 has no strings: an apostrophe is text. */
const SYNTAX: CallSyntax = { strings: [], brackets: true, separator: ',' };

const PROBES = /PKG_CHECK_MODULES|AC_CHECK_LIB|AC_SEARCH_LIBS|AC_CHECK_HEADERS?/;
/** Macros whose arguments only count sometimes. */
const CONDITIONAL =
  /A[SC]_IF|AS_CASE|AC_ARG_(?:ENABLE|WITH)|m4_if\w*|AM_COND_IF|AC_(?:CACHE|CHECK|SEARCH|COMPILE|LINK|RUN|TRY|EGREP|PREPROC)\w*|PKG_CHECK_\w+|AC_DEFUN|AU_DEFUN|m4_define/;
const STOPS = /AC_MSG_(?:ERROR|FAILURE)|AS_EXIT|\bexit\s+[1-9]/;

/** @param file  as it is shown */
export function readAutoconf(text: string, file: string): Requirement[] {
  const clean = withoutComments(text);
  const isGuarded = conditionalPlaces(clean);
  const found: Requirement[] = [];
  for (const { name, line, at, args } of callsIn(clean, PROBES, SYNTAX)) {
    const plain = args.map(unquote);
    const notFound = plain[3];
    const isConditional = isGuarded(at);
    const add = (kind: Requirement['kind'], words: readonly string[], isRequired: boolean): void => {
      const [first, ...others] = words.filter(isPlainName);
      if (first === undefined) return;
      found.push({
        kind,
        name: first,
        others,
        isRequired: isRequired && !isConditional,
        by: 'autotools',
        where: `${file}:${line}`,
      });
    };
    if (name === 'PKG_CHECK_MODULES') {
      const isRequired = notFound === undefined || notFound === '' || STOPS.test(notFound);
      for (const module of modulesOf(plain[1] ?? '')) add('pkgconfig', [module], isRequired);
    } else if (name === 'AC_CHECK_LIB') add('library', [plain[0] ?? ''], stops(notFound));
    else if (name === 'AC_SEARCH_LIBS') add('library', words(plain[1]), stops(notFound));
    else for (const header of words(plain[0])) add('header', [header], stops(plain[2]));
  }
  return found;
}

const stops = (action: string | undefined): boolean => action !== undefined && STOPS.test(action);

const words = (text: string | undefined): string[] => (text ?? '').split(/\s+/).filter((word) => word !== '');

/** `[glib-2.0 >= 2.50, x11]` → names. */
export function modulesOf(spec: string): string[] {
  const tokens = spec
    .replaceAll(/[[\],"']/g, ' ')
    .split(/\s+/)
    .filter((token) => token !== '');
  const names: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    if (/^(<=|>=|=|<|>|!=)$/.test(tokens[at]!)) at++;
    else if (!/^[<>=!]/.test(tokens[at]!)) names.push(tokens[at]!.replace(/[<>=!].*$/, ''));
  }
  return names.filter(isPlainName);
}

function unquote(text: string): string {
  let inner = text;
  while (inner.startsWith('[') && inner.endsWith(']')) inner = inner.slice(1, -1).trim();
  return inner;
}

/** Comments become blanks, so that places stay. */
const withoutComments = (text: string): string =>
  text.replaceAll(/(?:\bdnl\b|^[ \t]*#|[ \t]#).*$/gm, (comment) => ' '.repeat(comment.length));

/** Tells what stands between `if` and `fi`, `case` and `esac` of the shell, or in the arguments of macros that choose. */
function conditionalPlaces(text: string): (at: number) => boolean {
  const changes = new Int32Array(text.length + 2);
  const mark = (from: number, to: number): void => {
    changes[from]!++;
    changes[to]!--;
  };
  for (const { at, args, starts } of callsIn(text, CONDITIONAL, SYNTAX)) {
    // behind its name: a call does not stand in itself
    if (args.length > 0) mark(at + 1, starts.at(-1)! + args.at(-1)!.length + 1);
  }
  const open: number[] = [];
  for (const match of text.matchAll(/(?<=^|[;\n]|\bthen\b|\belse\b|\bdo\b)[ \t]*(if|case|fi|esac|for|while|done)\b/gm)) {
    if (/^\s*(if|case|for|while)$/.test(match[0])) open.push(match.index + match[0].length);
    else {
      const from = open.pop();
      if (from !== undefined) mark(from, match.index);
    }
  }
  const depths = new Int32Array(text.length + 2);
  for (let at = 0, depth = 0; at < depths.length; at++) {
    depth += changes[at]!;
    depths[at] = depth;
  }
  return (at) => depths[at]! > 0;
}
