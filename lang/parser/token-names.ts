/** What messages call a token: the names that Nix's grammar gives them, since the headline of a syntax error is Nix's. */
import * as K from '../kinds.ts';

/** As in "unexpected …". `image` is the token's text. */
export function tokenName(kind: number, image: string, isIndented: boolean): string {
  switch (kind) {
    case K.End:
      return 'end of file';
    case K.Ident:
      return 'identifier';
    case K.Int:
      return 'integer';
    case K.Float:
      return 'floating-point literal';
    case K.StringOpen:
    case K.StringClose:
      return `'"'`;
    case K.IndentedOpen:
      return 'start of an indented string';
    case K.IndentedClose:
      return 'end of an indented string';
    case K.IndentedEscape:
      return 'indented string';
    case K.Text:
      return isIndented ? 'indented string' : 'string';
    case K.PathStart:
      return image.startsWith('~') ? "'~/…' path" : 'path';
    case K.PathEnd:
      return 'end of path';
    case K.SearchPath:
      return "'<…>' path";
    case K.Uri:
      return 'URI';
    case K.Invalid:
      // the rest of a comment that is never closed: to Nix, a slash and a star
      return image.startsWith('*') ? "'*'" : 'invalid token';
    default:
      return `'${image}'`;
  }
}

/**
 * What can follow, as in "expecting …", where Nix says so: at most four tokens, in the order of its table. Which ones it knows of
 * depends on how far its automaton has reduced; these are the places where that is few.
 */
export const EXPECT = {
  nothing: '',
  attrName: `identifier or 'or' or '\${' or '"'`,
  pathOrEquals: "'.' or '='",
  /** Behind the `{` or a binding of a set. */
  binding: "'inherit'",
  /** Behind the `{` or a binding of `rec { … }` and `let { … }`. */
  bindingOrBrace: "'inherit' or '}'",
  /** Behind `let` or one of its bindings. */
  bindingOrIn: "'in' or 'inherit'",
  semicolon: "';'",
  parenthesis: "')'",
  brace: "'}'",
  openBrace: "'{'",
  thenWord: "'then'",
  elseWord: "'else'",
  end: 'end of file',
  quote: `'"'`,
  indentedPart: "indented string or '${' or end of an indented string",
  interpolation: "'${'",
  formal: "identifier or '...' or '}'",
  formalEnd: "'}' or ','",
  functionColonOrAt: "':' or '@'",
  colon: "':'",
  identifier: 'identifier',
} as const;

export type Expected = (typeof EXPECT)[keyof typeof EXPECT];

/** Nix's sentence for a token that cannot stand where it does. */
export const unexpected = (name: string, expected: Expected): string =>
  `syntax error, unexpected ${name}${expected === '' ? '' : `, expecting ${expected}`}`;
