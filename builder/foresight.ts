/**
 * What comes after a build is resolved and looked up while the build runs, as if it made what the derivation of its name made last time.
 * A change that does not reach the output is what people make most often, and the thread has nothing else to do then. Nothing is taken
 * for true: what was foreseen counts for a derivation only when its inputs have turned out to be those that it was foreseen with.
 *
 * @source docs/decisions/0022-quick-builds.md
 */
import {
  type Derivation,
  derivationPath,
  needsResolution,
  type ObjectStore,
  type RealisationLookup,
  resolveDerivation,
  type StorePath,
} from '../store/index.ts';
import { withoutHints } from './hints.ts';
import type { Resolved } from './realised.ts';
import type { PlanStep } from './types.ts';

/** A derivation over certain inputs, and where its outputs are. */
export interface Foreseen {
  /** As `inputPaths` tells them. */
  readonly inputs: string;
  readonly resolved: Resolved;
  /** All of them, in the store and held; `undefined` where they are not. */
  readonly outputs: ReadonlyMap<string, StorePath> | undefined;
}

/** Beyond, a wrong guess would cost more than a right one saves. */
const MAX_STEPS = 2000;

/** @param steps  inputs before dependents @param lookup  what is known of inputs by now */
export function foresee(
  store: ObjectStore,
  steps: readonly PlanStep[],
  lookup: RealisationLookup,
): ReadonlyMap<StorePath, Foreseen> {
  const assumed = new Map<StorePath, ReadonlyMap<string, StorePath>>();
  for (const { drvPath, drv, waitsFor } of steps) {
    const made = waitsFor.length === 0 ? madeBefore(store, drv.name) : undefined;
    if (made !== undefined) assumed.set(drvPath, made);
  }
  const foreseen = new Map<StorePath, Foreseen>();
  if (assumed.size === 0) return foreseen;
  const lookAhead: RealisationLookup = (drvPath, output) => assumed.get(drvPath)?.get(output) ?? lookup(drvPath, output);
  const found: StorePath[] = [];
  for (const { drvPath, drv: declared, waitsFor } of steps.slice(0, MAX_STEPS)) {
    if (waitsFor.length === 0) continue;
    const drv = withoutHints(declared);
    const inputs = needsResolution(drv) ? inputPaths(drv, lookAhead) : undefined;
    if (inputs === undefined) continue;
    const resolvedDrv = resolveDerivation(drv, store.storeDir, lookAhead)!;
    const resolved = { drv: resolvedDrv, drvPath: derivationPath(resolvedDrv, store.storeDir) };
    const outputs = outputsOf(store, resolved);
    if (outputs !== undefined) {
      assumed.set(drvPath, outputs);
      found.push(...outputs.values());
    }
    foreseen.set(drvPath, { inputs, resolved, outputs });
  }
  const held = store.holdAll(found);
  for (const [drvPath, each] of foreseen) {
    const isThere = each.outputs !== undefined && [...each.outputs.values()].every((path) => held.has(path));
    if (!isThere) foreseen.set(drvPath, { ...each, outputs: undefined });
  }
  return foreseen;
}

/** One text for the places of all outputs that a derivation needs; `undefined` where one is not known. */
export function inputPaths({ inputDrvs }: Derivation, lookup: RealisationLookup): string | undefined {
  let text = '';
  for (const [drvPath, outputs] of inputDrvs) {
    for (const output of outputs) {
      const path = lookup(drvPath, output);
      if (path === undefined) return undefined;
      text += `${path}\n`;
    }
  }
  return text;
}

/** Those of floating outputs, if all are known and in the store. */
function outputsOf(store: ObjectStore, { drv, drvPath }: Resolved): ReadonlyMap<string, StorePath> | undefined {
  const found = new Map<string, StorePath>();
  for (const [name, { kind }] of drv.outputs) {
    const path = kind === 'floating' ? store.realisation(drvPath, name) : undefined;
    if (path === undefined) return undefined;
    found.set(name, path);
  }
  return found;
}

const KEY = 'made ';

/** Floating outputs that the last build of this name made. */
function madeBefore(store: ObjectStore, name: string): ReadonlyMap<string, StorePath> | undefined {
  const text = store.cacheGet(`${KEY}${name}`);
  if (text === undefined) return undefined;
  return new Map(text.split(' ').map((each) => each.split('=', 2) as [string, StorePath]));
}

/** For `ObjectStore.cachePut`, which forgets it when an output is collected. None where outputs have their place by other means. */
export function madeEntries(drv: Derivation, outputs: ReadonlyMap<string, StorePath>): (readonly [string, string])[] {
  const isFloating = [...drv.outputs.values()].every(({ kind }) => kind === 'floating');
  return isFloating ? [[`${KEY}${drv.name}`, Array.from(outputs, (entry) => entry.join('=')).join(' ')]] : [];
}
