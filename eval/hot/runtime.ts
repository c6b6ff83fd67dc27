/** What generated code calls. Small functions: the engine inlines them into the hot code. */

import type { Span } from '../../base/index.ts';
import { divide, multiply, subtract } from '../arithmetic.ts';
import { Attrs, intern, mergeAttrs, type Shape } from '../attrs.ts';
import { call, call2, callN } from '../call.ts';
import { inOwnCell } from '../cell.ts';
import { concat, interpolate, type LeftText } from '../coerce.ts';
import { compare, equals } from '../compare.ts';
import { boolean, leftAt, list, set } from '../compile/operators.ts';
import { missingAttr, select, selectName } from '../compile/select.ts';
import { addDynamic, addDynamics, attributeName } from '../compile/sets.ts';
import { partAt } from '../compile/strings.ts';
import { describe } from '../describe.ts';
import { wrongType } from '../errors.ts';
import { force, run, settled, Thunk } from '../thunk.ts';
import { leftCall, locate } from '../trace.ts';
import { Env, Lambda, PrimOp, type Slot, type Value } from '../value.ts';

/** What a select site remembers: where its attribute stands in the last shapes it met. */
export class ShapeCache {
  readonly name: string;
  readonly span: Span;
  shape: Shape | undefined = undefined;
  index = 0;
  shape2: Shape | undefined = undefined;
  index2 = 0;
  shape3: Shape | undefined = undefined;
  index3 = 0;
  constructor(name: string, span: Span) {
    this.name = intern(name);
    this.span = span;
  }
}

/** The attribute's place, or -1. */
function placeIn(cache: ShapeCache, shape: Shape): number {
  return cache.shape === shape ? cache.index : cache.shape2 === shape ? cache.index2 : placeInRarer(cache, shape);
}

function placeInRarer(cache: ShapeCache, shape: Shape): number {
  if (cache.shape3 === shape) return cache.index3;
  const index = shape.indexOf(cache.name);
  if (shape.isShared) {
    cache.shape3 = cache.shape2;
    cache.index3 = cache.index2;
    cache.shape2 = cache.shape;
    cache.index2 = cache.index;
    cache.shape = shape;
    cache.index = index;
  } else {
    // A set with computed names is often asked again and again, but its shape should not push out those of literals.
    cache.shape3 = shape;
    cache.index3 = index;
  }
  return index;
}

function selectAt(target: Value, cache: ShapeCache): Value {
  if (!(target instanceof Attrs)) throw wrongType('a set', describe(target), cache.span);
  const index = placeIn(cache, target.shape);
  if (index < 0) throw missingAttr(target, cache.name, cache.span);
  const slot = target.slots[index]!;
  if (!(slot instanceof Thunk)) return slot;
  if (slot.code !== null) return selectThunk(slot, target, index, cache.span);
  const value = slot.held as Value;
  if (!Array.isArray(value)) target.slots[index] = value;
  return value;
}

function selectThunk(slot: Thunk, target: Attrs, index: number, span: Span): Value {
  try {
    const value = run(slot);
    if (!Array.isArray(value)) target.slots[index] = value;
    return value;
  } catch (error) {
    throw locate(error, span);
  }
}

/** `target.name`, or `undefined` where there is no such attribute. */
function trySelect(target: Value, cache: ShapeCache): Value | undefined {
  if (!(target instanceof Attrs)) return undefined;
  const index = placeIn(cache, target.shape);
  if (index < 0) return undefined;
  const slot = target.slots[index]!;
  return slot instanceof Thunk ? force(slot) : slot;
}

const hasAt = (target: Value, cache: ShapeCache): boolean => target instanceof Attrs && placeIn(cache, target.shape) >= 0;

/** What a thunk of `target.name` would give, where that needs no evaluation and is no list, which is known by its thunk; else `undefined`. */
function peek(target: Slot, cache: ShapeCache): Value | undefined {
  const value = target instanceof Thunk && target.code === null ? (target.held as Value) : target;
  if (!(value instanceof Attrs)) return undefined;
  const index = placeIn(cache, value.shape);
  if (index < 0) return undefined;
  const slot = value.slots[index]!;
  const found = !(slot instanceof Thunk) ? slot : slot.code === null ? (slot.held as Value) : undefined;
  return found === undefined || Array.isArray(found) ? undefined : inOwnCell(found);
}

function concatAt(ctx: Parameters<typeof concat>[0], a: Value | LeftText, b: Value, span: Span): Value {
  try {
    return concat(ctx, a, b, span);
  } catch (error) {
    throw locate(error, span);
  }
}

/** `++`; the operands are lists. */
function append(a: Slot[], b: Slot[]): Slot[] {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  const length = a.length + b.length;
  if (length > FEW) return a.concat(b);
  // For few items, less than a call into the engine.
  const items: Slot[] = new Array(length);
  let at = 0;
  for (let i = 0; i < a.length; i++) items[at++] = a[i]!;
  for (let i = 0; i < b.length; i++) items[at++] = b[i]!;
  return items;
}

const FEW = 32;

const hasName = (target: Value, name: string): boolean => target instanceof Attrs && target.has(name);

function trySelectName(target: Value, name: string): Value | undefined {
  const slot = target instanceof Attrs ? target.get(name) : undefined;
  return slot === undefined ? undefined : force(slot);
}

/** What a thunk of `inherit (source) name` runs. */
export const inheritedFrom =
  (cache: ShapeCache) =>
  (source: Slot): Value =>
    inOwnCell(selectAt(force(source), cache));

export const runtime = {
  Attrs,
  Env,
  Lambda,
  PrimOp,
  Thunk,
  addDynamic,
  addDynamics,
  append,
  attributeName,
  boolean,
  call,
  call2,
  callN,
  compare,
  concatAt,
  divide,
  equals,
  force,
  hasAt,
  hasName,
  inOwnCell,
  interpolate,
  leftAt,
  leftCall,
  list,
  mergeAttrs,
  multiply,
  partAt,
  peek,
  run,
  select,
  selectAt,
  selectName,
  set,
  settled,
  subtract,
  trySelect,
  trySelectName,
};
