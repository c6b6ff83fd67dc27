/**
 * Application. Functions of two arguments written as `a: b: …` are called with both at once where both are at hand
 * (`code2`), which saves the function in between; the `…At` forms add the place of the call to errors that pass.
 */
import type { Span } from '../base/index.ts';
import { Attrs } from './attrs.ts';
import { describe } from './describe.ts';
import { notAFunction } from './errors.ts';
import { force } from './thunk.ts';
import { leftCall } from './trace.ts';
import { Lambda, PrimOp, PrimOpApp, type Slot, type Value } from './value.ts';

/** @throws Fault E-EVAL-005 not callable */
export function call(fn: Value, arg: Slot): Value {
  if (fn instanceof Lambda) return fn.site.code(fn.env, arg);
  if (fn instanceof PrimOp) return fn.arity === 1 ? fn.run(arg) : new PrimOpApp(fn, [arg]);
  if (fn instanceof PrimOpApp) return callPartial(fn, arg);
  return call2(functorOf(fn), fn, arg);
}

export function call2(fn: Value, first: Slot, second: Slot): Value {
  if (fn instanceof Lambda) {
    const { site } = fn;
    return site.code2 === undefined ? call(site.code(fn.env, first), second) : site.code2(fn.env, first, second);
  }
  if (fn instanceof PrimOp) {
    if (fn.arity === 2) return fn.run(first, second);
    if (fn.arity > 2) return new PrimOpApp(fn, [first, second]);
  }
  return call(call(fn, first), second);
}

export function callN(fn: Value, args: readonly Slot[]): Value {
  let result = fn;
  let at = 0;
  while (at < args.length) {
    if (result instanceof PrimOp && args.length - at >= result.arity) {
      const { arity } = result;
      result = result.run(...args.slice(at, at + arity));
      at += arity;
    } else if (args.length - at >= 2) {
      result = call2(result, args[at]!, args[at + 1]!);
      at += 2;
    } else result = call(result, args[at++]!);
  }
  return result;
}

function callPartial(partial: PrimOpApp, arg: Slot): Value {
  const args = [...partial.args, arg];
  return args.length === partial.op.arity ? partial.op.run(...args) : new PrimOpApp(partial.op, args);
}

function functorOf(fn: Value): Value {
  if (fn instanceof Attrs) {
    const functor = fn.get('__functor');
    if (functor !== undefined) return force(functor);
  }
  throw notAFunction(describe(fn));
}

export function callAt(fn: Value, arg: Slot, span: Span): Value {
  try {
    return fn instanceof Lambda ? fn.site.code(fn.env, arg) : call(fn, arg);
  } catch (error) {
    throw leftCall(error, fn, span);
  }
}

export function call2At(fn: Value, first: Slot, second: Slot, span: Span): Value {
  try {
    return call2(fn, first, second);
  } catch (error) {
    throw leftCall(error, fn, span);
  }
}

export function callNAt(fn: Value, args: readonly Slot[], span: Span): Value {
  try {
    return callN(fn, args);
  } catch (error) {
    throw leftCall(error, fn, span);
  }
}
