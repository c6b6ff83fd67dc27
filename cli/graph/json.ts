/** The graph as data. */
import type { GraphView } from './view.ts';

/** Sizes are of NARs, in bytes. References are complete, and have the path itself where it refers to itself. */
export const graphJson = (view: GraphView): object => ({
  roots: view.roots.map((node) => view.nodes[node]!.path),
  paths: view.nodes.map(({ path, sizeBytes, closureBytes }, node) => ({
    path,
    narSizeBytes: sizeBytes,
    closureSizeBytes: closureBytes,
    references: view.infos[node]!.references,
    deriver: view.infos[node]!.deriver ?? null,
  })),
});
