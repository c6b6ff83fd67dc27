/** Attribute set literals. All sets of one literal share its shape; names computed at run time are laid over it. */
import type { Span } from '../../base/index.ts';
import type { AttrsExpr, MergedAttrs } from '../../lang/index.ts';
import { Attrs, addAttr, attrsFromMap, emptyAttrs, mergeAttrs, Shape } from '../attrs.ts';
import { describe } from '../describe.ts';
import { duplicateAttribute, wrongType } from '../errors.ts';
import { sortedOrder } from '../name-table.ts';
import { force } from '../thunk.ts';
import { Env, rootEnv, type Slot, type Value } from '../value.ts';
import { compileRecursive, delayInherited } from './bindings.ts';
import type { Code, Compiling, SlotCode } from './code.ts';
import { type StaticScope, spanOf, type Unit } from './scope.ts';
import { selectName } from './select.ts';
import { delayVariable } from './variables.ts';

export function compileAttrs(expr: AttrsExpr, scope: StaticScope, compiling: Compiling): Code {
  return expr.isRec ? compileRec(expr.merged, scope, compiling) : compilePlain(expr.merged, scope, compiling);
}

function compilePlain(merged: MergedAttrs, scope: StaticScope, compiling: Compiling): Code {
  const { shape, order } = shapeOf(merged, scope.unit);
  const froms = merged.inheritFroms.map((from) => compiling.delay(from, scope));
  const codes = order.map((at, i): SlotCode => {
    const attr = merged.statics[at]!;
    const { value } = attr;
    if (value.kind === 'expr') return compiling.delayBound(value, scope, { naming: { kind: 'attribute', name: attr.name } });
    const span = shape.spans![i]!;
    if (value.kind === 'inherit') return delayVariable(attr.name, scope, span);
    return delayInherited(attr.name, (sources) => (sources.held as Slot[])[value.index]!, span);
  });
  // The sources of `inherit (e)` are environments of their own, so that each is evaluated once.
  const isFrom = order.map((at) => merged.statics[at]!.value.kind === 'inheritFrom');
  const hasFroms = froms.length > 0;
  const make = hasFroms
    ? (env: Env): Slot[] => {
        const sources = new Env(
          rootEnv,
          froms.map((from) => from(env)),
        );
        return codes.map((code, i) => code(isFrom[i] ? sources : env));
      }
    : fill(codes);
  if (merged.dynamics.length > 0) return withDynamics(merged, scope, scope, compiling, (env) => new Attrs(shape, make(env)));
  if (codes.length === 0) return () => emptyAttrs;
  return (env) => new Attrs(shape, make(env));
}

/** The slots of a literal; written out for the most frequent sizes. */
function fill(codes: readonly SlotCode[]): (env: Env) => Slot[] {
  const [a, b, c] = codes;
  switch (codes.length) {
    case 1:
      return (env) => [a!(env)];
    case 2:
      return (env) => [a!(env), b!(env)];
    case 3:
      return (env) => [a!(env), b!(env), c!(env)];
    default:
      return (env) => {
        // As long as it will be: an array that grows has room for 17 at least.
        const slots = new Array<Slot>(codes.length);
        for (let i = 0; i < codes.length; i++) slots[i] = codes[i]!(env);
        return slots;
      };
  }
}

function compileRec(merged: MergedAttrs, scope: StaticScope, compiling: Compiling): Code {
  const { shape, order } = shapeOf(merged, scope.unit);
  const { scope: inner, makeEnv } = compileRecursive(merged, scope, compiling, 'attribute');
  const { isSingle } = inner;
  const overrides = shape.indexOf('__overrides');
  const fromEnv = (env: Env): Attrs => {
    const plain = new Attrs(
      shape,
      order.map((at) => (isSingle ? (env.held as Slot) : (env.held as Slot[])[at]!)),
    );
    return overrides < 0 ? plain : applyOverrides(plain, env, inner, spanOf(scope.unit, merged.statics[order[overrides]!]!));
  };
  if (merged.dynamics.length > 0) {
    const dynamic = withDynamics(merged, inner, inner, compiling, fromEnv);
    return (env) => dynamic(makeEnv(env));
  }
  return (env) => fromEnv(makeEnv(env));
}

/** The legacy `__overrides` of a `rec` set: its attributes replace the set's own, also for the references inside. */
function applyOverrides(plain: Attrs, env: Env, scope: StaticScope, span: Span): Attrs {
  const overrides = force(plain.get('__overrides')!);
  if (!(overrides instanceof Attrs)) throw wrongType('a set', describe(overrides), span);
  overrides.names.forEach((name, i) => {
    const index = scope.names.get(name);
    if (index === undefined) return;
    if (scope.isSingle) env.held = overrides.slots[i];
    else (env.held as Slot[])[index] = overrides.slots[i]!;
  });
  return mergeAttrs(plain, overrides);
}

export function shapeOf(merged: MergedAttrs, unit: Unit): { shape: Shape; order: number[] } {
  const { statics } = merged;
  // Not interned: most shapes are made once and hardly searched, and that took longer than all that is looked for in them.
  const names = statics.map(({ name }) => name);
  const spans = statics.map((attr) => spanOf(unit, attr));
  const order = sortedOrder(names);
  if (order === undefined) return { order: names.map((_, index) => index), shape: new Shape(names, true, spans) };
  const sorted = <T>(items: readonly T[]): T[] => order.map((at) => items[at]!);
  return { order, shape: new Shape(sorted(names), true, sorted(spans)) };
}

/** `${name} = value;`: names evaluated with the set, in order; null leaves the attribute out. */
function withDynamics(
  merged: MergedAttrs,
  nameScope: StaticScope,
  valueScope: StaticScope,
  compiling: Compiling,
  base: (env: Env) => Attrs,
): Code {
  const spans = dynamicPlaces(merged, nameScope.unit);
  const names = merged.dynamics.map(({ name }) => compiling.compile(name, nameScope));
  const values = merged.dynamics.map(({ value }) => compiling.delay(value, valueScope));
  if (names.length === 1) {
    const [name, value, span] = [names[0]!, values[0]!, spans[0]!];
    return (env) => {
      const set = base(env);
      return addDynamic(set, attributeName(name(env), span.name), value(env), span);
    };
  }
  return (env) => {
    const set = base(env);
    const pairs = names.flatMap((name, i) => [attributeName(name(env), spans[i]!.name), values[i]!(env)]);
    return addDynamics(set, pairs, spans);
  };
}

/** Where a computed name and its binding stand, and the shapes that sets got there: names come again, as in `{ ${name} = x; }` of a loop. */
export class DynamicPlace {
  readonly name: Span;
  readonly whole: Span;
  #before: Shape | undefined;
  readonly #shapes = new Map<string, Shape>();

  constructor(name: Span, whole: Span) {
    this.name = name;
    this.whole = whole;
  }

  /** @throws Fault E-EVAL-016 */
  add(set: Attrs, name: string, slot: Slot): Attrs {
    const { shape } = set;
    if (shape === this.#before) {
      const known = this.#shapes.get(name);
      if (known !== undefined) return new Attrs(known, insertAt(set.slots, known.indexOf(name), slot));
    }
    if (set.has(name)) throw duplicateAttribute(name, this.name, set.spanOf(name));
    const added = addAttr(set, name, slot, this.whole);
    this.#before ??= shape;
    if (shape === this.#before && this.#shapes.size < MAX_SHAPES && added.slots.length <= FEW_NAMES)
      this.#shapes.set(name, added.shape);
    return added;
  }
}

/** Shapes that a computed name remembers, and how large they may be. */
const MAX_SHAPES = 1000;
const FEW_NAMES = 16;

function insertAt(slots: readonly Slot[], at: number, slot: Slot): Slot[] {
  const result: Slot[] = [];
  for (let i = 0; i < at; i++) result.push(slots[i]!);
  result.push(slot);
  for (let i = at; i < slots.length; i++) result.push(slots[i]!);
  return result;
}

export const dynamicPlaces = ({ dynamics }: MergedAttrs, unit: Unit): DynamicPlace[] =>
  dynamics.map((dynamic) => new DynamicPlace(spanOf(unit, dynamic.name), spanOf(unit, dynamic)));

/** One computed attribute into a literal; `name` undefined: left out. @throws Fault E-EVAL-016 */
export const addDynamic = (set: Attrs, name: string | undefined, slot: Slot, place: DynamicPlace): Attrs =>
  name === undefined ? set : place.add(set, name, slot);

/** `pairs`: name (undefined: left out) and slot, in turn. @throws Fault E-EVAL-016 */
export function addDynamics(set: Attrs, pairs: readonly (string | undefined | Slot)[], places: readonly DynamicPlace[]): Attrs {
  if (places.length <= FEW) {
    let result = set;
    for (let i = 0; i < places.length; i++) {
      result = addDynamic(result, pairs[2 * i] as string | undefined, pairs[2 * i + 1] as Slot, places[i]!);
    }
    return result;
  }
  const added = new Map<string, Slot>();
  const spans = new Map<string, Span>();
  for (let i = 0; i < places.length; i++) {
    const name = pairs[2 * i] as string | undefined;
    if (name === undefined) continue;
    const { name: nameSpan, whole } = places[i]!;
    if (added.has(name) || set.has(name)) throw duplicateAttribute(name, nameSpan, spans.get(name) ?? set.spanOf(name));
    spans.set(name, whole);
    added.set(name, pairs[2 * i + 1] as Slot);
  }
  return mergeAttrs(
    set,
    attrsFromMap(added, (name) => spans.get(name)),
  );
}

/** More computed names than this are gathered before they are laid over the literal. */
const FEW = 4;

/** A computed attribute name; `undefined` for null. */
export function attributeName(value: Value, span: Span): string | undefined {
  return value === null ? undefined : selectName(value, span);
}
