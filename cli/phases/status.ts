/** What of each phase is done: found out from the store, as every node is named by what it depends on. */
import { never } from '../../base/index.ts';
import { planBuild, validOutputs } from '../../builder/index.ts';
import type { PackageInfo, Tree } from '../../eval/index.ts';
import type { Derivation, ObjectStore, StorePath } from '../../store/index.ts';
import { systemFilesPath } from '../system-files.ts';
import { packageTarget, type Target } from '../targets.ts';
import { manifestPath, manifestText } from './manifest.ts';
import type { Phase } from './phase-list.ts';

/** `none`: the tree has nothing for it, or nobody asked. `check`: it has no result that could be kept. */
export type PhaseState = 'done' | 'partly' | 'open' | 'none' | 'check';

export interface PhaseStatus {
  readonly phase: Phase;
  readonly state: PhaseState;
  readonly nDone: number;
  readonly nAll: number;
}

/** A tree, with what it takes to build each of its packages. Reads the store, writes nothing. */
export class TreeBuild {
  readonly tree: Tree;
  readonly store: ObjectStore;
  readonly #flush: () => void;
  #targets: readonly Target[] | undefined;
  #sources: readonly StorePath[] | undefined;

  /** @param flush  hands the derivations that evaluation made to the store */
  constructor(tree: Tree, store: ObjectStore, flush: () => void) {
    this.tree = tree;
    this.store = store;
    this.#flush = flush;
  }

  /** All packages; evaluated when they are first asked for, which is after the tree was checked. @throws Fault */
  get targets(): readonly Target[] {
    if (this.#targets === undefined) {
      const { tree } = this;
      this.#targets = [...tree.packages.values()].map((info) => packageTarget(tree, info));
      this.#flush();
    }
    return this.#targets;
  }

  /** The packages of a tier. */
  tier(name: string): Target[] {
    return this.targets.filter((target) => (target.info as PackageInfo).tier === name);
  }

  /** Derivations that fetch something, of all that the packages are built from. */
  get sources(): readonly StorePath[] {
    if (this.#sources !== undefined) return this.#sources;
    const found: StorePath[] = [];
    for (const [drvPath, drv] of this.#derivations())
      if ([...drv.outputs.values()].some((output) => output.kind === 'fixed')) found.push(drvPath);
    this.#sources = found.reverse();
    return this.#sources;
  }

  /** These, and what is built from one of them, directly or not → that one. */
  builtFrom(origins: readonly StorePath[]): Map<StorePath, StorePath> {
    const users = new Map<StorePath, StorePath[]>();
    for (const [drvPath, drv] of this.#derivations()) {
      for (const input of drv.inputDrvs.keys()) {
        const known = users.get(input);
        if (known === undefined) users.set(input, [drvPath]);
        else known.push(drvPath);
      }
    }
    const found = new Map<StorePath, StorePath>();
    for (const origin of origins) {
      const waiting = [origin];
      for (let drvPath = waiting.pop(); drvPath !== undefined; drvPath = waiting.pop()) {
        if (found.has(drvPath)) continue;
        found.set(drvPath, origin);
        waiting.push(...(users.get(drvPath) ?? []));
      }
    }
    return found;
  }

  /** All that the packages are built from, each once. */
  *#derivations(): Generator<[StorePath, Derivation]> {
    const seen = new Set<StorePath>();
    const waiting = this.targets.flatMap(({ drvPath }) => drvPath ?? []);
    for (let drvPath = waiting.pop(); drvPath !== undefined; drvPath = waiting.pop()) {
      if (seen.has(drvPath)) continue;
      seen.add(drvPath);
      const drv = this.store.readDerivation(drvPath);
      yield [drvPath, drv];
      waiting.push(...drv.inputDrvs.keys());
    }
  }

  /** Where the outputs of fetching derivations are, of those that are there. */
  sourcePaths(): StorePath[] {
    return this.sources.flatMap((drvPath) => [...(validOutputs(this.store, { drvPath, outputs: [] })?.values() ?? [])]);
  }

  /** Output path of a package; `undefined` where it is not built. */
  outputOf(target: Target): StorePath | undefined {
    if (target.outPath !== undefined) return target.outPath;
    const { drvPath, outputs } = target;
    return validOutputs(this.store, { drvPath: drvPath!, outputs })?.get(outputs[0] ?? 'out');
  }
}

/** Which phases were asked for that run only then. */
export interface Asked {
  readonly publishes: boolean;
  readonly makesImages: boolean;
}

/** The state of every phase. Cost: one plan for the whole tree. */
export function statusOf(build: TreeBuild, phases: readonly Phase[], asked: Asked): PhaseStatus[] {
  const { store, tree, targets } = build;
  const goals = targets.flatMap(({ drvPath, outputs }) => (drvPath === undefined ? [] : [{ drvPath, outputs }]));
  const sources = build.sources.map((drvPath) => ({ drvPath, outputs: [] }));
  const missing = new Set(planBuild(store, [...goals, ...sources]).steps.map((step) => step.drvPath));
  const isThere = (target: Target): boolean =>
    target.drvPath === undefined ? store.isValid(target.outPath!) : !missing.has(target.drvPath);
  const counted = (phase: Phase, all: readonly boolean[]): PhaseStatus => {
    const nDone = all.filter(Boolean).length;
    const state = all.length === 0 ? 'none' : nDone === all.length ? 'done' : nDone === 0 ? 'open' : 'partly';
    return { phase, state, nDone, nAll: all.length };
  };
  return phases.map((phase): PhaseStatus => {
    switch (phase.kind) {
      case 'tier':
        return counted(phase, build.tier(phase.name).map(isThere));
      case 'verify-sources':
        return counted(
          phase,
          sources.map(({ drvPath }) => !missing.has(drvPath)),
        );
      case 'config':
        return counted(
          phase,
          [...tree.systems.values()].flatMap((system) => {
            const path = systemFilesPath(store, system);
            return path === undefined ? [] : [store.isValid(path)];
          }),
        );
      case 'manifest':
        return counted(phase, [targets.every(isThere) && store.isValid(manifestPath(store, tree.name, manifestText(build)))]);
      case 'other':
        return { phase, state: 'none', nDone: 0, nAll: 0 };
      case 'publish':
        return { phase, state: asked.publishes ? 'check' : 'none', nDone: 0, nAll: 0 };
      case 'image':
      case 'squashfs':
      case 'uki':
      case 'iso':
        return { phase, state: asked.makesImages && tree.systems.size > 0 ? 'check' : 'none', nDone: 0, nAll: 0 };
      case 'validate':
      case 'setup':
        return { phase, state: 'check', nDone: 0, nAll: 0 };
      default:
        return never(phase.kind);
    }
  });
}
