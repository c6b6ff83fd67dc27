/** Text → syntax tree and back. Pure: no files, no clock, no environment. */

export { isIdentifier } from './chars.ts';
export { langCodes } from './codes.ts';
export { type FormatResult, format } from './format.ts';
export { type ParseOptions, type ParseResult, parse, parseExpr, parseFile, type SourceKind } from './parse.ts';
export type { LintLevel, Lints } from './parser/lints.ts';
export { formatFloat, type PrintOptions, printName, printNormal, quote } from './print.ts';
export type * from './tree.ts';
