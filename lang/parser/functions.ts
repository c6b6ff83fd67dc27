/** The heads of functions. */
import * as K from '../kinds.ts';
import type { Expr, Formal, Param } from '../tree.ts';
import { SYNTAX_STOP } from './base.ts';
import { Sets } from './sets.ts';
import { EXPECT } from './token-names.ts';

export abstract class Functions extends Sets {
  /** Whether the brace at the next token opens the arguments of a function, where a function may stand. */
  protected opensFormals(): boolean {
    const { kinds, at } = this;
    const first = kinds[at + 1];
    if (first === K.Ellipsis) return true;
    const second = kinds[at + 2];
    if (first === K.BraceClose) return second === K.Colon || second === K.At;
    if (first !== K.Ident) return false;
    // `{ a b …`: nothing, or arguments whose commas were forgotten
    if (second === K.Ident || second === K.Ellipsis) return this.#isHeadOfFunction(at);
    return second === K.Comma || second === K.Question || second === K.BraceClose;
  }

  /** Whether the bracket at `open` is closed and a function goes on behind it. */
  #isHeadOfFunction(open: number): boolean {
    const behind = this.kinds[(this.pairs.partners.get(open) ?? -1) + 1];
    return this.pairs.partners.has(open) && (behind === K.Colon || behind === K.At);
  }

  /** `x:`, `x@{ … }:` */
  protected namedParam(): Param {
    const index = this.at++;
    const start = this.starts[index]!;
    const end = this.ends[index]!;
    const name = this.image(index);
    if (this.kind === K.Colon) {
      this.at++;
      return { kind: 'name', name, start, end };
    }
    this.at++;
    if (this.kind !== K.BraceOpen) {
      if (!this.skipInvalid(EXPECT.openBrace)) {
        const says = "expected the arguments '{ … }' after '@'";
        if (this.kind !== K.End || !this.blameBracket(this.at, EXPECT.openBrace))
          this.report(this.at, EXPECT.openBrace, 'E-LANG-001', says);
      }
      throw SYNTAX_STOP;
    }
    const open = this.at;
    const { formals, isOpen } = this.#formals();
    const param: Param = { kind: 'formals', formals, isOpen, as: name, start, end: this.end };
    if (this.kind === K.Colon) this.at++;
    else this.stopNoFunction(EXPECT.colon, formals, open);
    return param;
  }

  /** `{ … }:`, `{ … }@x:` */
  protected formalsParam(): Param {
    const open = this.at;
    const start = this.starts[open]!;
    const { formals, isOpen } = this.#formals();
    if (this.kind === K.Colon) {
      const { end } = this;
      this.at++;
      return { kind: 'formals', formals, isOpen, start, end };
    }
    if (this.kind !== K.At) this.stopNoFunction(EXPECT.functionColonOrAt, formals, open);
    this.at++;
    if (this.kind !== K.Ident) {
      if (!this.skipInvalid(EXPECT.identifier)) {
        const says = "expected a name after '@'";
        if (this.kind !== K.End || !this.blameBracket(this.at, EXPECT.identifier))
          this.report(this.at, EXPECT.identifier, 'E-LANG-001', says);
      }
      throw SYNTAX_STOP;
    }
    const name = this.image(this.at++);
    const { end } = this;
    if (this.kind === K.Colon) this.at++;
    else this.stopNoFunction(EXPECT.colon, formals, open);
    return { kind: 'formals', formals, isOpen, as: name, start, end };
  }

  #formals(): { formals: Formal[]; isOpen: boolean } {
    const open = this.at++;
    const formals: Formal[] = [];
    let isOpen = false;
    let needsComma = false;
    for (;;) {
      const { kind } = this;
      if (kind !== K.Ident && kind !== K.Ellipsis) {
        if (kind === K.Invalid && this.skipInvalid(needsComma ? EXPECT.formalEnd : EXPECT.formal)) continue;
        break;
      }
      // behind the first of them Nix takes the brace for a set's
      const isFirst = formals.length === 1 && formals[0]!.fallback === undefined;
      if (needsComma) this.reportMissingComma(isFirst ? EXPECT.pathOrEquals : EXPECT.formalEnd);
      if (kind === K.Ident) formals.push(this.#formal());
      else {
        this.at++;
        isOpen = true;
      }
      needsComma = true;
      if (this.kind === K.Comma && !isOpen) {
        this.at++;
        needsComma = false;
      } else if (isOpen && this.kind !== K.BraceClose && this.kind !== K.End) {
        this.reportEllipsisNotLast();
        if (this.kind === K.Comma) {
          this.at++;
          needsComma = false;
        }
      }
    }
    this.closing(K.BraceClose, open, isOpen ? EXPECT.brace : needsComma ? EXPECT.formalEnd : EXPECT.formal);
    return { formals, isOpen };
  }

  #formal(): Formal {
    const index = this.at++;
    const name = this.image(index);
    const start = this.starts[index]!;
    if (this.kind !== K.Question) return { name, start, end: this.end };
    this.at++;
    const fallback: Expr = this.expression();
    return { name, fallback, start, end: this.end };
  }
}
