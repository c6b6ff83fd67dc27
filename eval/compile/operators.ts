/** Operators. Two small integers are the frequent case and stay inside the closure. */
import type { Span } from '../../base/index.ts';
import type { BinaryExpr, Expr, UnaryExpr } from '../../lang/index.ts';
import { divide, multiply, subtract } from '../arithmetic.ts';
import { Attrs, mergeAttrs } from '../attrs.ts';
import { concat, joinedWith, type LeftText, leftOperand } from '../coerce.ts';
import { compare, equals } from '../compare.ts';
import { describe } from '../describe.ts';
import { wrongType } from '../errors.ts';
import type { Evaluator } from '../evaluator.ts';
import { locate } from '../trace.ts';
import type { List, Value } from '../value.ts';
import type { Code, Compiling } from './code.ts';
import { BUILTIN_OF, isRebound, type StaticScope, spanOf } from './scope.ts';

export function leftAt(ctx: Evaluator, value: Value, span: Span): Value | LeftText {
  try {
    return leftOperand(ctx, value);
  } catch (error) {
    throw locate(error, span);
  }
}

export function compileBinary(expr: BinaryExpr, scope: StaticScope, compiling: Compiling): Code {
  const call = reboundCall(expr, scope);
  if (call !== undefined) return compiling.compile(call, scope);
  const left = compiling.compile(expr.left, scope);
  const right = compiling.compile(expr.right, scope);
  const span = spanOf(scope.unit, expr);
  const leftSpan = spanOf(scope.unit, expr.left);
  const rightSpan = spanOf(scope.unit, expr.right);
  const { ctx } = scope.unit;
  switch (expr.op) {
    case '+':
      return (env) => {
        const first = left(env);
        const a = typeof first === 'number' || typeof first === 'string' ? first : leftAt(ctx, first, span);
        const b = right(env);
        if (typeof a === 'number' && typeof b === 'number') {
          const sum = a + b;
          if (sum <= Number.MAX_SAFE_INTEGER && sum >= -Number.MAX_SAFE_INTEGER) return sum;
        }
        try {
          return concat(ctx, a, b, span);
        } catch (error) {
          throw locate(error, span);
        }
      };
    case '-':
      return (env) => subtract(left(env), right(env), span);
    case '*':
      return (env) => multiply(left(env), right(env), span);
    case '/':
      return (env) => divide(left(env), right(env), span);
    case '<':
      return (env) => {
        const a = left(env);
        const b = right(env);
        return typeof a === 'number' && typeof b === 'number' ? a < b : compare(a, b, span) < 0;
      };
    case '>':
      // Nix evaluates `a > b` as `b < a`, the right side first; `<=` likewise.
      return (env) => {
        const b = right(env);
        const a = left(env);
        return typeof a === 'number' && typeof b === 'number' ? a > b : compare(b, a, span) < 0;
      };
    case '<=':
      return (env) => {
        const b = right(env);
        const a = left(env);
        return typeof a === 'number' && typeof b === 'number' ? a <= b : compare(b, a, span) >= 0;
      };
    case '>=':
      return (env) => {
        const a = left(env);
        const b = right(env);
        return typeof a === 'number' && typeof b === 'number' ? a >= b : compare(a, b, span) >= 0;
      };
    case '==':
      return (env) => equals(left(env), right(env));
    case '!=':
      return (env) => !equals(left(env), right(env));
    case '&&':
      return (env) => boolean(left(env), leftSpan) && boolean(right(env), rightSpan);
    case '||':
      return (env) => boolean(left(env), leftSpan) || boolean(right(env), rightSpan);
    case '->':
      return (env) => !boolean(left(env), leftSpan) || boolean(right(env), rightSpan);
    case '//':
      return (env) => mergeAttrs(set(left(env), leftSpan), set(right(env), rightSpan));
    case '++':
      return (env) => {
        const first = left(env);
        const second = right(env);
        const a = list(first, leftSpan);
        const b = list(second, rightSpan);
        return b.length === 0 ? a : a.length === 0 ? b : a.concat(b);
      };
  }
}

export function compileUnary(expr: UnaryExpr, scope: StaticScope, compiling: Compiling): Code {
  const { op, operand } = expr;
  const span = spanOf(scope.unit, operand);
  if (op === '!') {
    const code = compiling.compile(operand, scope);
    return (env) => !boolean(code(env), span);
  }
  if (isRebound('__sub', scope)) {
    const zero: Expr = { kind: 'int', value: 0, start: expr.start, end: expr.start };
    return compiling.compile(
      { kind: 'binary', op: '-', left: zero, right: operand, opStart: expr.start, start: expr.start, end: expr.end },
      scope,
    );
  }
  const code = compiling.compile(operand, scope);
  return (env) => subtract(0, code(env), span);
}

/** @throws Fault E-EVAL-004 */
export function boolean(value: Value, span: Span): boolean {
  if (typeof value === 'boolean') return value;
  throw wrongType('a Boolean', describe(value), span);
}

/** An operand of `//`. */
export function set(value: Value, span: Span): Attrs {
  if (value instanceof Attrs) return value;
  throw wrongType('a set', describe(value), span, joinedWith(value));
}

/** An operand of `++`. */
export function list(value: Value, span: Span): List {
  if (Array.isArray(value)) return value;
  throw wrongType('a list', describe(value), span, joinedWith(value));
}

/** These operators are calls of builtins by name: a program that binds that name itself gets its own function. */
function reboundCall(expr: BinaryExpr, scope: StaticScope): Expr | undefined {
  const name = BUILTIN_OF[expr.op];
  if (name === undefined || !isRebound(name, scope)) return undefined;
  const { start, end, op } = expr;
  const isSwapped = op === '>' || op === '<=';
  const args = isSwapped ? [expr.right, expr.left] : [expr.left, expr.right];
  const call: Expr = { kind: 'call', fn: { kind: 'var', name, start, end }, args, start, end };
  return op === '<=' || op === '>=' ? { kind: 'unary', op: '!', operand: call, start, end } : call;
}
