/** What is wrong in a text, in plain words: the sentences that several constructs need. */
import * as K from '../kinds.ts';
import { operatorText } from '../operators.ts';
import { closerText } from '../words.ts';
import { ParserBase } from './base.ts';
import { EXPECT, type Expected } from './token-names.ts';

/** To those who write them as in other languages. */
export const COMMENT_HINT = "comments begin with '#'";

export abstract class Reports extends ParserBase {
  protected reportPipe(index: number): void {
    this.addCheck(
      'E-LANG-014',
      "experimental Nix feature 'pipe-operators' is disabled; add '--extra-experimental-features pipe-operators' to enable it",
      [this.label(index)],
      ["allow it with '--pipes', or write 'f x'"],
    );
  }

  protected reportUnchainable(first: number, firstStart: number, index: number): void {
    const [a, b] = [operatorText(first), operatorText(this.kinds[index]!)];
    this.addCheck(
      'E-LANG-013',
      `syntax error, unexpected '${b}'`,
      [
        this.label(index, `'${a}' and '${b}' cannot be chained`),
        this.labelSpan({ start: firstStart, end: firstStart + a.length }, 'first operator'),
      ],
      [`write '(a ${a} b) ${b} c' or 'a ${a} (b ${b} c)'`],
    );
  }

  protected hints(index: number): string[] {
    const kind = this.kinds[index]!;
    const before = index === 0 ? K.End : this.kinds[index - 1]!;
    if (before === K.Equals && (kind === K.Semicolon || kind === K.BraceClose)) return ["give the value: 'name = value;'"];
    if (kind === K.Update && this.beginsLine(index)) return [COMMENT_HINT];
    if (kind === K.Interpolation)
      return ["'${…}' stands in strings, paths and names of attributes; elsewhere a variable is just its name"];
    if (kind === K.Or) return ["'or' gives a default for an attribute: 'set.name or default'; the boolean operator is '||'"];
    if (kind === K.Equals) return ["'=' defines an attribute; '==' compares"];
    if (kind === K.Colon && before === K.BraceClose) return ['a function names its arguments: `{ a, b }: body`'];
    if (kind === K.Then || kind === K.Else) return ["an `if` is written 'if condition then a else b'"];
    return [];
  }

  /** What begins at or before this token, reaches as far as it can, and so cannot be an operand; with the index where it begins. */
  protected needingParentheses(index: number): { what: string; from: number } | undefined {
    switch (this.kinds[index]) {
      case K.If:
      case K.Let:
      case K.With:
      case K.Assert:
        return { what: `'${this.image(index)}'`, from: index };
      case K.Colon:
      case K.At: {
        if (index === 0) return undefined;
        const before = this.kinds[index - 1];
        if (before === K.Ident) return { what: 'a function', from: index - 1 };
        const from = before === K.BraceClose ? this.pairs.partners.get(index - 1) : undefined;
        return from === undefined ? undefined : { what: 'a function', from };
      }
      default: {
        // `{ a, …` where arguments cannot stand
        if (this.kinds[index - 2] !== K.BraceOpen || this.kinds[index - 1] !== K.Ident) return undefined;
        return this.kinds[index] === K.Comma || this.kinds[index] === K.Question
          ? { what: 'a function', from: index - 2 }
          : undefined;
      }
    }
  }

  protected reportParentheses(index: number, expected: Expected): void {
    const { what, from } = this.needingParentheses(index)!;
    // where an operand or argument may stand, `let` can only be `let { … }`: Nix stumbles over what follows it
    const isLet = this.kinds[index] === K.Let;
    this.report(isLet ? index + 1 : index, isLet ? EXPECT.openBrace : expected, 'E-LANG-028', `${what} needs parentheses here`, {
      labels: [this.label(from)],
      hints: [`put '(' before it and ')' behind its end`],
    });
  }

  protected reportTernary(index: number, question: number, expected: Expected): void {
    this.report(index, expected, 'E-LANG-022', "'?' is not a conditional operator", {
      labels: [this.label(question, 'asks whether a set has an attribute')],
      hints: ["write 'if condition then a else b'"],
    });
  }

  protected reportComma(index: number, expected: Expected, wanted: string): void {
    const hint = wanted.startsWith("';'")
      ? "bindings end in ';'"
      : wanted === "')'"
        ? "blanks separate the arguments of a call: 'f a b'"
        : "commas stand between the arguments of '{ a, b }: …' only";
    this.report(index, expected, 'E-LANG-020', `expected ${wanted}`, { hints: [hint] });
  }

  /** At the end of the file: names the bracket or string that was not closed. False where all are. */
  protected blameBracket(index: number, expected: Expected): boolean {
    let unclosed: number | undefined;
    for (let at = this.tokens.count - 1; at >= 0; at--) {
      const kind = this.kinds[at]!;
      if (!K.isOpener(kind) || this.pairs.partners.has(at)) continue;
      unclosed ??= at;
      if (kind !== K.Interpolation) continue;
      unclosed = at; // what is within it can only end before it
      break;
    }
    if (unclosed === undefined) return false;
    this.reportUnclosed(unclosed, index, expected);
    return true;
  }

  protected reportUnclosed(open: number, index: number, expected: Expected): void {
    const kind = this.kinds[open]!;
    if (kind === K.Interpolation || kind === K.StringOpen || kind === K.IndentedOpen) {
      this.reportUnclosedText(open, index, expected);
      return;
    }
    const isEnd = this.kinds[index] === K.End;
    const culprit = isEnd ? (this.pairs.suspect ?? open) : open;
    const culpritKind = this.kinds[culprit]!;
    if (culprit !== open && (culpritKind === K.Interpolation || culpritKind === K.StringOpen)) {
      this.reportUnclosedText(culprit, index, expected);
      return;
    }
    const closer = closerText(K.closerOf(culpritKind));
    const labels = isEnd
      ? [this.label(culprit, 'opened here')]
      : [this.label(index, `${closer} expected before this`), this.label(culprit, 'opened here')];
    const hint = isEnd && culprit !== open ? ['the indentation of the brackets behind it says so'] : [];
    this.report(index, expected, 'E-LANG-003', `'${this.image(culprit)}' is never closed`, {
      labels,
      hints: [`close it with ${closer}`, ...hint],
    });
  }

  /** A string or interpolation that runs to the end of the file. */
  protected abstract reportUnclosedText(open: number, index: number, expected: Expected): void;

  protected reportStrayCloser(index: number, expected: Expected): void {
    const says = `'${this.image(index)}' closes nothing`;
    this.report(index, expected, 'E-LANG-004', says, { hints: ['remove it, or add the opening bracket'] });
  }
}
