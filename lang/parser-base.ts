/**
 * What every rule of the grammar stands on: where we are, skipping to a place we know, and reports. A fault is dropped where one
 * was reported at the same token or later: the rest of a broken piece is not the user's mistake.
 */
import { EmbeddedActionsParser, type IRecognitionException, isRecognitionException, type TokenType } from 'chevrotain';
import { Fault, type FaultCode, type Label, type SourceFile } from '../base/index.ts';
import { type Brackets, pairBrackets } from './brackets.ts';
import * as T from './tokens.ts';
import { isCloser, type Token, vocabulary } from './tokens.ts';
import type { Expr, FileTree } from './tree.ts';
import { describe, describeExpected, describeRule } from './words.ts';

/** Thrown after a report; carries nothing. */
export const SYNTAX_STOP = { name: 'SyntaxStop' };
/** Thrown where going on is of no use: the stack would end, or there are enough faults. */
const ABANDONED = { name: 'Abandoned' };

const MAX_FAULTS = 20;
/** Nested brackets, functions and blocks. A stack of 984 KiB ends at some 400, which is reported the same way. */
const MAX_DEPTH = 10_000;

export const NEEDS_PARENTHESES: ReadonlyMap<TokenType, string> = new Map([
  [T.ParamName, 'a function'],
  [T.FormalsOpen, 'a function'],
  [T.If, "'if'"],
  [T.Let, "'let'"],
  [T.With, "'with'"],
  [T.Assert, "'assert'"],
]);

export class ParserBase extends EmbeddedActionsParser {
  protected depth = 0;
  #source!: SourceFile;
  protected tokens: Token[] = [];
  protected faults: Fault[] = [];
  protected pipes!: boolean;
  #lastReported = -1;
  protected missingInAt = -1;
  #brackets: Brackets | undefined;
  readonly #problem: { expected: TokenType | undefined; rule: string };

  constructor() {
    const problem: { expected: TokenType | undefined; rule: string } = { expected: undefined, rule: '' };
    super(vocabulary, {
      maxLookahead: 1,
      skipValidations: true,
      errorMessageProvider: {
        buildMismatchTokenMessage: ({ expected, ruleName }) => {
          problem.expected = expected;
          problem.rule = ruleName;
          return '';
        },
        buildNoViableAltMessage: ({ ruleName }) => {
          problem.expected = undefined;
          problem.rule = ruleName;
          return '';
        },
        buildEarlyExitMessage: ({ ruleName }) => {
          problem.expected = undefined;
          problem.rule = ruleName;
          return '';
        },
        buildNotAllInputParsedMessage: () => '',
      },
    });
    this.#problem = problem;
  }

  /** Runs a root rule over tokens. Never throws for what is in the text. */
  run(
    source: SourceFile,
    tokens: Token[],
    pipes: boolean,
    root: (parser: this) => FileTree,
  ): { tree: FileTree; faults: Fault[] } {
    this.#source = source;
    this.tokens = tokens;
    this.faults = [];
    this.pipes = pipes;
    this.#lastReported = -1;
    this.missingInAt = -1;
    this.#brackets = undefined;
    this.depth = 0;
    this.input = [...tokens]; // chevrotain appends its own ends while it runs
    let tree: FileTree | undefined;
    try {
      tree = root(this);
    } catch (error) {
      if (error instanceof RangeError) this.#reportDepth();
      else if (error !== SYNTAX_STOP && error !== ABANDONED) throw error;
    }
    tree ??= { kind: 'expr', expr: { kind: 'var', name: '', start: 0, end: source.text.length } };
    const faults = this.faults;
    this.input = [];
    this.tokens = [];
    return { tree, faults };
  }

  // ── where we are ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected get next(): Token {
    return this.LA(1) as Token;
  }

  protected get previous(): Token {
    return this.LA(0) as Token;
  }

  /** Index of the next token. */
  protected get index(): number {
    return (this as unknown as { currIdx: number }).currIdx + 1;
  }

  protected moveTo(index: number): void {
    (this as unknown as { currIdx: number }).currIdx = index - 1;
  }

  protected skip(): void {
    this.moveTo(this.index + 1);
  }

  protected enter(): void {
    if (++this.depth <= MAX_DEPTH) return;
    this.#reportDepth();
    throw ABANDONED;
  }

  /** What stands for an expression that could not be read. */
  protected hole(): Expr {
    const at = this.RECORDING_PHASE ? 0 : this.next.startOffset;
    return { kind: 'var', name: '', start: at, end: at };
  }

  /** Runs a rule; `undefined` where it met an error, which is then reported. */
  protected attempt<R>(run: () => R): R | undefined {
    if (this.RECORDING_PHASE) return run();
    const { depth } = this;
    try {
      return run();
    } catch (error) {
      if (isRecognitionException(error as Error)) this.#reportProblem(error as IRecognitionException);
      else if (error !== SYNTAX_STOP) throw error;
      this.depth = depth;
      return undefined;
    }
  }

  // ── skipping ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected get pairs(): Brackets {
    this.#brackets ??= pairBrackets(this.#source, this.tokens);
    return this.#brackets;
  }

  protected isStray(index: number): boolean {
    return isCloser(this.tokens[index]!.tokenType) && !this.pairs.partners.has(index);
  }

  /** Skips to a token of `stops`, a bracket that closes what is around us, or the end; over whole brackets. */
  protected skipTo(stops: ReadonlySet<TokenType>, isStop?: (index: number) => boolean): void {
    const first = this.index;
    let index = first;
    for (;;) {
      const type = this.tokens[index]!.tokenType;
      if (type === T.End || stops.has(type)) break;
      if (isCloser(type) && !this.isStray(index)) break;
      if (index > first && isStop?.(index)) break;
      const partner = this.pairs.partners.get(index);
      index = partner !== undefined && partner > index ? partner + 1 : index + 1;
    }
    this.moveTo(index);
  }

  protected skipToBinding(): void {
    if (this.missingInAt === this.index) return;
    this.skipTo(BINDING_STOPS, (index) => this.beginsLine(index) && this.tokens[index + 1]?.tokenType === T.Equals);
    if (this.next.tokenType === T.Semicolon) this.skip();
  }

  /** Skips to the bracket that closes what is around us; gives up where it is missing. */
  protected skipInside(closer: TokenType): Expr {
    this.skipTo(SEMICOLON);
    if (this.next.tokenType !== closer) throw SYNTAX_STOP;
    return this.hole();
  }

  protected skipToDeclaration(): void {
    const none: ReadonlySet<TokenType> = new Set();
    while (this.next.tokenType !== T.End && !this.#beginsDeclaration(this.index)) {
      const before = this.index;
      this.skipTo(none, (index) => this.#beginsDeclaration(index));
      if (this.index === before || isCloser(this.next.tokenType)) this.skip();
    }
  }

  #beginsDeclaration(index: number): boolean {
    const type = this.tokens[index + 1]?.tokenType;
    return (
      this.tokens[index]!.tokenType === T.Ident &&
      (type === T.Ident || type === T.StringOpen || type === T.BraceOpen || type === T.FormalsOpen) &&
      this.beginsLine(index)
    );
  }

  protected beginsLine(index: number): boolean {
    if (index === 0) return true;
    return this.#source.text.slice(this.tokens[index - 1]!.end, this.tokens[index]!.startOffset).includes('\n');
  }

  // ── reporting ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected report(
    index: number,
    code: FaultCode,
    message: string,
    labels: readonly Label[],
    hints: readonly string[] = [],
  ): void {
    if (index <= this.#lastReported) return;
    if (this.faults.length >= MAX_FAULTS) throw ABANDONED;
    this.#lastReported = index;
    this.faults.push(new Fault(code, message, { labels, hints }));
  }

  protected label(token: Token, text = ''): Label {
    // the end of the file is shown behind the last token, not on an empty line
    if (token.tokenType === T.End) return this.labelBehind(this.tokens.at(-2) ?? token, text);
    return this.labelSpan({ start: token.startOffset, end: token.end }, text);
  }

  protected labelSpan(span: { start: number; end: number }, text = ''): Label {
    return { source: this.#source, start: span.start, end: span.end, text };
  }

  /** The place right behind the last token, where something is missing. */
  protected labelBehind(token: Token, text: string): Label {
    return { source: this.#source, start: token.end, end: token.end, text };
  }

  #reportDepth(): void {
    const token = this.tokens[Math.min(Math.max(this.index, 0), this.tokens.length - 1)]!;
    this.#lastReported = -1;
    this.report(
      this.tokens.length,
      'E-LANG-023',
      'brackets and expressions are nested too deep',
      [this.label(token)],
      ['name inner parts with `let`, or make the generator write flatter text'],
    );
  }

  #reportProblem(error: IRecognitionException): void {
    const { expected, rule } = this.#problem;
    const found = error.token as Token;
    const index = this.index;
    const before = this.tokens[index - 1];
    const wanted = expected === undefined ? describeRule(rule) : describeExpected(expected);
    const inOperand = wanted === 'an expression';
    if (found.tokenType === T.End && this.blameBracket(index)) return;
    if (inOperand && found.tokenType === T.Equals && before?.tokenType === T.Operator && before.end === found.startOffset) {
      const operator = before.image + found.image;
      const right = before.image;
      this.report(
        index,
        'E-LANG-021',
        `there is no operator '${operator}'`,
        [this.labelSpan({ start: before.startOffset, end: found.end })],
        [`write '${right}'`],
      );
      return;
    }
    if (rule === 'attrName' && before?.tokenType === T.Question) {
      this.reportTernary(index, before);
      return;
    }
    if (inOperand && NEEDS_PARENTHESES.has(found.tokenType)) {
      this.reportParentheses(index, found);
      return;
    }
    if (found.tokenType === T.Comma) {
      this.reportComma(index, wanted);
      return;
    }
    const behind = before === undefined || found.tokenType === T.Operator ? '' : ` after ${describe(before)}`;
    this.report(
      index,
      'E-LANG-001',
      `expected ${wanted}${behind}, found ${describe(found)}`,
      [this.label(found)],
      expected === T.Colon ? ["a function has a body: '{ a, b }: body'"] : this.hints(found, before),
    );
  }

  protected hints(found: Token, before: Token | undefined): string[] {
    if (before?.tokenType === T.Equals && (found.tokenType === T.Semicolon || found.tokenType === T.BraceClose)) {
      return ["give the value: 'name = value;'"];
    }
    if (found.tokenType === T.Or)
      return ["'or' gives a default for an attribute: 'set.name or default'; the boolean operator is '||'"];
    if (found.tokenType === T.Equals) return ["'=' defines an attribute; '==' compares"];
    if (found.tokenType === T.Colon && before?.tokenType === T.BraceClose)
      return ['a function names its arguments: `{ a, b }: body`'];
    if (found.tokenType === T.Then || found.tokenType === T.Else) return ["an `if` is written 'if condition then a else b'"];
    return [];
  }

  protected reportParentheses(index: number, found: Token): void {
    const what = NEEDS_PARENTHESES.get(found.tokenType)!;
    this.report(
      index,
      'E-LANG-028',
      `${what} needs parentheses here`,
      [this.label(found)],
      [`put '(' before it and ')' behind its end`],
    );
  }

  protected reportTernary(index: number, question: Token): void {
    this.report(
      index,
      'E-LANG-022',
      "'?' is not a conditional operator",
      [this.label(question, 'asks whether a set has an attribute')],
      ["write 'if condition then a else b'"],
    );
  }

  protected reportComma(index: number, wanted: string): void {
    const hint = wanted.startsWith("';'")
      ? "bindings end in ';'"
      : wanted === "')'"
        ? "blanks separate the arguments of a call: 'f a b'"
        : "commas stand between the arguments of '{ a, b }: …' only";
    this.report(index, 'E-LANG-020', `expected ${wanted}, found ','`, [this.label(this.tokens[index]!)], [hint]);
  }

  /** At the end of the file: names the bracket that was not closed. False where all are. */
  protected blameBracket(index: number): boolean {
    const unclosed = this.tokens.findLast((token, at) => T.closers.has(token.tokenType) && !this.pairs.partners.has(at));
    if (unclosed === undefined) return false;
    this.reportUnclosed(unclosed, index);
    return true;
  }

  protected reportUnclosed(open: Token, index: number): void {
    const found = this.tokens[index]!;
    const isEnd = found.tokenType === T.End;
    const culprit = isEnd ? (this.pairs.suspect ?? open) : open;
    const closer = describeExpected(T.closers.get(culprit.tokenType)!);
    const labels = isEnd
      ? [this.label(culprit, 'opened here')]
      : [this.label(found, `${closer} expected before this`), this.label(culprit, 'opened here')];
    const hint = isEnd && culprit !== open ? ['the indentation of the brackets behind it says so'] : [];
    this.report(index, 'E-LANG-003', `'${culprit.image}' is never closed`, labels, [`close it with ${closer}`, ...hint]);
  }

  protected reportStrayCloser(index: number): void {
    const found = this.tokens[index]!;
    this.report(
      index,
      'E-LANG-004',
      `'${found.image}' closes nothing`,
      [this.label(found)],
      ['remove it, or add the opening bracket'],
    );
  }

  /** Reports what is wrong in a text that could be parsed: no other error follows from it. */
  protected addCheck(code: FaultCode, message: string, labels: readonly Label[], hints: readonly string[]): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(new Fault(code, message, { labels, hints }));
  }
}

export const SEMICOLON: ReadonlySet<TokenType> = new Set([T.Semicolon]);
const BINDING_STOPS: ReadonlySet<TokenType> = new Set([T.Semicolon, T.In, T.Inherit]);
