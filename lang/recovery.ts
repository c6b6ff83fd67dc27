/** What the grammar does when the text is wrong: say it in plain words, once, and find a place to go on. */
import type { TokenType } from 'chevrotain';
import { didYouMean, type Label } from '../base/index.ts';
import { mergeBindings } from './merge.ts';
import { NEEDS_PARENTHESES, ParserBase, SEMICOLON, SYNTAX_STOP } from './parser-base.ts';
import * as T from './tokens.ts';
import { isCloser, keywords, type Token } from './tokens.ts';
import type { AttrName, Binding, Declaration, Expr, Formal, MergedAttrs, Param } from './tree.ts';
import { describe, describeExpected, pathText } from './words.ts';

export class Recovery extends ParserBase {
  #commaList: Token | undefined;

  // ── brackets ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The bracket `open` should close here and does not. Afterwards we are behind its end, or where it should have ended. */
  protected recoverClosing(type: TokenType, open: Token): void {
    const { index, next } = this;
    if (this.isStray(index) && next.tokenType !== T.End) {
      this.reportStrayCloser(index);
      this.skip();
    } else if (next.tokenType === T.End || next.tokenType === T.Semicolon || isCloser(next.tokenType)) {
      this.reportUnclosed(open, index);
      return;
    } else this.#reportInside(index, type, open);
    this.skipTo(SEMICOLON);
    if (this.next.tokenType === type) this.skip();
  }

  #reportInside(index: number, type: TokenType, open: Token): void {
    const found = this.tokens[index]!;
    const wanted = describeExpected(type);
    if (found.tokenType === T.Comma) this.reportComma(index, wanted);
    else if (NEEDS_PARENTHESES.has(found.tokenType)) this.reportParentheses(index, found);
    else {
      const labels = [this.label(found), this.label(open, 'opened here')];
      this.report(index, 'E-LANG-001', `expected ${wanted}, found ${describe(found)}`, labels, this.hints(found, this.previous));
    }
  }

  /** Whether the list goes on behind what was wrong. */
  protected recoverInList(open: Token): boolean {
    const { index, next } = this;
    const type = next.tokenType;
    if (type === T.Comma) {
      const message = 'a list has no commas: blanks separate its items';
      // once a list
      if (this.#commaList !== open) this.report(index, 'E-LANG-020', message, [this.label(next)], ['remove the commas']);
      this.#commaList = open;
      this.skip();
      return true;
    }
    if (type === T.Operator || type === T.Minus || type === T.Question || type === T.Not) {
      this.report(
        index,
        'E-LANG-028',
        `an item of a list with the operator '${next.image}' needs parentheses`,
        [this.label(next)],
        [`write '(a ${next.image} b)'`],
      );
    } else if (NEEDS_PARENTHESES.has(type)) this.reportParentheses(index, next);
    else return false;
    this.skipTo(SEMICOLON);
    return false;
  }

  // ── bindings ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What stands in a set is no binding. Whether more bindings may follow. */
  protected recoverInBindings(open: Token): boolean {
    const { index, next } = this;
    const type = next.tokenType;
    if (type === T.BraceClose) return false;
    if (type === T.End) {
      this.reportUnclosed(open, index);
      return false;
    }
    if (isCloser(type) && this.isStray(index)) {
      this.reportStrayCloser(index);
      this.skip();
      return true;
    }
    if (isCloser(type) || type === T.In) {
      this.reportUnclosed(open, index);
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
    if (this.index === before) this.skip();
  }

  protected recoverInLet(): boolean {
    const { index, next } = this;
    const type = next.tokenType;
    if (type === T.In || type === T.End || this.missingInAt === index) return false;
    if (isCloser(type)) {
      if (!this.isStray(index)) return false;
      this.reportStrayCloser(index);
      this.skip();
      return true;
    }
    if (!this.#hasInAhead(index)) return false;
    this.#reportNoBinding(index);
    this.#skipToNextBinding();
    return true;
  }

  #reportNoBinding(index: number): void {
    const found = this.tokens[index]!;
    const type = found.tokenType;
    const following = this.tokens[index + 1]?.tokenType;
    if (keywords.has(found.image) && (following === T.Equals || following === T.Dot)) {
      this.#reportKeyword(index);
    } else if (type === T.ParamName && following === T.Colon) {
      this.#reportColon(index + 1, found.image, this.tokens[index + 1]!);
    } else if (type === T.Uri) {
      this.#reportColon(index, found.image.split(':')[0]!, found);
    } else if (type === T.Comma) {
      this.reportComma(index, "';' or '}'");
    } else if (type === T.Semicolon) {
      this.report(index, 'E-LANG-001', "';' ends nothing", [this.label(found)], ['remove it']);
    } else {
      this.report(
        index,
        'E-LANG-001',
        `expected a name, found ${describe(found)}`,
        [this.label(found)],
        ["a set holds bindings 'name = value;'"],
      );
    }
  }

  #reportColon(index: number, name: string, token: Token): void {
    this.report(
      index,
      'E-LANG-019',
      `expected '=' after '${name}', found ':'`,
      [this.label(token)],
      [`write '${name} = value;'`],
    );
  }

  #reportKeyword(index: number): void {
    const token = this.tokens[index]!;
    this.report(
      index,
      'E-LANG-027',
      `'${token.image}' is a keyword`,
      [this.label(token)],
      [`in quotes it is a name: "${token.image}"`],
    );
  }

  /** A keyword where a name is wanted, taken as that name after a report. */
  protected takeKeywordAsName(): Token | undefined {
    const { next } = this;
    if (next.tokenType === T.Or || !keywords.has(next.image)) return undefined;
    const following = this.tokens[this.index + 1]?.tokenType;
    if (this.previous.tokenType !== T.Dot || (following !== T.Equals && following !== T.Semicolon && following !== T.Dot))
      return undefined;
    this.#reportKeyword(this.index);
    this.skip();
    return next;
  }

  /** Between name and value something else than '='. */
  protected stopMissingEquals(path: readonly AttrName[], from: number, isLet: boolean): never {
    const { index, next } = this;
    const name = pathText(path);
    if (next.tokenType === T.End && !isLet && this.blameBracket(index)) throw SYNTAX_STOP;
    if (next.tokenType === T.Colon) this.#reportColon(index, name, next);
    else if (next.image === '==') {
      this.report(
        index,
        'E-LANG-019',
        `expected '=' after '${name}', found '=='`,
        [this.label(next)],
        ["'==' compares; '=' defines"],
      );
    } else if (isLet && !this.#hasInAhead(index)) {
      this.moveTo(from);
      this.missingInAt = from;
      this.#reportMissingInAt(
        from,
        this.tokens.slice(0, from).findLast((token) => token.tokenType === T.Let),
      );
    } else if (next.tokenType === T.Comma) this.reportComma(index, `'=' after '${name}'`);
    else {
      const hints =
        next.tokenType === T.BraceClose || next.tokenType === T.Semicolon
          ? [`to take it from the scope: 'inherit ${name};'`, `for a function's arguments: '{ ${name} }: body'`]
          : [];
      this.report(index, 'E-LANG-001', `expected '=' after '${name}', found ${describe(next)}`, [this.label(next)], hints);
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
        this.moveTo(start);
        this.#reportSemicolon(start, `the value of '${name}'`);
        return;
      }
    }
    if (type === T.Colon && value.kind === 'has') {
      this.reportTernary(index, this.tokens.slice(0, index).findLast((token) => token.tokenType === T.Question) ?? next);
      throw SYNTAX_STOP;
    }
    if (type === T.ParamName && value.kind === 'has') {
      this.reportTernary(index, this.previous);
      throw SYNTAX_STOP;
    }
    if (type === T.End || (isCloser(type) && type !== T.BraceClose)) {
      // an unclosed or stray bracket, which the set around reports
      if (type !== T.End && this.isStray(index)) {
        this.reportStrayCloser(index);
        throw SYNTAX_STOP;
      }
      return;
    }
    if (type === T.Comma) {
      this.reportComma(index, `';' after the value of '${name}'`);
      this.skip();
      return;
    }
    if (type === T.BraceClose || type === T.In || type === T.Inherit || (type === T.Interpolation && this.beginsLine(index))) {
      this.#reportSemicolon(index, `the value of '${name}'`);
      return;
    }
    if (NEEDS_PARENTHESES.has(type) && !this.beginsLine(index)) this.reportParentheses(index, next);
    else {
      const hints = this.hints(next, this.previous);
      this.report(
        index,
        'E-LANG-002',
        `expected ';' after the value of '${name}', found ${describe(next)}`,
        [this.label(next)],
        hints,
      );
    }
    throw SYNTAX_STOP;
  }

  #reportSemicolon(index: number, what: string): void {
    this.report(index, 'E-LANG-002', `expected ';' after ${what}`, [
      this.labelBehind(this.tokens[index - 1]!, "';' is missing here"),
    ]);
  }

  /** The index where the attribute path that ends before `index` begins. */
  #nameBefore(index: number): number {
    let at = index - 1;
    for (;;) {
      const type = this.tokens[at]?.tokenType;
      if (type === T.StringClose || type === T.BraceClose) at = this.pairs.partners.get(at) ?? at;
      if (this.tokens[at - 1]?.tokenType !== T.Dot) return at;
      at -= 2;
    }
  }

  /** ';' is missing behind `with e` or `assert e`. Goes on where an expression plainly follows. */
  protected missingSemicolon(what: string): void {
    const { index, next } = this;
    if (next.tokenType === T.End && this.blameBracket(index)) throw SYNTAX_STOP;
    this.#reportSemicolon(index, what);
    if (!NEEDS_PARENTHESES.has(next.tokenType)) throw SYNTAX_STOP;
  }

  protected missingInheritSemicolon(names: { name: string; start: number; end: number }[]): void {
    const { index, next } = this;
    const type = next.tokenType;
    if (type === T.Equals && names.length > 0) {
      names.pop();
      this.moveTo(index - 1);
      this.#reportSemicolon(index - 1, "'inherit'");
      return;
    }
    if (type === T.BraceClose || type === T.In || type === T.Inherit) {
      this.#reportSemicolon(index, "'inherit'");
      return;
    }
    if (type === T.End && this.blameBracket(index)) throw SYNTAX_STOP;
    const hints = type === T.Dot ? ["to take attributes of a set: 'inherit (set) name;'"] : [];
    this.report(
      index,
      'E-LANG-001',
      `expected a name or ';' after 'inherit', found ${describe(next)}`,
      [this.label(next)],
      hints,
    );
    throw SYNTAX_STOP;
  }

  protected recoverCommaInInherit(): boolean {
    if (this.next.tokenType !== T.Comma) return false;
    this.reportComma(this.index, "a name or ';' after 'inherit'");
    this.skip();
    return true;
  }

  protected reportDynamicInherit(name: AttrName): void {
    this.report(
      this.index - 1,
      'E-LANG-015',
      "'inherit' needs fixed names",
      [this.labelSpan(name)],
      ["write 'name = set.${…};' instead"],
    );
  }

  /** `let`'s bindings need fixed names. */
  protected checkLet(bindings: readonly Binding[]): void {
    for (const binding of bindings) {
      if (binding.kind !== 'bind' || binding.path[0]?.kind !== 'dynamic') continue;
      this.addCheck('E-LANG-015', "'let' needs fixed names", [this.labelSpan(binding.path[0])], ['put computed names in a set']);
    }
  }

  protected merge(bindings: readonly Binding[]): MergedAttrs {
    return mergeBindings(bindings, ({ name, first, second }) => {
      this.addCheck(
        'E-LANG-011',
        `attribute '${name}' already defined`,
        [this.labelSpan(second), this.labelSpan(first, 'first defined here')],
        [],
      );
    });
  }

  // ── let, if, functions ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the `in` of the innermost open `let` is still to come. */
  #hasInAhead(from: number): boolean {
    let lets = 0;
    for (let index = from; ; index++) {
      const type = this.tokens[index]!.tokenType;
      if (type === T.End || (isCloser(type) && !this.isStray(index))) return false;
      if (type === T.Let) lets++;
      if (type === T.In && lets-- === 0) return true;
      const partner = this.pairs.partners.get(index);
      if (partner !== undefined && partner > index) index = partner;
    }
  }

  protected reportMissingIn(open?: Token): void {
    this.#reportMissingInAt(this.index, open);
  }

  #reportMissingInAt(index: number, open: Token | undefined): void {
    const found = this.tokens[index]!;
    const labels = [
      this.label(found, "'in' expected before this"),
      ...(open === undefined ? [] : [this.label(open, "this 'let'")]),
    ];
    this.report(index, 'E-LANG-018', "'let' has no 'in'", labels, ["write 'let name = value; in expression'"]);
  }

  protected stopMissing(word: 'then' | 'else', start: number): never {
    const { index, next } = this;
    if (next.tokenType === T.End && this.blameBracket(index)) throw SYNTAX_STOP;
    const labels = [this.label(next), this.labelSpan({ start, end: start + 2 }, "this 'if'")];
    const hints =
      next.tokenType === T.Equals
        ? ["'==' compares; '=' defines an attribute"]
        : word === 'else'
          ? ["'if' always has an 'else': 'if condition then a else b'"]
          : ["write 'if condition then a else b'"];
    this.report(index, 'E-LANG-017', `expected '${word}', found ${describe(next)}`, labels, hints);
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
    this.addCheck(
      'E-LANG-012',
      `argument '${name}' is named twice`,
      [this.labelSpan(place(second)), this.labelSpan(place(first), 'first named here')],
      [],
    );
  }

  protected reportMissingComma(): void {
    const { index, next } = this;
    this.report(index, 'E-LANG-001', `expected ',' between arguments, found ${describe(next)}`, [this.label(next)], []);
  }

  protected reportEllipsisNotLast(): void {
    const { index, previous } = this;
    this.report(
      index,
      'E-LANG-001',
      "'...' must be the last of the arguments",
      [this.label(previous)],
      ["write '{ a, b, ... }'"],
    );
  }

  // ── operators and numbers ──────────────────────────────────────────────────────────────────────────────────────────────────

  protected checkPipe(token: Token): void {
    if (this.pipes) return;
    this.addCheck(
      'E-LANG-014',
      `the pipe operator '${token.image}' is not enabled`,
      [this.label(token)],
      ["enable it with '--extra-experimental-features pipe-operators', or write 'f x'"],
    );
  }

  protected reportUnchainable(first: string, firstStart: number, second: string, secondStart: number): void {
    const span = (start: number, op: string, text = ''): Label => this.labelSpan({ start, end: start + op.length }, text);
    const hint = `write '(a ${first} b) ${second} c' or 'a ${first} (b ${second} c)'`;
    this.addCheck(
      'E-LANG-013',
      `'${first}' and '${second}' cannot be chained`,
      [span(secondStart, second), span(firstStart, first, 'first operator')],
      [hint],
    );
  }

  protected reportNumber(token: Token, kind: string, hint: string): void {
    const shown = token.image.length > 40 ? `${token.image.slice(0, 40)}…` : token.image;
    this.addCheck('E-LANG-009', `${kind} ${shown} is too large`, [this.label(token)], [hint]);
  }

  protected reportTextAfterEnd(): void {
    const { index, next, previous } = this;
    const type = next.tokenType;
    if (isCloser(type)) this.reportStrayCloser(index);
    else if (type === T.Comma) this.reportComma(index, 'the end of the file');
    else if (type === T.Colon && this.tokens.slice(0, index).some((token) => token.tokenType === T.Question)) {
      this.reportTernary(index, this.tokens.slice(0, index).findLast((token) => token.tokenType === T.Question)!);
    } else if (NEEDS_PARENTHESES.has(type)) this.reportParentheses(index, next);
    else {
      const hints =
        type === T.Semicolon
          ? ['remove it: only bindings end in a semicolon']
          : type === T.Equals
            ? ["'==' compares; bindings stand in '{ … }' or behind 'let'"]
            : this.hints(next, previous);
      this.report(index, 'E-LANG-029', `expected the end of the file, found ${describe(next)}`, [this.label(next)], hints);
    }
    this.moveTo(this.tokens.length);
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
      this.report(
        index,
        'E-LANG-025',
        `this ${kind} has no name`,
        [this.label(word)],
        [kind === 'package' ? 'write \'package name "version" { … }\'' : `write '${kind} name { … }'`],
      );
    } else if (kind === 'package' && version === undefined && this.next.tokenType !== T.End) {
      this.report(
        index,
        'E-LANG-024',
        `package '${name!.text}' has no version`,
        [this.labelBehind(this.previous, 'a string is missing here')],
        [`write 'package ${name!.text} "1.0" { … }'`],
      );
    } else if (name !== undefined && kind === 'tree') {
      this.addCheck(
        'E-LANG-001',
        "expected '{' after 'tree', found a name",
        [this.labelSpan(name)],
        ['the name is a field: \'name = "…";\''],
      );
    } else if (version !== undefined && kind !== 'package') {
      const hint = kind === 'override' ? ['the version is a field here: \'version = "…";\''] : ['only packages have a version'];
      this.addCheck('E-LANG-001', `expected '{' after the name of this ${kind}, found a string`, [this.labelSpan(version)], hint);
    }
  }

  protected reportUnfixedName(name: Expr): void {
    this.addCheck(
      'E-LANG-025',
      'the name of a declaration is a plain string',
      [this.labelSpan(name)],
      ['names cannot be empty or computed; make declarations by functions for that'],
    );
  }

  protected reportUnknownDeclaration(word: Token, words: ReadonlySet<string>): void {
    const index = this.index - 1;
    const { next } = this;
    const shape = next.tokenType;
    const list = [...words].map((each) => `'${each}'`).join(', ');
    if (shape === T.Equals || shape === T.Dot) {
      this.report(
        index,
        'E-LANG-026',
        `expected a declaration, found the binding '${word.image}'`,
        [this.label(word)],
        ["names for the whole file go to its top: 'let name = value; in'"],
      );
      throw SYNTAX_STOP;
    }
    const isSplit = word.image === 'split';
    this.report(
      index,
      'E-LANG-026',
      isSplit ? "'split' stands inside a package or override" : `'${word.image}' is not a declaration`,
      [this.label(word)],
      isSplit
        ? ['move it between the braces of the package or override that it splits']
        : [...didYouMean(word.image, words), `declarations are ${list}`],
    );
    if (shape !== T.Ident && shape !== T.StringOpen && shape !== T.BraceOpen && shape !== T.FormalsOpen) throw SYNTAX_STOP;
  }

  protected reportNoDeclaration(): void {
    const { index, next } = this;
    if (isCloser(next.tokenType) && this.isStray(index)) this.reportStrayCloser(index);
    else {
      const hints = next.tokenType === T.Semicolon ? ["a declaration ends with its '}': remove the ';'"] : [];
      this.report(index, 'E-LANG-026', `expected a declaration, found ${describe(next)}`, [this.label(next)], hints);
    }
  }

  protected reportStraySplit(split: Declaration, kind: string): void {
    this.addCheck(
      'E-LANG-026',
      `a ${kind} cannot be split`,
      [this.labelSpan({ start: split.start, end: split.start + 5 })],
      ["'split' stands inside a package or override"],
    );
  }
}
