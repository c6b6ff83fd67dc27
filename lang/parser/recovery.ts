/** What the parser does when the text is wrong: say it in plain words, once, and find a place to go on. */
import { bytesToText, place } from '../../base/index.ts';
import * as K from '../kinds.ts';
import { mergeBindings } from '../merge.ts';
import type { AttrName, Binding, Expr, Formal, MergedAttrs, Param } from '../tree.ts';
import { closerText, describe, pathText } from '../words.ts';
import { SYNTAX_STOP } from './base.ts';
import { COMMENT_HINT, Reports } from './reports.ts';
import { explainInvalid } from './strange.ts';
import { EXPECT, type Expected } from './token-names.ts';

export abstract class Recovery extends Reports {
  #separatedList = -1;

  // ── tokens that nothing begins with ────────────────────────────────────────────────────────────────────────────────────────

  /** Reports and skips an `Invalid` token; false where the next token is none. */
  protected skipInvalid(expected: Expected): boolean {
    const index = this.at;
    if (this.kind !== K.Invalid) return false;
    const isInPath = this.kinds[index - 1] === K.PathEnd && this.ends[index - 1] === this.start;
    const { says, hints } = explainInvalid(this.image(index), isInPath);
    this.report(index, expected, 'E-LANG-008', says, { hints });
    this.at++;
    return true;
  }

  /** An expression should begin here. */
  protected stopNoExpression(): never {
    const index = this.at;
    const { kind } = this;
    const before = index === 0 ? K.End : this.kinds[index - 1]!;
    if (kind === K.End && this.blameBracket(index, EXPECT.nothing)) throw SYNTAX_STOP;
    if (kind === K.Equals && K.isInfix(before) && this.ends[index - 1] === this.starts[index]) {
      const right = this.image(index - 1);
      this.report(index, EXPECT.nothing, 'E-LANG-021', `there is no operator '${right}='`, {
        labels: [this.labelSpan({ start: this.starts[index - 1]!, end: this.ends[index]! })],
        hints: [`write '${right}'`],
      });
    } else if (this.needingParentheses(index) !== undefined) this.reportParentheses(index, EXPECT.nothing);
    else if (kind === K.Comma) this.reportComma(index, EXPECT.nothing, 'an expression');
    else {
      const behind = index === 0 || K.isInfix(kind) ? '' : ` after ${describe(before, this.image(index - 1))}`;
      const hints = this.hints(index);
      this.report(index, EXPECT.nothing, 'E-LANG-001', `expected an expression${behind}`, { hints });
    }
    throw SYNTAX_STOP;
  }

  protected stopNoName(): never {
    const index = this.at;
    if (this.kinds[index - 1] === K.Question) {
      this.reportTernary(index, index - 1, EXPECT.attrName);
    } else if (K.isKeyword(this.kind)) this.#reportKeyword(index, EXPECT.attrName);
    else if (this.kind !== K.End || !this.blameBracket(index, EXPECT.attrName)) {
      const says = `expected an attribute name after ${describe(this.kinds[index - 1]!, this.image(index - 1))}`;
      this.report(index, EXPECT.attrName, 'E-LANG-001', says, { hints: this.hints(index) });
    }
    throw SYNTAX_STOP;
  }

  // ── brackets ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes the bracket that closes the one at token `open`. */
  protected closing(kind: number, open: number, expected: Expected): void {
    if (this.kind === kind) this.at++;
    else this.#recoverClosing(kind, open, expected);
  }

  /** Afterwards we are behind the end of the bracket at `open`, or where it should have ended. */
  #recoverClosing(kind: number, open: number, expected: Expected): void {
    const index = this.at;
    const found = this.kind;
    if (this.isStray(index)) {
      this.reportStrayCloser(index, expected);
      this.at++;
    } else if (found === K.End || found === K.Semicolon || K.isCloser(found)) {
      this.reportUnclosed(open, index, expected);
      return;
    } else if (!this.skipInvalid(expected)) this.#reportInside(index, kind, open, expected);
    this.skipTo();
    if (this.kind === kind) this.at++;
  }

  #reportInside(index: number, kind: number, open: number, expected: Expected): void {
    if (this.kinds[index] === K.Comma) this.reportComma(index, expected, closerText(kind));
    else if (this.needingParentheses(index) !== undefined) this.reportParentheses(index, expected);
    else {
      // `[ 1 2⏎ b = 3;`: what the bracket should not hold begins with the name
      const name = this.kinds[index] === K.Equals ? this.#nameBefore(index) : index;
      const isBinding = name < index && name > open + 1 && this.beginsLine(name);
      this.report(index, expected, isBinding ? 'E-LANG-003' : 'E-LANG-001', `expected ${closerText(kind)} before this`, {
        labels: [this.label(isBinding ? name : index), this.label(open, 'opened here')],
        hints: isBinding ? [`close it with ${closerText(kind)}`] : this.hints(index),
      });
    }
  }

  /** Whether the list goes on behind what was wrong. */
  protected recoverInList(open: number): boolean {
    const index = this.at;
    const { kind } = this;
    // behind a semicolon the list goes on only if it is closed: else a bracket is what is missing
    if (kind === K.Comma || (kind === K.Semicolon && (this.pairs.partners.get(open) ?? -1) > index)) {
      // once a list
      const signs = kind === K.Comma ? 'commas' : 'semicolons';
      if (this.#separatedList !== open)
        this.report(index, EXPECT.nothing, 'E-LANG-020', `a list has no ${signs}: blanks separate its items`, {
          hints: [`remove the ${signs}`],
        });
      this.#separatedList = open;
      this.at++;
      return true;
    }
    if (this.skipInvalid(EXPECT.nothing)) return true;
    if (K.isInfix(kind) || kind === K.Not) {
      const operator = this.image(index);
      const says = `an item of a list with the operator '${operator}' needs parentheses`;
      const isTail = kind === K.Concat && this.kinds[index - 1] === K.Ident && this.ends[index - 1] === this.starts[index];
      const hints = [`write '(a ${operator} b)'`];
      if (isTail && this.starts[index + 1] !== this.ends[index])
        hints.push(`a package with this name is 'packages."${this.image(index - 1)}${operator}"'`);
      this.report(index, EXPECT.nothing, 'E-LANG-028', says, { hints });
    } else if (this.needingParentheses(index) !== undefined) this.reportParentheses(index, EXPECT.nothing);
    else return false;
    this.skipTo();
    return false;
  }

  // ── bindings ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What stands in a set is no binding. Whether more bindings may follow. */
  protected recoverInBindings(open: number, expected: Expected): boolean {
    const index = this.at;
    const { kind } = this;
    if (kind === K.BraceClose) return false;
    if (kind === K.End) {
      this.reportUnclosed(open, index, expected);
      return false;
    }
    if (K.isCloser(kind) && this.isStray(index)) {
      this.reportStrayCloser(index, expected);
      this.at++;
      return true;
    }
    if (K.isCloser(kind) || kind === K.In) {
      this.reportUnclosed(open, index, expected);
      return false;
    }
    this.#reportNoBinding(index, expected);
    return true;
  }

  protected recoverInLet(): boolean {
    const index = this.at;
    const { kind } = this;
    if (kind === K.In || kind === K.End || this.missingInAt === index) return false;
    if (K.isCloser(kind)) {
      if (!this.isStray(index)) return false;
      this.reportStrayCloser(index, EXPECT.bindingOrIn);
      this.at++;
      return true;
    }
    if (!this.#hasInAhead(index)) return false;
    this.#reportNoBinding(index, EXPECT.bindingOrIn);
    return true;
  }

  #reportNoBinding(index: number, expected: Expected): void {
    if (this.skipInvalid(expected)) return;
    const kind = this.kinds[index]!;
    const following = this.kinds[index + 1]!;
    if (K.isKeyword(kind) && (following === K.Equals || following === K.Dot)) this.#reportKeyword(index, expected);
    else if (kind === K.Uri) this.#reportColon(index, this.image(index).split(':')[0]!, expected);
    else if (kind === K.Comma) this.reportComma(index, expected, "';' or '}'");
    else if (kind === K.Semicolon) this.report(index, expected, 'E-LANG-001', "';' ends nothing", { hints: ['remove it'] });
    else {
      // no binding begins with an operator: wherever it stands, it is meant as a comment
      const hints = [kind === K.Update ? COMMENT_HINT : "a set holds bindings 'name = value;'"];
      this.report(index, expected, 'E-LANG-001', 'expected a name', { hints });
    }
    // The next token is known not to begin a binding.
    this.skipToBinding();
    if (this.at === index) this.at++;
  }

  #reportColon(index: number, name: string, expected: Expected): void {
    const says = `expected '=' after '${name}'`;
    this.report(index, expected, 'E-LANG-019', says, { hints: [`write '${name} = value;'`] });
  }

  #reportKeyword(index: number, expected: Expected): void {
    const word = this.image(index);
    this.report(index, expected, 'E-LANG-027', `'${word}' is a keyword`, { hints: [`in quotes it is a name: "${word}"`] });
  }

  /** A keyword where a name is wanted, taken as that name after a report. */
  protected takesKeywordAsName(): boolean {
    if (!K.isKeyword(this.kind) || this.at === 0 || this.kinds[this.at - 1] !== K.Dot) return false;
    const following = this.kinds[this.at + 1];
    if (following !== K.Equals && following !== K.Semicolon && following !== K.Dot) return false;
    this.#reportKeyword(this.at, EXPECT.attrName);
    return true;
  }

  /** Between name and value something else than '='. */
  protected stopMissingEquals(path: readonly AttrName[], from: number, isLet: boolean): never {
    const index = this.at;
    const { kind } = this;
    const name = pathText(path);
    const expected = EXPECT.pathOrEquals;
    if (kind === K.End && !isLet && this.blameBracket(index, expected)) throw SYNTAX_STOP;
    if (kind === K.Colon) this.#reportColon(index, name, expected);
    else if (kind === K.Equal) {
      const says = `expected '=' after '${name}'`;
      this.report(index, expected, 'E-LANG-019', says, { hints: ["'==' compares; '=' defines"] });
    } else if (isLet && !this.#hasInAhead(index)) {
      this.missingInAt = from;
      const open = this.#letBefore(from);
      this.#reportMissingIn(index, from, open, expected);
      this.at = from;
    } else if (kind === K.Comma) this.reportComma(index, expected, `'=' after '${name}'`);
    else if (!this.skipInvalid(expected)) {
      const hints =
        kind === K.BraceClose || kind === K.Semicolon
          ? [`to take it from the scope: 'inherit ${name};'`, `for a function's arguments: '{ ${name} }: body'`]
          : [];
      this.report(index, expected, 'E-LANG-001', `expected '=' after '${name}'`, { hints });
    }
    throw SYNTAX_STOP;
  }

  /** Behind the value of a binding something else than ';'. Returns where the binding can count as ended. */
  protected missingBindingSemicolon(path: readonly AttrName[], value: Expr, valueFrom: number): void {
    const index = this.at;
    const { kind } = this;
    const name = pathText(path);
    const expected = EXPECT.semicolon;
    if (this.skipInvalid(expected)) throw SYNTAX_STOP;
    if (kind === K.Equals) {
      const start = this.#nameBefore(index);
      if (start > valueFrom) {
        this.#reportSemicolon(index, start, `the value of '${name}'`);
        this.at = start;
        return;
      }
    }
    if (kind === K.Colon && value.kind === 'has') {
      this.reportTernary(index, this.#questionBefore(index), expected);
      throw SYNTAX_STOP;
    }
    if (kind === K.End || (K.isCloser(kind) && kind !== K.BraceClose)) {
      if (kind !== K.End && this.isStray(index)) {
        this.reportStrayCloser(index, expected);
        throw SYNTAX_STOP;
      }
      // an unclosed bracket, which the set around would report with less in mind
      if (kind !== K.End || !this.blameBracket(index, expected)) return;
      throw SYNTAX_STOP;
    }
    if (kind === K.Comma) {
      this.reportComma(index, expected, `';' after the value of '${name}'`);
      this.at++;
      return;
    }
    if (kind === K.BraceClose || kind === K.In || kind === K.Inherit || (kind === K.Interpolation && this.beginsLine(index))) {
      this.#reportSemicolon(index, index, `the value of '${name}'`);
      return;
    }
    if (this.needingParentheses(index) !== undefined && !this.beginsLine(index)) this.reportParentheses(index, expected);
    else {
      const says = `expected ';' after the value of '${name}'`;
      this.report(index, expected, 'E-LANG-002', says, { hints: this.hints(index) });
    }
    throw SYNTAX_STOP;
  }

  /** `found`: where Nix sees it; `index`: the token before which it is missing. */
  #reportSemicolon(found: number, index: number, what: string, expected: Expected = EXPECT.semicolon): void {
    this.report(found, expected, 'E-LANG-002', `expected ';' after ${what}`, {
      labels: [this.labelBehind(index - 1, '')],
    });
  }

  /** The index where the attribute path that ends before `index` begins. */
  #nameBefore(index: number): number {
    let at = index - 1;
    for (;;) {
      const kind = this.kinds[at];
      if (kind === K.StringClose || kind === K.BraceClose) at = this.pairs.partners.get(at) ?? at;
      if (at === 0 || this.kinds[at - 1] !== K.Dot) return at;
      at -= 2;
      if (at < 0) return 0;
    }
  }

  #questionBefore(index: number): number {
    for (let at = index - 1; at >= 0; at--) if (this.kinds[at] === K.Question) return at;
    return index;
  }

  #letBefore(index: number): number | undefined {
    for (let at = index - 1; at >= 0; at--) if (this.kinds[at] === K.Let) return at;
    return undefined;
  }

  /** ';' is missing behind `with e` or `assert e`. Goes on where an expression plainly follows. */
  protected missingSemicolon(what: string): void {
    const index = this.at;
    if (this.skipInvalid(EXPECT.semicolon)) throw SYNTAX_STOP;
    if (this.kind === K.End && this.blameBracket(index, EXPECT.semicolon)) throw SYNTAX_STOP;
    if (this.kind === K.Let) this.#reportSemicolon(index + 1, index, what, EXPECT.openBrace);
    else this.#reportSemicolon(index, index, what);
    if (this.needingParentheses(index) === undefined) throw SYNTAX_STOP;
  }

  protected missingInheritSemicolon(names: { name: string; start: number; end: number }[]): void {
    const index = this.at;
    const { kind } = this;
    if (this.skipInvalid(EXPECT.nothing)) throw SYNTAX_STOP;
    if (kind === K.Equals && names.length > 0) {
      names.pop();
      this.#reportInheritSemicolon(index, index - 1);
      this.at = index - 1;
      return;
    }
    if (kind === K.BraceClose || kind === K.In || kind === K.Inherit) {
      this.#reportInheritSemicolon(index, index);
      return;
    }
    if (kind === K.End && this.blameBracket(index, EXPECT.nothing)) throw SYNTAX_STOP;
    const hints = kind === K.Dot ? ["to take attributes of a set: 'inherit (set) name;'"] : [];
    this.report(index, EXPECT.nothing, 'E-LANG-001', "expected a name or ';' after 'inherit'", { hints });
    throw SYNTAX_STOP;
  }

  #reportInheritSemicolon(found: number, index: number): void {
    const labels = [this.labelBehind(index - 1, '')];
    this.report(found, EXPECT.nothing, 'E-LANG-002', "expected ';' after 'inherit'", { labels });
  }

  protected recoverCommaInInherit(): boolean {
    if (this.kind !== K.Comma) return false;
    this.reportComma(this.at, EXPECT.nothing, "a name or ';' after 'inherit'");
    this.at++;
    return true;
  }

  protected reportDynamicInherit(name: AttrName): void {
    this.addCheck(
      'E-LANG-015',
      'dynamic attributes not allowed in inherit',
      [this.labelSpan(name, 'computed')],
      ["write 'name = set.${…};' instead"],
    );
  }

  /** `let`'s bindings need fixed names; like the arguments of a function, Nix checks them behind the body. */
  protected checkLet(bindings: readonly Binding[]): void {
    for (const binding of bindings) {
      if (binding.kind !== 'bind' || binding.path[0]?.kind !== 'dynamic') continue;
      this.addCheck(
        'E-LANG-015',
        'dynamic attributes not allowed in let',
        [this.labelSpan(binding.path[0], 'computed')],
        ['put computed names in a set'],
        this.end,
      );
    }
  }

  protected merge(bindings: readonly Binding[]): MergedAttrs {
    return mergeBindings(bindings, ({ name, first, second }) => {
      const at = place({ source: this.source, start: first.start });
      this.addCheck('E-LANG-011', `attribute '${bytesToText(name)}' already defined at ${at}`, [
        this.labelSpan(second),
        this.labelSpan(first, 'first defined here'),
      ]);
    });
  }

  // ── let, if, functions ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the `in` of the innermost open `let` is still to come. */
  #hasInAhead(from: number): boolean {
    let lets = 0;
    for (let index = from; ; index++) {
      const kind = this.kinds[index]!;
      if (kind === K.End || (K.isCloser(kind) && !this.isStray(index))) return false;
      if (kind === K.Let && this.kinds[index + 1] !== K.BraceOpen) lets++;
      if (kind === K.In && lets-- === 0) return true;
      const partner = this.pairs.partners.get(index);
      if (partner !== undefined && partner > index) index = partner;
    }
  }

  protected missingIn(open: number | undefined): void {
    const before = this.kinds[this.at - 1];
    const expected = before === K.Let || before === K.Semicolon ? EXPECT.bindingOrIn : EXPECT.semicolon;
    if (!this.skipInvalid(expected)) this.#reportMissingIn(this.at, this.at, open, expected);
  }

  #reportMissingIn(found: number, index: number, open: number | undefined, expected: Expected): void {
    const labels = [this.label(index, "'in' expected before this")];
    if (open !== undefined) labels.push(this.label(open, "this 'let'"));
    this.report(found, expected, 'E-LANG-018', "'let' has no 'in'", {
      labels,
      hints: ["write 'let name = value; in expression'"],
    });
  }

  protected stopMissing(word: 'then' | 'else', start: number): never {
    const index = this.at;
    const { kind } = this;
    const expected = word === 'then' ? EXPECT.thenWord : EXPECT.elseWord;
    if (this.skipInvalid(expected)) throw SYNTAX_STOP;
    if (kind === K.End && this.blameBracket(index, expected)) throw SYNTAX_STOP;
    const hints =
      kind === K.Equals
        ? ["'==' compares; '=' defines an attribute"]
        : word === 'else'
          ? ["'if' always has an 'else': 'if condition then a else b'"]
          : ["write 'if condition then a else b'"];
    this.report(index, expected, 'E-LANG-017', `expected '${word}' before this`, {
      labels: [this.label(index), this.labelSpan({ start, end: start + 2 }, "this 'if'")],
      hints,
    });
    throw SYNTAX_STOP;
  }

  protected checkFormals({ formals, as, start, end }: Extract<Param, { kind: 'formals' }>): void {
    if (as !== undefined) {
      const first = formals.find((formal) => formal.name === as);
      const isBefore = this.source.text.charCodeAt(start) !== 0x7b;
      if (first !== undefined) this.#reportDuplicateFormal(as, { start: isBefore ? start : end - as.length }, first);
    }
    if (formals.length < 2) return;
    const seen = new Map<string, Formal>();
    for (const formal of formals) {
      const first = seen.get(formal.name);
      if (first === undefined) seen.set(formal.name, formal);
      else this.#reportDuplicateFormal(formal.name, formal, first);
    }
  }

  #reportDuplicateFormal(name: string, second: { start: number }, first: { start: number }): void {
    const spanOf = ({ start }: { start: number }): { start: number; end: number } => ({ start, end: start + name.length });
    const labels = [this.labelSpan(spanOf(second)), this.labelSpan(spanOf(first), 'first named here')];
    this.addCheck('E-LANG-012', `duplicate formal function argument '${name}'`, labels, [], this.end);
  }

  protected reportMissingComma(expected: Expected): void {
    const says = 'expected a comma between arguments';
    this.report(this.at, expected, 'E-LANG-001', says, { hints: ["write '{ a, b }: body'"] });
  }

  protected reportEllipsisNotLast(): void {
    const says = "'...' must be the last of the arguments";
    this.report(this.at, EXPECT.brace, 'E-LANG-001', says, {
      labels: [this.label(this.at - 1)],
      hints: ["write '{ a, b, ... }'"],
    });
  }

  /** A function head that ends in nothing a function has; `open` is its brace. */
  protected stopNoFunction(expected: Expected, formals: readonly Formal[], open: number): never {
    const index = this.at;
    if (this.skipInvalid(expected)) throw SYNTAX_STOP;
    if (this.kind === K.End && this.blameBracket(index, expected)) throw SYNTAX_STOP;
    const [only] = formals;
    const isSet = expected === EXPECT.functionColonOrAt && formals.length === 1 && only!.fallback === undefined;
    const labels = [this.label(index)];
    if (isSet) labels.push(this.label(open, 'taken as the arguments of a function'));
    this.report(index, expected, 'E-LANG-001', isSet ? "expected ':' behind the arguments" : `expected ${expected}`, {
      labels,
      hints: [
        ...(isSet ? [`for a set with this attribute from the scope: '{ inherit ${only!.name}; }'`] : []),
        "a function has a body: '{ a, b }: body'",
      ],
    });
    throw SYNTAX_STOP;
  }

  // ── text after the end ──────────────────────────────────────────────────────────────────────────────────────────────────────

  protected reportTextAfterEnd(): void {
    const index = this.at;
    const { kind } = this;
    const expected = EXPECT.end;
    if (K.isCloser(kind)) this.reportStrayCloser(index, expected);
    else if (this.skipInvalid(expected)) return;
    else if (kind === K.Comma) this.reportComma(index, expected, 'the end of the file');
    else if (kind === K.Colon && this.#questionBefore(index) < index && this.kinds[index - 1] !== K.BraceClose) {
      this.reportTernary(index, this.#questionBefore(index), expected);
    } else if (kind === K.PipeFrom || kind === K.PipeInto) this.#reportMixedPipes(index);
    else if (this.needingParentheses(index) !== undefined) this.reportParentheses(index, expected);
    else {
      const hints =
        kind === K.Semicolon
          ? ['remove it: only bindings end in a semicolon']
          : kind === K.Equals
            ? this.#isArrow(index)
              ? ["a function is written 'x: body', an implication 'a -> b'"]
              : ["'==' compares; bindings stand in '{ … }' or behind 'let'"]
            : this.hints(index);
      this.report(index, expected, 'E-LANG-029', 'expected the end of the file', { hints });
    }
  }

  /** `=>` of other languages: two tokens side by side. */
  #isArrow(index: number): boolean {
    return this.kinds[index + 1] === K.Greater && this.tokens.starts[index + 1] === this.tokens.ends[index];
  }

  #reportMixedPipes(index: number): void {
    const [a, b] = this.kinds[index] === K.PipeFrom ? ['|>', '<|'] : ['<|', '|>'];
    this.report(index, EXPECT.end, 'E-LANG-013', `'${a}' and '${b}' cannot be chained`, {
      hints: [`write '(a ${a} b) ${b} c' or 'a ${a} (b ${b} c)'`],
    });
  }
}
