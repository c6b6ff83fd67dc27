/**
 * Places for the nodes of a directed graph on layers, every node above what it points to.
 *
 * The layer of a node is its longest way from a start; a line that crosses layers gets a bend in each, which takes part like a node;
 * orders within layers are improved by sweeps to the mean of the neighbours; last, each layer is moved as near to its neighbours as
 * the widths allow, which is solved exactly (regression under an order).
 */

export interface Box {
  readonly width: number;
  readonly height: number;
}

export interface Placed {
  /** Centre of each node. */
  readonly nodes: readonly { readonly x: number; readonly y: number }[];
  /** Per node and edge, in the order given: the points from one centre to the other, through the layers between. */
  readonly lines: readonly (readonly (readonly { readonly x: number; readonly y: number }[])[])[];
  readonly width: number;
  readonly height: number;
}

const GAP_X = 18;
const GAP_Y = 56;
const BEND_WIDTH = 6;
const ORDER_SWEEPS = 12;
const PLACE_SWEEPS = 16;

/** A node, or a bend of a line. */
interface Item {
  readonly width: number;
  layer: number;
  x: number;
  readonly up: number[];
  readonly down: number[];
}

/**
 * @param boxes  sizes of the nodes
 * @param edges  node → nodes it points to
 * @param groups all nodes, in groups that lead to each other, each after what it points to
 */
export function layOut(
  boxes: readonly Box[],
  edges: readonly (readonly number[])[],
  groups: readonly (readonly number[])[],
): Placed {
  const layers = layersOf(edges, groups);
  const items: Item[] = boxes.map(({ width }, node) => ({ width, layer: layers[node]!, x: 0, up: [], down: [] }));
  const bends = edges.map((targets, node) => targets.map((target) => connect(items, node, target)));
  const rows: number[][] = [];
  items.forEach((item, i) => {
    rows[item.layer] ??= [];
    rows[item.layer]!.push(i);
  });
  orderRows(items, rows);
  placeRows(items, rows);
  const left = Math.min(...items.map((item) => item.x - item.width / 2));
  for (const item of items) item.x -= left;
  const height = Math.max(...boxes.map((box) => box.height));
  const yOf = (layer: number): number => height / 2 + layer * (height + GAP_Y);
  const point = (i: number) => ({ x: items[i]!.x, y: yOf(items[i]!.layer) });
  return {
    nodes: boxes.map((_, node) => point(node)),
    lines: edges.map((targets, node) => targets.map((target, i) => [point(node), ...bends[node]![i]!.map(point), point(target)])),
    width: Math.max(...items.map((item) => item.x + item.width / 2)),
    height: yOf(rows.length - 1) + height / 2,
  };
}

/** Longest way from a node that nothing points to. Nodes of a circle stand below each other. */
function layersOf(edges: readonly (readonly number[])[], groups: readonly (readonly number[])[]): Int32Array {
  const layers = new Int32Array(edges.length);
  const groupOf = new Int32Array(edges.length);
  groups.forEach((nodes, group) => {
    for (const node of nodes) groupOf[node] = group;
  });
  for (let group = groups.length - 1; group >= 0; group--) {
    const nodes = groups[group]!;
    const top = Math.max(...nodes.map((node) => layers[node]!));
    nodes.forEach((node, i) => {
      layers[node] = top + i;
    });
    for (const node of nodes) {
      for (const target of edges[node]!) {
        if (groupOf[target] !== group) layers[target] = Math.max(layers[target]!, top + nodes.length);
      }
    }
  }
  return layers;
}

/** Joins two nodes through a bend in each layer between; returns the bends from the first to the second. */
function connect(items: Item[], from: number, to: number): number[] {
  const isDown = items[from]!.layer <= items[to]!.layer;
  const [high, low] = isDown ? [from, to] : [to, from];
  const bends: number[] = [];
  let last = high;
  for (let layer = items[high]!.layer + 1; layer < items[low]!.layer; layer++) {
    const bend = items.push({ width: BEND_WIDTH, layer, x: 0, up: [last], down: [] }) - 1;
    items[last]!.down.push(bend);
    bends.push(bend);
    last = bend;
  }
  items[last]!.down.push(low);
  items[low]!.up.push(last);
  return isDown ? bends : bends.reverse();
}

/** Sorts each row by the mean place of its neighbours, down and up in turn; keeps the best order seen, by crossings. */
function orderRows(items: readonly Item[], rows: number[][]): void {
  const place = new Float64Array(items.length);
  const settle = (row: readonly number[]) => {
    row.forEach((item, i) => {
      place[item] = i;
    });
  };
  rows.forEach(settle);
  let best = rows.map((row) => [...row]);
  let fewest = countCrossings(items, rows, place);
  for (let sweep = 0; sweep < ORDER_SWEEPS && fewest > 0; sweep++) {
    const isDown = sweep % 2 === 0;
    for (let i = 1; i < rows.length; i++) {
      const row = rows[isDown ? i : rows.length - 1 - i]!;
      const goal = new Map(
        row.map((item) => {
          const around = isDown ? items[item]!.up : items[item]!.down;
          return [item, around.length === 0 ? place[item]! : mean(around, place)];
        }),
      );
      row.sort((a, b) => goal.get(a)! - goal.get(b)! || place[a]! - place[b]!);
      settle(row);
    }
    const crossings = countCrossings(items, rows, place);
    if (crossings >= fewest) continue;
    fewest = crossings;
    best = rows.map((row) => [...row]);
  }
  best.forEach((row, i) => {
    rows[i] = row;
  });
}

const mean = (items: readonly number[], values: Float64Array): number =>
  items.reduce((sum, item) => sum + values[item]!, 0) / items.length;

/** Pairs of lines that cross between neighbouring rows, counted with a tree of sums: `n log n`. */
function countCrossings(items: readonly Item[], rows: readonly (readonly number[])[], place: Float64Array): number {
  let crossings = 0;
  for (let i = 0; i + 1 < rows.length; i++) {
    const width = rows[i + 1]!.length;
    const sums = new Int32Array(width + 1);
    let seen = 0;
    for (const item of rows[i]!) {
      const ends = items[item]!.down.map((other) => place[other]!).sort((a, b) => a - b);
      for (const end of ends) {
        let before = 0;
        for (let at = end + 1; at > 0; at -= at & -at) before += sums[at]!;
        crossings += seen - before;
      }
      for (const end of ends) for (let at = end + 1; at <= width; at += at & -at) sums[at]!++;
      seen += ends.length;
    }
  }
  return crossings;
}

function placeRows(items: readonly Item[], rows: readonly (readonly number[])[]): void {
  for (const row of rows) {
    let x = 0;
    for (const i of row) {
      items[i]!.x = x + items[i]!.width / 2;
      x += items[i]!.width + GAP_X;
    }
  }
  const widest = rows.reduce((most, row, i) => (row.length > rows[most]!.length ? i : most), 0);
  for (let sweep = 0; sweep < PLACE_SWEEPS; sweep++) {
    const isLast = sweep === PLACE_SWEEPS - 1;
    const order = sweep % 2 === 0 ? rows : [...rows].reverse();
    for (const row of order) {
      // The widest row holds the others together until they have settled around it.
      if (row === rows[widest] && sweep < 2) continue;
      const goals = row.map((i) => {
        const item = items[i]!;
        const near = isLast ? [...item.up, ...item.down] : sweep % 2 === 0 ? item.up : item.down;
        const around = near.length > 0 ? near : [...item.up, ...item.down];
        if (around.length === 0) return item.x;
        return around.reduce((sum, other) => sum + items[other]!.x, 0) / around.length;
      });
      spread(row, goals, items);
    }
  }
}

/** Moves the items of a row, whose order stays, as near to their goals as their widths allow: least squares, by pooling. */
function spread(row: readonly number[], goals: readonly number[], items: readonly Item[]): void {
  const offsets: number[] = [];
  let offset = 0;
  row.forEach((i, at) => {
    if (at > 0) offset += (items[row[at - 1]!]!.width + items[i]!.width) / 2 + GAP_X;
    offsets.push(offset);
  });
  const pools: { sum: number; count: number }[] = [];
  goals.forEach((goal, at) => {
    let pool = { sum: goal - offsets[at]!, count: 1 };
    for (let last = pools.at(-1); last !== undefined && last.sum / last.count >= pool.sum / pool.count; last = pools.at(-1)) {
      pools.pop();
      pool = { sum: pool.sum + last.sum, count: pool.count + last.count };
    }
    pools.push(pool);
  });
  let at = 0;
  for (const { sum, count } of pools) {
    for (let k = 0; k < count; k++, at++) items[row[at]!]!.x = sum / count + offsets[at]!;
  }
}
