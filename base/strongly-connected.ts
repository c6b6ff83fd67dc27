/**
 * The groups of nodes of which each leads to each other, every group behind those that it leads to (Tarjan's algorithm, without
 * recursion).
 *
 * @param edges  node → nodes that it leads to
 */
export function stronglyConnected(edges: readonly (readonly number[])[]): number[][] {
  const size = edges.length;
  const entered = new Int32Array(size).fill(-1);
  const lowest = new Int32Array(size);
  const isOpen = new Uint8Array(size);
  const open: number[] = [];
  const groups: number[][] = [];
  /** The way from the start to the current node, and how many of each node's edges were followed. */
  const way: number[] = [];
  const followed = new Int32Array(size);
  let counter = 0;
  const enter = (node: number) => {
    entered[node] = counter;
    lowest[node] = counter++;
    isOpen[node] = 1;
    open.push(node);
    way.push(node);
  };
  for (let start = 0; start < size; start++) {
    if (entered[start] !== -1) continue;
    enter(start);
    while (way.length > 0) {
      const node = way.at(-1)!;
      const next = edges[node]![followed[node]!++];
      if (next !== undefined) {
        if (entered[next] === -1) enter(next);
        else if (isOpen[next] === 1) lowest[node] = Math.min(lowest[node]!, entered[next]!);
        continue;
      }
      way.pop();
      const parent = way.at(-1);
      if (parent !== undefined) lowest[parent] = Math.min(lowest[parent]!, lowest[node]!);
      if (lowest[node] !== entered[node]) continue;
      const group = open.splice(open.lastIndexOf(node));
      for (const member of group) isOpen[member] = 0;
      groups.push(group.sort((a, b) => a - b));
    }
  }
  return groups;
}
