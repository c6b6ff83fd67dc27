/** Lists. */
import { Attrs, fixedShape } from '../attrs.ts';
import { type Builtin, builtin } from '../builtin.ts';
import { inOwnCell } from '../cell.ts';
import type { Evaluator } from '../evaluator.ts';
import { growAtOnce } from '../grow.ts';
import { settled } from '../thunk.ts';
import { type List, PrimOp, type Slot, type Value } from '../value.ts';
import { builtinFault } from './faults.ts';
import { mergeSort } from './merge-sort.ts';

/** Longer lists are surely a mistake, and V8 would run out of memory with no word about where. */
const maxLength = 1 << 27;

/** After so many items a fold looks at what it has. */
const LOOK = 256;

const partitionShape = fixedShape('right', 'wrong');

export const listBuiltins: readonly Builtin[] = [
  builtin({
    name: 'all',
    args: ['pred', 'list'],
    doc: 'Whether `pred` holds for every element. Stops at the first for which it does not.',
    cost: 'O(n) calls',
    example: ['builtins.all (x: x > 1) [ 2 3 ]', 'true'],
    impl: (ctx, pred, list) => {
      const fn = ctx.forceFunction(pred, 'the first argument passed to builtins.all');
      const items = ctx.forceList(list, 'the second argument passed to builtins.all');
      return items.every((item) => ctx.forceBool(ctx.call(fn, item), 'the result of the function passed to builtins.all'));
    },
  }),
  builtin({
    name: 'any',
    args: ['pred', 'list'],
    doc: 'Whether `pred` holds for some element. Stops at the first for which it does.',
    cost: 'O(n) calls',
    example: ['builtins.any (x: x > 2) [ 2 3 ]', 'true'],
    impl: (ctx, pred, list) => {
      const fn = ctx.forceFunction(pred, 'the first argument passed to builtins.any');
      const items = ctx.forceList(list, 'the second argument passed to builtins.any');
      return items.some((item) => ctx.forceBool(ctx.call(fn, item), 'the result of the function passed to builtins.any'));
    },
  }),
  builtin({
    name: 'concatLists',
    args: ['lists'],
    doc: 'One list of the elements of all lists.',
    cost: 'O(n)',
    example: ['builtins.concatLists [ [ 1 ] [ ] [ 2 3 ] ]', '[ 1 2 3 ]'],
    impl: (ctx, lists) => {
      const parts = ctx.forceList(lists, 'the first argument passed to builtins.concatLists');
      const all: List = [];
      for (let i = 0; i < parts.length; i++) {
        const part = ctx.forceList(parts[i]!, 'a value of the list passed to builtins.concatLists');
        for (let j = 0; j < part.length; j++) all.push(part[j]!);
      }
      return all;
    },
  }),
  builtin({
    name: 'concatMap',
    args: ['f', 'list'],
    doc: 'The lists that `f` gives for each element, as one list.',
    cost: 'O(n) calls',
    example: ['builtins.concatMap (x: [ x x ]) [ 1 2 ]', '[ 1 1 2 2 ]'],
    impl: (ctx, f, list) => {
      const fn = ctx.forceFunction(f, 'the first argument passed to builtins.concatMap');
      const items = ctx.forceList(list, 'the second argument passed to builtins.concatMap');
      const all: List = [];
      for (let i = 0; i < items.length; i++) {
        const part = ctx.forceList(ctx.call(fn, items[i]!), 'the return value of the function passed to builtins.concatMap');
        for (let j = 0; j < part.length; j++) all.push(part[j]!);
      }
      return all;
    },
  }),
  builtin({
    name: 'elem',
    args: ['x', 'list'],
    doc: 'Whether some element equals `x`.',
    cost: 'O(n) comparisons',
    example: ['builtins.elem 2 [ 1 2 ]', 'true'],
    impl: (ctx, x, list) =>
      ctx.forceList(list, 'the second argument passed to builtins.elem').some((item) => ctx.equals(x, item)),
  }),
  builtin({
    name: 'elemAt',
    args: ['list', 'n'],
    doc: 'The element at index `n`, counted from 0.',
    cost: 'O(1)',
    example: ['builtins.elemAt [ "a" "b" ] 1', '"b"'],
    impl: (ctx, list, n) => {
      const index = ctx.forceInt(n, 'the second argument passed to builtins.elemAt');
      const items = ctx.forceList(list, 'the first argument passed to builtins.elemAt');
      if (index < 0 || index >= items.length) {
        throw builtinFault('E-EVAL-101', `'builtins.elemAt' called with index ${index} on a list of size ${items.length}`, {
          hints: items.length === 0 ? ['the list is empty'] : [`indexes go from 0 to ${items.length - 1}`],
        });
      }
      return inOwnCell(ctx.force(items[Number(index)]!));
    },
  }),
  builtin({
    name: 'filter',
    args: ['pred', 'list'],
    doc: 'The elements for which `pred` holds, in order.',
    cost: 'O(n) calls',
    example: ['builtins.filter (x: x > 1) [ 1 2 3 ]', '[ 2 3 ]'],
    impl: (ctx, pred, list) => {
      const items = ctx.forceList(list, 'the second argument passed to builtins.filter');
      if (items.length === 0) return items;
      const fn = ctx.forceFunction(pred, 'the first argument passed to builtins.filter');
      const kept: List = [];
      for (let i = 0; i < items.length; i++) {
        const item = items[i]!;
        if (ctx.forceBool(ctx.call(fn, item), 'the return value of the filtering function passed to builtins.filter'))
          kept.push(item);
      }
      return kept;
    },
  }),
  builtin({
    name: "foldl'",
    args: ['op', 'nul', 'list'],
    doc: '`op (op (op nul a) b) c …` over the elements, each result evaluated before the next call.',
    cost: 'O(n) calls, constant stack',
    example: ["builtins.foldl' (sum: x: sum + x) 0 [ 1 2 3 ]", '6'],
    impl: (ctx, op, nul, list) => {
      const fn = ctx.forceFunction(op, "the first argument passed to builtins.foldl'");
      const items = ctx.forceList(list, "the third argument passed to builtins.foldl'");
      let result: Slot = nul;
      for (let i = 0; i < items.length; i++) {
        result = ctx.call2(fn, result, items[i]!);
        if (i % LOOK === LOOK - 1) {
          const all = growAtOnce(fn, result, items, i + 1);
          if (all !== undefined) return all;
        }
      }
      return items.length === 0 ? inOwnCell(ctx.force(nul)) : ctx.force(result);
    },
  }),
  builtin({
    name: 'genList',
    args: ['f', 'n'],
    doc: 'The list of `f 0` to `f (n - 1)`.',
    cost: 'O(n); f is called when an element is needed',
    example: ['builtins.genList (i: i * i) 4', '[ 0 1 4 9 ]'],
    impl: (ctx, f, n) => {
      const length = ctx.forceInt(n, 'the second argument passed to builtins.genList');
      if (length < 0 || length > maxLength) {
        throw builtinFault('E-EVAL-102', `cannot create list of size ${length}`, {
          hints: length < 0 ? ['a length is not negative'] : [`lists have at most ${maxLength} elements`],
        });
      }
      const fn = ctx.forceFunction(f, 'the first argument passed to builtins.genList');
      const indexes: List = [];
      for (let index = 0; index < length; index++) indexes.push(index);
      return ctx.lazyCalls(fn, indexes);
    },
  }),
  builtin({
    name: 'head',
    args: ['list'],
    doc: 'The first element. An error on an empty list.',
    cost: 'O(1)',
    example: ['builtins.head [ 1 2 ]', '1'],
    impl: (ctx, list) => {
      const items = ctx.forceList(list, 'the first argument passed to builtins.head');
      if (items.length === 0) throw builtinFault('E-EVAL-101', "'builtins.head' called on an empty list");
      return inOwnCell(ctx.force(items[0]!));
    },
  }),
  builtin({
    name: 'isList',
    args: ['e'],
    doc: 'Whether `e` is a list.',
    example: ['builtins.isList [ ]', 'true'],
    impl: (ctx, e) => Array.isArray(ctx.force(e)),
  }),
  builtin({
    name: 'length',
    args: ['list'],
    doc: 'The number of elements.',
    cost: 'O(1)',
    example: ['builtins.length [ 1 2 ]', '2'],
    impl: (ctx, list) => ctx.forceList(list, 'the first argument passed to builtins.length').length,
  }),
  builtin({
    name: 'map',
    args: ['f', 'list'],
    doc: 'The list of `f x` for each element `x`.',
    cost: 'O(n); f is called when an element is needed',
    example: ['map (x: x + 1) [ 1 2 ]', '[ 2 3 ]'],
    isGlobal: true,
    impl: (ctx, f, list) => {
      const items = ctx.forceList(list, 'the second argument passed to builtins.map');
      if (items.length === 0) return items;
      const fn = ctx.forceFunction(f, 'the first argument passed to builtins.map');
      return ctx.lazyCalls(fn, items.slice());
    },
  }),
  builtin({
    name: 'partition',
    args: ['pred', 'list'],
    doc: 'Splits a list into the elements for which `pred` holds (`right`) and the others (`wrong`). All of them are evaluated.',
    cost: 'O(n) calls',
    example: ['builtins.partition (x: x > 1) [ 1 2 3 ]', '{ right = [ 2 3 ]; wrong = [ 1 ]; }'],
    impl: partition,
  }),
  builtin({
    name: 'sort',
    args: ['less', 'list'],
    doc: 'The elements in ascending order of `less a b`. Elements of which neither is less stay in order.',
    cost: 'O(n log n) calls',
    example: ['builtins.sort (a: b: a < b) [ 3 1 2 ]', '[ 1 2 3 ]'],
    impl: sort,
  }),
  builtin({
    name: 'tail',
    args: ['list'],
    doc: 'The list without its first element. An error on an empty list.',
    cost: 'O(n): walking down a list with it is quadratic',
    example: ['builtins.tail [ 1 2 3 ]', '[ 2 3 ]'],
    impl: (ctx, list) => {
      const items = ctx.forceList(list, 'the first argument passed to builtins.tail');
      if (items.length === 0) throw builtinFault('E-EVAL-101', "'builtins.tail' called on an empty list");
      return items.slice(1);
    },
  }),
];

function partition(ctx: Evaluator, pred: Slot, list: Slot): Value {
  const fn = ctx.forceFunction(pred, 'the first argument passed to builtins.partition');
  const right: List = [];
  const wrong: List = [];
  for (const item of ctx.forceList(list, 'the second argument passed to builtins.partition')) {
    // As in Nix, also where the function does not look at it.
    ctx.force(item);
    const isRight = ctx.forceBool(ctx.call(fn, item), 'the return value of the partition function passed to builtins.partition');
    (isRight ? right : wrong).push(item);
  }
  return new Attrs(partitionShape, [right, wrong]);
}

function sort(ctx: Evaluator, less: Slot, list: Slot): Value {
  const items = ctx.forceList(list, 'the second argument passed to builtins.sort');
  if (items.length === 0) return items;
  const fn = ctx.forceFunction(less, 'the first argument passed to builtins.sort');
  const places = items.map((item) => {
    ctx.force(item);
    return settled(item);
  });
  const isLess =
    fn instanceof PrimOp && fn.name === 'lessThan'
      ? (a: Slot, b: Slot) => ctx.compare(ctx.force(a), ctx.force(b)) < 0
      : (a: Slot, b: Slot) =>
          ctx.forceBool(ctx.call2(fn, a, b), 'the return value of the sorting function passed to builtins.sort');
  return mergeSort(places, isLess);
}
