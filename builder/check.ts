/** Builds again what is there and compares: does the derivation give the same bytes twice? */
import { readFileSync } from 'node:fs';
import { type Bytes, bytesToPath, sys, textToBytes, uptimeMs } from '../base/index.ts';
import {
  type Derivation,
  ingest,
  listTree,
  type Manifest,
  type ManifestEntry,
  type ObjectStore,
  readTree,
  type StorePath,
  storePathBase,
  storePathHash,
} from '../store/index.ts';
import { asBuildFault, keptAtOf, stopped } from './build-fault.ts';
import { type BuildContext, buildWith } from './build-one.ts';
import { isFetched } from './builtin.ts';
import { checkMade, type Made } from './collect.ts';
import { takenBefore } from './history.ts';
import { keepFolder, keptPath } from './kept.ts';
import { planWith } from './plan.ts';
import { Realised } from './realised.ts';
import { realize } from './realize.ts';
import type { Plan, PlanStep, RealizeOptions } from './types.ts';
import { Workspace } from './workspace.ts';

export interface Difference {
  readonly output: string;
  /** Relative to the output; '' is the output itself. */
  readonly path: Bytes;
  /** `content`: of a file or link. `kind`: a file where the other has a folder, or another execute permission. */
  readonly kind: 'only-before' | 'only-now' | 'content' | 'kind';
}

export interface CheckResult {
  readonly isEqual: boolean;
  readonly differences: readonly Difference[];
  /** With `keepFailed`, where the outputs of the second build are, by name: those that differ. */
  readonly kept?: ReadonlyMap<string, string>;
}

/** An output of two builds, as real paths. The second is gone when the call that got it returns. */
export interface DifferentOutput {
  readonly output: string;
  readonly before: string;
  readonly now: string;
}

export interface CheckOptions extends RealizeOptions {
  /** Called for each output that differs, to look closer. */
  readonly onDifferent?: (different: DifferentOutput) => void;
}

/**
 * Makes the outputs valid if they are not, builds the derivation once more, and compares file by file. Adds nothing to the store the
 * second time. Paths of the outputs themselves count as equal.
 *
 * @throws as `realize`
 */
export async function checkBuild(store: ObjectStore, drvPath: StorePath, options: CheckOptions = {}): Promise<CheckResult> {
  const before = await realize(store, [{ drvPath, outputs: [] }], options);
  // What is fetched was compared with its hash.
  if (isFetched(store.readDerivation(drvPath))) return { isEqual: true, differences: [] };
  await realizeInputs(store, drvPath, options);
  let kept: ReadonlyMap<string, string> | undefined;
  const differences = await buildAgain(store, drvPath, options, (made) => {
    const paths = before.outputs.get(drvPath)!;
    const found = compareOutputs(store, made, paths);
    const baseOf = (output: string): string => storePathBase(made.places.get(output)!);
    const different = [...new Set(found.map((each) => each.output))];
    for (const output of different)
      options.onDifferent?.({ output, before: store.toReal(paths.get(output)!), now: `${made.folder}/${baseOf(output)}` });
    if (different.length > 0 && options.keepFailed === true) {
      const folder = keepFolder(made.folder, keptPath(store, 'differs', drvPath));
      kept = new Map(different.map((output) => [output, `${folder}/${baseOf(output)}`]));
    }
    return found;
  });
  return { isEqual: differences.length === 0, differences, ...(kept === undefined ? {} : { kept }) };
}

/**
 * Builds a derivation once more and has the store take those outputs that are damaged in it and came out as recorded. Its inputs are
 * made first where they are missing.
 *
 * @returns  the outputs that are whole again; none for what is fetched
 * @throws as `realize`
 */
export async function repairByBuild(
  store: ObjectStore,
  drvPath: StorePath,
  options: RealizeOptions = {},
): Promise<readonly StorePath[]> {
  if (isFetched(store.readDerivation(drvPath))) return [];
  await realizeInputs(store, drvPath, options);
  return buildAgain(store, drvPath, options, (made) => store.repairOutputs(checkMade(made, store.storeDir)));
}

async function buildAgain<T>(
  store: ObjectStore,
  drvPath: StorePath,
  options: RealizeOptions,
  use: (made: Made) => T,
): Promise<T> {
  const realised = new Realised(store);
  planWith(store, [{ drvPath, outputs: [] }], realised);
  const resolved = realised.resolve(drvPath)!;
  using workspace = new Workspace(store);
  const context: BuildContext = {
    store,
    realised,
    workspace,
    cores: options.cores ?? 1,
    keepFailed: options.keepFailed ?? false,
    limits: options.limits ?? {},
    impureEnvironment: options.impureEnvironment ?? new Map(),
    emit: options.onEvent ?? (() => {}),
    signal: options.signal ?? new AbortController().signal,
  };
  if (context.signal.aborted) throw stopped();
  const { drv } = resolved;
  context.emit({ kind: 'plan', plan: planOf(drvPath, drv), expectedMs: expectedOf(store, drvPath, drv), fetches: 1 });
  context.emit({ kind: 'started', drvPath, name: drv.name, action: 'build' });
  const start = uptimeMs();
  let isMade = false;
  try {
    return await buildWith(context, { drvPath, resolved, slot: 0 }, (made) => {
      isMade = true;
      const durationMs = uptimeMs() - start;
      context.emit({ kind: 'finished', drvPath, name: drv.name, action: 'build', outputs: new Map(), durationMs });
      return use(made);
    });
  } catch (error) {
    if (context.signal.aborted) throw stopped();
    if (isMade) throw error;
    const fault = asBuildFault(error, drvPath, `while building '${drv.name}'`);
    context.emit({ kind: 'failed', drvPath, name: drv.name, action: 'build', fault, keptAt: keptAtOf(fault) });
    throw fault;
  }
}

/** One step, whose outputs are there already. */
function planOf(drvPath: StorePath, drv: Derivation): Plan {
  const step: PlanStep = { drvPath, drv, action: 'build', reason: 'new', missing: [], waitsFor: [], dependsOn: [] };
  return { steps: [step], nValid: 0, nCutoff: 0, nBuild: 1, nFetch: 0, nUncertain: 0 };
}

function expectedOf(store: ObjectStore, drvPath: StorePath, { name }: Derivation): ReadonlyMap<StorePath, number> {
  const taken = takenBefore(store, name);
  return new Map(taken === undefined ? [] : [[drvPath, taken.seconds * 1000]]);
}

async function realizeInputs(store: ObjectStore, drvPath: StorePath, options: RealizeOptions): Promise<void> {
  const goals = [...store.readDerivation(drvPath).inputDrvs].map(([input, outputs]) => ({ drvPath: input, outputs }));
  await realize(store, goals, options);
}

function compareOutputs(store: ObjectStore, made: Made, before: ReadonlyMap<string, StorePath>): Difference[] {
  const outputs = checkMade(made, store.storeDir);
  // Each output is called by its own name in both builds; the names differ where they are made from the content.
  const mask = (text: Bytes): Bytes => {
    let masked = text;
    for (const [name, path] of before) {
      const then = storePathHash(path);
      const now = storePathHash(made.places.get(name)!);
      if (then !== now) masked = masked.replaceAll(now, then);
    }
    return masked;
  };
  return [...outputs].flatMap(([output, { realPath }]) => {
    const oldReal = store.toReal(before.get(output)!);
    const { manifest } = ingest((visitor) => readTree(listTree(textToBytes(realPath)), visitor));
    const isSame = (then: ManifestEntry, now: ManifestEntry): boolean => {
      if (then.kind === 'symlink' && now.kind === 'symlink') return then.target === mask(now.target);
      if (then.kind !== 'file' || now.kind !== 'file') return true;
      if (then.sha256 === now.sha256) return true;
      return then.sizeBytes === now.sizeBytes && readBytes(oldReal, then.path) === mask(readBytes(realPath, now.path));
    };
    return compareManifests(store.manifest(before.get(output)!), manifest, isSame).map((found) => ({ output, ...found }));
  });
}

const readBytes = (root: string, path: Bytes): Bytes =>
  sys('read', root, () => readFileSync(bytesToPath(path === '' ? textToBytes(root) : `${textToBytes(root)}/${path}`), 'latin1'));

function compareManifests(
  before: Manifest,
  now: Manifest,
  isSame: (then: ManifestEntry, now: ManifestEntry) => boolean,
): Omit<Difference, 'output'>[] {
  const found: Omit<Difference, 'output'>[] = [];
  const rest = new Map(now.map((entry) => [entry.path, entry]));
  for (const then of before) {
    const entry = rest.get(then.path);
    rest.delete(then.path);
    const { path } = then;
    if (entry === undefined) found.push({ path, kind: 'only-before' });
    else if (entry.kind !== then.kind || isExecutable(entry) !== isExecutable(then)) found.push({ path, kind: 'kind' });
    else if (!isSame(then, entry)) found.push({ path, kind: 'content' });
  }
  for (const path of rest.keys()) found.push({ path, kind: 'only-now' });
  return found;
}

const isExecutable = (entry: ManifestEntry): boolean => entry.kind === 'file' && entry.isExecutable;
