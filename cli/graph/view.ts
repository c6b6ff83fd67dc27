/** The part of the reference graph that is shown, and which of its references are worth a line. */
import { Fault } from '../../base/index.ts';
import { type PathInfo, type ReferenceGraph, type StorePath, storePathHash, storePathName } from '../../store/index.ts';

export interface ViewNode {
  readonly path: StorePath;
  readonly hash: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly closureBytes: number;
  /** It was named on the command line. */
  readonly isRoot: boolean;
}

export interface GraphView {
  /** Sorted by path; the numbers of the other fields are indices. */
  readonly nodes: readonly ViewNode[];
  readonly infos: readonly PathInfo[];
  /** Node → all nodes that it refers to, without itself. */
  readonly references: readonly (readonly number[])[];
  /** Those to be drawn: without references that follow from others, unless all are wanted. */
  readonly edges: readonly (readonly number[])[];
  /** Groups of nodes that lead to each other, each after what it refers to. */
  readonly components: readonly (readonly number[])[];
  readonly roots: readonly number[];
  /** From what is asked for to what refers to it. */
  readonly isUpwards: boolean;
}

export interface ViewOptions {
  readonly isUpwards: boolean;
  readonly hasAll: boolean;
}

/** @param graph  holds the closure of `paths` or, upwards, everything that refers to them with its closure */
export function viewOf(graph: ReferenceGraph, paths: readonly StorePath[], { isUpwards, hasAll }: ViewOptions): GraphView {
  const wanted = paths.map((path) => graph.node(path)!);
  const shown = graph.reach(wanted, isUpwards ? graph.referrers : graph.references);
  const numbers = new Map(shown.map((node, i) => [node, i]));
  const closureSizes = graph.closureSizes();
  const isRoot = new Set(wanted);
  const infos = shown.map((node) => graph.infos[node]!);
  const references = shown.map((node) => graph.references[node]!.flatMap((other) => numbers.get(other) ?? []));
  const components = graph.components
    .map((nodes) => nodes.flatMap((node) => numbers.get(node) ?? []))
    .filter((nodes) => nodes.length > 0);
  return {
    nodes: shown.map((node, i) => ({
      path: infos[i]!.path,
      hash: storePathHash(infos[i]!.path),
      name: storePathName(infos[i]!.path),
      sizeBytes: infos[i]!.narSizeBytes,
      closureBytes: closureSizes[node]!,
      isRoot: isRoot.has(node),
    })),
    infos,
    references,
    edges: hasAll ? references : withoutImplied(references, components),
    components,
    roots: wanted.map((node) => numbers.get(node)!),
    isUpwards,
  };
}

/** Sets of nodes as bits take the square of their number: beyond this, half a gigabyte. */
const MAX_REDUCED = 60_000;

/** Leaves out the references that another one leads to as well. References inside of a circle all stay. Cost: `nodes × edges / 32`. */
export function withoutImplied(
  references: readonly (readonly number[])[],
  components: readonly (readonly number[])[],
): readonly (readonly number[])[] {
  const size = references.length;
  if (size > MAX_REDUCED) return references;
  const nWords = Math.ceil(size / 32);
  const reach = new Uint32Array(components.length * nWords);
  const componentOf = new Int32Array(size);
  components.forEach((nodes, component) => {
    for (const node of nodes) componentOf[node] = component;
  });
  const kept: number[][] = references.map(() => []);
  components.forEach((nodes, component) => {
    const row = component * nWords;
    const has = (node: number): boolean => (reach[row + (node >>> 5)]! & (1 << (node & 31))) !== 0;
    const targets = nodes.flatMap((node) => references[node]!.map((target) => ({ node, target })));
    // What stands later in the order can lead to what stands earlier, never the other way round.
    targets.sort((a, b) => componentOf[b.target]! - componentOf[a.target]! || a.node - b.node || a.target - b.target);
    for (const { node, target } of targets) {
      const other = componentOf[target]!;
      if (other === component) {
        kept[node]!.push(target);
        continue;
      }
      if (has(target)) continue;
      kept[node]!.push(target);
      for (let word = 0; word < nWords; word++) reach[row + word]! |= reach[other * nWords + word]!;
    }
    for (const node of nodes) reach[row + (node >>> 5)]! |= 1 << (node & 31);
  });
  return kept.map((targets) => targets.sort((a, b) => a - b));
}

/** @throws Fault E-CLI-043 */
export function assertDrawable(view: GraphView, limit: number): void {
  if (view.nodes.length <= limit) return;
  throw new Fault('E-CLI-043', `a picture of ${view.nodes.length} paths would be too large to look at`, {
    notes: [`pictures are drawn of at most ${limit} paths`],
    hints: ['take fewer paths', 'or another form: --format text, json or dot'],
  });
}
