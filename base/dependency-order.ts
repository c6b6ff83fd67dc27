/**
 * Everything that the starts lead to, each behind what it leads to itself (where some lead to each other, in the order they were met).
 * Not recursive: chains may be of any length. Cost: linear in nodes and edges.
 *
 * @param edges     node → nodes that it leads to
 * @param onCircle  told of a way that comes back to its first node; the edge that closes it is passed over, unless this throws
 */
export function dependencyOrder<Node>(
  starts: Iterable<Node>,
  edges: (node: Node) => readonly Node[],
  onCircle?: (circle: readonly Node[]) => void,
): Node[] {
  const done = new Set<Node>();
  const seen = new Set<Node>();
  const way: { readonly node: Node; readonly edges: readonly Node[]; next: number }[] = [];
  const enter = (node: Node): void => {
    seen.add(node);
    way.push({ node, edges: edges(node), next: 0 });
  };
  for (const start of starts) {
    if (seen.has(start)) continue;
    enter(start);
    for (let top = way.at(-1); top !== undefined; top = way.at(-1)) {
      if (top.next === top.edges.length) {
        done.add(top.node);
        way.pop();
        continue;
      }
      const node = top.edges[top.next++]!;
      if (!seen.has(node)) enter(node);
      else if (onCircle !== undefined && !done.has(node)) {
        const nodes = way.map((step) => step.node);
        onCircle(nodes.slice(nodes.indexOf(node)));
      }
    }
  }
  return [...done];
}
