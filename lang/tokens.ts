/**
 * The vocabulary. Token types are chevrotain's; the tokens themselves come from our own lexer (`lexer.ts`).
 *
 * Some types exist only so that the grammar is LL(1) without predicates: `ParamName` is an identifier before `:` or `@`,
 * `FormalsOpen` the `{` of a function's formals, `LegacyLet` the `let` before `{`, `Operator` every infix operator that is
 * nothing else.
 */
import { createToken, type IToken, type TokenType } from 'chevrotain';

const named = (name: string): TokenType => createToken({ name });

export const Ident: TokenType = named('Ident');
export const ParamName: TokenType = named('ParamName');
export const Or: TokenType = named('Or');
export const If: TokenType = named('If');
export const Then: TokenType = named('Then');
export const Else: TokenType = named('Else');
export const Assert: TokenType = named('Assert');
export const With: TokenType = named('With');
export const Let: TokenType = named('Let');
export const LegacyLet: TokenType = named('LegacyLet');
export const In: TokenType = named('In');
export const Rec: TokenType = named('Rec');
export const Inherit: TokenType = named('Inherit');
export const Int: TokenType = named('Int');
export const Float: TokenType = named('Float');
export const Uri: TokenType = named('Uri');
export const SearchPath: TokenType = named('SearchPath');
export const StringOpen: TokenType = named('StringOpen');
export const StringClose: TokenType = named('StringClose');
export const IndentedOpen: TokenType = named('IndentedOpen');
export const IndentedClose: TokenType = named('IndentedClose');
/** Literal text of a string or path, as written. */
export const Text: TokenType = named('Text');
/** `''$`, `'''`, `''\x` and a lone `$` or `'` in an indented string: text that ends the indentation of its line. */
export const IndentedEscape: TokenType = named('IndentedEscape');
/** The first literal piece of a path; `Text` and interpolations may follow, `PathEnd` (empty) closes it. */
export const PathStart: TokenType = named('PathStart');
export const PathEnd: TokenType = named('PathEnd');
export const Interpolation: TokenType = named('Interpolation');
export const BraceOpen: TokenType = named('BraceOpen');
export const FormalsOpen: TokenType = named('FormalsOpen');
export const BraceClose: TokenType = named('BraceClose');
export const ParenOpen: TokenType = named('ParenOpen');
export const ParenClose: TokenType = named('ParenClose');
export const BracketOpen: TokenType = named('BracketOpen');
export const BracketClose: TokenType = named('BracketClose');
export const Semicolon: TokenType = named('Semicolon');
export const Comma: TokenType = named('Comma');
export const Dot: TokenType = named('Dot');
export const Ellipsis: TokenType = named('Ellipsis');
export const Equals: TokenType = named('Equals');
export const Colon: TokenType = named('Colon');
export const At: TokenType = named('At');
export const Question: TokenType = named('Question');
export const Not: TokenType = named('Not');
export const Minus: TokenType = named('Minus');
export const Operator: TokenType = named('Operator');
/** Closes the token list; empty, at the end of the text. */
export const End: TokenType = named('End');

export type { TokenType };
export const vocabulary: TokenType[] = [
  ...[Ident, ParamName, Or, If, Then, Else, Assert, With, Let, LegacyLet, In, Rec, Inherit, Int, Float, Uri, SearchPath],
  ...[StringOpen, StringClose, IndentedOpen, IndentedClose, Text, IndentedEscape, PathStart, PathEnd, Interpolation],
  ...[BraceOpen, FormalsOpen, BraceClose, ParenOpen, ParenClose, BracketOpen, BracketClose],
  ...[Semicolon, Comma, Dot, Ellipsis, Equals, Colon, At, Question, Not, Minus, Operator, End],
];

/** Words that are not identifiers; `or` is one in most places. */
export const keywords: ReadonlyMap<string, TokenType> = new Map([
  ['if', If],
  ['then', Then],
  ['else', Else],
  ['assert', Assert],
  ['with', With],
  ['let', Let],
  ['in', In],
  ['rec', Rec],
  ['inherit', Inherit],
  ['or', Or],
]);

/** A token. `image` is the source between `startOffset` and `end`. A class, so that all have one hidden class. */
export class Token implements IToken {
  tokenType: TokenType;
  tokenTypeIdx: number;
  readonly image: string;
  readonly startOffset: number;
  readonly end: number;

  constructor(tokenType: TokenType, image: string, startOffset: number, end: number) {
    this.tokenType = tokenType;
    this.tokenTypeIdx = tokenType.tokenTypeIdx!;
    this.image = image;
    this.startOffset = startOffset;
    this.end = end;
  }

  retag(tokenType: TokenType): void {
    this.tokenType = tokenType;
    this.tokenTypeIdx = tokenType.tokenTypeIdx!;
  }
}

/** The closing type of an opening one. */
export const closers: ReadonlyMap<TokenType, TokenType> = new Map([
  [BraceOpen, BraceClose],
  [FormalsOpen, BraceClose],
  [Interpolation, BraceClose],
  [ParenOpen, ParenClose],
  [BracketOpen, BracketClose],
  [StringOpen, StringClose],
  [IndentedOpen, IndentedClose],
  [PathStart, PathEnd],
]);

export const isCloser = (type: TokenType): boolean =>
  type === BraceClose ||
  type === ParenClose ||
  type === BracketClose ||
  type === StringClose ||
  type === IndentedClose ||
  type === PathEnd;
