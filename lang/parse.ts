/** A file's text → its tree. */
import { bytesToText, Fault, Faults, type SourceFile } from '../base/index.ts';
import { pairBrackets } from './brackets.ts';
import { isOfDeclarations } from './file-kind.ts';
import { Text } from './kinds.ts';
import { lex, lexInto } from './lexer.ts';
import type { Lints } from './parser/lints.ts';
import { Parser } from './parser/parser.ts';
import { findSwallowing, swallowingHints, swallowingLabels } from './parser/swallowed.ts';
import { Tokens } from './tokens.ts';
import type { Comment, Expr, FileTree } from './tree.ts';

export type SourceKind = 'igos' | 'nix' | 'expr';

export interface ParseOptions {
  /** `igos`: an expression or declarations; `nix` and `expr` (the default): an expression. */
  readonly kind?: SourceKind;
  /** Whether `|>` and `<|` are allowed. */
  readonly pipes?: boolean;
  readonly lints?: Lints;
  /** Takes what lints at the level `warn` found, and `or` as a name; `parse` gives it back instead. */
  readonly onWarning?: (warning: Fault) => void;
  /** The tree is for evaluation only, which never looks at `bindings`: they are empty. */
  readonly isForEvaluation?: boolean;
  /** Gets what evaluation could leave as text the next time (deferred.ts). */
  readonly noted?: number[];
}

export interface ParseResult {
  /** Where `diagnostics` is not empty: what could be read, with variables of empty name in the gaps. Not for evaluation. */
  readonly tree: FileTree;
  readonly comments: Comment[];
  /** The first is the one that Nix would report; at most some 20. */
  readonly diagnostics: Fault[];
  /** What lints at the level `warn` found, and `or` as a name, in the order of the text. */
  readonly warnings: Fault[];
}

const MAX_DIAGNOSTICS = 20;

/** Parses a source. Never throws, whatever the bytes. Cost: linear; some 40 ms a megabyte once warm. */
export function parse(source: SourceFile, options: ParseOptions = {}): ParseResult {
  const { tokens, ...result } = parseTokens(source, options);
  return { ...result, comments: tokens.comments() };
}

/** The same with the tokens instead of the comments. */
export function parseTokens(
  source: SourceFile,
  options: ParseOptions = {},
  tokens: Tokens = lex(source.text),
): { tree: FileTree; tokens: Tokens; diagnostics: Fault[]; warnings: Fault[] } {
  const declarations = options.kind === 'igos' && isOfDeclarations(tokens);
  const parser = new Parser(source, tokens, {
    pipes: options.pipes === true,
    declarations,
    lints: options.lints,
    isForEvaluation: options.isForEvaluation === true,
    noted: options.noted,
  });
  const tree = parser.run();
  const nul = source.text.indexOf('\0');
  const { faults, noticed, warnings } = parser;
  if (nul === -1 && faults.length === 0) return { tree, tokens, diagnostics: faults, warnings };
  const withPlaces = faults.map((fault, index): Noticed => [fault, noticed[index]!]);
  if (nul !== -1) withPlaces.push([nulByte(source, tokens, nul), nul]);
  return { tree, tokens, diagnostics: withSwallowing(source, tokens, inOrder(source, withPlaces)), warnings };
}

/** One list for all small files that are only parsed: three arrays of memory that was never touched cost more than their tokens. */
const reused = new Tokens('', 1 << 12);
const SMALL = 1 << 16;

/** The tree of a file. @throws Faults with all syntax errors */
export function parseFile(source: SourceFile, options: ParseOptions = {}): FileTree {
  const { tree, diagnostics, warnings } = parseTokens(
    source,
    options,
    source.text.length < SMALL ? lexInto(reused, source.text) : lex(source.text),
  );
  for (const warning of warnings) options.onWarning?.(warning);
  if (diagnostics.length > 0) throw new Faults(diagnostics);
  return tree;
}

/** The tree of an expression. @throws Faults with all syntax errors */
export function parseExpr(source: SourceFile, options: Omit<ParseOptions, 'kind'> = {}): Expr {
  const tree = parseFile(source, { ...options, kind: 'expr' });
  return (tree as Extract<FileTree, { kind: 'expr' }>).expr;
}

/** Of a NUL in a string, Nix shows the text around it. */
function nulByte(source: SourceFile, tokens: Tokens, at: number): Fault {
  const token = tokens.starts.subarray(0, tokens.count).findLastIndex((start) => start <= at);
  const isInString = tokens.kinds[token] === Text && tokens.ends[token]! > at;
  const shown = bytesToText(tokens.image(token)).replaceAll('\0', '\u2400');
  const message = isInString
    ? `input string '${shown}' cannot be represented as Nix string because it contains null bytes`
    : 'the source contains a NUL byte';
  return new Fault('E-LANG-010', message, {
    labels: [{ source, start: at, end: at + 1, text: '' }],
    hints: ['is this a text file? strings cannot hold NUL bytes'],
  });
}

/** Mistakes of single tokens; what is reported of the rest of their line rarely is one. */
const LEXICAL: ReadonlySet<string> = new Set([
  'E-LANG-005',
  'E-LANG-006',
  'E-LANG-007',
  'E-LANG-008',
  'E-LANG-010',
  'E-LANG-016',
]);
const UNCLOSED: ReadonlySet<string> = new Set(['E-LANG-005', 'E-LANG-006', 'E-LANG-007']);

/** A fault and the place where it was noticed. */
type Noticed = readonly [Fault, number];

/** Sorts faults in the order in which Nix would notice them, and drops those that only follow from another one. */
function inOrder(source: SourceFile, faults: Noticed[]): Noticed[] {
  const binary = faults.find(([{ code }]) => code === 'E-LANG-010');
  if (binary !== undefined && faults.some(([{ code }]) => code === 'E-LANG-008')) return [binary]; // no text: all else is noise
  const lexical = faults.filter(([{ code }]) => LEXICAL.has(code));
  const unclosed = lexical.filter(([{ code }]) => UNCLOSED.has(code));
  const cut = Math.min(...unclosed.map(([fault]) => startOf(fault)), Number.POSITIVE_INFINITY);
  const lines = new Set(lexical.map(([fault]) => source.position(startOf(fault)).line));
  return faults
    .sort(([, a], [, b]) => a - b)
    .filter(([fault], index) => {
      if (index === 0 || lexical.length === 0 || LEXICAL.has(fault.code)) return true;
      if (fault.labels.some(({ start }) => start >= cut) || lines.has(source.position(startOf(fault)).line)) return false;
      return unclosed.length === 0 || fault.code !== 'E-LANG-003'; // brackets that the unclosed text swallowed
    })
    .slice(0, MAX_DIAGNOSTICS);
}

/** Behind a string that swallowed the text up to the next quote nothing is what it seems: the first fault tells of it, the rest goes. */
function withSwallowing(source: SourceFile, tokens: Tokens, faults: readonly Noticed[]): Fault[] {
  const swallowing = findSwallowing(tokens, pairBrackets(source, tokens), false);
  const end = swallowing === undefined ? Number.POSITIVE_INFINITY : tokens.ends[swallowing.close]!;
  const isBehind = ([{ code }, noticed]: Noticed): boolean => noticed >= end && !UNCLOSED.has(code);
  const first = faults.findIndex(isBehind);
  if (swallowing === undefined || first === -1) return faults.map(([fault]) => fault);
  const kept = faults.slice(0, first + 1).map(([fault]) => fault);
  const fault = kept[first]!;
  fault.labels = [...fault.labels, ...swallowingLabels(source, tokens, swallowing)];
  fault.hints = swallowingHints(tokens, swallowing);
  return kept;
}

const startOf = (fault: Fault): number => fault.labels[0]?.start ?? 0;
