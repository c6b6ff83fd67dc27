/** The graph as a picture: one file, no scripts, light or dark as the viewer is. */
import { count, formatBytes } from '../../base/index.ts';
import { layOut } from './layout.ts';
import { assertDrawable, type GraphView, type ViewNode } from './view.ts';

/** Beyond, nobody finds anything in it. */
const MAX_NODES = 2000;
const MARGIN = 24;
const BOX_HEIGHT = 44;
const CHARACTER_WIDTH = 7.3;
const PADDING = 12;
const MAX_LABEL = 40;

const STYLE = `
svg { background: #ffffff }
text { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1f2328 }
.size { font-size: 10px; fill: #59636e }
.box { fill: #f6f8fa; stroke: #b7bec6; stroke-width: 1 }
.root .box { fill: #ddf4ff; stroke: #0969da; stroke-width: 2 }
.bar { fill: #54aeff }
.line { fill: none; stroke: #8c959f; stroke-opacity: .65; stroke-width: 1.2 }
.head { fill: #8c959f }
a:hover .box, a:focus .box { stroke: #cf222e; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117 }
  text { fill: #e6edf3 }
  .size { fill: #9198a1 }
  .box { fill: #161b22; stroke: #4a525b }
  .root .box { fill: #0c2d4d; stroke: #4493f8 }
  .bar { fill: #1f6feb }
  .line { stroke: #7d8590 }
  .head { fill: #7d8590 }
  a:hover .box, a:focus .box { stroke: #ff7b72 }
}`;

/**
 * @param href  where a path leads to when it is clicked; absent: nowhere
 * @throws Fault E-CLI-043 too many paths
 */
export function drawSvg(view: GraphView, href?: (node: ViewNode) => string): string {
  assertDrawable(view, MAX_NODES);
  const { nodes, edges } = view;
  const labels = nodes.map((node) => labelsOf(node));
  const boxes = labels.map((lines) => ({
    width: Math.ceil(Math.max(...lines.map((line) => [...line].length)) * CHARACTER_WIDTH) + 2 * PADDING,
    height: BOX_HEIGHT,
  }));
  const placed = layOut(boxes, edges, view.components);
  const width = Math.ceil(placed.width) + 2 * MARGIN;
  const height = Math.ceil(placed.height) + 2 * MARGIN;
  const largest = Math.max(1, ...nodes.map((node) => node.sizeBytes));
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${-MARGIN} ${-MARGIN} ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${count(nodes.length, 'store path')}, ${formatBytes(nodes.reduce((sum, node) => sum + node.sizeBytes, 0))}</title>`,
    `<style>${STYLE}\n${hoverRules(view)}\n</style>`,
    '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="head" d="M0 0 8 4 0 8z"/></marker>',
  ];
  edges.forEach((targets, node) => {
    targets.forEach((target, i) => {
      out.push(`<path class="line f${node} t${target}" d="${curve(placed.lines[node]![i]!)}" marker-end="url(#head)"/>`);
    });
  });
  const nReferrers = nodes.map(() => 0);
  for (const targets of view.references) for (const target of targets) nReferrers[target]!++;
  nodes.forEach((node, i) => {
    const { x, y } = placed.nodes[i]!;
    const box = boxes[i]!;
    const barWidth = Math.max(2, Math.round(Math.sqrt(node.sizeBytes / largest) * (box.width - 2)));
    const [left, top] = [round(x - box.width / 2), round(y - BOX_HEIGHT / 2)];
    const [name, size] = labels[i]!;
    const link = href === undefined ? '' : ` href="${escapeXml(href(node))}"`;
    const tip = [
      node.path,
      `${formatBytes(node.sizeBytes)}, with all it refers to ${formatBytes(node.closureBytes)}`,
      `refers to ${count(view.references[i]!.length, 'path')}, ${nReferrers[i]} of these refer to it`,
    ].join('\n');
    out.push(
      `<a id="n${i}"${link}${node.isRoot ? ' class="root"' : ''}><title>${escapeXml(tip)}</title>` +
        `<rect class="box" x="${left}" y="${top}" width="${box.width}" height="${BOX_HEIGHT}" rx="6"/>` +
        `<rect class="bar" x="${left + 1}" y="${round(top + BOX_HEIGHT - 4)}" width="${barWidth}" height="3" rx="1.5"/>` +
        `<text x="${round(x)}" y="${round(y - 3)}" text-anchor="middle">${escapeXml(name)}</text>` +
        `<text class="size" x="${round(x)}" y="${round(y + 12)}" text-anchor="middle">${escapeXml(size)}</text></a>`,
    );
  });
  return `${out.join('\n')}\n</svg>\n`;
}

function labelsOf({ name, sizeBytes, closureBytes }: ViewNode): [string, string] {
  const short = name.length > MAX_LABEL ? `${name.slice(0, MAX_LABEL - 11)}…${name.slice(-10)}` : name;
  const size = formatBytes(sizeBytes);
  return [short, closureBytes === sizeBytes ? size : `${size} of ${formatBytes(closureBytes)}`];
}

/** Lines of a path that is pointed at stand out: a rule a path, since there are no scripts. */
function hoverRules(view: GraphView): string {
  return view.nodes
    .map((_, i) => `svg:has(#n${i}:hover) :is(.f${i},.t${i}){stroke:#cf222e;stroke-opacity:1;stroke-width:2.4}`)
    .join('\n');
}

type Point = { readonly x: number; readonly y: number };

/** From the edge of one box to that of the other; upright beside the boxes of every layer it passes, so that it never runs behind one. */
function curve(points: readonly Point[]): string {
  const half = points[0]!.y <= points.at(-1)!.y ? BOX_HEIGHT / 2 : -BOX_HEIGHT / 2;
  let path = `M${round(points[0]!.x)} ${round(points[0]!.y + half)}`;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    const middle = round((a.y + b.y) / 2);
    path += `C${round(a.x)} ${middle} ${round(b.x)} ${middle} ${round(b.x)} ${round(b.y - half)}`;
    if (i < points.length - 1) path += `V${round(b.y + half)}`;
  }
  return path;
}

const round = (value: number): number => Math.round(value * 10) / 10;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeXml = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!);
