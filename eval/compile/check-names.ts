/**
 * Names that nothing defines, found before evaluation: a file with one is refused even where it would never be looked at. Under a
 * `with` nothing can be said beforehand.
 */
import type { SourceFile } from '../../base/index.ts';
import type { AttrName, Expr, LambdaExpr, MergedAttrs, Node } from '../../lang/index.ts';
import { isPrefixedBuiltin, undefinedVariable } from '../errors.ts';

export interface KnownNames {
  /** The names of the text's surroundings. */
  readonly bound?: Iterable<string>;
  /** What is there always: asked for where a text uses a name. */
  readonly globals: Globals;
  /** Gets start and end of the first use of each global. */
  readonly used?: number[];
}

interface Globals {
  has(name: string): boolean;
  keys(): Iterable<string>;
}

/** Cost: one walk over the tree. @throws Fault E-EVAL-002 the first undefined variable, in the order of the text */
export const checkNames = (expr: Expr, source: SourceFile, names: KnownNames): void => new Checker(source, names).expr(expr);

class Checker {
  readonly #source: SourceFile;
  readonly #known: KnownNames;
  /** How many scopes around define a name. */
  readonly #bound = new Map<string, number>();
  readonly #noted = new Set<string>();

  constructor(source: SourceFile, known: KnownNames) {
    this.#source = source;
    this.#known = known;
    for (const name of known.bound ?? []) this.#bind(name);
  }

  expr(expr: Expr): void {
    switch (expr.kind) {
      case 'var':
        this.#use(expr.name, expr);
        break;
      case 'string':
      case 'path':
        for (const part of expr.parts) if (typeof part !== 'string') this.expr(part);
        break;
      case 'list':
        for (const item of expr.items) this.expr(item);
        break;
      case 'call':
        this.expr(expr.fn);
        for (const arg of expr.args) this.expr(arg);
        break;
      case 'select':
        this.expr(expr.target);
        if (expr.fallback !== undefined) this.expr(expr.fallback);
        this.#path(expr.path);
        break;
      case 'has':
        this.expr(expr.target);
        this.#path(expr.path);
        break;
      case 'attrs':
        this.#bindings(expr.merged, expr.isRec);
        break;
      case 'legacyLet':
        this.#bindings(expr.merged, true);
        break;
      case 'let':
        this.#bindings(expr.merged, true, expr.body);
        break;
      case 'lambda':
        this.#lambda(expr);
        break;
      case 'with':
        // What stands inside may come from the set.
        this.expr(expr.scope);
        break;
      case 'if':
        this.expr(expr.condition);
        this.expr(expr.then);
        this.expr(expr.otherwise);
        break;
      case 'assert':
        this.expr(expr.condition);
        this.expr(expr.body);
        break;
      case 'unary':
        this.expr(expr.operand);
        break;
      case 'binary':
        this.expr(expr.left);
        this.expr(expr.right);
        break;
      default:
    }
  }

  #path(path: readonly AttrName[]): void {
    for (const name of path) if (name.kind === 'dynamic') this.expr(name.expr);
  }

  #lambda({ param, body }: LambdaExpr): void {
    if (param.kind === 'name') {
      this.#bind(param.name);
      this.expr(body);
      this.#unbind(param.name);
      return;
    }
    for (const { name } of param.formals) this.#bind(name);
    if (param.as !== undefined) this.#bind(param.as);
    for (const { fallback } of param.formals) if (fallback !== undefined) this.expr(fallback);
    this.expr(body);
    for (const { name } of param.formals) this.#unbind(name);
    if (param.as !== undefined) this.#unbind(param.as);
  }

  #bindings({ statics, dynamics, inheritFroms }: MergedAttrs, isRec: boolean, body?: Expr): void {
    for (const attr of statics) if (attr.value.kind === 'inherit') this.#use(attr.name, attr);
    if (isRec) for (const { name } of statics) this.#bind(name);
    for (const from of inheritFroms) this.expr(from);
    for (const { value } of statics) if (value.kind === 'expr') this.expr(value.expr);
    for (const { name, value } of dynamics) {
      this.expr(name);
      this.expr(value);
    }
    if (body !== undefined) this.expr(body);
    if (isRec) for (const { name } of statics) this.#unbind(name);
  }

  #use(name: string, node: Node): void {
    if ((this.#bound.get(name) ?? 0) > 0 || name === '__curPos') return;
    if (this.#known.globals.has(name)) {
      this.#note(name, node);
      return;
    }
    const span = { source: this.#source, start: node.start, end: node.end };
    throw undefinedVariable(name, this.#candidates(), span, { isBuiltin: isPrefixedBuiltin(name, this.#known.globals) });
  }

  #note(name: string, { start }: Node): void {
    const { used } = this.#known;
    if (used === undefined || this.#noted.has(name)) return;
    this.#noted.add(name);
    used.push(start, start + name.length);
  }

  *#candidates(): Generator<string> {
    for (const [name, count] of this.#bound) if (count > 0) yield name;
    for (const name of this.#known.globals.keys()) if (!name.startsWith('__')) yield name;
  }

  #bind(name: string): void {
    this.#bound.set(name, (this.#bound.get(name) ?? 0) + 1);
  }

  #unbind(name: string): void {
    this.#bound.set(name, this.#bound.get(name)! - 1);
  }
}
