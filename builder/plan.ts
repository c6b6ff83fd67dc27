/** What has to be done for a set of goals, before anything is done. */
import { compareBytes } from '../base/index.ts';
import type { ObjectStore, StorePath } from '../store/index.ts';
import { isFetched } from './builtin.ts';
import { type Assumed, Realised } from './realised.ts';
import type { Goal, Plan, PlanStep } from './types.ts';

/**
 * Walks from the goals down to what is there. Reads the store, writes nothing. Cost: linear in the derivations above what is valid,
 * some 60 µs each; below a valid output nothing is looked at.
 *
 * @param assumed  what is to be taken for valid, because a substituter has it
 * @throws Fault a derivation is not in the store or is none
 */
export const planBuild = (store: ObjectStore, goals: readonly Goal[], assumed?: Assumed): Plan =>
  planWith(store, goals, new Realised(store, assumed));

/** As `planBuild`, leaving what it found out in `realised`. */
export function planWith(store: ObjectStore, goals: readonly Goal[], realised: Realised): Plan {
  realised.lookForGoals(goals);
  const open = goals.filter((goal) => !realised.isThere(goal));
  const order = findOrder(store, open, realised);
  const missing = new Map<StorePath, Set<string>>();
  const valid = new Set<StorePath>(goals.filter((goal) => realised.isThere(goal)).map(({ drvPath }) => drvPath));
  const waiting: Goal[] = [...open];
  for (let goal = waiting.pop(); goal !== undefined; goal = waiting.pop()) {
    const { drvPath } = goal;
    const drv = store.readDerivation(drvPath);
    const wanted = goal.outputs.length > 0 ? goal.outputs : [...drv.outputs.keys()];
    const gone = wanted.filter((output) => !realised.areValid(drvPath, [output]));
    if (gone.length === 0) {
      valid.add(drvPath);
      continue;
    }
    const known = missing.get(drvPath);
    if (known !== undefined) {
      for (const output of gone) known.add(output);
      continue;
    }
    missing.set(drvPath, new Set(gone));
    for (const [input, outputs] of drv.inputDrvs) waiting.push({ drvPath: input, outputs });
  }
  const steps = order.filter((drvPath) => missing.has(drvPath)).map((drvPath) => stepOf(store, realised, drvPath, missing));
  return count(steps, valid, missing, realised);
}

function stepOf(
  store: ObjectStore,
  realised: Realised,
  drvPath: StorePath,
  missing: ReadonlyMap<StorePath, ReadonlySet<string>>,
): PlanStep {
  const drv = store.readDerivation(drvPath);
  const waitsFor = [...drv.inputDrvs.keys()].filter((input) => missing.has(input));
  const dependsOn =
    realised.resolve(drvPath) === undefined
      ? waitsFor.filter((input) => drv.inputDrvs.get(input)!.some((output) => !realised.paths(input).has(output)))
      : [];
  const hasSome = [...drv.outputs.keys()].some((output) => realised.areValid(drvPath, [output]));
  return {
    drvPath,
    drv,
    action: isFetched(drv) ? 'fetch' : 'build',
    reason: dependsOn.length > 0 ? 'depends' : hasSome ? 'output-missing' : 'new',
    missing: [...missing.get(drvPath)!].sort(compareBytes),
    waitsFor,
    dependsOn,
  };
}

function count(
  steps: readonly PlanStep[],
  valid: ReadonlySet<StorePath>,
  missing: ReadonlyMap<StorePath, unknown>,
  realised: Realised,
): Plan {
  const there = [...valid].filter((drvPath) => !missing.has(drvPath));
  const nFetch = steps.filter((step) => step.action === 'fetch').length;
  return {
    steps,
    nValid: there.length,
    nCutoff: there.filter((drvPath) => realised.cutoffs.has(drvPath)).length,
    nBuild: steps.length - nFetch,
    nFetch,
    nUncertain: steps.filter((step) => step.reason === 'depends').length,
  };
}

/** Every derivation that may have to be built, inputs first. Not recursive: chains are as deep as they like. */
function findOrder(store: ObjectStore, goals: readonly Goal[], realised: Realised): StorePath[] {
  const order: StorePath[] = [];
  const seen = new Set<StorePath>();
  const stack: { drvPath: StorePath; isLeaving: boolean }[] = [];
  const push = (drvPath: StorePath) => stack.push({ drvPath, isLeaving: false });
  for (const goal of goals.toReversed()) push(goal.drvPath);
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { drvPath } = top;
    if (top.isLeaving) {
      realised.resolve(drvPath);
      order.push(drvPath);
      continue;
    }
    if (seen.has(drvPath)) continue;
    seen.add(drvPath);
    const drv = store.readDerivation(drvPath);
    if (realised.areValid(drvPath, drv.outputs.keys())) continue;
    stack.push({ drvPath, isLeaving: true });
    for (const input of [...drv.inputDrvs.keys()].reverse()) push(input);
  }
  return order;
}
