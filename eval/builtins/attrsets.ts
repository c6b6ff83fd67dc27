/** Attribute sets. */
import type { Bytes, Span } from '../../base/index.ts';
import { Attrs, attrsFromMap, attrsFromPairs, emptyAttrs, intersectAttrs, removeNames, type Shape } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import { inOwnCell } from '../cell.ts';
import type { Evaluator } from '../evaluator.ts';
import { Lambda, type LambdaSite, type List, PrimOp, PrimOpApp, type Slot, type Value } from '../value.ts';
import { builtinFault } from './faults.ts';

export const attrsetBuiltins: readonly Builtin[] = [
  builtin({
    name: 'attrNames',
    args: ['set'],
    doc: 'The names of a set, sorted bytewise.',
    cost: 'O(n)',
    example: ['builtins.attrNames { b = 1; a = 2; }', '[ "a" "b" ]'],
    impl: (ctx, set) => ctx.forceAttrs(set, 'the argument passed to builtins.attrNames').names.slice(),
  }),
  builtin({
    name: 'attrValues',
    args: ['set'],
    doc: 'The values of a set, in the order of `attrNames`.',
    cost: 'O(n)',
    example: ['builtins.attrValues { b = 1; a = 2; }', '[ 2 1 ]'],
    impl: (ctx, set) => ctx.forceAttrs(set, 'the argument passed to builtins.attrValues').slots.slice(),
  }),
  builtin({
    name: 'catAttrs',
    args: ['name', 'list'],
    doc: 'The values of attribute `name` of the sets in a list, leaving out the sets that lack it.',
    cost: 'O(n)',
    example: ['builtins.catAttrs "a" [ { a = 1; } { b = 2; } { a = 3; } ]', '[ 1 3 ]'],
    impl: (ctx, nameSlot, list) => {
      const name = ctx.forceStringNoContext(nameSlot, 'the first argument passed to builtins.catAttrs');
      const values: List = [];
      for (const item of ctx.forceList(list, 'the second argument passed to builtins.catAttrs')) {
        const value = ctx.forceAttrs(item, 'an element in the list passed as second argument to builtins.catAttrs').get(name);
        if (value !== undefined) values.push(value);
      }
      return values;
    },
  }),
  builtin({
    name: 'functionArgs',
    args: ['f'],
    doc: 'For a function `{ a, b ? 1 }: …`: its arguments, each with whether it has a default. Empty for other functions.',
    example: ['builtins.functionArgs ({ a, b ? 1 }: a)', '{ a = false; b = true; }'],
    impl: functionArgs,
  }),
  builtin({
    name: 'getAttr',
    args: ['name', 'set'],
    doc: 'The attribute of that name, for names that are computed: `set.${name}`.',
    cost: 'O(1)',
    example: ['builtins.getAttr "a" { a = 1; }', '1'],
    impl: (ctx, nameSlot, setSlot) => {
      const name = ctx.forceStringNoContext(nameSlot, 'the first argument passed to builtins.getAttr');
      const set = ctx.forceAttrs(setSlot, 'the second argument passed to builtins.getAttr');
      return inOwnCell(ctx.force(ctx.getAttr(set, name, 'the attribute set under consideration')));
    },
  }),
  builtin({
    name: 'groupBy',
    args: ['f', 'list'],
    doc: 'A set of lists: each element goes to the list that `f` names for it.',
    cost: 'O(n) calls',
    example: ['builtins.groupBy (x: if x < 2 then "small" else "big") [ 1 2 3 ]', '{ big = [ 2 3 ]; small = [ 1 ]; }'],
    impl: (ctx, f, list) => {
      const fn = ctx.forceFunction(f, 'the first argument passed to builtins.groupBy');
      const groups = new Map<Bytes, List>();
      for (const item of ctx.forceList(list, 'the second argument passed to builtins.groupBy')) {
        const name = ctx.forceStringNoContext(
          ctx.call(fn, item),
          'the return value of the grouping function passed to builtins.groupBy',
        );
        const group = groups.get(name);
        if (group === undefined) groups.set(name, [item]);
        else group.push(item);
      }
      return attrsFromMap(groups);
    },
  }),
  builtin({
    name: 'hasAttr',
    args: ['name', 'set'],
    doc: 'Whether the set has an attribute of that name: `set ? ${name}`.',
    cost: 'O(1)',
    example: ['builtins.hasAttr "a" { a = 1; }', 'true'],
    impl: (ctx, nameSlot, set) => {
      const name = ctx.forceStringNoContext(nameSlot, 'the first argument passed to builtins.hasAttr');
      return ctx.forceAttrs(set, 'the second argument passed to builtins.hasAttr').has(name);
    },
  }),
  builtin({
    name: 'intersectAttrs',
    args: ['a', 'b'],
    doc: 'The attributes of `b` whose names `a` has too.',
    cost: 'O(n log m), n the size of the smaller set',
    example: ['builtins.intersectAttrs { x = 1; } { x = 2; y = 3; }', '{ x = 2; }'],
    impl: (ctx, a, b) => {
      const names = ctx.forceAttrs(a, 'the first argument passed to builtins.intersectAttrs');
      const values = ctx.forceAttrs(b, 'the second argument passed to builtins.intersectAttrs');
      return intersectAttrs(names, values);
    },
  }),
  builtin({
    name: 'isAttrs',
    args: ['e'],
    doc: 'Whether `e` is a set.',
    example: ['builtins.isAttrs { }', 'true'],
    impl: (ctx, e) => ctx.force(e) instanceof Attrs,
  }),
  builtin({
    name: 'listToAttrs',
    args: ['list'],
    doc: 'A set from a list of `{ name, value }`. The first of equal names wins.',
    cost: 'O(n log n)',
    example: ['builtins.listToAttrs [ { name = "a"; value = 1; } { name = "a"; value = 2; } ]', '{ a = 1; }'],
    impl: listToAttrs,
  }),
  builtin({
    name: 'mapAttrs',
    args: ['f', 'set'],
    doc: 'The set of `f name value` for each attribute.',
    cost: 'O(n); f is called when a value is needed',
    example: ['builtins.mapAttrs (name: value: name + value) { a = "1"; }', '{ a = "a1"; }'],
    impl: (ctx, f, setSlot) => {
      const set = ctx.forceAttrs(setSlot, 'the second argument passed to builtins.mapAttrs');
      return set.size === 0 ? set : new Attrs(set.shape.placeless, ctx.lazyCalls2(f, set.names, set.slots));
    },
  }),
  builtin({
    name: 'removeAttrs',
    args: ['set', 'names'],
    doc: 'The set without the attributes named. Names that it lacks are ignored.',
    cost: 'O(n + m)',
    example: ['removeAttrs { a = 1; b = 2; } [ "a" "x" ]', '{ b = 2; }'],
    isGlobal: true,
    impl: (ctx, setSlot, namesSlot) => {
      const set = ctx.forceAttrs(setSlot, 'the first argument passed to builtins.removeAttrs');
      const names: Bytes[] = [];
      const items = ctx.forceList(namesSlot, 'the second argument passed to builtins.removeAttrs');
      for (let i = 0; i < items.length; i++)
        names.push(ctx.forceStringNoContext(items[i]!, 'the values of the second argument passed to builtins.removeAttrs'));
      return removeNames(set, names);
    },
  }),
  builtin({
    name: 'unsafeGetAttrPos',
    args: ['name', 'set'],
    doc: 'Where an attribute is defined, as `{ column, file, line }`; null where that is not known. Unsafe: results depend on layout.',
    example: ['builtins.unsafeGetAttrPos "b" { a = 1; }', 'null'],
    impl: (ctx, nameSlot, setSlot) => {
      const name = ctx.forceStringNoContext(nameSlot, 'the first argument passed to builtins.unsafeGetAttrPos');
      return ctx.positionValue(ctx.forceAttrs(setSlot, 'the second argument passed to builtins.unsafeGetAttrPos').spanOf(name));
    },
  }),
  builtin({
    name: 'zipAttrsWith',
    args: ['f', 'sets'],
    doc: 'One set of all names; each value is `f name values`, with the values of the sets that have the name, in order.',
    cost: 'O(n log n); f is called when a value is needed',
    example: ['builtins.zipAttrsWith (name: values: values) [ { a = 1; } { a = 2; b = 3; } ]', '{ a = [ 1 2 ]; b = [ 3 ]; }'],
    impl: (ctx, f, sets) => {
      const fn = ctx.forceFunction(f, 'the first argument passed to builtins.zipAttrsWith');
      const places = new Map<Bytes, number>();
      const names: Bytes[] = [];
      const lists: List[] = [];
      for (const item of ctx.forceList(sets, 'the second argument passed to builtins.zipAttrsWith')) {
        const set = ctx.forceAttrs(item, 'a value of the list passed as second argument to builtins.zipAttrsWith');
        for (let i = 0; i < set.size; i++) {
          const name = set.names[i]!;
          const place = places.get(name);
          if (place === undefined) {
            places.set(name, names.length);
            names.push(name);
            lists.push([set.slots[i]!]);
          } else lists[place]!.push(set.slots[i]!);
        }
      }
      const zipped = attrsFromPairs(names, lists);
      return zipped.size === 0 ? zipped : new Attrs(zipped.shape, ctx.lazyCalls2(fn, zipped.names, zipped.slots));
    },
  }),
];

function functionArgs(ctx: Evaluator, slot: Slot): Value {
  const fn = ctx.force(slot);
  if (fn instanceof PrimOp && fn.formals !== undefined) return attrsFromMap(fn.formals.names);
  if (fn instanceof PrimOp || fn instanceof PrimOpApp) return emptyAttrs;
  if (!(fn instanceof Lambda)) {
    throw builtinFault('E-EVAL-116', "'functionArgs' requires a function", {
      notes: [`found ${ctx.describeType(fn)}: ${ctx.preview(fn)}`],
      hints: fn instanceof Attrs ? ["call it on the function inside: set.__functor, or a wrapper's own __functionArgs"] : [],
    });
  }
  const { param } = fn.site.node;
  if (param.kind === 'name') return emptyAttrs;
  let known = formalsOf.get(fn.site);
  if (known === undefined) {
    const { source } = fn.site.span;
    known = attrsFromPairs(
      param.formals.map(({ name }) => name),
      param.formals.map(({ fallback }) => fallback !== undefined),
      param.formals.map(({ start, end }) => ({ source, start, end })),
    );
    formalsOf.set(fn.site, known);
  }
  return known;
}

/** Package sets ask the same few functions again and again. */
const formalsOf = new WeakMap<LambdaSite, Attrs>();

function listToAttrs(ctx: Evaluator, list: Slot): Value {
  const items = ctx.forceList(list, 'the argument passed to builtins.listToAttrs');
  const names: Bytes[] = [];
  const slots: Slot[] = [];
  const spans: (Span | undefined)[] = [];
  // The items mostly come from one place: name and value stand where the last one's stood.
  let shape: Shape | undefined;
  let nameAt = -1;
  let valueAt = -1;
  let span: Span | undefined;
  for (let i = 0; i < items.length; i++) {
    const set = ctx.forceAttrs(items[i]!, 'an element of the list passed to builtins.listToAttrs');
    if (set.shape !== shape) {
      shape = set.shape;
      nameAt = shape.indexOf('name');
      valueAt = shape.indexOf('value');
      span = shape.spans?.[valueAt];
    }
    const nameSlot = nameAt < 0 ? ctx.getAttr(set, 'name', PAIR) : set.slots[nameAt]!;
    const name = ctx.forceStringNoContext(
      nameSlot,
      'the `name` attribute of an element of the list passed to builtins.listToAttrs',
    );
    if (valueAt < 0) {
      // The value of a name that was there before does not matter.
      if (names.includes(name)) continue;
      ctx.getAttr(set, 'value', PAIR);
    }
    names.push(name);
    slots.push(set.slots[valueAt]!);
    spans.push(span);
  }
  return attrsFromPairs(names, slots, spans);
}

const PAIR = 'a {name=...; value=...;} pair';
