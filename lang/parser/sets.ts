/** Sets, the bindings of `let`, attribute names and paths. */
import * as K from '../kinds.ts';
import type { AttrName, Binding, Expr, MergedAttrs } from '../tree.ts';
import { SYNTAX_STOP } from './base.ts';
import { Strings } from './strings.ts';
import { EXPECT, type Expected } from './token-names.ts';

export interface Bindings {
  readonly bindings: Binding[];
  readonly merged: MergedAttrs;
}

export abstract class Sets extends Strings {
  /** `{ … }`, `rec { … }` */
  protected set(isRec: boolean): Expr {
    const { start } = this;
    if (isRec) {
      this.at++;
      if (this.kind !== K.BraceOpen) this.stopNoBrace();
    }
    const open = this.at++;
    const { bindings, merged } = this.braced(open, isRec ? EXPECT.bindingOrBrace : EXPECT.binding);
    return { kind: 'attrs', isRec, bindings: this.asWritten(bindings), merged, start, end: this.end };
  }

  /** `let { … }` */
  protected legacyLet(): Expr {
    const { start } = this;
    this.at += 2;
    const { bindings, merged } = this.braced(this.at - 1, EXPECT.bindingOrBrace);
    return { kind: 'legacyLet', bindings: this.asWritten(bindings), merged, start, end: this.end };
  }

  protected stopNoBrace(): never {
    const index = this.at;
    if (!this.skipInvalid(EXPECT.openBrace) && !(this.kind === K.End && this.blameBracket(index, EXPECT.openBrace)))
      this.report(index, EXPECT.openBrace, 'E-LANG-001', "expected '{' after 'rec'", { hints: this.hints(index) });
    throw SYNTAX_STOP;
  }

  /** Bindings up to the closing brace, which is taken. */
  protected braced(open: number, expected: Expected): Bindings {
    if (this.kind === K.BraceClose) {
      this.at++;
      return { bindings: [], merged: { statics: [], dynamics: [], inheritFroms: [] } };
    }
    this.enter();
    const bindings: Binding[] = [];
    do this.readBindings(bindings, false);
    while (this.kind !== K.BraceClose && this.recoverInBindings(open, expected));
    if (this.kind === K.BraceClose) this.at++;
    this.depth--;
    return { bindings, merged: this.merge(bindings) };
  }

  /** The bindings of a `let`, up to its `in`, which is taken. `open`: the `let`. */
  protected letBindings(open: number | undefined): Bindings {
    this.enter();
    const bindings: Binding[] = [];
    do this.readBindings(bindings, true);
    while (this.kind !== K.In && this.recoverInLet());
    if (this.kind === K.In) this.at++;
    else this.missingIn(open);
    this.depth--;
    return { bindings, merged: this.merge(bindings) };
  }

  /** Reads as long as bindings begin. */
  protected readBindings(bindings: Binding[], isLet: boolean): void {
    for (;;) {
      const { kind, depth } = this;
      try {
        if (kind === K.Ident || kind === K.StringOpen || kind === K.Interpolation || kind === K.Or)
          bindings.push(this.assignment(isLet));
        else if (kind === K.Inherit) bindings.push(this.inherit());
        else if (kind === K.Bound) this.bound(bindings);
        else return;
      } catch (error) {
        this.recovered(error, depth);
        this.skipToBinding();
        if (this.missingInAt === this.at) return;
      }
    }
  }

  protected assignment(isLet: boolean): Binding {
    const from = this.at;
    const { start } = this;
    const path = this.attrPath();
    if (this.kind === K.Equals) this.at++;
    else this.stopMissingEquals(path, from, isLet);
    const valueFrom = this.at;
    const value = this.kind === K.Deferred ? this.deferred() : this.expression();
    if (path.at(-1)!.kind === 'static') this.noteValue(value, from, valueFrom);
    if (this.kind === K.Semicolon) this.at++;
    else this.missingBindingSemicolon(path, value, valueFrom);
    return { kind: 'bind', path, value, start, end: this.end };
  }

  protected inherit(): Binding {
    const { start } = this;
    this.at++;
    let from: Expr | undefined;
    if (this.kind === K.ParenOpen) {
      const open = this.at++;
      from = this.inside(K.ParenClose);
      this.closing(K.ParenClose, open, EXPECT.parenthesis);
    }
    const names: { name: string; start: number; end: number }[] = [];
    do this.#inheritedNames(names);
    while (this.recoverCommaInInherit());
    if (this.kind === K.Semicolon) this.at++;
    else this.missingInheritSemicolon(names);
    const { end } = this;
    return from === undefined ? { kind: 'inherit', names, start, end } : { kind: 'inherit', from, names, start, end };
  }

  #inheritedNames(names: { name: string; start: number; end: number }[]): void {
    for (;;) {
      const { kind } = this;
      if (kind !== K.Ident && kind !== K.Or && kind !== K.StringOpen && kind !== K.Interpolation) return;
      const name = this.attrName();
      if (name.kind === 'static') names.push({ name: name.name, start: name.start, end: name.end });
      else this.reportDynamicInherit(name);
    }
  }

  protected attrPath(): AttrName[] {
    const path = [this.attrName()];
    while (this.kind === K.Dot) {
      this.at++;
      path.push(this.attrName());
    }
    return path;
  }

  protected attrName(): AttrName {
    const { kind } = this;
    if (kind === K.Ident || kind === K.Or || (kind !== K.StringOpen && kind !== K.Interpolation && this.takesKeywordAsName())) {
      const index = this.at++;
      return { kind: 'static', name: this.image(index), start: this.starts[index]!, end: this.ends[index]! };
    }
    if (kind === K.StringOpen) return staticName(this.string());
    if (kind === K.Interpolation) {
      const { start } = this;
      const expr = this.interpolation();
      return staticName(expr, start, this.end);
    }
    if (this.skipInvalid(EXPECT.attrName)) return this.attrName();
    this.stopNoName();
  }
}

/** A string without interpolation is a static name, however it is written. */
function staticName(expr: Expr, start: number = expr.start, end: number = expr.end): AttrName {
  if (expr.kind !== 'string' || expr.parts.length > 1) return { kind: 'dynamic', expr, start, end };
  const [only = ''] = expr.parts;
  return typeof only === 'string' ? { kind: 'static', name: only, start, end } : { kind: 'dynamic', expr, start, end };
}
