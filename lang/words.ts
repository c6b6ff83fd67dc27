/** Tokens and names in plain words, for messages. */
import { bytesToText } from '../base/index.ts';
import { isIdentifier } from './chars.ts';
import type { Token } from './tokens.ts';
import * as T from './tokens.ts';
import type { AttrName } from './tree.ts';

const SHOWN = 30;

const cut = (text: string): string => {
  const line = bytesToText(text).split('\n')[0]!;
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
};

/** What a token is, as in "found …". */
export function describe(token: Token): string {
  switch (token.tokenType) {
    case T.End:
      return 'the end of the file';
    case T.Ident:
    case T.ParamName:
    case T.Or:
      return `'${cut(token.image)}'`;
    case T.Int:
    case T.Float:
      return `the number ${cut(token.image)}`;
    case T.StringOpen:
    case T.IndentedOpen:
      return 'a string';
    case T.StringClose:
    case T.IndentedClose:
      return 'the string';
    case T.PathEnd:
      return 'the path';
    case T.Uri:
      return `the URI '${cut(token.image)}'`;
    case T.PathStart:
      return `the path '${cut(token.image)}'`;
    default:
      return `'${cut(token.image)}'`;
  }
}

const EXPECTED: ReadonlyMap<T.TokenType, string> = new Map([
  [T.Ident, 'a name'],
  [T.ParamName, "a name and ':'"],
  [T.BraceOpen, "'{'"],
  [T.FormalsOpen, "'{'"],
  [T.BraceClose, "'}'"],
  [T.ParenOpen, "'('"],
  [T.ParenClose, "')'"],
  [T.BracketClose, "']'"],
  [T.Semicolon, "';'"],
  [T.Colon, "':'"],
  [T.Equals, "'='"],
  [T.In, "'in'"],
  [T.Then, "'then'"],
  [T.Else, "'else'"],
  [T.End, 'the end of the file'],
]);

/** What a token type is, as in "expected …". */
export const describeExpected = (type: T.TokenType): string => EXPECTED.get(type) ?? `'${type.name}'`;

/** What a rule wanted when none of its alternatives fitted. */
export function describeRule(rule: string): string {
  if (rule === 'attrName') return 'an attribute name';
  if (rule === 'set' || rule === 'declaration' || rule === 'legacyLet') return "'{'";
  if (rule === 'formals') return 'an argument name';
  return 'an expression';
}

/** `a."b c".${…}` */
export const pathText = (path: readonly AttrName[]): string =>
  path
    .map((part) => {
      if (part.kind === 'dynamic') return '${…}';
      return isIdentifier(part.name) ? part.name : `"${cut(part.name)}"`;
    })
    .join('.');
