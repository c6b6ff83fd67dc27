/** The graph in the language of graphviz: an arrow points from a path to what it refers to. */
import { formatBytes } from '../../base/index.ts';
import type { GraphView } from './view.ts';

export function graphDot(view: GraphView): string {
  const lines = ['digraph store {', '  node [shape = box, fontname = "monospace"];'];
  for (const { path, name, sizeBytes, isRoot } of view.nodes) {
    const base = path.slice(path.lastIndexOf('/') + 1);
    lines.push(
      `  "${base}" [label = "${name}\\n${formatBytes(sizeBytes)}", tooltip = "${path}"${isRoot ? ', penwidth = 2' : ''}];`,
    );
  }
  view.edges.forEach((targets, node) => {
    for (const target of targets) lines.push(`  "${baseOf(view, node)}" -> "${baseOf(view, target)}";`);
  });
  return `${lines.join('\n')}\n}\n`;
}

const baseOf = (view: GraphView, node: number): string => `${view.nodes[node]!.hash}-${view.nodes[node]!.name}`;
