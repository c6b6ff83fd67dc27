/** Where the outputs of a derivation are, for those who want to look at them and build nothing. */
import type { ObjectStore, StorePath } from '../store/index.ts';
import { planWith } from './plan.ts';
import { Realised } from './realised.ts';
import type { Goal } from './types.ts';

/** Output → path of what the goal asks for; `undefined` where something of it would have to be built. Reads only. */
export function validOutputs(store: ObjectStore, goal: Goal): ReadonlyMap<string, StorePath> | undefined {
  const realised = new Realised(store);
  if (planWith(store, [goal], realised).steps.length > 0) return undefined;
  const names = goal.outputs.length > 0 ? goal.outputs : [...realised.paths(goal.drvPath).keys()];
  return new Map(names.map((name) => [name, realised.path(goal.drvPath, name)!] as const));
}
