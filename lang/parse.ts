/** A file's text → its tree. */
import { type Fault, Faults, type SourceFile, suggest } from '../base/index.ts';
import { runGrammar } from './grammar.ts';
import { lex } from './lexer.ts';
import type { Token } from './tokens.ts';
import * as T from './tokens.ts';
import type { Comment, Expr, FileTree } from './tree.ts';

export type SourceKind = 'igos' | 'nix' | 'expr';

export interface ParseOptions {
  /** `igos`: an expression or declarations; `nix` and `expr` (the default): an expression. */
  readonly kind?: SourceKind;
  /** Whether `|>` and `<|` are allowed. */
  readonly pipes?: boolean;
}

export interface ParseResult {
  /** Where `diagnostics` is not empty: what could be read, with variables of empty name in the gaps. Not for evaluation. */
  readonly tree: FileTree;
  readonly comments: Comment[];
  /** In the order of the text; at most some 20. */
  readonly diagnostics: Fault[];
}

const MAX_DIAGNOSTICS = 20;
const WORDS = ['tier', 'package', 'override', 'system', 'tree'];

/** Parses a source. Never throws, whatever the bytes. Cost: linear; about 0.2 s a megabyte once warm, 15 ms for the first call. */
export function parse(source: SourceFile, options: ParseOptions = {}): ParseResult {
  const { tokens, comments, faults } = lex(source);
  classify(tokens);
  const declarations = options.kind === 'igos' && holdsDeclarations(tokens);
  const result = runGrammar(source, tokens, { pipes: options.pipes === true, declarations });
  return { tree: result.tree, comments, diagnostics: orderFaults(source, faults, result.faults) };
}

/** The tree of a file. @throws Faults with all syntax errors */
export function parseFile(source: SourceFile, options: ParseOptions = {}): FileTree {
  const { tree, diagnostics } = parse(source, options);
  if (diagnostics.length > 0) throw new Faults(diagnostics);
  return tree;
}

/** The tree of an expression. @throws Faults with all syntax errors */
export function parseExpr(source: SourceFile, options: Pick<ParseOptions, 'pipes'> = {}): Expr {
  const tree = parseFile(source, { ...options, kind: 'expr' });
  return (tree as Extract<FileTree, { kind: 'expr' }>).expr;
}

/** Gives the tokens that look ahead their types: `x:`, `x@`, `{ a, … }:`, `let {`. */
export function classify(tokens: readonly Token[]): void {
  const type = (index: number): T.TokenType | undefined => tokens[index]?.tokenType;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.tokenType === T.Ident) {
      const next = type(i + 1);
      if (next === T.Colon || next === T.At) token.retag(T.ParamName);
    } else if (token.tokenType === T.BraceOpen) {
      const first = type(i + 1);
      const second = type(i + 2);
      const third = type(i + 3);
      const isFormals =
        first === T.Ellipsis ||
        (first === T.BraceClose && (second === T.Colon || second === T.At)) ||
        (first === T.Ident &&
          (second === T.Comma || second === T.Question || (second === T.BraceClose && (third === T.Colon || third === T.At))));
      if (isFormals) token.retag(T.FormalsOpen);
    } else if (token.tokenType === T.Let && type(i + 1) === T.BraceOpen) token.retag(T.LegacyLet);
  }
}

/** Whether the tokens are declarations rather than one expression; none at all are zero declarations. */
export function holdsDeclarations(tokens: readonly Token[]): boolean {
  if (tokens[0]!.tokenType === T.End) return true;
  if (tokens[0]!.tokenType !== T.Let) return looksLikeDeclaration(tokens, 0, false);
  let depth = 0;
  let lets = 0;
  for (let i = 1; i < tokens.length; i++) {
    const type = tokens[i]!.tokenType;
    if (T.closers.has(type)) depth++;
    else if (T.isCloser(type)) depth--;
    else if (depth === 0 && type === T.Let) lets++;
    else if (depth === 0 && type === T.In && lets-- === 0)
      return looksLikeDeclaration(tokens, i + 1, true) || isEnd(tokens, i + 1);
  }
  return false;
}

const isEnd = (tokens: readonly Token[], at: number): boolean => tokens[at]?.tokenType === T.End;

function looksLikeDeclaration(tokens: readonly Token[], at: number, isInLet: boolean): boolean {
  const first = tokens[at]!;
  if (first.tokenType !== T.Ident) return false;
  const isBrace = (index: number): boolean =>
    tokens[index]?.tokenType === T.BraceOpen || tokens[index]?.tokenType === T.FormalsOpen;
  const afterName = endOfName(tokens, at + 1);
  const isWord = WORDS.includes(first.image) || first.image === 'split';
  if (afterName === undefined) return isWord && isBrace(at + 1) && (first.image === 'tree' || !isInLet);
  if (isWord) return isBrace(afterName) || tokens[afterName]!.tokenType === T.StringOpen;
  // a mistyped word: `pakage zlib "1.3" {`
  const afterVersion = endOfString(tokens, afterName) ?? afterName;
  return isBrace(afterVersion) && suggest(first.image, WORDS) !== undefined;
}

const endOfName = (tokens: readonly Token[], at: number): number | undefined =>
  tokens[at]?.tokenType === T.Ident ? at + 1 : endOfString(tokens, at);

function endOfString(tokens: readonly Token[], at: number): number | undefined {
  if (tokens[at]?.tokenType !== T.StringOpen) return undefined;
  let depth = 0;
  for (let i = at; i < tokens.length; i++) {
    const type = tokens[i]!.tokenType;
    if (T.closers.has(type)) depth++;
    else if (T.isCloser(type) && --depth === 0) return i + 1;
  }
  return undefined;
}

/** Puts the lexer's and the parser's faults together, without those of the parser that only follow from the lexer's. */
function orderFaults(source: SourceFile, lexical: readonly Fault[], grammatical: readonly Fault[]): Fault[] {
  if (lexical.length === 0) return [...grammatical].sort(byPlace);
  const unclosed = lexical.filter(({ code }) => code === 'E-LANG-005' || code === 'E-LANG-006' || code === 'E-LANG-007');
  const cut = Math.min(...unclosed.map(startOf), Number.POSITIVE_INFINITY);
  const lines = new Set(lexical.map((fault) => source.position(startOf(fault)).line));
  const own = grammatical.filter((fault) => {
    if (fault.labels.some(({ start }) => start >= cut) || lines.has(source.position(startOf(fault)).line)) return false;
    return unclosed.length === 0 || fault.code !== 'E-LANG-003'; // brackets that the unclosed text swallowed
  });
  return [...lexical, ...own].sort(byPlace).slice(0, MAX_DIAGNOSTICS);
}

const startOf = (fault: Fault): number => fault.labels[0]?.start ?? 0;
const byPlace = (a: Fault, b: Fault): number => startOf(a) - startOf(b);
