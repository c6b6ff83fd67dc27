/**
 * Expressions. Whatever ends in an expression (functions, `if`, `let`, `with`, `assert`) and chains of operators are loops: only
 * brackets use the stack. A node's span leaves out parentheses around the node, and takes in those around its children: that is
 * how the formatter finds them again.
 */
import type { Bytes } from '../../base/index.ts';
import * as K from '../kinds.ts';
import { isInt64, isTinyFloat, parseInteger } from '../numbers.ts';
import { binaryOp, isRightAssociative, isUnchainable, NEGATE, NOT, PIPE, precedenceOf } from '../operators.ts';
import type { AssertExpr, Expr, IfExpr, LambdaExpr, LetExpr, SelectExpr, WithExpr } from '../tree.ts';
import { Functions } from './functions.ts';
import { EXPECT } from './token-names.ts';

type Writable<T> = { -readonly [P in keyof T]: T[P] };
/** What ends in an expression, before that is known. */
type Head = Writable<LambdaExpr> | Writable<IfExpr> | Writable<AssertExpr> | Writable<WithExpr> | Writable<LetExpr>;

/** An operator that waits for its right operand. */
interface Pending {
  readonly kind: number;
  readonly precedence: number;
  /** Absent for `!` and `-` before an operand. */
  readonly left: Expr | undefined;
  readonly start: number;
  readonly opStart: number;
  readonly outer: Pending | undefined;
}

const LATER = undefined as unknown as Expr;

/** `CC:-cc`, `CC:=cc`, `CC:+cc`, `CC:?no compiler`. */
const SHELL_DEFAULT = /^[A-Za-z]\w*:[-=+?]/;

export abstract class Expressions extends Functions {
  protected abstract readonly pipes: boolean;
  protected abstract lintUri(index: number, uri: Bytes): void;
  /** A variable of the shell with a default, in an interpolation of the language. */
  protected abstract warnShellDefault(index: number, text: Bytes): void;
  /** Of `f or` as an argument, item or default, which begins at `start`; the token `or` is at `index`. */
  protected abstract warnOr(start: number, index: number): void;

  protected override expression(): Expr {
    this.enter();
    let heads: Head[] | undefined;
    for (let head = this.#head(); head !== undefined; head = this.#head()) {
      if (heads === undefined) heads = [head];
      else heads.push(head);
    }
    if (heads === undefined) {
      const expr = this.#operators();
      this.depth--;
      return expr;
    }
    let { start } = this;
    let isGap = this.kind === K.Deferred;
    let expr = isGap ? this.deferred() : this.#operators();
    this.depth--;
    const { end } = this;
    for (let i = heads.length - 1; i >= 0; i--) {
      const head = heads[i]!;
      if (head.kind === 'if') head.otherwise = expr;
      else head.body = expr;
      if (head.kind === 'let') {
        this.checkLet(head.bindings);
        head.bindings = this.asWritten(head.bindings);
      } else if (head.kind === 'lambda') {
        if (head.param.kind === 'formals') this.checkFormals(head.param);
        this.noteBody(expr, start);
      }
      head.end = end;
      ({ start } = head);
      expr = isGap && head.kind === 'lambda' ? this.withGap(head, expr) : head;
      isGap = false;
    }
    return expr;
  }

  /** Up to where the last expression of the construct begins; `undefined` where none begins here. */
  #head(): Head | undefined {
    const { start } = this;
    switch (this.kind) {
      case K.Ident: {
        const next = this.kinds[this.at + 1];
        if (next !== K.Colon && next !== K.At) return undefined;
        return { kind: 'lambda', param: this.namedParam(), body: LATER, start, end: 0 };
      }
      case K.BraceOpen:
        if (!this.opensFormals()) return undefined;
        return { kind: 'lambda', param: this.formalsParam(), body: LATER, start, end: 0 };
      case K.If: {
        this.at++;
        const condition = this.expression();
        if (this.kind === K.Then) this.at++;
        else this.stopMissing('then', start);
        const then = this.expression();
        if (this.kind === K.Else) this.at++;
        else this.stopMissing('else', start);
        return { kind: 'if', condition, then, otherwise: LATER, start, end: 0 };
      }
      case K.Let: {
        const open = this.at;
        if (this.kinds[open + 1] === K.BraceOpen) return undefined;
        this.at++;
        const { bindings, merged } = this.letBindings(open);
        return { kind: 'let', bindings, merged, body: LATER, start, end: 0 };
      }
      case K.With: {
        this.at++;
        const scope = this.expression();
        if (this.kind === K.Semicolon) this.at++;
        else this.missingSemicolon("the set of 'with'");
        return { kind: 'with', scope, body: LATER, start, end: 0 };
      }
      case K.Assert: {
        this.at++;
        const condition = this.expression();
        if (this.kind === K.Semicolon) this.at++;
        else this.missingSemicolon("the condition of 'assert'");
        return { kind: 'assert', condition, body: LATER, start, end: 0 };
      }
      default:
        return undefined;
    }
  }

  // ── operators ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

  #operators(): Expr {
    let pending: Pending | undefined;
    for (;;) {
      for (let { kind } = this; kind === K.Not || kind === K.Minus; kind = this.kind) {
        const precedence = kind === K.Not ? NOT : NEGATE;
        pending = { kind, precedence, left: undefined, start: this.start, opStart: this.start, outer: pending };
        this.at++;
      }
      let { start } = this;
      let expr = this.#application();
      for (;;) {
        const { kind } = this;
        const isInfix = K.isInfix(kind);
        if (!isInfix && pending === undefined) return expr; // the common case: one operand
        const precedence = isInfix ? precedenceOf(kind) : -1;
        const { end } = this;
        while (pending !== undefined && pending.precedence >= precedence) {
          if (pending.precedence === precedence) {
            if (isUnchainable(kind)) this.reportUnchainable(pending.kind, pending.opStart, this.at);
            else if (precedence === PIPE && pending.kind !== kind) return closeAll(pending, expr, end);
            else if (isRightAssociative(kind)) break;
          }
          expr = close(pending, expr, end);
          ({ start, outer: pending } = pending);
        }
        if (!isInfix) return expr;
        const opStart = this.starts[this.at++]!;
        if (kind === K.Question) {
          const path = this.attrPath();
          expr = { kind: 'has', target: expr, path, start, end: this.end };
          continue;
        }
        if (precedence === PIPE && !this.pipes) this.reportPipe(this.at - 1);
        pending = { kind, precedence, left: expr, start, opStart, outer: pending };
        break;
      }
    }
  }

  #application(): Expr {
    const { start } = this;
    const fn = this.select(true);
    if (!this.#beginsArgument()) return fn;
    const args = [this.select()];
    while (this.#beginsArgument()) args.push(this.select());
    return { kind: 'call', fn, args, start, end: this.end };
  }

  #beginsArgument(): boolean {
    const { kind } = this;
    return kind >= K.Ident && kind <= K.Let && (kind !== K.Let || this.kinds[this.at + 1] === K.BraceOpen);
  }

  // ── operands ───────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param isHead  what may be called: elsewhere `f or` is a call that a call around it would not expect */
  protected select(isHead = false): Expr {
    const { start } = this;
    const target = this.#simple();
    if (this.kind === K.Dot) {
      this.at++;
      const path = this.attrPath();
      if (this.kind !== K.Or) return { kind: 'select', target, path, start, end: this.end };
      this.at++;
      return this.#selectOr({ kind: 'select', target, path, start, end: this.end });
    }
    if (this.kind !== K.Or) return target;
    // `f or` applies f to the variable `or`, a remnant of when `or` was no keyword
    const index = this.at++;
    const or: Expr = { kind: 'var', name: 'or', start: this.starts[index]!, end: this.ends[index]! };
    if (!isHead) this.warnOr(start, index);
    return { kind: 'call', fn: target, args: [or], start, end: or.end };
  }

  /** Behind `a.b or`: in a frame of its own, as it is rare and recursive. */
  #selectOr({ target, path, start }: SelectExpr): Expr {
    this.enter();
    const fallback = this.select();
    this.depth--;
    return { kind: 'select', target, path, fallback, start, end: this.end };
  }

  #simple(): Expr {
    const index = this.at;
    switch (this.kinds[index]) {
      case K.Ident:
        this.at++;
        return { kind: 'var', name: this.image(index), start: this.starts[index]!, end: this.ends[index]! };
      case K.StringOpen:
        return this.string();
      case K.BraceOpen:
        return this.set(false);
      case K.BracketOpen:
        return this.#list();
      case K.ParenOpen:
        return this.#parentheses();
      case K.Int:
        return this.#integer();
      case K.Float:
        return this.#float();
      case K.PathStart:
        return this.path();
      case K.IndentedOpen:
        return this.indentedString();
      case K.Rec:
        return this.set(true);
      case K.SearchPath: {
        this.at++;
        const [start, end] = [this.starts[index]!, this.ends[index]!];
        return { kind: 'searchPath', path: this.source.text.slice(start + 1, end - 1), start, end };
      }
      case K.Uri: {
        this.at++;
        const uri = this.image(index);
        this.lintUri(index, uri);
        if (this.kinds[index - 1] === K.Interpolation && SHELL_DEFAULT.test(uri)) this.warnShellDefault(index, uri);
        return { kind: 'string', parts: [uri], style: 'uri', start: this.starts[index]!, end: this.ends[index]! };
      }
      case K.Let:
        if (this.kinds[index + 1] === K.BraceOpen) return this.legacyLet();
        break;
      case K.Invalid:
        this.skipInvalid(EXPECT.nothing);
        return this.#simple();
      default:
        break;
    }
    this.stopNoExpression();
  }

  #integer(): Expr {
    const index = this.at++;
    const digits = this.image(index);
    const value = parseInteger(digits);
    if (!isInt64(value)) this.#reportNumber(index, 'integer', 'integers end at 9223372036854775807');
    return { kind: 'int', value, start: this.starts[index]!, end: this.ends[index]! };
  }

  #float(): Expr {
    const index = this.at++;
    const text = this.image(index);
    const value = Number(text);
    if (!Number.isFinite(value)) this.#reportNumber(index, 'float', 'floats end near 1.8e308');
    else if (isTinyFloat(value, text)) this.#reportNumber(index, 'float', 'floats begin near 2.3e-308');
    return { kind: 'float', value, start: this.starts[index]!, end: this.ends[index]! };
  }

  #reportNumber(index: number, kind: string, hint: string): void {
    const digits = this.image(index);
    const shown = digits.length > 100 ? `${digits.slice(0, 100)}…` : digits;
    const size = digits.length > 100 || hint.includes('end') ? 'too large' : 'too small';
    this.addCheck('E-LANG-009', `invalid ${kind} '${shown}'`, [this.label(index, size)], [hint]);
  }

  #parentheses(): Expr {
    const open = this.at++;
    const expr = this.inside(K.ParenClose);
    this.closing(K.ParenClose, open, EXPECT.parenthesis);
    return expr;
  }

  #list(): Expr {
    const open = this.at++;
    this.enter();
    const items: Expr[] = [];
    do this.#items(items);
    while (this.kind !== K.BracketClose && this.recoverInList(open));
    this.closing(K.BracketClose, open, EXPECT.nothing);
    this.depth--;
    return { kind: 'list', items, start: this.starts[open]!, end: this.end };
  }

  #items(items: Expr[]): void {
    const { depth } = this;
    try {
      while (this.#beginsArgument()) items.push(this.select());
    } catch (error) {
      this.recovered(error, depth);
      items.push(this.skipInside(K.BracketClose));
    }
  }
}

function close(operator: Pending, right: Expr, end: number): Expr {
  const { kind, left, start, opStart } = operator;
  if (left === undefined) return { kind: 'unary', op: kind === K.Not ? '!' : '-', operand: right, start, end };
  if (kind === K.PipeInto) return { kind: 'call', fn: right, args: [left], start, end };
  if (kind === K.PipeFrom) return { kind: 'call', fn: left, args: [right], start, end };
  return { kind: 'binary', op: binaryOp(kind), left, right, opStart, start, end };
}

function closeAll(pending: Pending, expr: Expr, end: number): Expr {
  let closed = expr;
  for (let each: Pending | undefined = pending; each !== undefined; each = each.outer) closed = close(each, closed, end);
  return closed;
}
