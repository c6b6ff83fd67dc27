import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SourceFile, type Span } from '../../base/index.ts';
import {
  Attrs,
  attrsFromMap,
  attrsFromPairs,
  filterAttrs,
  mapAttrs,
  mergeAttrs,
  Place,
  removeNames,
  Shape,
} from '../../eval/attrs.ts';

const source = new SourceFile('t', '');
const at = (start: number): Span => ({ source, start, end: start });

/** Each name with its value and the place it was written at. */
type Model = Map<string, [value: number, place: number | undefined]>;

const entry = fc.tuple(
  fc.oneof(
    fc.constantFrom('a', 'b', 'c', '10', '2', '', 'é', '__proto__', 'constructor'),
    fc.string({ maxLength: 3, unit: 'binary-ascii' }),
  ),
  fc.nat(99),
);
const model = (maxLength: number, hasPlaces: boolean): fc.Arbitrary<Model> =>
  fc
    .array(entry, { maxLength, size: 'max' })
    .map((entries) => new Map(entries.map(([name, value]) => [name, [value, hasPlaces ? value : undefined]])));
const anyModel = fc.boolean().chain((hasPlaces) => fc.oneof(model(6, hasPlaces), model(120, hasPlaces)));

const build = (from: Model, isShared: boolean): Attrs => {
  const plain = attrsFromMap(new Map([...from].map(([name, [value]]) => [name, value])), (name) => {
    const place = from.get(name)![1];
    return place === undefined ? undefined : at(place);
  });
  return new Attrs(new Shape(plain.names, isShared, plain.shape.spans), plain.slots);
};
const read = (set: Attrs): unknown => set.names.map((name, i) => [name, set.slots[i], set.shape.spans?.[i]?.start]);
const sorted = (from: Model): unknown =>
  [...from].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, [value, place]]) => [name, value, place]);

test('a set is a sorted map', () => {
  fc.assert(
    fc.property(anyModel, fc.boolean(), (from, isShared) => {
      const set = build(from, isShared);
      assert.deepEqual(read(set), sorted(from));
      for (const name of ['a', 'zz', '10', '', 'toString', '__proto__', ...from.keys()]) {
        for (let i = 0; i < 3; i++) assert.equal(set.get(name), from.get(name)?.[0]);
      }
    }),
    { numRuns: 200 },
  );
});

test('// of a big set and a small one, too', () => {
  const numbered = (count: number, step: number): Model =>
    new Map(Array.from({ length: count }, (_, i) => [`n${i * step}`, [i, i % 2 === 0 ? i : undefined]]));
  const big = fc.integer({ min: 1000, max: 1100 }).map((count) => numbered(count, 2));
  const small = fc
    .uniqueArray(fc.nat(2400), { maxLength: 60 })
    .map((picked): Model => new Map(picked.map((n) => [`n${n}`, [-n, n]])));
  fc.assert(
    fc.property(big, small, (under, over) => {
      const [lower, upper] = [build(under, false), build(over, false)];
      assert.deepEqual(read(mergeAttrs(lower, upper)), sorted(new Map([...under, ...over])));
      assert.deepEqual(read(lower), sorted(under));
    }),
    { numRuns: 30 },
  );
});

test('// is what it is for maps, whatever path it takes, and forgets no place', () => {
  fc.assert(
    fc.property(anyModel, anyModel, fc.boolean(), fc.boolean(), (under, over, a, b) => {
      const [lower, upper] = [build(under, a), build(over, b)];
      const merged = sorted(new Map([...under, ...over]));
      assert.deepEqual(read(mergeAttrs(lower, upper)), merged);
      assert.deepEqual(read(mergeAttrs(lower, upper)), merged);
      assert.deepEqual(read(lower), sorted(under));
    }),
    { numRuns: 400 },
  );
});

test('what is remembered of the last // or removal is not taken for another', () => {
  const names = fc.array(fc.constantFrom('a', 'b', 'c', '10', '2', 'zz', '__proto__'), { maxLength: 12 });
  fc.assert(
    fc.property(anyModel, anyModel, anyModel, names, names, fc.boolean(), (from, one, other, gone, others, isShared) => {
      const set = build(from, isShared);
      const uppers = [one, other].map((over) => ({ over, set: build(over, true) }));
      const again = new Attrs(set.shape, [...set.slots].reverse());
      for (const { over, set: upper } of [...uppers, ...uppers])
        assert.deepEqual(read(mergeAttrs(set, upper)), sorted(new Map([...from, ...over])));
      for (const removed of [gone, gone.slice(), others, gone] as readonly (readonly string[])[]) {
        const kept = (each: Attrs): unknown => (read(each) as unknown[][]).filter(([name]) => !removed.includes(name as string));
        assert.deepEqual(read(removeNames(set, removed)), kept(set));
        assert.deepEqual(read(removeNames(again, removed)), kept(again));
      }
      assert.deepEqual(read(set), sorted(from));
    }),
    { numRuns: 200 },
  );
});

test('a place is looked for once in sets of two shapes that take turns', () => {
  const place = new Place('b');
  const shapes = [['a', 'b'], ['a'], ['b'], []].map((names) => new Shape(names, true));
  const searched: Shape[] = [];
  for (const shape of shapes) {
    const { indexOf } = shape;
    shape.indexOf = (name) => {
      searched.push(shape);
      return indexOf.call(shape, name);
    };
  }
  const [first, second, third, empty] = shapes as [Shape, Shape, Shape, Shape];
  assert.deepEqual(
    [first, second, first, second].map((shape) => place.in(shape)),
    [1, -1, 1, -1],
  );
  assert.deepEqual(searched, [first, second]);
  assert.deepEqual(
    [third, first, empty, second].map((shape) => place.in(shape)),
    [0, 1, -1, -1],
  );
});

test('filter and map keep names, order and places', () => {
  fc.assert(
    fc.property(anyModel, (from) => {
      const set = build(from, true);
      const odd = new Map([...from].filter(([, [value]]) => value % 2 === 1));
      assert.deepEqual(read(filterAttrs(set, (_, i) => (set.slots[i] as number) % 2 === 1)), sorted(odd));
      const doubled = mapAttrs(set, (_, slot) => (slot as number) * 2);
      assert.equal(doubled.shape, set.shape);
      assert.deepEqual(
        doubled.slots,
        set.slots.map((slot) => (slot as number) * 2),
      );
    }),
  );
});

test('what is remembered is bounded', () => {
  const base = new Attrs(new Shape(['a', 'b'], true), [1, 2]);
  const shapes = Array.from({ length: 300 }, (_, i) => mergeAttrs(base, attrsFromMap(new Map([[`k${i}`, i]]))).shape);
  // The first may have been the last.
  assert.ok(!shapes[0]!.isShared);
  assert.ok(shapes[1]!.isShared);
  assert.ok(!shapes.at(-1)!.isShared);
  const literal = new Attrs(new Shape(['c'], true), [3]);
  assert.deepEqual(read(mergeAttrs(base, literal)), [
    ['a', 1, undefined],
    ['b', 2, undefined],
    ['c', 3, undefined],
  ]);
});

test('equal names without places share a shape; filtering a shared shape gives a shared shape', () => {
  const [first, second] = [1, 2].map((n) =>
    attrsFromMap(
      new Map([
        ['x', n],
        ['y', n],
      ]),
    ),
  );
  assert.equal(first!.shape, second!.shape);
  const [a, b] = [first!, second!].map((set) => filterAttrs(set, (name) => name === 'y'));
  assert.equal(a!.shape, b!.shape);
});

test('two big sets that meet again share the shape of what they make', () => {
  const numbered = (prefix: string, count: number): Attrs =>
    attrsFromMap(new Map(Array.from({ length: count }, (_, i) => [`${prefix}${i}`, i])));
  const big = numbered('n', 200);
  const other = numbered('o', 150);
  const few = numbered('n1', 3);
  for (const [under, over] of [
    [big, other],
    [big, few],
    [few, big],
  ] as const) {
    const made = Array.from({ length: 3 }, () => mergeAttrs(under, over));
    const expected = new Map([under, over].flatMap(({ names, slots }) => names.map((name, i) => [name, slots[i]])));
    for (const set of made) assert.deepEqual(new Map(set.names.map((name, i) => [name, set.slots[i]])), expected);
    assert.equal(made[1]!.shape, made[2]!.shape);
  }
  const apart = mergeAttrs(big, numbered('x', 100));
  assert.notEqual(mergeAttrs(big, other).shape, apart.shape);
});

test('sets of pairs from one place share a shape, which tells that place', () => {
  const [here, there] = [at(12), at(2)];
  const pairs = (span: Span): Attrs => attrsFromPairs(['b', 'a'], [1, 2], [span, span]);
  assert.equal(pairs(here).shape, pairs(here).shape);
  assert.ok(pairs(here).shape.isShared);
  assert.notEqual(pairs(here).shape, pairs(there).shape);
  assert.equal(pairs(there!).spanOf('b'), there);
  const mixed = (): Attrs => attrsFromPairs(['b', 'a'], [1, 2], [here, there]);
  assert.notEqual(mixed().shape, mixed().shape);
});
