/**
 * A derivation whose inputs are built becomes one that only names store paths. Its own path then says all there is to know about the
 * build: equal resolved derivations give equal outputs, however their inputs came about. That is where rebuilding stops early.
 */
import { Bug, type Bytes, compareBytes } from '../base/index.ts';
import { derivationKind, fillOutputPaths } from './derivation.ts';
import { upstreamPlaceholder } from './store-path.ts';
import type { Derivation, StorePath } from './types.ts';

/** Where an output of an input is; `undefined` if that is not known yet. */
export type RealisationLookup = (drvPath: StorePath, output: string) => StorePath | undefined;

/** Whether its path is decided by what its inputs turn out to be, so that it has to be resolved before it is built. */
export const needsResolution = (drv: Derivation): boolean => {
  const kind = derivationKind(drv);
  return drv.inputDrvs.size > 0 && (kind === 'floating' || kind === 'deferred');
};

/**
 * Replaces input derivations by the paths of their outputs, placeholders by those paths, and deferred outputs by their final paths.
 *
 * @returns `undefined` where an input's output is not known yet
 */
export function resolveDerivation(drv: Derivation, storeDir: string, lookup: RealisationLookup): Derivation | undefined {
  const sources = new Set(drv.inputSrcs);
  const rewrites = new Map<string, StorePath>();
  for (const [drvPath, outputs] of drv.inputDrvs) {
    for (const output of outputs) {
      const path = lookup(drvPath, output);
      if (path === undefined) return undefined;
      sources.add(path);
      rewrites.set(upstreamPlaceholder(drvPath, output), path);
    }
  }
  const rewrite = (text: Bytes) => rewritePlaceholders(text, rewrites);
  const resolved: Derivation = {
    ...drv,
    inputDrvs: new Map(),
    inputSrcs: [...sources].sort(compareBytes),
    builder: rewrite(drv.builder),
    args: drv.args.map(rewrite),
    env: rewriteAll(drv.env, rewrite),
  };
  if (derivationKind(drv) !== 'deferred') return resolved;
  return fillOutputPaths(resolved, storeDir, noInputs, new Map());
}

function rewriteAll(env: ReadonlyMap<string, Bytes>, rewrite: (text: Bytes) => Bytes): Map<string, Bytes> {
  const rewritten = new Map<string, Bytes>();
  for (const [name, value] of env) rewritten.set(rewrite(name), rewrite(value));
  return rewritten;
}

const noInputs = (path: StorePath): Derivation => {
  throw new Bug(`a resolved derivation has no input '${path}'`);
};

const PLACEHOLDER = /\/[0-9a-df-np-sv-z]{52}/g;

/** Replaces each placeholder that has a value. Cost: one scan, whatever the number of placeholders. */
export function rewritePlaceholders(text: Bytes, values: ReadonlyMap<string, Bytes>): Bytes {
  return text.length < 53 || values.size === 0 ? text : text.replaceAll(PLACEHOLDER, (found) => values.get(found) ?? found);
}
