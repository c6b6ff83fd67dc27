/** What to say about bytes that begin no token. */
import { bytesToText } from '../../base/index.ts';

/** `image`: the bytes, which do not begin a comment. `isInPath`: right behind a path. */
export function explainInvalid(image: string, isInPath: boolean): { says: string; hints: readonly string[] } {
  const text = bytesToText(image);
  const isOfName = text[0] === '\\' || text.charCodeAt(0) > 127;
  const hints =
    isInPath && isOfName ? ['what a path without quotes cannot have stands in a string: ./${"a b"}/c'] : hintsFor(text);
  return { says: `no token begins with '${printable(text)}'`, hints };
}

const printable = (text: string): string =>
  text.replace(/[\x00-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);

function hintsFor(text: string): string[] {
  if (/[“”„]/.test(text)) return ["write the straight quote '\"'; this one comes from a word processor"];
  if (/[‘’]/.test(text)) return ["write two straight quotes '' for an indented string"];
  if (text.includes('\u00a0') || text.includes('\ufeff')) return ['it is invisible: delete it and type a blank'];
  switch (text[0]) {
    case '&':
      return ["'and' is '&&'"];
    case '|':
      return ["'or' is '||'"];
    case "'":
      return ["strings are written with '\"' or with two single quotes"];
    case '`':
      return ["strings are written with '\"'"];
    case '$':
      return ["a variable is written without '$'; in a string, '${name}'"];
    case '%':
      return ['there is no remainder operator; see `lib.mod`'];
    case '^':
      return ['there is no power operator'];
    case '~':
      return ["a path in the home folder is written '~/name'"];
    case '\\':
      return ["a function is written 'x: body'"];
    default:
      return text.charCodeAt(0) > 127 ? ['names are ASCII; put other text in quotes'] : [];
  }
}
