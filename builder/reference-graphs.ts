/**
 * `exportReferencesGraph`: closures of inputs, told to the build.
 *
 * @source docs/builder.md §4; the formats are Nix's
 */
import { type Bytes, compareBytes } from '../base/index.ts';
import { type Derivation, formatHash, type ObjectStore, type PathInfo, type StorePath } from '../store/index.ts';
import { buildFault } from './build-fault.ts';
import { exportedGraphs } from './derivation-options.ts';
import type { EnvironmentOptions } from './environment.ts';
import type { Realised } from './realised.ts';
import { type Json, RawNumber } from './structured-attrs.ts';

/**
 * The graphs that a derivation (resolved) asks for, as files, or as attributes where these are structured.
 *
 * @param closure  of the inputs: nothing else may be asked for
 * @throws Fault E-BUILD-044
 */
export function graphsFor(
  store: ObjectStore,
  realised: Realised,
  drv: Derivation,
  closure: readonly StorePath[],
): NonNullable<EnvironmentOptions['graphs']> {
  const graphs = [...referenceGraphs(store, realised, drv, closure)];
  return drv.env.has('__json')
    ? { files: new Map(), attributes: new Map(graphs.map(([name, graph]) => [name, graphAttribute(store, graph)])) }
    : { files: new Map(graphs.map(([name, graph]) => [name, registrationText(graph)])), attributes: new Map() };
}

/** Name of a file or attribute → all paths of the graph, sorted. A derivation in one brings its outputs along. */
function referenceGraphs(
  store: ObjectStore,
  realised: Realised,
  drv: Derivation,
  closure: readonly StorePath[],
): ReadonlyMap<string, readonly PathInfo[]> {
  const graphs = exportedGraphs(drv, store.storeDir);
  if (graphs.size === 0) return new Map();
  const known = new Set(closure);
  return new Map(
    [...graphs].map(([name, paths]) => {
      for (const path of paths) {
        if (known.has(path)) continue;
        throw buildFault('E-BUILD-044', `'exportReferencesGraph' of '${drv.name}' names '${path}', which is no input`, {
          hints: ['take the path from a derivation or a source, so that it becomes an input'],
        });
      }
      const found = store.closure(paths);
      const outputs = found.filter((path) => path.endsWith('.drv')).flatMap((path) => [...realised.paths(path).values()]);
      const all = new Set([...found, ...store.closure(outputs.filter((path) => store.isValid(path)))]);
      return [name, [...all].sort(compareBytes).map((path) => store.info(path)!)] as const;
    }),
  );
}

/** As `nix-store --load-db` reads it, without hashes and derivers. */
const registrationText = (graph: readonly PathInfo[]): Bytes =>
  graph.map(({ path, references }) => `${[path, '', references.length, ...references].join('\n')}\n`).join('');

/** As structured attributes have it. Cost: a closure a path. */
function graphAttribute(store: ObjectStore, graph: readonly PathInfo[]): Json {
  return graph.map(({ path, narHash, narSizeBytes, references, ca }) => ({
    ...(ca === undefined ? {} : { ca }),
    closureSize: whole(store.closure([path]).reduce((sum, each) => sum + store.info(each)!.narSizeBytes, 0)),
    narHash: `sha256:${formatHash({ algorithm: 'sha256', hex: narHash }, 'nix32')}`,
    narSize: whole(narSizeBytes),
    path,
    references: [...references],
    valid: true,
  }));
}

const whole = (value: number): RawNumber => new RawNumber(String(value));
