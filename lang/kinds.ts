/**
 * Kinds of tokens, as small numbers: a file's tokens are three typed arrays (`tokens.ts`). What the parser asks most, it asks by
 * range; so the order matters.
 */

/** Closes the token list; empty, at the end of the text. Also what lies behind the list. */
export const End: number = 0;

// what a simple expression begins with; `Let` only before a brace
export const Ident: number = 1;
export const Int: number = 2;
export const Float: number = 3;
export const StringOpen: number = 4;
export const IndentedOpen: number = 5;
/** The first literal piece of a path; `Text` and interpolations may follow, `PathEnd` (empty) closes it. */
export const PathStart: number = 6;
export const SearchPath: number = 7;
export const Uri: number = 8;
export const ParenOpen: number = 9;
export const BracketOpen: number = 10;
export const BraceOpen: number = 11;
export const Rec: number = 12;
export const Let: number = 13;

// infix operators, in the order of `operators.ts`
export const PipeInto: number = 14;
export const PipeFrom: number = 15;
export const Implies: number = 16;
export const OrOp: number = 17;
export const AndOp: number = 18;
export const Equal: number = 19;
export const NotEqual: number = 20;
export const Less: number = 21;
export const LessEqual: number = 22;
export const Greater: number = 23;
export const GreaterEqual: number = 24;
export const Update: number = 25;
export const Plus: number = 26;
export const Minus: number = 27;
export const Times: number = 28;
export const Divide: number = 29;
export const Concat: number = 30;
export const Question: number = 31;

export const Not: number = 32;
export const Or: number = 33;
export const If: number = 34;
export const Then: number = 35;
export const Else: number = 36;
export const Assert: number = 37;
export const With: number = 38;
export const In: number = 39;
export const Inherit: number = 40;
/** Literal text of a string or path, as written. */
export const Text: number = 41;
/** `''$`, `'''`, `''\x` and a lone `$` or `'` in an indented string: text that ends the indentation of its line. */
export const IndentedEscape: number = 42;
export const Interpolation: number = 43;

// closers
export const BraceClose: number = 44;
export const ParenClose: number = 45;
export const BracketClose: number = 46;
export const StringClose: number = 47;
export const IndentedClose: number = 48;
export const PathEnd: number = 49;

export const Semicolon: number = 50;
export const Comma: number = 51;
export const Dot: number = 52;
export const Ellipsis: number = 53;
export const Equals: number = 54;
export const Colon: number = 55;
export const At: number = 56;
/** Bytes that begin no token, and a comment that is never closed. */
export const Invalid: number = 57;
/** An expression that stays text (deferred.ts). */
export const Deferred: number = 58;
/** The name of a binding of which nothing else is read: a `Deferred` and a `Semicolon` follow. */
export const Bound: number = 59;

export const isInfix = (kind: number): boolean => kind >= PipeInto && kind <= Question;
export const isCloser = (kind: number): boolean => kind >= BraceClose && kind <= PathEnd;
export const isOpener = (kind: number): boolean => closerOf(kind) !== End;
export const isKeyword = (kind: number): boolean => (kind >= Or && kind <= Inherit) || kind === Rec || kind === Let;

/** The kind that closes an opening one; `End` for every other kind. */
export function closerOf(kind: number): number {
  switch (kind) {
    case BraceOpen:
    case Interpolation:
      return BraceClose;
    case ParenOpen:
      return ParenClose;
    case BracketOpen:
      return BracketClose;
    case StringOpen:
      return StringClose;
    case IndentedOpen:
      return IndentedClose;
    case PathStart:
      return PathEnd;
    default:
      return End;
  }
}

/** The kind of a word: `Ident` unless it is a keyword. */
export function wordKind(text: string, start: number, end: number): number {
  const length = end - start;
  if (length < 2 || length > 7) return Ident;
  switch (text.charCodeAt(start)) {
    case 0x61 /* a */:
      return length === 6 && text.startsWith('assert', start) ? Assert : Ident;
    case 0x65 /* e */:
      return length === 4 && text.startsWith('else', start) ? Else : Ident;
    case 0x69 /* i */:
      if (length === 2) {
        const second = text.charCodeAt(start + 1);
        return second === 0x66 ? If : second === 0x6e ? In : Ident;
      }
      return length === 7 && text.startsWith('inherit', start) ? Inherit : Ident;
    case 0x6c /* l */:
      return length === 3 && text.startsWith('let', start) ? Let : Ident;
    case 0x6f /* o */:
      return length === 2 && text.charCodeAt(start + 1) === 0x72 ? Or : Ident;
    case 0x72 /* r */:
      return length === 3 && text.startsWith('rec', start) ? Rec : Ident;
    case 0x74 /* t */:
      return length === 4 && text.startsWith('then', start) ? Then : Ident;
    case 0x77 /* w */:
      return length === 4 && text.startsWith('with', start) ? With : Ident;
    default:
      return Ident;
  }
}

/** Whether a name is a keyword, `or` included. */
export const isKeywordText = (name: string): boolean => wordKind(name, 0, name.length) !== Ident;
