/**
 * What the grammar does when the text is wrong: say it in plain words, once, and find a place to go on. A fault is dropped where
 * one was reported at the same token or later: the rest of a broken piece is not the user's mistake.
 */
import { EmbeddedActionsParser, type IRecognitionException, isRecognitionException, type TokenType } from 'chevrotain';
import { didYouMean, Fault, type FaultCode, type Label, type SourceFile } from '../base/index.ts';
import { type Brackets, pairBrackets } from './brackets.ts';
import { mergeBindings } from './merge.ts';
import * as T from './tokens.ts';
import { isCloser, keywords, type Token, vocabulary } from './tokens.ts';
import type { AttrName, Binding, Declaration, Expr, FileTree, Formal, MergedAttrs, Param } from './tree.ts';
import { describe, describeExpected, describeRule, pathText } from './words.ts';

/** Thrown after a report; carries nothing. */
const SYNTAX_STOP = { name: 'SyntaxStop' };
/** Thrown where going on would exhaust the stack. */
const TOO_DEEP = { name: 'TooDeep' };

const MAX_FAULTS = 20;
/** Nested brackets, functions and blocks. Node's usual stack of 984 KiB ends earlier, at some 400, which is reported the same way. */
const MAX_DEPTH = 2000;

const NEEDS_PARENTHESES: ReadonlyMap<TokenType, string> = new Map([
  [T.ParamName, 'a function'],
  [T.FormalsOpen, 'a function'],
  [T.If, "'if'"],
  [T.Let, "'let'"],
  [T.With, "'with'"],
  [T.Assert, "'assert'"],
]);

export class Recovery extends EmbeddedActionsParser {
  protected depth = 0;
  #source!: SourceFile;
  #tokens: Token[] = [];
  #faults: Fault[] = [];
  #pipes = false;
  #lastReported = -1;
  #missingInAt = -1;
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
    this.#tokens = tokens;
    this.#faults = [];
    this.#pipes = pipes;
    this.#lastReported = -1;
    this.#missingInAt = -1;
    this.#brackets = undefined;
    this.depth = 0;
    this.input = tokens;
    let tree: FileTree | undefined;
    try {
      tree = root(this);
    } catch (error) {
      if (error instanceof RangeError) this.#reportDepth();
      else if (error !== SYNTAX_STOP && error !== TOO_DEEP) throw error;
    }
    tree ??= { kind: 'expr', expr: { kind: 'var', name: '', start: 0, end: source.text.length } };
    const faults = this.#faults;
    this.input = [];
    this.#tokens = [];
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

  #moveTo(index: number): void {
    (this as unknown as { currIdx: number }).currIdx = index - 1;
  }

  #skip(): void {
    this.#moveTo(this.index + 1);
  }

  protected enter(): void {
    if (++this.depth <= MAX_DEPTH) return;
    this.#reportDepth();
    throw TOO_DEEP;
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

  get #pairs(): Brackets {
    this.#brackets ??= pairBrackets(this.#source, this.#tokens);
    return this.#brackets;
  }

  #isStray(index: number): boolean {
    return isCloser(this.#tokens[index]!.tokenType) && !this.#pairs.partners.has(index);
  }

  /** Skips to a token of `stops`, a bracket that closes what is around us, or the end; over whole brackets. */
  #skipTo(stops: ReadonlySet<TokenType>, isStop?: (index: number) => boolean): void {
    const first = this.index;
    let index = first;
    for (;;) {
      const type = this.#tokens[index]!.tokenType;
      if (type === T.End || stops.has(type)) break;
      if (isCloser(type) && !this.#isStray(index)) break;
      if (index > first && isStop?.(index)) break;
      const partner = this.#pairs.partners.get(index);
      index = partner !== undefined && partner > index ? partner + 1 : index + 1;
    }
    this.#moveTo(index);
  }

  protected skipToBinding(): void {
    if (this.#missingInAt === this.index) return;
    this.#skipTo(BINDING_STOPS, (index) => this.#beginsLine(index) && this.#tokens[index + 1]?.tokenType === T.Equals);
    if (this.next.tokenType === T.Semicolon) this.#skip();
  }

  /** Skips to the bracket that closes what is around us; gives up where it is missing. */
  protected skipInside(closer: TokenType): Expr {
    this.#skipTo(SEMICOLON);
    if (this.next.tokenType !== closer) throw SYNTAX_STOP;
    return this.hole();
  }

  protected skipToDeclaration(): void {
    const none: ReadonlySet<TokenType> = new Set();
    while (this.next.tokenType !== T.End && !this.#beginsDeclaration(this.index)) {
      const before = this.index;
      this.#skipTo(none, (index) => this.#beginsDeclaration(index));
      if (this.index === before || isCloser(this.next.tokenType)) this.#skip();
    }
  }

  #beginsDeclaration(index: number): boolean {
    const type = this.#tokens[index + 1]?.tokenType;
    return (
      this.#tokens[index]!.tokenType === T.Ident &&
      (type === T.Ident || type === T.StringOpen || type === T.BraceOpen || type === T.FormalsOpen) &&
      this.#beginsLine(index)
    );
  }

  #beginsLine(index: number): boolean {
    if (index === 0) return true;
    return this.#source.text.slice(this.#tokens[index - 1]!.end, this.#tokens[index]!.startOffset).includes('\n');
  }

  // ── reporting ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #report(index: number, code: FaultCode, message: string, labels: readonly Label[], hints: readonly string[] = []): void {
    if (index <= this.#lastReported || this.#faults.length >= MAX_FAULTS) return;
    this.#lastReported = index;
    this.#faults.push(new Fault(code, message, { labels, hints }));
  }

  #label(token: { startOffset: number; end: number }, text = ''): Label {
    return { source: this.#source, start: token.startOffset, end: Math.max(token.end, token.startOffset), text };
  }

  #labelSpan(span: { start: number; end: number }, text = ''): Label {
    return { source: this.#source, start: span.start, end: span.end, text };
  }

  /** The place right behind the last token, where something is missing. */
  #labelBehind(token: Token, text: string): Label {
    return { source: this.#source, start: token.end, end: token.end, text };
  }

  #reportDepth(): void {
    const token = this.#tokens[Math.min(Math.max(this.index, 0), this.#tokens.length - 1)]!;
    this.#lastReported = -1;
    this.#report(
      this.#tokens.length,
      'E-LANG-023',
      'brackets and expressions are nested too deep',
      [this.#label(token)],
      ['name inner parts with `let`, or make the generator write flatter text'],
    );
  }

  #reportProblem(error: IRecognitionException): void {
    const { expected, rule } = this.#problem;
    const found = error.token as Token;
    const index = this.index;
    const before = this.#tokens[index - 1];
    const wanted = expected === undefined ? describeRule(rule) : describeExpected(expected);
    const inOperand = wanted === 'an expression';
    if (found.tokenType === T.End && this.#blameBracket(index)) return;
    if (inOperand && found.tokenType === T.Equals && before?.tokenType === T.Operator && before.end === found.startOffset) {
      const operator = before.image + found.image;
      const right = before.image;
      this.#report(
        index,
        'E-LANG-021',
        `there is no operator '${operator}'`,
        [this.#labelSpan({ start: before.startOffset, end: found.end })],
        [`write '${right}'`],
      );
      return;
    }
    if (rule === 'attrName' && before?.tokenType === T.Question) {
      this.#reportTernary(index, before);
      return;
    }
    if (inOperand && NEEDS_PARENTHESES.has(found.tokenType)) {
      this.#reportParentheses(index, found);
      return;
    }
    if (found.tokenType === T.Comma) {
      this.#reportComma(index, wanted);
      return;
    }
    const behind = before === undefined || found.tokenType === T.Operator ? '' : ` after ${describe(before)}`;
    this.#report(
      index,
      'E-LANG-001',
      `expected ${wanted}${behind}, found ${describe(found)}`,
      [this.#label(found)],
      this.#hints(found, before),
    );
  }

  #hints(found: Token, before: Token | undefined): string[] {
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

  #reportParentheses(index: number, found: Token): void {
    const what = NEEDS_PARENTHESES.get(found.tokenType)!;
    this.#report(
      index,
      'E-LANG-028',
      `${what} needs parentheses here`,
      [this.#label(found)],
      [`put '(' before it and ')' behind its end`],
    );
  }

  #reportTernary(index: number, question: Token): void {
    this.#report(
      index,
      'E-LANG-022',
      "'?' is not a conditional operator",
      [this.#label(question, 'asks whether a set has an attribute')],
      ["write 'if condition then a else b'"],
    );
  }

  #reportComma(index: number, wanted: string): void {
    this.#report(
      index,
      'E-LANG-020',
      `expected ${wanted}, found ','`,
      [this.#label(this.#tokens[index]!)],
      ["commas stand between the arguments of '{ a, b }: …' only"],
    );
  }

  /** At the end of the file: names the bracket that was not closed. False where all are. */
  #blameBracket(index: number): boolean {
    const unclosed = this.#tokens.findLast((token, at) => T.closers.has(token.tokenType) && !this.#pairs.partners.has(at));
    if (unclosed === undefined) return false;
    this.#reportUnclosed(unclosed, index);
    return true;
  }

  #reportUnclosed(open: Token, index: number): void {
    const found = this.#tokens[index]!;
    const isEnd = found.tokenType === T.End;
    const culprit = isEnd ? (this.#pairs.suspect ?? open) : open;
    const closer = describeExpected(T.closers.get(culprit.tokenType)!);
    const labels = isEnd
      ? [this.#label(culprit, 'opened here')]
      : [this.#label(found, `${closer} expected before this`), this.#label(culprit, 'opened here')];
    const hint = isEnd && culprit !== open ? ['the indentation of the brackets behind it says so'] : [];
    this.#report(index, 'E-LANG-003', `'${culprit.image}' is never closed`, labels, [`close it with ${closer}`, ...hint]);
  }

  #reportStrayCloser(index: number): void {
    const found = this.#tokens[index]!;
    this.#report(
      index,
      'E-LANG-004',
      `'${found.image}' closes nothing`,
      [this.#label(found)],
      ['remove it, or add the opening bracket'],
    );
  }

  // ── brackets ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The bracket `open` should close here and does not. Afterwards we are behind its end, or where it should have ended. */
  protected recoverClosing(type: TokenType, open: Token): void {
    const { index, next } = this;
    if (this.#isStray(index) && next.tokenType !== T.End) {
      this.#reportStrayCloser(index);
      this.#skip();
    } else if (next.tokenType === T.End || next.tokenType === T.Semicolon || isCloser(next.tokenType)) {
      this.#reportUnclosed(open, index);
      return;
    } else this.#reportInside(index, type, open);
    this.#skipTo(SEMICOLON);
    if (this.next.tokenType === type) this.#skip();
  }

  #reportInside(index: number, type: TokenType, open: Token): void {
    const found = this.#tokens[index]!;
    const wanted = describeExpected(type);
    if (found.tokenType === T.Comma) this.#reportComma(index, wanted);
    else if (NEEDS_PARENTHESES.has(found.tokenType)) this.#reportParentheses(index, found);
    else {
      const labels = [this.#label(found), this.#label(open, 'opened here')];
      this.#report(
        index,
        'E-LANG-001',
        `expected ${wanted}, found ${describe(found)}`,
        labels,
        this.#hints(found, this.previous),
      );
    }
  }

  /** Whether the list goes on behind what was wrong. */
  protected recoverInList(): boolean {
    const { index, next } = this;
    const type = next.tokenType;
    if (type === T.Comma) {
      this.#report(
        index,
        'E-LANG-020',
        'a list has no commas: blanks separate its items',
        [this.#label(next)],
        ['remove the commas'],
      );
      this.#skip();
      return true;
    }
    if (type === T.Operator || type === T.Minus || type === T.Question || type === T.Not) {
      this.#report(
        index,
        'E-LANG-028',
        `an item of a list with the operator '${next.image}' needs parentheses`,
        [this.#label(next)],
        [`write '(a ${next.image} b)'`],
      );
    } else if (NEEDS_PARENTHESES.has(type)) this.#reportParentheses(index, next);
    else return false;
    this.#skipTo(SEMICOLON);
    return false;
  }

  // ── bindings ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What stands in a set is no binding. Whether more bindings may follow. */
  protected recoverInBindings(open: Token): boolean {
    const { index, next } = this;
    const type = next.tokenType;
    if (type === T.BraceClose) return false;
    if (type === T.End) {
      this.#reportUnclosed(open, index);
      return false;
    }
    if (isCloser(type) && this.#isStray(index)) {
      this.#reportStrayCloser(index);
      this.#skip();
      return true;
    }
    if (isCloser(type) || type === T.In) {
      this.#reportUnclosed(open, index);
      return false;
    }
    this.#reportNoBinding(index);
    this.#skipToNextBinding();
    return true;
  }

  /** As `skipToBinding`, but never stays: the next token is known not to begin a binding. */
  #skipToNextBinding(): void {
    const before = this.index;
    this.skipToBinding();
    if (this.index === before) this.#skip();
  }

  protected recoverInLet(): boolean {
    const { index, next } = this;
    const type = next.tokenType;
    if (type === T.In || type === T.End || this.#missingInAt === index) return false;
    if (isCloser(type)) {
      if (!this.#isStray(index)) return false;
      this.#reportStrayCloser(index);
      this.#skip();
      return true;
    }
    if (!this.#hasInAhead(index)) return false;
    this.#reportNoBinding(index);
    this.#skipToNextBinding();
    return true;
  }

  #reportNoBinding(index: number): void {
    const found = this.#tokens[index]!;
    const type = found.tokenType;
    const following = this.#tokens[index + 1]?.tokenType;
    if (keywords.has(found.image) && (following === T.Equals || following === T.Dot)) {
      this.#reportKeyword(index);
    } else if (type === T.ParamName && following === T.Colon) {
      this.#reportColon(index + 1, found.image, this.#tokens[index + 1]!);
    } else if (type === T.Uri) {
      this.#reportColon(index, found.image.split(':')[0]!, found);
    } else if (type === T.Comma) {
      this.#reportComma(index, "';' or '}'");
    } else if (type === T.Semicolon) {
      this.#report(index, 'E-LANG-001', "';' ends nothing", [this.#label(found)], ['remove it']);
    } else {
      this.#report(
        index,
        'E-LANG-001',
        `expected a name, found ${describe(found)}`,
        [this.#label(found)],
        ["a set holds bindings 'name = value;'"],
      );
    }
  }

  #reportColon(index: number, name: string, token: Token): void {
    this.#report(
      index,
      'E-LANG-019',
      `expected '=' after '${name}', found ':'`,
      [this.#label(token)],
      [`write '${name} = value;'`],
    );
  }

  #reportKeyword(index: number): void {
    const token = this.#tokens[index]!;
    this.#report(
      index,
      'E-LANG-027',
      `'${token.image}' is a keyword`,
      [this.#label(token)],
      [`in quotes it is a name: "${token.image}"`],
    );
  }

  /** A keyword where a name is wanted, taken as that name after a report. */
  protected takeKeywordAsName(): Token | undefined {
    const { next } = this;
    if (next.tokenType === T.Or || !keywords.has(next.image)) return undefined;
    const following = this.#tokens[this.index + 1]?.tokenType;
    if (this.previous.tokenType !== T.Dot || (following !== T.Equals && following !== T.Semicolon && following !== T.Dot))
      return undefined;
    this.#reportKeyword(this.index);
    this.#skip();
    return next;
  }

  /** Between name and value something else than '='. */
  protected stopMissingEquals(path: readonly AttrName[], from: number, isLet: boolean): never {
    const { index, next } = this;
    const name = pathText(path);
    if (next.tokenType === T.End && !isLet && this.#blameBracket(index)) throw SYNTAX_STOP;
    if (next.tokenType === T.Colon) this.#reportColon(index, name, next);
    else if (next.image === '==') {
      this.#report(
        index,
        'E-LANG-019',
        `expected '=' after '${name}', found '=='`,
        [this.#label(next)],
        ["'==' compares; '=' defines"],
      );
    } else if (isLet && !this.#hasInAhead(index)) {
      this.#moveTo(from);
      this.#missingInAt = from;
      this.#reportMissingInAt(from, undefined);
    } else if (next.tokenType === T.Comma) this.#reportComma(index, `'=' after '${name}'`);
    else {
      const hints =
        next.tokenType === T.BraceClose || next.tokenType === T.Semicolon
          ? [`to take it from the scope: 'inherit ${name};'`, `for a function's arguments: '{ ${name} }: body'`]
          : [];
      this.#report(index, 'E-LANG-001', `expected '=' after '${name}', found ${describe(next)}`, [this.#label(next)], hints);
    }
    throw SYNTAX_STOP;
  }

  /** Behind the value of a binding something else than ';'. Returns where the binding can count as ended. */
  protected missingBindingSemicolon(path: readonly AttrName[], value: Expr, valueFrom: number): void {
    const { index, next } = this;
    const name = pathText(path);
    const type = next.tokenType;
    if (type === T.Equals) {
      const start = this.#nameBefore(index);
      if (start > valueFrom) {
        this.#moveTo(start);
        this.#reportSemicolon(start, `the value of '${name}'`);
        return;
      }
    }
    if (type === T.Colon && value.kind === 'has') {
      this.#reportTernary(index, { startOffset: value.start, end: value.end } as Token);
      throw SYNTAX_STOP;
    }
    if (type === T.ParamName && value.kind === 'has') {
      this.#reportTernary(index, this.previous);
      throw SYNTAX_STOP;
    }
    if (type === T.End || (isCloser(type) && type !== T.BraceClose)) {
      // an unclosed or stray bracket, which the set around reports
      if (type !== T.End && this.#isStray(index)) {
        this.#reportStrayCloser(index);
        throw SYNTAX_STOP;
      }
      return;
    }
    if (type === T.Comma) {
      this.#reportComma(index, `';' after the value of '${name}'`);
      this.#skip();
      return;
    }
    if (type === T.BraceClose || type === T.In || type === T.Inherit || (type === T.Interpolation && this.#beginsLine(index))) {
      this.#reportSemicolon(index, `the value of '${name}'`);
      return;
    }
    if (NEEDS_PARENTHESES.has(type) && !this.#beginsLine(index)) this.#reportParentheses(index, next);
    else {
      const hints = this.#hints(next, this.previous);
      this.#report(
        index,
        'E-LANG-002',
        `expected ';' after the value of '${name}', found ${describe(next)}`,
        [this.#label(next)],
        hints,
      );
    }
    throw SYNTAX_STOP;
  }

  #reportSemicolon(index: number, what: string): void {
    this.#report(index, 'E-LANG-002', `expected ';' after ${what}`, [
      this.#labelBehind(this.#tokens[index - 1]!, "';' is missing here"),
    ]);
  }

  /** The index where the attribute path that ends before `index` begins. */
  #nameBefore(index: number): number {
    let at = index - 1;
    for (;;) {
      const type = this.#tokens[at]?.tokenType;
      if (type === T.StringClose || type === T.BraceClose) at = this.#pairs.partners.get(at) ?? at;
      if (this.#tokens[at - 1]?.tokenType !== T.Dot) return at;
      at -= 2;
    }
  }

  /** ';' is missing behind `with e` or `assert e`. Goes on where an expression plainly follows. */
  protected missingSemicolon(what: string): void {
    const { index, next } = this;
    if (next.tokenType === T.End && this.#blameBracket(index)) throw SYNTAX_STOP;
    this.#reportSemicolon(index, what);
    if (!NEEDS_PARENTHESES.has(next.tokenType)) throw SYNTAX_STOP;
  }

  protected missingInheritSemicolon(names: { name: string; start: number; end: number }[]): void {
    const { index, next } = this;
    const type = next.tokenType;
    if (type === T.Equals && names.length > 0) {
      names.pop();
      this.#moveTo(index - 1);
      this.#reportSemicolon(index - 1, "'inherit'");
      return;
    }
    if (type === T.BraceClose || type === T.In || type === T.Inherit) {
      this.#reportSemicolon(index, "'inherit'");
      return;
    }
    if (type === T.End && this.#blameBracket(index)) throw SYNTAX_STOP;
    const hints = type === T.Dot ? ["to take attributes of a set: 'inherit (set) name;'"] : [];
    this.#report(
      index,
      'E-LANG-001',
      `expected a name or ';' after 'inherit', found ${describe(next)}`,
      [this.#label(next)],
      hints,
    );
    throw SYNTAX_STOP;
  }

  protected recoverCommaInInherit(): boolean {
    if (this.next.tokenType !== T.Comma) return false;
    this.#reportComma(this.index, "a name or ';' after 'inherit'");
    this.#skip();
    return true;
  }

  protected reportDynamicInherit(name: AttrName): void {
    this.#report(
      this.index - 1,
      'E-LANG-015',
      "'inherit' needs fixed names",
      [this.#labelSpan(name)],
      ["write 'name = set.${…};' instead"],
    );
  }

  /** `let`'s bindings need fixed names. */
  protected checkLet(bindings: readonly Binding[]): void {
    for (const binding of bindings) {
      if (binding.kind !== 'bind' || binding.path[0]?.kind !== 'dynamic') continue;
      this.#addCheck(
        'E-LANG-015',
        "'let' needs fixed names",
        [this.#labelSpan(binding.path[0])],
        ['put computed names in a set'],
      );
    }
  }

  protected merge(bindings: readonly Binding[]): MergedAttrs {
    return mergeBindings(bindings, ({ name, first, second }) => {
      this.#addCheck(
        'E-LANG-011',
        `attribute '${name}' already defined`,
        [this.#labelSpan(second), this.#labelSpan(first, 'first defined here')],
        [],
      );
    });
  }

  /** Reports what is wrong in a text that could be parsed: no other error follows from it. */
  #addCheck(code: FaultCode, message: string, labels: readonly Label[], hints: readonly string[]): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push(new Fault(code, message, { labels, hints }));
  }

  // ── let, if, functions ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the `in` of the innermost open `let` is still to come. */
  #hasInAhead(from: number): boolean {
    let lets = 0;
    for (let index = from; ; index++) {
      const type = this.#tokens[index]!.tokenType;
      if (type === T.End || (isCloser(type) && !this.#isStray(index))) return false;
      if (type === T.Let) lets++;
      if (type === T.In && lets-- === 0) return true;
      const partner = this.#pairs.partners.get(index);
      if (partner !== undefined && partner > index) index = partner;
    }
  }

  protected reportMissingIn(open?: Token): void {
    this.#reportMissingInAt(this.index, open);
  }

  #reportMissingInAt(index: number, open: Token | undefined): void {
    const found = this.#tokens[index]!;
    const labels = [
      this.#label(found, "'in' expected before this"),
      ...(open === undefined ? [] : [this.#label(open, "this 'let'")]),
    ];
    this.#report(index, 'E-LANG-018', "'let' has no 'in'", labels, ["write 'let name = value; in expression'"]);
  }

  protected stopMissing(word: 'then' | 'else', start: number): never {
    const { index, next } = this;
    if (next.tokenType === T.End && this.#blameBracket(index)) throw SYNTAX_STOP;
    const labels = [this.#label(next), this.#labelSpan({ start, end: start + 2 }, "this 'if'")];
    const hints =
      word === 'else' ? ["'if' always has an 'else': 'if condition then a else b'"] : ["write 'if condition then a else b'"];
    this.#report(index, 'E-LANG-017', `expected '${word}', found ${describe(next)}`, labels, hints);
    throw SYNTAX_STOP;
  }

  protected checkFormals(formals: readonly Formal[]): void {
    const seen = new Map<string, Formal>();
    for (const formal of formals) {
      const first = seen.get(formal.name);
      if (first === undefined) seen.set(formal.name, formal);
      else this.#reportDuplicateFormal(formal.name, formal, first);
    }
  }

  protected nameWhole(param: Param, as: Token): Param {
    if (param.kind !== 'formals') return param;
    const first = param.formals.find((formal) => formal.name === as.image);
    if (first !== undefined) this.#reportDuplicateFormal(as.image, { start: as.startOffset, end: as.end }, first);
    return { ...param, as: as.image, end: Math.max(param.end, as.end) };
  }

  #reportDuplicateFormal(name: string, second: { start: number; end: number }, first: Formal): void {
    const place = (span: { start: number }): { start: number; end: number } => ({
      start: span.start,
      end: span.start + name.length,
    });
    this.#addCheck(
      'E-LANG-012',
      `argument '${name}' is named twice`,
      [this.#labelSpan(place(second)), this.#labelSpan(place(first), 'first named here')],
      [],
    );
  }

  protected reportMissingComma(): void {
    const { index, next } = this;
    this.#report(index, 'E-LANG-001', `expected ',' between arguments, found ${describe(next)}`, [this.#label(next)], []);
  }

  protected reportEllipsisNotLast(): void {
    const { index, previous } = this;
    this.#report(
      index,
      'E-LANG-001',
      "'...' must be the last of the arguments",
      [this.#label(previous)],
      ["write '{ a, b, ... }'"],
    );
  }

  // ── operators and numbers ──────────────────────────────────────────────────────────────────────────────────────────────────

  protected checkPipe(token: Token): void {
    if (this.#pipes) return;
    this.#addCheck(
      'E-LANG-014',
      `the pipe operator '${token.image}' is not enabled`,
      [this.#label(token)],
      ["enable it with '--extra-experimental-features pipe-operators', or write 'f x'"],
    );
  }

  protected reportUnchainable(first: string, firstStart: number, second: string, secondStart: number): void {
    const span = (start: number, op: string, text = ''): Label => this.#labelSpan({ start, end: start + op.length }, text);
    const hint = first === '?' ? "write '(a ? b) ? c'" : `write '(a ${first} b) ${second} c' or 'a ${first} (b ${second} c)'`;
    this.#addCheck(
      'E-LANG-013',
      `'${first}' and '${second}' cannot be chained`,
      first === '?' ? [span(secondStart, second)] : [span(secondStart, second), span(firstStart, first, 'first operator')],
      [hint],
    );
  }

  protected reportNumber(token: Token, kind: string, hint: string): void {
    const shown = token.image.length > 40 ? `${token.image.slice(0, 40)}…` : token.image;
    this.#addCheck('E-LANG-009', `${kind} ${shown} is too large`, [this.#label(token)], [hint]);
  }

  protected reportTextAfterEnd(): void {
    const { index, next, previous } = this;
    const type = next.tokenType;
    if (isCloser(type)) this.#reportStrayCloser(index);
    else if (type === T.Comma) this.#reportComma(index, 'the end of the file');
    else if (type === T.Colon && this.#tokens.slice(0, index).some((token) => token.tokenType === T.Question)) {
      this.#reportTernary(index, this.#tokens.slice(0, index).findLast((token) => token.tokenType === T.Question)!);
    } else if (NEEDS_PARENTHESES.has(type)) this.#reportParentheses(index, next);
    else {
      const hints =
        type === T.Semicolon
          ? ['remove it: only bindings end in a semicolon']
          : type === T.Equals
            ? ["'==' compares; bindings stand in '{ … }' or behind 'let'"]
            : this.#hints(next, previous);
      this.#report(index, 'E-LANG-029', `expected the end of the file, found ${describe(next)}`, [this.#label(next)], hints);
    }
    this.#moveTo(this.#tokens.length);
  }

  // ── declarations ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected isSplit(): boolean {
    const second = (this.LA(2) as Token).tokenType;
    return this.next.image === 'split' && (second === T.Ident || second === T.StringOpen || second === T.BraceOpen);
  }

  protected checkDeclaration(word: Token, name: Declaration['name'], version: Expr | undefined): void {
    const kind = word.image;
    const { index } = this;
    if (name === undefined && kind !== 'tree') {
      this.#report(
        index,
        'E-LANG-025',
        `this ${kind} has no name`,
        [this.#label(word)],
        [kind === 'package' ? 'write \'package name "version" { … }\'' : `write '${kind} name { … }'`],
      );
    } else if (kind === 'package' && version === undefined && this.next.tokenType !== T.End) {
      this.#report(
        index,
        'E-LANG-024',
        `package '${name!.text}' has no version`,
        [this.#labelBehind(this.previous, 'a string is missing here')],
        [`write 'package ${name!.text} "1.0" { … }'`],
      );
    } else if (name !== undefined && kind === 'tree') {
      this.#addCheck(
        'E-LANG-001',
        "expected '{' after 'tree', found a name",
        [this.#labelSpan(name)],
        ['the name is a field: \'name = "…";\''],
      );
    } else if (version !== undefined && kind !== 'package') {
      const hint = kind === 'override' ? ['the version is a field here: \'version = "…";\''] : ['only packages have a version'];
      this.#addCheck(
        'E-LANG-001',
        `expected '{' after the name of this ${kind}, found a string`,
        [this.#labelSpan(version)],
        hint,
      );
    }
  }

  protected reportUnfixedName(name: Expr): void {
    this.#addCheck(
      'E-LANG-025',
      'the name of a declaration is a plain string',
      [this.#labelSpan(name)],
      ['names cannot be empty or computed; make declarations by functions for that'],
    );
  }

  protected reportUnknownDeclaration(word: Token, words: ReadonlySet<string>): void {
    const index = this.index - 1;
    const { next } = this;
    const shape = next.tokenType;
    const list = [...words].map((each) => `'${each}'`).join(', ');
    if (shape === T.Equals || shape === T.Dot) {
      this.#report(
        index,
        'E-LANG-026',
        `expected a declaration, found the binding '${word.image}'`,
        [this.#label(word)],
        ["names for the whole file go to its top: 'let name = value; in'"],
      );
      throw SYNTAX_STOP;
    }
    const isSplit = word.image === 'split';
    this.#report(
      index,
      'E-LANG-026',
      isSplit ? "'split' stands inside a package" : `'${word.image}' is not a declaration`,
      [this.#label(word)],
      isSplit
        ? ['move it between the braces of the package that it splits']
        : [...didYouMean(word.image, words), `declarations are ${list}`],
    );
    if (shape !== T.Ident && shape !== T.StringOpen && shape !== T.BraceOpen && shape !== T.FormalsOpen) throw SYNTAX_STOP;
  }

  protected reportNoDeclaration(): void {
    const { index, next } = this;
    if (isCloser(next.tokenType) && this.#isStray(index)) this.#reportStrayCloser(index);
    else {
      const hints = next.tokenType === T.Semicolon ? ["a declaration ends with its '}': remove the ';'"] : [];
      this.#report(index, 'E-LANG-026', `expected a declaration, found ${describe(next)}`, [this.#label(next)], hints);
    }
  }

  protected reportStraySplit(split: Declaration, kind: string): void {
    this.#addCheck(
      'E-LANG-026',
      `a ${kind} cannot be split`,
      [this.#labelSpan({ start: split.start, end: split.start + 5 })],
      ["'split' stands inside a package"],
    );
  }
}

const SEMICOLON: ReadonlySet<TokenType> = new Set([T.Semicolon]);
const BINDING_STOPS: ReadonlySet<TokenType> = new Set([T.Semicolon, T.In, T.Inherit]);
