/** Drawing graphs: what is left out, where boxes stand, and that the picture is sound XML. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderFault } from '../../base/index.ts';
import { layOut } from '../../cli/graph/layout.ts';
import { drawSvg } from '../../cli/graph/svg.ts';
import { treeLines } from '../../cli/graph/tree.ts';
import { type GraphView, viewOf, withoutImplied } from '../../cli/graph/view.ts';
import { type PathInfo, ReferenceGraph, type StorePath } from '../../store/index.ts';
import { golden } from '../golden.ts';
import { faultOf } from '../store/faults.ts';

const pathOf = (n: number): StorePath => `/igos/store/${String(n).padStart(32, '0')}-p${n}` as StorePath;

const graphOf = (edges: readonly (readonly number[])[]): ReferenceGraph =>
  new ReferenceGraph(
    edges.map((targets, n): PathInfo => {
      const references = [...new Set(targets)].sort((a, b) => a - b).map(pathOf);
      return { path: pathOf(n), narHash: '', narSizeBytes: 100 * n, references, registeredAt: 0 };
    }),
  );

const viewOfAll = (edges: readonly (readonly number[])[], hasAll = false): GraphView =>
  viewOf(
    graphOf(edges),
    edges.map((_, n) => pathOf(n)),
    { isUpwards: false, hasAll },
  );

/** Without circles: nodes refer to smaller numbers. */
const acyclic = fc
  .integer({ min: 1, max: 30 })
  .chain((size) =>
    fc.tuple(...Array.from({ length: size }, (_, n) => (n === 0 ? fc.constant([]) : fc.array(fc.nat(n - 1), { maxLength: 4 })))),
  );
const any = fc
  .integer({ min: 1, max: 30 })
  .chain((size) => fc.array(fc.array(fc.nat(size - 1), { maxLength: 3 }), { minLength: size, maxLength: size }));

const reaches = (edges: readonly (readonly number[])[], from: number, to: number): boolean => {
  const found = new Set([from]);
  for (const node of found) for (const next of edges[node]!) found.add(next);
  return found.has(to);
};

test('a reference is left out exactly if another one leads to the same', () => {
  fc.assert(
    fc.property(acyclic, (edges) => {
      const graph = graphOf(edges);
      const kept = withoutImplied(graph.references, graph.components);
      graph.references.forEach((targets, node) => {
        for (const target of targets) {
          const isImplied = targets.some((other) => other !== target && reaches(graph.references, other, target));
          assert.equal(kept[node]!.includes(target), !isImplied);
        }
      });
    }),
  );
});

test('with circles too, whatever could be reached still can', () => {
  fc.assert(
    fc.property(any, (edges) => {
      const { references, components } = graphOf(edges);
      const kept = withoutImplied(references, components);
      for (let a = 0; a < edges.length; a++) {
        for (let b = 0; b < edges.length; b++) assert.equal(reaches(kept, a, b), reaches(references, a, b));
      }
    }),
    { numRuns: 40 },
  );
});

test('boxes do not overlap, and everything points down', () => {
  fc.assert(
    fc.property(acyclic, (edges) => {
      const graph = graphOf(edges);
      const boxes = edges.map((_, n) => ({ width: 40 + (n % 5) * 30, height: 40 }));
      const placed = layOut(boxes, graph.references, graph.components);
      placed.nodes.forEach((a, i) => {
        assert.ok(a.x - boxes[i]!.width / 2 > -0.001 && a.x + boxes[i]!.width / 2 < placed.width + 0.001);
        placed.nodes.forEach((b, j) => {
          if (i < j && a.y === b.y)
            assert.ok(Math.abs(a.x - b.x) + 0.001 >= (boxes[i]!.width + boxes[j]!.width) / 2, `${i} ${j}`);
        });
        graph.references[i]!.forEach((target, k) => {
          const line = placed.lines[i]![k]!;
          assert.deepEqual(line[0], a);
          assert.deepEqual(line.at(-1), placed.nodes[target]);
          for (let at = 1; at < line.length; at++) assert.ok(line[at]!.y > line[at - 1]!.y);
        });
      });
    }),
  );
});

/** Tags are balanced, attributes quoted, and no bare & or < is left: what a strict reader of XML wants. */
function assertXml(text: string): void {
  const open: string[] = [];
  const rest = text.replaceAll(
    /<(\/?)([a-z]+)((?: [\w-]+="[^"<]*")*)(\/?)>/gi,
    (_, close: string, name: string, __, empty: string) => {
      if (close === '/') assert.equal(open.pop(), name);
      else if (empty === '') open.push(name);
      return '';
    },
  );
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /<|&(?!(?:amp|lt|gt|quot);)/);
}

test('pictures of any graph, circles included, are sound', () => {
  fc.assert(
    fc.property(any, (edges) => {
      const view = viewOfAll(edges);
      const svg = drawSvg(view, () => 'file:///a?b&c<d>"e"');
      assertXml(svg);
      assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
      assert.equal(svg.match(/<rect class="box"/g)!.length, edges.length);
      assert.equal(
        svg,
        drawSvg(viewOfAll(edges), () => 'file:///a?b&c<d>"e"'),
      );
      assert.ok(treeLines(view).length >= edges.length);
    }),
    { numRuns: 60 },
  );
});

test('a graph of 2,000 is drawn, one of 2,001 refused', (t) => {
  const wide = (size: number): number[][] => Array.from({ length: size }, (_, n) => (n < 10 ? [] : [n % 10, (n * 7919) % n]));
  const start = process.threadCpuUsage().user;
  assertXml(drawSvg(viewOfAll(wide(2000))));
  assert.ok(process.threadCpuUsage().user - start < 20_000_000, 'it must not take minutes');
  golden(t, 'errors/cli-graph-too-large.txt', renderFault(faultOf(() => drawSvg(viewOfAll(wide(2001))))));
});
