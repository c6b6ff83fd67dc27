/**
 * Compiles a tree to closures, lazily: what is never evaluated is never looked at. A suspended expression is compiled when the
 * first of its thunks runs; a function body at its first call.
 */
import {
  type AssertExpr,
  type DeferredValue,
  type Expr,
  type IfExpr,
  type LetExpr,
  type ListExpr,
  type Node,
  printName,
  type WithExpr,
} from '../../lang/index.ts';
import { attrsFromRecord } from '../attrs.ts';
import { inOwnCell } from '../cell.ts';
import { fuse, fuseBody, fuseBody2 } from '../hot/emit.ts';
import { Thunk, type ThunkCode } from '../thunk.ts';
import { labelCode, type ThunkLabel } from '../trace.ts';
import { Env, Float, type Slot, type Value } from '../value.ts';
import { assertionFailure } from './assertion.ts';
import { compileRecursive } from './bindings.ts';
import { compileCall } from './calls.ts';
import type { BoundValue, Code, Compiling, DelayOptions, Naming, SlotCode } from './code.ts';
import { compileLambda } from './lambdas.ts';
import { boolean, compileBinary, compileUnary } from './operators.ts';
import { resolve, type StaticScope, spanOf } from './scope.ts';
import { compileHas, compileSelect } from './select.ts';
import { compileAttrs } from './sets.ts';
import { compilePath, compileSearchPath, compileString, literalPath, literalText } from './strings.ts';
import { compileVariable, delayVariable } from './variables.ts';

export const compiler: Compiling = {
  compile,
  delay,
  delayBound,
  fuse: (expr, scope) => scope.once(expr, () => fuse(expr, scope, compiler) ?? compile(expr, scope, true)),
  fuseBody: (expr, scope, enter) => fuseBody(expr, scope, compiler, enter),
  fuseBody2: (expr, scope, first, second) => fuseBody2(expr, scope, compiler, first, second),
};

function compile(expr: Expr, scope: StaticScope, isResult = false): Code {
  switch (expr.kind) {
    case 'int': {
      const { value } = expr;
      return () => value;
    }
    case 'float': {
      const value = new Float(expr.value);
      return () => value;
    }
    case 'string':
      return compileString(expr, scope, compiler);
    case 'path':
      return compilePath(expr, scope, compiler);
    case 'searchPath':
      return compileSearchPath(expr, scope, compiler);
    case 'var':
      if (expr.name === '__curPos') return currentPosition(expr, scope);
      return placed(compileVariable(expr.name, scope, spanOf(scope.unit, expr)), isResult);
    case 'list':
      return compileList(expr, scope);
    case 'attrs':
      return compileAttrs(expr, scope, compiler);
    case 'lambda':
      return compileLambda(expr, scope, compiler);
    case 'call':
      return compileCall(expr, scope, compiler);
    case 'select':
      return placed(compileSelect(expr, scope, compiler), isResult);
    case 'has':
      return compileHas(expr, scope, compiler);
    case 'let':
      return compileLet(expr, scope, isResult);
    case 'legacyLet': {
      const { start, end, bindings, merged } = expr;
      const set: Expr = { kind: 'attrs', isRec: true, bindings, merged, start, end };
      const path = [{ kind: 'static', name: 'body', start, end }] as const;
      return compile({ kind: 'select', target: set, path, start, end }, scope, isResult);
    }
    case 'with':
      return compileWith(expr, scope, isResult);
    case 'if':
      return compileIf(expr, scope, isResult);
    case 'assert':
      return compileAssert(expr, scope, isResult);
    case 'unary':
      return compileUnary(expr, scope, compiler);
    case 'binary':
      return compileBinary(expr, scope, compiler);
  }
}

/** What variables and selections give is in another cell. */
const placed = (code: Code, isResult: boolean): Code => (isResult ? (env) => inOwnCell(code(env)) : code);

/** A slot for an expression: a thunk only where evaluating it could be observed. */
function delay(expr: Expr, scope: StaticScope, options: DelayOptions = {}): SlotCode {
  switch (expr.kind) {
    case 'int':
    case 'float': {
      const value = expr.kind === 'int' ? expr.value : new Float(expr.value);
      return () => value;
    }
    case 'string': {
      const text = literalText(expr);
      if (text !== undefined) return () => text;
      break;
    }
    case 'path': {
      const path = literalPath(expr, scope);
      if (path !== undefined) return () => path;
      break;
    }
    case 'var': {
      if (expr.name === '__curPos' || isUnfilled(expr.name, scope, options.filledUpTo)) break;
      return delayVariable(expr.name, scope, spanOf(scope.unit, expr));
    }
    case 'lambda':
      return compileLambda(expr, scope, compiler, options.naming?.name);
    case 'list':
      if (expr.items.length === 0) return emptyList;
      break;
    default:
  }
  return suspend(expr, scope, options.naming);
}

/** What is text is worth a thunk, whatever it says (lang/deferred.ts). */
function delayBound(value: BoundValue, scope: StaticScope, options: DelayOptions = {}): SlotCode {
  return value.isDeferred ? suspendText(value, scope, options.naming) : delay(value.expr, scope, options);
}

/** As `suspend`, and smaller until the first of its thunks runs: of most there never is one. */
function suspendText(value: DeferredValue, scope: StaticScope, naming: Naming | undefined): SlotCode {
  let suspended: SlotCode | undefined;
  const first: ThunkCode = (env) => {
    suspended ??= suspend(value.expr, scope, naming);
    const { code } = suspended(env) as Thunk;
    if (naming === undefined) return code!(env);
    try {
      return code!(env);
    } catch (error) {
      labelCode(first, labelOf(value, scope, naming));
      throw error;
    }
  };
  return (env) => (suspended === undefined ? new Thunk(first, env) : suspended(env));
}

const emptyList: SlotCode = () => [];

/** Whether a variable's slot is in the environment being filled, and not there yet. */
function isUnfilled(name: string, scope: StaticScope, filledUpTo: number | undefined): boolean {
  if (filledUpTo === undefined) return false;
  const found = resolve(name, scope);
  return found.kind === 'slot' && found.depth === 0 && found.index >= filledUpTo;
}

/** What says what failed is made for those who fail: most expressions are evaluated once, and most of these never fail. */
function suspend(expr: Expr, scope: StaticScope, naming: Naming | undefined): SlotCode {
  let compiled: Code | undefined;
  const cold = (env: Env): Value => {
    compiled ??= compile(expr, scope, true);
    if (naming === undefined) {
      code = compiled;
      return compiled(env);
    }
    try {
      return compiled(env);
    } catch (error) {
      labelCode(cold, labelOf(expr, scope, naming));
      throw error;
    }
  };
  let code: ThunkCode = cold;
  let made = 0;
  return (env) => {
    if (++made === HOT_THUNKS) {
      code = heated(expr, scope, naming, (hot) => {
        code = hot;
      });
    }
    return new Thunk(code, env);
  };
}

/** What thunks run of an expression that gets hot, until the first of them has. */
function heated(expr: Expr, scope: StaticScope, naming: Naming | undefined, use: (hot: Code) => void): ThunkCode {
  let hot: Code | undefined;
  const first: ThunkCode = (env: Env): Value => {
    if (hot === undefined) {
      hot = compiler.fuse(expr, scope);
      if (naming !== undefined) for (const each of [first, hot]) labelCode(each, labelOf(expr, scope, naming));
      use(hot);
    }
    return hot(env);
  };
  return first;
}

function labelOf(node: Node, scope: StaticScope, { kind, name, owner }: Naming): ThunkLabel {
  const whose = owner === undefined ? '' : ` of ${owner}`;
  return { text: `the ${kind} '${printName(name)}'${whose}`, name, span: spanOf(scope.unit, node) };
}

/** Thunks made of one expression before it is compiled to JavaScript. */
const HOT_THUNKS = 300;

function compileList({ items }: ListExpr, scope: StaticScope): Code {
  const codes = items.map((item) => delay(item, scope));
  return (env) => {
    // As long as it will be: one that grows has room for 17 at least.
    const list = new Array<Slot>(codes.length);
    for (let i = 0; i < codes.length; i++) list[i] = codes[i]!(env);
    return list;
  };
}

function compileLet(expr: LetExpr, scope: StaticScope, isResult: boolean): Code {
  if (expr.merged.statics.length === 0) return compile(expr.body, scope, isResult);
  const { scope: inner, makeEnv } = compileRecursive(expr.merged, scope, compiler, 'variable');
  const body = compile(expr.body, inner, isResult);
  return (env) => body(makeEnv(env));
}

function compileWith(expr: WithExpr, scope: StaticScope, isResult: boolean): Code {
  const names = delay(expr.scope, scope);
  const body = compile(expr.body, scope.inside(expr, 'with'), isResult);
  return (env) => body(new Env(env, names(env)));
}

function compileIf(expr: IfExpr, scope: StaticScope, isResult: boolean): Code {
  const condition = compile(expr.condition, scope);
  const chosen = compileLater(expr.then, scope, isResult);
  const otherwise = compileLater(expr.otherwise, scope, isResult);
  const span = spanOf(scope.unit, expr.condition);
  return (env) => {
    const test = condition(env);
    return test === true ? chosen(env) : test === false ? otherwise(env) : (boolean(test, span) as never);
  };
}

/** A branch is compiled when it is first taken: recursion over data may never take some. */
function compileLater(expr: Expr, scope: StaticScope, isResult: boolean): Code {
  let code: Code = (env) => {
    code = compile(expr, scope, isResult);
    return code(env);
  };
  return (env) => code(env);
}

function compileAssert(expr: AssertExpr, scope: StaticScope, isResult: boolean): Code {
  const condition = compile(expr.condition, scope);
  const body = compile(expr.body, scope, isResult);
  const span = spanOf(scope.unit, expr.condition);
  const fail = assertionFailure(expr, scope, compiler);
  return (env) => (boolean(condition(env), span) ? body(env) : fail(env));
}

/** `__curPos`: where it stands itself. */
function currentPosition(expr: Expr, { unit }: StaticScope): Code {
  if (unit.path === undefined) return () => null;
  const position = unit.source.bytePosition(expr.start);
  const value = attrsFromRecord({ file: unit.path, line: position.line, column: position.column });
  return () => value;
}
