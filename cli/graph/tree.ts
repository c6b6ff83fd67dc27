/** The graph as a tree of text: what stands above already is not unfolded again. */
import { compareBytes, formatBytes } from '../../base/index.ts';
import type { GraphView } from './view.ts';

export function treeLines(view: GraphView): string[] {
  const next = view.isUpwards ? reversed(view.edges) : view.edges;
  const byName = (a: number, b: number): number =>
    compareBytes(view.nodes[a]!.name, view.nodes[b]!.name) || compareBytes(view.nodes[a]!.path, view.nodes[b]!.path);
  const shown = new Set<number>();
  const lines: string[] = [];
  interface Item {
    readonly node: number;
    readonly lead: string;
    readonly branch: string;
  }
  const waiting: Item[] = [...view.roots].reverse().map((node) => ({ node, lead: '', branch: '' }));
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    const { node, lead, branch } = item;
    const { path, sizeBytes } = view.nodes[node]!;
    const children = [...next[node]!].sort(byName);
    const isRepeated = shown.has(node) && children.length > 0;
    lines.push(`${lead}${branch}${path}  ${formatBytes(sizeBytes)}${isRepeated ? '  (see above)' : ''}`);
    if (isRepeated) continue;
    shown.add(node);
    const below = branch === '' ? lead : `${lead}${branch.startsWith('└') ? '   ' : '│  '}`;
    for (let i = children.length - 1; i >= 0; i--) {
      waiting.push({ node: children[i]!, lead: below, branch: i === children.length - 1 ? '└─ ' : '├─ ' });
    }
  }
  return lines;
}

function reversed(edges: readonly (readonly number[])[]): number[][] {
  const back: number[][] = edges.map(() => []);
  edges.forEach((targets, node) => {
    for (const target of targets) back[target]!.push(node);
  });
  return back;
}
