import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Bug, compareBytes } from '../../base/index.ts';
import { type PathInfo, ReferenceGraph, readGraph, type StorePath } from '../../store/index.ts';
import { faultOf } from './faults.ts';
import { storeDir, temporaryStore } from './fixture.ts';

const pathOf = (n: number): StorePath => `${storeDir}/${String(n).padStart(32, '0')}-x` as StorePath;

const graphOf = (edges: readonly (readonly number[])[], sizes: readonly number[] = edges.map((_, i) => 2 ** (i % 50))) =>
  new ReferenceGraph(
    edges.map((targets, n): PathInfo => {
      const references = [...new Set(targets)].sort((a, b) => a - b).map(pathOf);
      return { path: pathOf(n), narHash: '', narSizeBytes: sizes[n]!, references, registeredAt: 0 };
    }),
  );

/** Random graphs with self-references and circles; node numbers up to 40. */
const edges = fc.integer({ min: 1, max: 40 }).chain((size) =>
  fc.array(fc.array(fc.nat(size - 1), { maxLength: 4 }), {
    minLength: size,
    maxLength: size,
  }),
);

const naiveReach = (edges: readonly (readonly number[])[], start: number): number[] => {
  const found = new Set([start]);
  for (const node of found) for (const next of edges[node]!) found.add(next);
  return [...found].sort((a, b) => a - b);
};

test('reach, sizes, order and chains agree with the definition', () => {
  fc.assert(
    fc.property(edges, (edges) => {
      const graph = graphOf(edges);
      const sizes = graph.closureSizes();
      const place = new Map(graph.order.map((node, at) => [node, at]));
      const groupOf = new Map(graph.components.flatMap((nodes, group) => nodes.map((node) => [node, group] as const)));
      assert.equal(place.size, edges.length);
      for (let node = 0; node < edges.length; node++) {
        const reached = naiveReach(edges, node);
        assert.deepEqual(graph.reach([node]), reached);
        assert.equal(
          sizes[node],
          reached.reduce((sum, other) => sum + 2 ** (other % 50), 0),
        );
        const above = edges.map((_, other) => other).filter((other) => naiveReach(edges, other).includes(node));
        assert.deepEqual(graph.reach([node], graph.referrers), above);
        for (let other = 0; other < edges.length; other++) {
          const isMutual = reached.includes(other) && naiveReach(edges, other).includes(node);
          assert.equal(groupOf.get(node) === groupOf.get(other), isMutual);
          if (reached.includes(other) && !isMutual) assert.ok(place.get(other)! < place.get(node)!);
          const chain = graph.chain(node, other);
          assert.equal(chain !== undefined, reached.includes(other));
          if (chain === undefined) continue;
          assert.equal(chain[0], node);
          assert.equal(chain.at(-1), other);
          for (let i = 1; i < chain.length; i++) assert.ok(edges[chain[i - 1]!]!.includes(chain[i]!));
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a chain of 20,000: sizes across blocks, no recursion', () => {
  const size = 20_000;
  const graph = graphOf(
    Array.from({ length: size }, (_, n) => (n + 1 < size ? [n + 1] : [])),
    Array.from({ length: size }, () => 3),
  );
  const sizes = graph.closureSizes();
  for (let n = 0; n < size; n += 997) assert.equal(sizes[n], 3 * (size - n));
  assert.equal(graph.chain(0, size - 1)!.length, size);
});

test('a graph that is not closed is a bug, a path that is not valid a fault', (t) => {
  const info: PathInfo = { path: pathOf(1), narHash: '', narSizeBytes: 1, references: [pathOf(2)], registeredAt: 0 };
  assert.throws(() => new ReferenceGraph([info]), Bug);
  const { store } = temporaryStore(t);
  assert.equal(faultOf(() => store.graph([pathOf(1)])).code, 'E-STORE-014');
  assert.equal(store.graph().size, 0);
});

test('the graph of a store', (t) => {
  const { store } = temporaryStore(t);
  const [a] = store.addTexts([{ name: 'a', text: 'a', references: [] }]);
  const [b, c] = store.addTexts([
    { name: 'b', text: `${a}`, references: [a!] },
    { name: 'c', text: 'c', references: [] },
  ]);
  const graph = store.graph([b!]);
  assert.deepEqual(
    graph.infos.map(({ path }) => path),
    [a!, b!].sort(compareBytes),
  );
  assert.deepEqual(store.closure([b!]), [a!, b!].sort(compareBytes));
  assert.equal(store.graph().size, 3);
  assert.equal(graph.node(c!), undefined);
  const sizes = graph.closureSizes();
  assert.equal(sizes[graph.node(b!)!], store.info(a!)!.narSizeBytes + store.info(b!)!.narSizeBytes);
  assert.deepEqual(
    readGraph(
      [b!],
      (path) => store.info(path),
      () => assert.fail(),
    ).infos,
    graph.infos,
  );
});
