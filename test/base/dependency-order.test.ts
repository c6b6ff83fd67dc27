import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dependencyOrder } from '../../base/index.ts';

const graph = fc
  .integer({ min: 1, max: 10 })
  .chain((count) => fc.array(fc.array(fc.nat(count - 1), { maxLength: 4 }), { minLength: count, maxLength: count }));

test('everything that can be reached, each once, behind what it leads to', () => {
  fc.assert(
    fc.property(graph, (edges) => {
      const acyclic = edges.map((next, node) => next.filter((other) => other > node));
      const order = dependencyOrder([0], (node) => acyclic[node]!);
      assert.equal(new Set(order).size, order.length);
      assert.equal(order.at(-1), 0);
      for (const node of order) for (const next of acyclic[node]!) assert.ok(order.indexOf(next) < order.indexOf(node));
    }),
  );
});

test('circles are told if and only if there are some, and each leads from its last node to its first', () => {
  fc.assert(
    fc.property(graph, (edges) => {
      const circles: (readonly number[])[] = [];
      const order = dependencyOrder(
        edges.keys(),
        (node) => edges[node]!,
        (circle) => circles.push(circle),
      );
      assert.equal(order.length, edges.length);
      for (const circle of circles)
        circle.forEach((node, at) => {
          assert.ok(edges[node]!.includes(circle[(at + 1) % circle.length]!));
        });
      const isOrdered = order.every((node) => edges[node]!.every((next) => order.indexOf(next) < order.indexOf(node)));
      assert.equal(circles.length === 0, isOrdered);
    }),
  );
});

test('undefined is a node as any other', () => {
  assert.deepEqual(
    dependencyOrder<number | undefined>([1], (node) => (node === 1 ? [undefined, 2] : [])),
    [undefined, 2, 1],
  );
});

test('a chain of a million costs no stack', () => {
  const count = 1_000_000;
  assert.equal(dependencyOrder([0], (node) => (node + 1 < count ? [node + 1] : [])).length, count);
});
