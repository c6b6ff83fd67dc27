/**
 * The second tier: code that ran often becomes JavaScript source. One function per region (a function body or a suspended
 * expression): what the region evaluates directly is one JavaScript expression, so that the engine sees it whole; what it
 * suspends, and the functions it makes, stay regions of their own. Environments are those of the first tier, so that
 * the two mix freely, and whatever is not written here falls back to the first tier's closure.
 */
import type { Span } from '../../base/index.ts';
import {
  type AttrName,
  type AttrsExpr,
  type BinaryExpr,
  type CallExpr,
  type Expr,
  type HasAttrExpr,
  type LambdaExpr,
  type LetExpr,
  printName,
  type SelectExpr,
  type StringExpr,
} from '../../lang/index.ts';
import { assertionFailure } from '../compile/assertion.ts';
import { scopeOf } from '../compile/bindings.ts';
import type { Code, Compiling, DelayOptions } from '../compile/code.ts';
import { lambdaSite } from '../compile/lambdas.ts';
import { BUILTIN_OF, isRebound, resolve, type StaticScope, spanOf } from '../compile/scope.ts';
import { dynamicPlaces, shapeOf } from '../compile/sets.ts';
import { literalPath, literalText } from '../compile/strings.ts';
import { isStackExhaustion } from '../errors.ts';
import type { ThunkCode } from '../thunk.ts';
import { labelCode } from '../trace.ts';
import { type Env, Float, type LambdaSite, type Slot, type Value } from '../value.ts';
import { type Frame, letFrame, madeFrame, parameterFrame, reach } from './frame.ts';
import { Names, TooBig } from './names.ts';
import { inheritedFrom, runtime, ShapeCache } from './runtime.ts';
import { isMadeAtOnce, MAX, speculate } from './speculate.ts';

/** A suspended expression of a hot region; `code` is what new thunks run. */
interface HotSite {
  code: ThunkCode;
}

const HELPERS = Object.keys(runtime);

/** Compiles a region whose environment is handed in: a suspended expression. `undefined`: too big to be worth it. */
export const fuse = (expr: Expr, scope: StaticScope, compiling: Compiling): Code | undefined =>
  unlessTooBig(() => {
    const emitter = new Emitter(compiling);
    const body = emitter.value(expr, scope, madeFrame('e0'), true);
    return emitter.finish('(e0)', '', body) as Code;
  });

/** Compiles the body of a function of one argument: `(env, a)`. `enter` makes its environment, unless that holds the argument alone. */
export const fuseBody = (
  expr: Expr,
  scope: StaticScope,
  compiling: Compiling,
  enter: Enter | undefined,
): LambdaSite['code'] | undefined =>
  unlessTooBig(() => {
    const emitter = new Emitter(compiling);
    const around = madeFrame('env');
    const frame = enter === undefined ? parameterFrame('e0', around, 'a') : madeFrame('e0', around);
    const body = emitter.value(expr, scope, frame, true);
    const entry = enter === undefined ? 'let e0;' : 'const e0=enter(env,a);';
    return emitter.finish('(env,a)', entry, body, [['enter', enter]]) as LambdaSite['code'];
  });

/** The same for two arguments at once, `(env, a, b)`, of which the second belongs to the function inside. */
export const fuseBody2 = (
  expr: Expr,
  scope: StaticScope,
  compiling: Compiling,
  enterFirst: Enter | undefined,
  enterSecond: Enter | undefined,
): LambdaSite['code2'] =>
  unlessTooBig(() => {
    const emitter = new Emitter(compiling);
    const around = madeFrame('env');
    const first = enterFirst === undefined ? parameterFrame('e1', around, 'a') : madeFrame('e1', around);
    const second = enterSecond === undefined ? parameterFrame('e0', first, 'b') : madeFrame('e0', first);
    const body = emitter.value(expr, scope, second, true);
    const entry = [
      enterFirst === undefined ? 'let e1;' : 'const e1=enter1(env,a);',
      enterSecond === undefined ? 'let e0;' : `const e0=enter2(${first.whole},b);`,
    ];
    const constants = [['enter1', enterFirst] as const, ['enter2', enterSecond] as const];
    return emitter.finish('(env,a,b)', entry.join(''), body, constants) as LambdaSite['code2'];
  });

function unlessTooBig<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof TooBig || error instanceof SyntaxError || isStackExhaustion(error)) return undefined;
    throw error;
  }
}

interface Operand {
  readonly value: string;
  readonly span: string;
}

type Enter = (env: Env, arg: Slot) => Env;

class Emitter {
  readonly #compiling: Compiling;
  readonly #names = new Names();
  readonly #spans: Span[] = [];

  constructor(compiling: Compiling) {
    this.#compiling = compiling;
  }

  finish(parameters: string, entry: string, body: string, extra: readonly (readonly [string, unknown])[] = []): unknown {
    const { constants } = this.#names;
    const names = constants.map((_, index) => `k${index}`);
    const locals = this.#names.locals();
    const declared = locals.length === 0 ? '' : `let ${locals.join(',')};`;
    const guarded =
      this.#spans.length === 0
        ? `return ${body};`
        : `let p=0,q;try{return ${body};}catch(x){throw p===0?x:leftCall(x,q,spans[p-1]);}`;
    // In parentheses: the engine compiles it at once, instead of reading it now and again when it is first called.
    const source = `'use strict';return (${parameters}=>{${declared}${entry}${guarded}});`;
    const make = new Function(...HELPERS, 'spans', ...names, ...extra.map(([name]) => name), source);
    const helpers = HELPERS.map((name) => runtime[name as keyof typeof runtime]);
    return make(...helpers, this.#spans, ...constants, ...extra.map(([, value]) => value));
  }

  /** JavaScript that evaluates to weak head normal form; `isResult`: what the region gives, with a function in a cell of its own. */
  value(expr: Expr, scope: StaticScope, env: Frame, isResult = false): string {
    switch (expr.kind) {
      case 'int':
        return typeof expr.value === 'number' ? String(expr.value) : `${expr.value}n`;
      case 'string':
        return this.#string(expr, scope, env);
      case 'var':
        return placed(this.#variable(expr, scope, env), isResult);
      case 'list':
        return `[${expr.items.map((item) => this.slot(item, scope, env)).join(',')}]`;
      case 'attrs':
        return this.#attrs(expr, scope, env) ?? this.#fallback(expr, scope, env);
      case 'lambda':
        return this.#lambda(expr, scope, env);
      case 'call':
        return this.#call(expr, scope, env);
      case 'select':
        return placed(this.#select(expr, scope, env), isResult);
      case 'has':
        return this.#has(expr, scope, env);
      case 'let':
        return this.#let(expr, scope, env, isResult);
      case 'with': {
        const inner = this.#names.local();
        const names = this.slot(expr.scope, scope, env);
        const body = this.value(expr.body, scope.inside(expr, 'with'), madeFrame(inner, env), isResult);
        return `(${inner}=new Env(${env.whole},${names}),${body})`;
      }
      case 'if': {
        const condition = this.#condition(expr.condition, scope, env);
        const [then, otherwise] = [expr.then, expr.otherwise].map((branch) => this.value(branch, scope, env, isResult));
        return `(${condition}?${then}:${otherwise})`;
      }
      case 'unary':
        if (expr.op === '!') return `!${this.#condition(expr.operand, scope, env)}`;
        if (isRebound('__sub', scope)) return this.#fallback(expr, scope, env);
        return `subtract(0,${this.value(expr.operand, scope, env)},${this.#names.constant(spanOf(scope.unit, expr.operand))})`;
      case 'binary':
        return this.#binary(expr, scope, env);
      case 'float':
      case 'path':
      case 'searchPath':
      case 'legacyLet':
        return this.#fallback(expr, scope, env, isResult);
      case 'assert': {
        const failure = this.#names.constant(assertionFailure(expr, scope, this.#compiling));
        const body = this.value(expr.body, scope, env, isResult);
        return `(${this.#condition(expr.condition, scope, env)}?${body}:${failure}(${env.whole}))`;
      }
    }
  }

  /** JavaScript that makes a slot. */
  slot(expr: Expr, scope: StaticScope, env: Frame, options: DelayOptions = {}): string {
    switch (expr.kind) {
      case 'int':
        return this.value(expr, scope, env);
      case 'float':
        return this.#names.constant(new Float(expr.value));
      case 'string': {
        const text = literalText(expr);
        if (text !== undefined) return this.#names.text(text);
        break;
      }
      case 'path': {
        const path = literalPath(expr, scope);
        if (path !== undefined) return this.#names.constant(path);
        break;
      }
      case 'var': {
        const found = resolve(expr.name, scope);
        if (found.kind === 'slot') {
          const isUnfilled = found.depth === 0 && options.filledUpTo !== undefined && found.index >= options.filledUpTo;
          if (!isUnfilled) return `settled(${reach(env, found.depth).slot(found.index, found.scope.isSingle)})`;
        } else if (found.kind === 'global') return this.#names.constant(found.slot);
        break;
      }
      case 'lambda':
        return this.#lambda(expr, scope, env, options.naming?.name);
      case 'list':
        if (expr.items.length === 0) return '[]';
        break;
      default:
    }
    const site: HotSite = { code: this.#firstRun(expr, scope, options, () => site) };
    const suspended = `new Thunk(${this.#names.constant(site)}.code,${env.whole})`;
    return this.#early(expr, scope, env, suspended, options) ?? suspended;
  }

  /** A hot region's thunks are hot: they skip the first tier. */
  #firstRun(expr: Expr, scope: StaticScope, { naming }: DelayOptions, site: () => HotSite): ThunkCode {
    let compiled: Code | undefined;
    const first: ThunkCode = (env: Env): Value => {
      if (compiled === undefined) {
        compiled = this.#compiling.fuse(expr, scope);
        if (naming !== undefined) {
          const label = {
            text: `the ${naming.kind} '${printName(naming.name)}'`,
            name: naming.name,
            span: spanOf(scope.unit, expr),
          };
          labelCode(first, label);
          labelCode(compiled, label);
        }
        site().code = compiled;
      }
      return compiled(env);
    };
    return first;
  }

  /** The value at once where that is certain, cheap and free of errors; else what `suspended` makes. */
  #early(expr: Expr, scope: StaticScope, env: Frame, suspended: string, options: DelayOptions): string | undefined {
    if (options.filledUpTo !== undefined) return undefined; // its variables may not be there yet
    if (isMadeAtOnce(expr)) return expr.kind === 'attrs' ? this.#attrs(expr, scope, env) : this.value(expr, scope, env);
    const early = speculate(expr, scope, env, this.#names);
    return early && `(${early.test}?${early.value}:${suspended})`;
  }

  #variable(expr: Expr & { kind: 'var' }, scope: StaticScope, env: Frame): string {
    const found = expr.name === '__curPos' ? undefined : resolve(expr.name, scope);
    if (found?.kind === 'slot') {
      const value = this.#names.local();
      const slot = reach(env, found.depth).slot(found.index, found.scope.isSingle);
      const evaluated = `${value}=${value}.code===null?${value}.held:run(${value})`;
      return `((${value}=${slot}) instanceof Thunk?Array.isArray(${evaluated})?${value}:${slot}=${value}:${value})`;
    }
    if (found?.kind === 'global' && !(found.slot instanceof runtime.Thunk)) return this.#names.constant(found.slot);
    return this.#fallback(expr, scope, env);
  }

  #string(expr: StringExpr, scope: StaticScope, env: Frame): string {
    const literal = literalText(expr);
    if (literal !== undefined) return this.#names.text(literal);
    const ctx = this.#names.constant(scope.unit.ctx);
    const tests: string[] = [];
    const values: string[] = [];
    const parts = expr.parts.map((part) => {
      if (typeof part === 'string') return this.#names.text(part);
      const local = this.#names.local();
      const span = this.#names.constant(spanOf(scope.unit, part));
      values.push(
        `${local}=${this.value(part, scope, env)}`,
        `typeof ${local}==='string'||(${local}=partAt(${ctx},${local},${span}))`,
      );
      tests.push(`typeof ${local}==='string'`);
      return local;
    });
    return `(${values.join(',')},${tests.join('&&')}?''+${parts.join('+')}:interpolate(${ctx},[${parts.join(',')}]))`;
  }

  #attrs(expr: AttrsExpr, scope: StaticScope, env: Frame): string | undefined {
    const { merged } = expr;
    if (merged.statics.some(({ name }) => name === '__overrides')) return undefined;
    const { shape, order } = shapeOf(merged, scope.unit);
    const bound = expr.isRec ? this.#bindings(merged, scope, env, 'attribute') : undefined;
    const steps = bound === undefined ? [] : [bound.js];
    const inner = bound?.scope ?? scope;
    const innerEnv = bound?.env ?? env;
    let slots: string[];
    if (bound !== undefined) slots = order.map((at) => bound.env.slot(at, bound.scope.isSingle));
    else {
      const sources = merged.inheritFroms.map((from) => {
        const source = this.#names.local();
        steps.push(`${source}=${this.slot(from, scope, env)}`);
        return source;
      });
      slots = order.map((at) => {
        const { name, value, start, end } = merged.statics[at]!;
        if (value.kind === 'inheritFrom') return this.#inherited(sources[value.index]!, name, spanOf(scope.unit, { start, end }));
        const node: Expr = value.kind === 'expr' ? value.expr : { kind: 'var', name, start, end };
        return this.slot(node, scope, env, { naming: { kind: 'attribute', name } });
      });
    }
    let set = `new Attrs(${this.#names.constant(shape)},[${slots.join(',')}])`;
    if (merged.dynamics.length > 0) {
      const pairs = merged.dynamics.flatMap((dynamic) => {
        const nameSpan = this.#names.constant(spanOf(inner.unit, dynamic.name));
        return [
          `attributeName(${this.value(dynamic.name, inner, innerEnv)},${nameSpan})`,
          this.slot(dynamic.value, inner, innerEnv),
        ];
      });
      const spans = dynamicPlaces(merged, inner.unit);
      set =
        spans.length === 1
          ? `addDynamic(${set},${pairs.join(',')},${this.#names.constant(spans[0])})`
          : `addDynamics(${set},[${pairs.join(',')}],${this.#names.constant(spans)})`;
    }
    return steps.length === 0 ? set : `(${steps.join(',')},${set})`;
  }

  /** `inherit (source) name`: the attribute's own slot where the source is there already. */
  #inherited(source: string, name: string, span: Span): string {
    const found = this.#names.local();
    const cache = new ShapeCache(name, span);
    const select = inheritedFrom(cache);
    labelCode(select, { text: `the attribute '${printName(name)}'`, name, span });
    return `((${found}=peek(${source},${this.#names.constant(cache)}))!==undefined?${found}:new Thunk(${this.#names.constant(select)},${source}))`;
  }

  #let(expr: LetExpr, scope: StaticScope, env: Frame, isResult: boolean): string {
    if (expr.merged.statics.length === 0) return this.value(expr.body, scope, env, isResult);
    const bound = this.#bindings(expr.merged, scope, env, 'variable');
    return `(${bound.js},${this.value(expr.body, bound.scope, bound.env, isResult)})`;
  }

  /** The environment of `let` or `rec`; laid out as in compile/bindings.ts. */
  #bindings(
    merged: LetExpr['merged'],
    around: StaticScope,
    env: Frame,
    kind: 'attribute' | 'variable',
  ): { scope: StaticScope; env: Frame; js: string } {
    const { statics, inheritFroms } = merged;
    const scope = scopeOf(merged, around);
    const { isSingle } = scope;
    const [local, slots] = [this.#names.local(), isSingle ? '' : this.#names.local()];
    const firstFrom = statics.length;
    const inner = letFrame(local, slots, env);
    const empty = [...statics, ...inheritFroms].map(() => 'undefined');
    const steps = [
      isSingle ? `${local}=new Env(${env.whole},undefined)` : `${local}=new Env(${env.whole},${slots}=[${empty.join(',')}])`,
    ];
    inheritFroms.forEach((from, index) => {
      steps.push(`${inner.slot(firstFrom + index, isSingle)}=${this.slot(from, scope, inner, { filledUpTo: 0 })}`);
    });
    statics.forEach(({ name, value, start, end }, index) => {
      let slot: string;
      if (value.kind === 'expr') slot = this.slot(value.expr, scope, inner, { naming: { kind, name }, filledUpTo: index });
      else if (value.kind === 'inherit') slot = this.slot({ kind: 'var', name, start, end }, around, env);
      else slot = this.#inherited(inner.slot(firstFrom + value.index, isSingle), name, spanOf(around.unit, { start, end }));
      steps.push(`${inner.slot(index, isSingle)}=${slot}`);
    });
    return { scope, env: inner, js: steps.join(',') };
  }

  #lambda(expr: LambdaExpr, scope: StaticScope, env: Frame, name?: string): string {
    return `new Lambda(${this.#names.constant(lambdaSite(expr, scope, this.#compiling, name))},${env.whole})`;
  }

  /** `p` and `q` tell the one catch of the region which call failed, and of what. */
  #call(expr: CallExpr, scope: StaticScope, env: Frame): string {
    const fn = this.#names.local();
    const result = this.#names.local();
    const callee = this.value(expr.fn, scope, env);
    const locals = expr.args.map(() => this.#names.local());
    const args = expr.args.map((arg, index) => `${locals[index]}=${this.slot(arg, scope, env)}`).join(',');
    const place = this.#spans.push(spanOf(scope.unit, expr));
    const [a, b] = locals;
    const primOp = (arity: number): string =>
      `${fn} instanceof PrimOp&&${fn}.arity===${arity}?${fn}.impl(${fn}.ctx,${locals.join(',')})`;
    const call =
      locals.length === 1
        ? `${fn} instanceof Lambda?${fn}.site.code(${fn}.env,${a}):${primOp(1)}:call(${fn},${a})`
        : locals.length === 2
          ? `${fn} instanceof Lambda&&${fn}.site.code2!==undefined?${fn}.site.code2(${fn}.env,${a},${b}):${primOp(2)}:call2(${fn},${a},${b})`
          : `${primOp(locals.length)}:callN(${fn},[${locals.join(',')}])`;
    return `(${fn}=${callee},${args},q=${fn},p=${place},${result}=${call},p=0,${result})`;
  }

  #select(expr: SelectExpr, scope: StaticScope, env: Frame): string {
    const target = this.value(expr.target, scope, env);
    if (expr.fallback === undefined) {
      return expr.path.reduce((set, name) => {
        if (name.kind === 'static') return `selectAt(${set},${this.#cache(name, scope)})`;
        return `select(${set},${this.#name(name, scope, env)},${this.#names.constant(spanOf(scope.unit, name))})`;
      }, target);
    }
    const found = this.#names.local();
    const all = expr.path.map(
      (name, index) => `(${found}=${this.#trySelect(index === 0 ? target : found, name, scope, env)})!==undefined`,
    );
    return `(${all.join('&&')}?${found}:${this.value(expr.fallback, scope, env)})`;
  }

  #has(expr: HasAttrExpr, scope: StaticScope, env: Frame): string {
    const target = this.value(expr.target, scope, env);
    const found = this.#names.local();
    const steps = expr.path.map((name, index) => {
      const set = index === 0 ? target : found;
      if (index < expr.path.length - 1) return `(${found}=${this.#trySelect(set, name, scope, env)})!==undefined`;
      return name.kind === 'static'
        ? `hasAt(${set},${this.#cache(name, scope)})`
        : `hasName(${set},${this.#name(name, scope, env)})`;
    });
    return `(${steps.join('&&')})`;
  }

  #trySelect(set: string, name: AttrName, scope: StaticScope, env: Frame): string {
    if (name.kind === 'static') return `trySelect(${set},${this.#cache(name, scope)})`;
    return `trySelectName(${set},${this.#name(name, scope, env)})`;
  }

  #cache(name: AttrName & { kind: 'static' }, scope: StaticScope): string {
    return this.#names.constant(new ShapeCache(name.name, spanOf(scope.unit, name)));
  }

  /** A computed name: a byte string. */
  #name(name: AttrName & { kind: 'dynamic' }, scope: StaticScope, env: Frame): string {
    return `selectName(${this.value(name.expr, scope, env)},${this.#names.constant(spanOf(scope.unit, name))})`;
  }

  #binary(expr: BinaryExpr, scope: StaticScope, env: Frame): string {
    const { op } = expr;
    const builtin = BUILTIN_OF[op];
    if (builtin !== undefined && isRebound(builtin, scope)) return this.#fallback(expr, scope, env);
    switch (op) {
      case '&&':
      case '||':
        return `(${this.#condition(expr.left, scope, env)}${op}${this.#condition(expr.right, scope, env)})`;
      case '->':
        return `(!${this.#condition(expr.left, scope, env)}||${this.#condition(expr.right, scope, env)})`;
      case '//':
      case '++':
        return this.#join(expr, scope, env);
      default:
        return this.#compute(op, expr, scope, env);
    }
  }

  /** Two numbers in line, all else by call. */
  #compute(op: BinaryExpr['op'], expr: BinaryExpr, scope: StaticScope, env: Frame): string {
    const [a, b] = [this.#names.local(), this.#names.local()];
    const span = this.#names.constant(spanOf(scope.unit, expr));
    const text = `typeof ${a}==='number'||typeof ${a}==='string'||(${a}=leftAt(${this.#names.constant(scope.unit.ctx)},${a},${span}))`;
    const left = `${a}=${this.value(expr.left, scope, env)}${op === '+' ? `,${text}` : ''}`;
    const right = `${b}=${this.value(expr.right, scope, env)}`;
    // As Nix does: everything is "less than", turned round (the right side is evaluated first) or negated.
    const isTurned = op === '>' || op === '<=';
    const operands = isTurned ? `${right},${left}` : `${left},${right}`;
    const numbers = `typeof ${a}==='number'&&typeof ${b}==='number'`;
    if (op === '+' || op === '-') {
      const r = this.#names.local();
      const slow =
        op === '+' ? `concatAt(${this.#names.constant(scope.unit.ctx)},${a},${b},${span})` : `subtract(${a},${b},${span})`;
      return `(${operands},${numbers}&&(${r}=${a}${op}${b},${r}<=${MAX}&&${r}>=-${MAX})?${r}:${slow})`;
    }
    if (op === '*' || op === '/') return `(${operands},${op === '*' ? 'multiply' : 'divide'}(${a},${b},${span}))`;
    if (op === '==' || op === '!=') {
      const sign = op === '==' ? '' : '!';
      return `(${operands},${numbers}?${a}${op}=${b}:${sign}equals(${a},${b}))`;
    }
    const order = isTurned ? `compare(${b},${a},${span})` : `compare(${a},${b},${span})`;
    return `(${operands},${numbers}?${a}${op}${b}:${order}${op === '<' || op === '>' ? '<0' : '>=0'})`;
  }

  #join(expr: BinaryExpr, scope: StaticScope, env: Frame): string {
    const [left, right] = [expr.left, expr.right].map((side) => ({
      value: this.value(side, scope, env),
      span: this.#names.constant(spanOf(scope.unit, side)),
    })) as [Operand, Operand];
    if (expr.op === '//') return `mergeAttrs(set(${left.value},${left.span}),set(${right.value},${right.span}))`;
    // Lists are evaluated both before either is looked at.
    const [a, b] = [this.#names.local(), this.#names.local()];
    return `(${a}=${left.value},${b}=${right.value},append(list(${a},${left.span}),list(${b},${right.span})))`;
  }

  /** JavaScript whose value is true or false. */
  #condition(expr: Expr, scope: StaticScope, env: Frame): string {
    const js = this.value(expr, scope, env);
    if (isBoolean(expr)) return `(${js})`;
    const test = this.#names.local();
    return `((${test}=${js})===true||${test}!==false&&boolean(${test},${this.#names.constant(spanOf(scope.unit, expr))}))`;
  }

  #fallback(expr: Expr, scope: StaticScope, env: Frame, isResult = false): string {
    return `${this.#names.constant(this.#compiling.compile(expr, scope, isResult))}(${env.whole})`;
  }
}

/** What variables and selections give is in another cell. */
const placed = (js: string, isResult: boolean): string => (isResult ? `inOwnCell(${js})` : js);

function isBoolean(expr: Expr): boolean {
  if (expr.kind === 'has') return true;
  if (expr.kind === 'unary') return expr.op === '!';
  return expr.kind === 'binary' && !['+', '-', '*', '/', '//', '++'].includes(expr.op);
}
