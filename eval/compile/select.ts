/** `e.a.b`, `e.a.b or d`, `e ? a.b`. A select remembers the last shape it met and where its attribute stood there. */
import type { Bytes, Span } from '../../base/index.ts';
import type { AttrName, HasAttrExpr, SelectExpr } from '../../lang/index.ts';
import { Attrs, type Shape } from '../attrs.ts';
import { describe } from '../describe.ts';
import { missingAttribute, unwantedContext, wrongType } from '../errors.ts';
import { run, Thunk } from '../thunk.ts';
import { locate } from '../trace.ts';
import { ContextString, type Env, type Value } from '../value.ts';
import type { Code, Compiling } from './code.ts';
import { type StaticScope, spanOf } from './scope.ts';

export function compileSelect(expr: SelectExpr, scope: StaticScope, compiling: Compiling): Code {
  const target = compiling.compile(expr.target, scope);
  if (expr.fallback === undefined) {
    return expr.path.reduce<Code>((set, name) => selectOne(set, name, scope, compiling), target);
  }
  const fallback = compiling.compile(expr.fallback, scope);
  const steps = expr.path.map((name) => compileName(name, scope, compiling));
  return (env) => {
    let value = target(env);
    for (const step of steps) {
      const name = step(env);
      const found = value instanceof Attrs ? attribute(value, name) : undefined;
      if (found === undefined) return fallback(env);
      value = found;
    }
    return value;
  };
}

export function compileHas(expr: HasAttrExpr, scope: StaticScope, compiling: Compiling): Code {
  const target = compiling.compile(expr.target, scope);
  const steps = expr.path.map((name) => compileName(name, scope, compiling));
  const last = steps.pop()!;
  return (env) => {
    let value: Value | undefined = target(env);
    for (const step of steps) {
      const name = step(env);
      value = value instanceof Attrs ? attribute(value, name) : undefined;
      if (value === undefined) return false;
    }
    const name = last(env);
    return value instanceof Attrs && value.has(name);
  };
}

function selectOne(target: Code, name: AttrName, scope: StaticScope, compiling: Compiling): Code {
  const span = spanOf(scope.unit, name);
  if (name.kind === 'dynamic') {
    const nameCode = compileName(name, scope, compiling);
    return (env) => {
      const set = target(env);
      return select(set, nameCode(env), span);
    };
  }
  const wanted = name.name;
  let shape: Shape | undefined;
  let index = 0;
  return (env) => {
    const set = target(env);
    if (!(set instanceof Attrs)) throw wrongType('a set', describe(set), span);
    if (set.shape !== shape) {
      index = set.shape.indexOf(wanted);
      if (index < 0) {
        shape = undefined;
        throw missingAttr(set, wanted, span);
      }
      shape = set.shape;
    }
    const at = index;
    const slot = set.slots[at]!;
    if (!(slot instanceof Thunk)) return slot;
    if (slot.code === null) {
      const value = slot.held as Value;
      if (!Array.isArray(value)) set.slots[at] = value;
      return value;
    }
    return runAt(slot, set, at, span);
  };
}

function runAt(slot: Thunk, set: Attrs, index: number, span: Span): Value {
  try {
    const value = run(slot);
    if (!Array.isArray(value)) set.slots[index] = value;
    return value;
  } catch (error) {
    throw locate(error, span);
  }
}

/** An attribute that must be there. */
export function select(set: Value, name: Bytes, span: Span): Value {
  if (!(set instanceof Attrs)) throw wrongType('a set', describe(set), span);
  const index = set.shape.indexOf(name);
  if (index < 0) throw missingAttr(set, name, span);
  const slot = set.slots[index]!;
  return slot instanceof Thunk ? runOrHeld(slot, set, index, span) : slot;
}

const runOrHeld = (slot: Thunk, set: Attrs, index: number, span: Span): Value =>
  slot.code === null ? (slot.held as Value) : runAt(slot, set, index, span);

function attribute(set: Attrs, name: Bytes): Value | undefined {
  const index = set.shape.indexOf(name);
  if (index < 0) return undefined;
  const slot = set.slots[index]!;
  if (!(slot instanceof Thunk)) return slot;
  const value = slot.code === null ? (slot.held as Value) : run(slot);
  if (!Array.isArray(value)) set.slots[index] = value;
  return value;
}

export const missingAttr = (set: Attrs, name: Bytes, span: Span): Error => {
  const first = set.shape.spans?.find((each) => each !== undefined);
  return missingAttribute(name, set.names, span, first);
};

/** A name of an attribute path; computed ones must be strings. */
function compileName(name: AttrName, scope: StaticScope, compiling: Compiling): (env: Env) => Bytes {
  if (name.kind === 'static') return () => name.name;
  const code = compiling.compile(name.expr, scope);
  const span = spanOf(scope.unit, name);
  return (env) => selectName(code(env), span);
}

/** A computed name: must be a string without context. */
export function selectName(value: Value, span: Span): Bytes {
  if (typeof value === 'string') return value;
  if (value instanceof ContextString) throw unwantedContext(value.text, value.context.values().next().value!, span);
  throw wrongType('a string', describe(value), span);
}
