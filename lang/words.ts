/** Tokens and names in plain words, for labels and notes. */
import { bytesToText } from '../base/index.ts';
import { isIdentifier } from './chars.ts';
import * as K from './kinds.ts';
import type { AttrName } from './tree.ts';

const SHOWN = 30;

const cut = (text: string): string => {
  const line = bytesToText(text).split('\n')[0]!;
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
};

/** What a token is, as in "found …". */
export function describe(kind: number, image: string): string {
  switch (kind) {
    case K.End:
      return 'the end of the file';
    case K.Int:
    case K.Float:
      return `the number ${cut(image)}`;
    case K.StringOpen:
    case K.IndentedOpen:
      return 'a string';
    case K.StringClose:
    case K.IndentedClose:
      return 'the string';
    case K.PathEnd:
      return 'the path';
    case K.Uri:
      return `the URI '${cut(image)}'`;
    case K.PathStart:
      return `the path '${cut(image)}'`;
    default:
      return `'${cut(image)}'`;
  }
}

/** How a closing kind is written. */
export function closerText(kind: number): string {
  switch (kind) {
    case K.BraceClose:
      return "'}'";
    case K.ParenClose:
      return "')'";
    case K.BracketClose:
      return "']'";
    case K.StringClose:
      return "'\"'";
    default:
      return "two single quotes ''";
  }
}

/** `a."b c".${…}` */
export const pathText = (path: readonly AttrName[]): string =>
  path
    .map((part) => {
      if (part.kind === 'dynamic') return '${…}';
      return isIdentifier(part.name) ? part.name : `"${cut(part.name)}"`;
    })
    .join('.');
