/** What is kept, and why: the reference graph with the edges that settings add to it. */
import { Bug, compareBytes, systemFaultOf } from '../base/index.ts';
import type { ReferenceGraph } from './graph.ts';
import type { ObjectStore, PathSummary, Root, StorePath } from './types.ts';

export interface KeepOptions {
  readonly keepDerivations?: boolean;
  readonly keepOutputs?: boolean;
}

/** Why one path keeps another. */
export type KeepReason = 'reference' | 'deriver' | 'output';

export interface Liveness {
  /** All that is valid. References to what is not (damage that `verify` reports) are left out. */
  readonly graph: ReferenceGraph<PathSummary>;
  /** Node → nodes that it keeps, for other reasons than its references. */
  readonly kept: readonly (readonly number[])[];
}

/** Cost: 10,000 paths in 30 ms; with `keepOutputs` it reads every derivation. */
export function readLiveness(store: ObjectStore, options: KeepOptions): Liveness {
  const graph = store.summaryGraph();
  const kept = graph.infos.map((info): number[] => {
    const nodes: number[] = [];
    const add = (path: StorePath | undefined) => {
      const node = path === undefined ? undefined : graph.node(path);
      if (node !== undefined) nodes.push(node);
    };
    if (options.keepDerivations !== false) add(info.deriver);
    if (options.keepOutputs === true && info.path.endsWith('.drv')) for (const path of outputsOf(store, info.path)) add(path);
    return nodes;
  });
  return { graph, kept };
}

/** Outputs whose places are known. What cannot be read as a derivation has none. */
function outputsOf(store: ObjectStore, drvPath: StorePath): StorePath[] {
  const paths: StorePath[] = [];
  try {
    for (const [name, output] of store.readDerivation(drvPath).outputs) {
      const path = 'path' in output ? output.path : store.realisation(drvPath, name);
      if (path !== undefined) paths.push(path);
    }
  } catch (error) {
    // A disk that fails, or a folder that is closed, says nothing of what it keeps.
    const refusal = systemFaultOf(error);
    if (refusal !== undefined && !/^(ENOENT|ENOTDIR|EISDIR)$/.test(refusal.errno)) throw refusal;
    // a source that is only called .drv, or a damaged one: it keeps nothing beyond its references
  }
  return paths;
}

/** Node → 1 where it is kept by one of the roots. */
export function liveNodes({ graph, kept }: Liveness, roots: Iterable<StorePath>): Uint8Array {
  const isLive = new Uint8Array(graph.size);
  const waiting: number[] = [];
  const visit = (node: number | undefined) => {
    if (node === undefined || isLive[node] === 1) return;
    isLive[node] = 1;
    waiting.push(node);
  };
  for (const root of roots) visit(graph.node(root));
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const next of graph.references[node]!) visit(next);
    for (const next of kept[node]!) visit(next);
  }
  return isLive;
}

/** A root that keeps a path, and a shortest way from what the root names to it. */
export interface Explanation {
  readonly root: Root;
  /** From the root's path to the one asked for, each with what ties it to the one before it. */
  readonly chain: readonly { readonly path: StorePath; readonly by?: KeepReason }[];
}

/**
 * Every root that keeps `path`, nearest first; none: it will be collected.
 *
 * @throws Fault E-STORE-014 it is not valid
 */
export function whyLive(store: ObjectStore, path: StorePath, options: KeepOptions = {}): Explanation[] {
  store.manifest(path);
  const liveness = readLiveness(store, options);
  const { graph } = liveness;
  const target = graph.node(path);
  if (target === undefined) return [];
  const next = stepsTowards(liveness, target);
  return store
    .roots()
    .flatMap((root): Explanation[] => {
      const start = graph.node(root.path);
      return start === undefined || next[start] === -1 ? [] : [{ root, chain: chainFrom(liveness, next, start, target) }];
    })
    .sort((a, b) => a.chain.length - b.chain.length || compareBytes(a.root.from, b.root.from));
}

/** For each node the next one on a shortest way to `target`; -1 where there is no way. */
function stepsTowards({ graph, kept }: Liveness, target: number): Int32Array {
  const keepers: number[][] = graph.infos.map(() => []);
  kept.forEach((nodes, node) => {
    for (const each of nodes) keepers[each]!.push(node);
  });
  const next = new Int32Array(graph.size).fill(-1);
  next[target] = target;
  const waiting = [target];
  for (let at = 0; at < waiting.length; at++) {
    const node = waiting[at]!;
    for (const keeper of [...graph.referrers[node]!, ...keepers[node]!]) {
      if (next[keeper] !== -1) continue;
      next[keeper] = node;
      waiting.push(keeper);
    }
  }
  return next;
}

function chainFrom({ graph, kept }: Liveness, next: Int32Array, start: number, target: number): Explanation['chain'] {
  const chain: { path: StorePath; by?: KeepReason }[] = [{ path: graph.infos[start]!.path }];
  for (let node = start; node !== target; ) {
    const following = next[node]!;
    const { path } = graph.infos[following]!;
    if (graph.references[node]!.includes(following)) chain.push({ path, by: 'reference' });
    else if (kept[node]!.includes(following))
      chain.push({ path, by: graph.infos[node]!.deriver === path ? 'deriver' : 'output' });
    else throw new Bug(`no edge to '${path}'`);
    node = following;
  }
  return chain;
}
