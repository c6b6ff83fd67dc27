/**
 * Suspended expressions that are computed at once instead, where that is certain to succeed and takes a few instructions: nobody can
 * tell, and most thunks of loops (`f (n - 1)`, `s.next`) are never made.
 */
import type { AttrsExpr, Expr, SelectExpr, StringExpr } from '../../lang/index.ts';
import { BUILTIN_OF, isRebound, resolve, type StaticScope, spanOf } from '../compile/scope.ts';
import { type Frame, reach } from './frame.ts';
import type { Names } from './names.ts';
import { ShapeCache } from './runtime.ts';

/** JavaScript: a test that computes a value, and where it then stands; it is to be suspended where the test fails. */
export interface Early {
  readonly test: string;
  readonly value: string;
}

/** Nesting of arithmetic that is done at once. */
const MAX_OPERATIONS = 4;
/** Items of a list or set, parts of a string that are put together at once rather than when they are needed: not more than a thunk is worth. */
const MAX_ITEMS = 4;

export function speculate(expr: Expr, scope: StaticScope, env: Frame, names: Names): Early | undefined {
  switch (expr.kind) {
    case 'binary':
      return number(expr, scope, env, names, MAX_OPERATIONS);
    case 'string':
      return text(expr, scope, env, names);
    case 'select':
      return attribute(expr, scope, env, names);
    default:
      return undefined;
  }
}

/** A small list or set that evaluates nothing when it is made, and holds no others. */
export function isMadeAtOnce(expr: Expr): boolean {
  if (expr.kind === 'list') return expr.items.length <= MAX_ITEMS && !expr.items.some(isContainer);
  return expr.kind === 'attrs' && isPlainSet(expr);
}

const isContainer = (expr: Expr): boolean => expr.kind === 'list' || expr.kind === 'attrs';

const isPlainSet = ({ isRec, merged }: AttrsExpr): boolean =>
  !isRec &&
  merged.dynamics.length === 0 &&
  merged.inheritFroms.length === 0 &&
  merged.statics.length <= MAX_ITEMS &&
  merged.statics.every(({ name, value }) => name !== '__overrides' && !(value.kind === 'expr' && isContainer(value.expr)));

const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/']);
/** Larger numbers are not exact. */
export const MAX = '9007199254740991';

/** Arithmetic on small integers that are there. */
function number(expr: Expr, scope: StaticScope, env: Frame, names: Names, budget: number): Early | undefined {
  if (expr.kind === 'int' && typeof expr.value === 'number') return { test: 'true', value: String(expr.value) };
  if (expr.kind === 'var') {
    const slot = known(expr, scope, env);
    if (slot === undefined) return undefined;
    const value = names.local();
    return { test: `typeof(${value}=${slot})==='number'`, value };
  }
  if (expr.kind !== 'binary' || budget === 0 || !ARITHMETIC.has(expr.op)) return undefined;
  const builtin = BUILTIN_OF[expr.op];
  if (builtin !== undefined && isRebound(builtin, scope)) return undefined;
  const isDivision = expr.op === '/';
  if (isDivision && !(expr.right.kind === 'int' && typeof expr.right.value === 'number' && expr.right.value !== 0))
    return undefined;
  const left = number(expr.left, scope, env, names, budget - 1);
  const right = left && number(expr.right, scope, env, names, budget - 1);
  if (left === undefined || right === undefined) return undefined;
  const value = names.local();
  // `+0` turns JavaScript's -0 into 0.
  const result = isDivision
    ? `Math.trunc(${left.value}/${right.value})+0`
    : `${left.value}${expr.op}${right.value}${expr.op === '*' ? '+0' : ''}`;
  return { test: `${left.test}&&${right.test}&&(${value}=${result},${value}<=${MAX}&&${value}>=-${MAX})`, value };
}

/** A text put together from strings that are there. */
function text(expr: StringExpr, scope: StaticScope, env: Frame, names: Names): Early | undefined {
  if (expr.parts.length > MAX_ITEMS) return undefined;
  const tests: string[] = [];
  const values: string[] = [];
  for (const part of expr.parts) {
    if (typeof part === 'string') values.push(names.text(part));
    else {
      const slot = known(part, scope, env);
      if (slot === undefined || part.kind !== 'var') return undefined;
      const value = names.local();
      tests.push(`typeof(${value}=${slot})==='string'`);
      values.push(value);
    }
  }
  return { test: tests.join('&&'), value: `''+${values.join('+')}` };
}

/** The slot of a set that is there. */
function attribute(expr: SelectExpr, scope: StaticScope, env: Frame, names: Names): Early | undefined {
  const [name] = expr.path;
  if (expr.fallback !== undefined || expr.path.length !== 1 || name!.kind !== 'static') return undefined;
  const target = known(expr.target, scope, env);
  if (target === undefined) return undefined;
  const value = names.local();
  const cache = names.constant(new ShapeCache(name!.name, spanOf(scope.unit, name!)));
  return { test: `(${value}=peek(${target},${cache}))!==undefined`, value };
}

/** An operand whose slot is at hand without evaluating. */
function known(expr: Expr, scope: StaticScope, env: Frame): string | undefined {
  if (expr.kind === 'int' && typeof expr.value === 'number') return String(expr.value);
  if (expr.kind !== 'var') return undefined;
  const found = resolve(expr.name, scope);
  return found.kind === 'slot' ? `settled(${reach(env, found.depth).slot(found.index, found.scope.isSingle)})` : undefined;
}
