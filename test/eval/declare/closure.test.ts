import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { layerOrder, pathTo, runtimeClosure } from '../../../eval/declare/closure.ts';
import type { Package } from '../../../eval/declare/package.ts';

/** Packages that need each other as given: edges[i] are the indexes that i needs to run. */
function packages(edges: readonly (readonly number[])[], supersedes: readonly (readonly number[])[] = []): Package[] {
  const names = edges.map((_, index) => `p${String(index).padStart(3, '0')}`);
  const made = edges.map((_, index) => ({
    name: names[index]!,
    output: 'out',
    runtime: [] as Package[],
    supersedes: (supersedes[index] ?? []).map((other) => names[other]!),
  })) as unknown as (Package & { runtime: Package[] })[];
  edges.forEach((needed, index) => {
    made[index]!.runtime.push(...needed.map((other) => made[other]!));
  });
  return made;
}

const graph = fc
  .integer({ min: 1, max: 12 })
  .chain((count) => fc.array(fc.uniqueArray(fc.nat(count - 1), { maxLength: 4 }), { minLength: count, maxLength: count }));

/** Reachability by repeated relaxation: slow and obvious. */
function reachable(edges: readonly (readonly number[])[], from: number): Set<number> {
  const found = new Set([from]);
  for (let changed = true; changed; ) {
    changed = false;
    for (const each of [...found]) {
      for (const next of edges[each]!) {
        if (!found.has(next)) changed = true;
        found.add(next);
      }
    }
  }
  return found;
}

test('the closure is what can be reached, each once', () => {
  fc.assert(
    fc.property(graph, (edges) => {
      const made = packages(edges);
      const found = runtimeClosure([made[0]!]);
      assert.equal(new Set(found).size, found.length);
      assert.deepEqual(new Set(found), new Set([...reachable(edges, 0)].map((index) => made[index]!)));
    }),
  );
});

test('where there are no cycles, each stands behind what it needs', () => {
  fc.assert(
    fc.property(graph, (edges) => {
      const acyclic = edges.map((needed, index) => needed.filter((other) => other > index));
      const order = runtimeClosure(packages(acyclic));
      for (const each of order) for (const needed of each.runtime) assert.ok(order.indexOf(needed) < order.indexOf(each));
    }),
  );
});

test('a chain of 50,000 packages costs no stack', () => {
  const made = packages(Array.from({ length: 50_000 }, (_, index) => (index === 49_999 ? [] : [index + 1])));
  assert.equal(runtimeClosure([made[0]!]).length, 50_000);
});

test('layers: superseded ones below, by name otherwise, whatever the order they came in', () => {
  fc.assert(
    fc.property(graph, fc.infiniteStream(fc.nat()), (edges, numbers) => {
      const acyclic = edges.map((olds, index) => olds.filter((other) => other > index));
      const made = packages(
        edges.map(() => []),
        acyclic,
      );
      const order = layerOrder(made);
      for (const each of order) {
        for (const old of each.supersedes) assert.ok(order.findIndex((other) => other.name === old) < order.indexOf(each));
      }
      const shuffled = made.map((each) => ({ each, key: numbers.next().value })).sort((a, b) => a.key - b.key);
      assert.deepEqual(layerOrder(shuffled.map(({ each }) => each)), order);
    }),
  );
});

test('a way over runtime is found, shortest first', () => {
  const made = packages([[1, 2], [3], [3], []]);
  const names = pathTo(
    [made[0]!],
    (each) => each === made[3],
    (each) => each.runtime,
  ).map((each) => each.name);
  assert.deepEqual(names, ['p000', 'p001', 'p003']);
  assert.deepEqual(
    pathTo(
      [made[3]!],
      (each) => each === made[0],
      (each) => each.runtime,
    ),
    [],
  );
});
