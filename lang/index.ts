/** Text → syntax tree and back. Pure: no files, no clock, no environment. */

export { isIdentifier } from './chars.ts';
export { langCodes } from './codes.ts';
export { isIncomplete } from './completeness.ts';
export { parseAround } from './deferred.ts';
export { docCommentBefore } from './doc-comment.ts';
export { type FormatResult, format } from './format.ts';
export { type ParseOptions, type ParseResult, parse, parseExpr, parseFile, type SourceKind } from './parse.ts';
export type { LintLevel, Lints } from './parser/lints.ts';
export { type PrintOptions, printName, printNormal, quote } from './print.ts';
export { findLocal, type Local, type LocalKind, type NameScope, type NameTable, type NameUse, resolveNames } from './scopes.ts';
export { type BindingHolder, type Spot, spotAt, spotsOf } from './spots.ts';
export type * from './tree.ts';
