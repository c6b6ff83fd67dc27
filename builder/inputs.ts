/** What one build sees of the store. */
import { type ObjectStore, type StorePath, storePathName } from '../store/index.ts';
import { buildFault } from './build-fault.ts';
import { badRoot, checkLayers, type Layer, orderLayers, parseLayers } from './layers.ts';
import type { Realised, Resolved } from './realised.ts';

export interface Inputs {
  /** All that the inputs are and refer to, sorted: where references of the outputs may point to. */
  readonly closure: readonly StorePath[];
  /** Top first; `undefined` for a build that sees store paths only. */
  readonly layers: readonly Layer[] | undefined;
  /** What is seen under the logical store folder. */
  readonly objects: readonly StorePath[];
}

/** @throws Fault E-BUILD-008 a layer is no input · E-BUILD-017 an input is not valid · E-STORE-041 one is not what was registered · those of `parseLayers`, `orderLayers`, `checkLayers` */
export function gatherInputs(store: ObjectStore, realised: Realised, resolved: Resolved): Inputs {
  const { drv } = resolved;
  const direct = new Set<StorePath>(drv.inputSrcs);
  for (const [input, outputs] of drv.inputDrvs) {
    const paths = realised.paths(input);
    for (const output of outputs) {
      const path = paths.get(output);
      if (path !== undefined) direct.add(path);
    }
  }
  const held = store.holdAll([...direct]);
  for (const path of direct) if (!held.has(path)) throw missingInput(drv.name, path);
  const closure = store.closure(direct);
  store.assertIntact(closure);
  const description = drv.env.get('igosRoot');
  if (description === undefined) return { closure, layers: undefined, objects: closure };
  const layers = orderLayers(parseLayers(description, store.storeDir));
  // Nothing undeclared is seen: what is no input is neither part of the derivation's hash nor looked for in what is made.
  const inputs = new Set(closure);
  for (const { name, path } of layers) if (!inputs.has(path)) throw badRoot(`the layer '${name}' (${path}) is no input`);
  checkLayers(store, layers);
  const paths = new Set(layers.map((layer) => layer.path));
  return { closure, layers, objects: closure.filter((path) => !paths.has(path)) };
}

const missingInput = (drvName: string, path: StorePath) =>
  buildFault('E-BUILD-017', `'${drvName}' needs '${storePathName(path)}', which is not in the store`, {
    notes: [path],
    hints: [
      'evaluate again: igos instantiate adds the sources that it finds',
      'or copy it from the store that the derivation came from',
    ],
  });
