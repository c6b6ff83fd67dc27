/** Names in order and found again, against JavaScript's own sort and Map. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addAttr, attrsFromPairs, mergeAttrs, removeNames } from '../../eval/attrs.ts';
import { lowerBound, NameTable, sortedOrder } from '../../eval/name-table.ts';

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const name = fc.oneof(
  fc.string({ unit: byte, maxLength: 4 }),
  fc.nat(300).map((n) => `key_${n}`),
  fc.constantFrom('__proto__', 'constructor', ''),
);
const names = fc.array(name, { maxLength: 200 });
const sorted = (list: readonly string[]): string[] => [...new Set(list)].sort((a, b) => (a < b ? -1 : 1));

test('the order of names is that of their bytes, and the first of equal names stays', () => {
  fc.assert(
    fc.property(names, (list) => {
      const order = sortedOrder(list) ?? list.map((_, i) => i);
      assert.deepEqual(
        order.map((at) => list[at]),
        sorted(list),
      );
      for (const at of order) assert.equal(list.indexOf(list[at]!), at);
    }),
  );
});

test('a table and halving find every name where it stands, and no other', () => {
  fc.assert(
    fc.property(names, names, (list, others) => {
      const inOrder = sorted(list);
      const table = new NameTable(inOrder);
      for (const each of [...list, ...others]) {
        assert.equal(table.indexOf(each), inOrder.indexOf(each));
        const at = lowerBound(inOrder, each);
        assert.equal(inOrder[at] === each ? at : -1, inOrder.indexOf(each));
      }
    }),
  );
});

test('sets put together, grown, merged and cut agree with a Map', () => {
  const source = { name: 'x', text: '' } as never;
  const span = { source, start: 0, end: 0 };
  fc.assert(
    fc.property(names, names, names, fc.boolean(), (first, second, removed, hasSpans) => {
      const set = (list: readonly string[], base: number) =>
        attrsFromPairs(
          [...list],
          list.map((_, i) => base + i),
          hasSpans ? list.map(() => span) : undefined,
        );
      const expected = new Map<string, number>();
      const enter = (list: readonly string[], base: number): void => {
        const own = new Map<string, number>();
        list.forEach((each, i) => {
          if (!own.has(each)) own.set(each, base + i);
        });
        for (const [each, value] of own) expected.set(each, value);
      };
      enter(first, 0);
      enter(second, 1000);
      let actual = mergeAttrs(set(first, 0), set(second, 1000));
      if (!expected.has('added')) {
        actual = addAttr(actual, 'added', 5000, span);
        expected.set('added', 5000);
      }
      actual = removeNames(actual, removed);
      for (const each of removed) expected.delete(each);
      assert.deepEqual([...actual.names], sorted([...expected.keys()]));
      assert.deepEqual(
        actual.slots,
        actual.names.map((each) => expected.get(each)),
      );
    }),
  );
});
