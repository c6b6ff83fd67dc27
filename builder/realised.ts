/** What is known of the places of outputs, in memory over the store: each derivation is looked up once a run. */
import {
  type Derivation,
  derivationPath,
  needsResolution,
  type ObjectStore,
  type Realisation,
  resolveDerivation,
  type StorePath,
} from '../store/index.ts';
import { type Foreseen, foresee, inputPaths } from './foresight.ts';
import { withoutHints } from './hints.ts';
import type { Goal, PlanStep } from './types.ts';

/** A derivation that names its inputs by store path, and its own path: the key of realisations. */
export interface Resolved {
  readonly drv: Derivation;
  readonly drvPath: StorePath;
}

/** What a plan may take for there, because it can be had. */
export interface Assumed {
  readonly paths: ReadonlySet<StorePath>;
  readonly realisations: readonly Realisation[];
}

export class Realised {
  readonly #store: ObjectStore;
  readonly #paths = new Map<StorePath, Map<string, StorePath>>();
  readonly #resolved = new Map<StorePath, Resolved>();
  /** Found by `lookForGoals`: maybe not all outputs of a derivation, but those are in the store. */
  readonly #there = new Map<StorePath, Map<string, StorePath>>();
  /** Paths that are in the store and held, so that they stay. */
  readonly #held = new Set<StorePath>();
  #foreseen: ReadonlyMap<StorePath, Foreseen> = new Map();
  /** Derivations whose outputs were found under their resolved form only. */
  readonly cutoffs: Set<StorePath> = new Set();

  readonly #assumed: Assumed;

  constructor(store: ObjectStore, assumed: Assumed = { paths: new Set(), realisations: [] }) {
    this.#store = store;
    this.#assumed = assumed;
  }

  /**
   * Looks for goals whose outputs are known by their names alone, and holds what is there: a derivation that was built needs not be
   * read to know that. Cost: a few µs a goal, and one write for all.
   */
  lookForGoals(goals: readonly Goal[]): void {
    const found = goals.flatMap(({ drvPath, outputs }) => {
      if (outputs.length === 0 || this.#paths.has(drvPath)) return [];
      const paths = outputs.map((output) => [output, this.#store.realisation(drvPath, output)] as const);
      return paths.every((entry): entry is readonly [string, StorePath] => entry[1] !== undefined) ? [{ drvPath, paths }] : [];
    });
    const held = this.#store.holdAll([...new Set(found.flatMap(({ paths }) => paths.map(([, path]) => path)))]);
    for (const path of held) this.#held.add(path);
    for (const { drvPath, paths } of found) {
      if (!paths.every(([, path]) => held.has(path))) continue;
      this.#there.set(drvPath, new Map([...(this.#there.get(drvPath) ?? []), ...paths]));
    }
  }

  /** Whether `lookForGoals` found it. */
  isThere({ drvPath, outputs }: Goal): boolean {
    const there = this.#there.get(drvPath);
    return there !== undefined && outputs.length > 0 && outputs.every((output) => there.has(output));
  }

  /** Where one output is, if that is known. */
  path(drvPath: StorePath, output: string): StorePath | undefined {
    return this.#there.get(drvPath)?.get(output) ?? this.paths(drvPath).get(output);
  }

  /** Where the outputs are or will be, as far as that is known without their inputs. */
  paths(drvPath: StorePath): ReadonlyMap<string, StorePath> {
    const known = this.#paths.get(drvPath);
    if (known !== undefined) return known;
    const found = new Map<string, StorePath>();
    for (const [name, output] of this.#store.readDerivation(drvPath).outputs) {
      const path = output.kind === 'input-addressed' || output.kind === 'fixed' ? output.path : this.#realisation(drvPath, name);
      // A realisation whose object was collected says nothing about the bytes of the next build.
      if (path !== undefined && (output.kind !== 'floating' || this.#isValid(path))) found.set(name, path);
    }
    this.#paths.set(drvPath, found);
    return found;
  }

  /** Whether these outputs are known and in the store. */
  areValid(drvPath: StorePath, outputs: Iterable<string>): boolean {
    const paths = this.paths(drvPath);
    for (const output of outputs) {
      const path = paths.get(output);
      if (path === undefined || !this.#isValid(path)) return false;
    }
    return true;
  }

  /**
   * The derivation over the known outputs of its inputs; looks its outputs up under that name, so that `paths` knows them from now
   * on. Hints for the scheduler are not in it, so that changing them builds nothing. A derivation with nothing to resolve and no hints is
   * its own resolved form.
   *
   * @returns `undefined` while an input's path is not known
   */
  resolve(drvPath: StorePath): Resolved | undefined {
    const known = this.#resolved.get(drvPath);
    if (known !== undefined) return known;
    const declared = this.#store.readDerivation(drvPath);
    const drv = withoutHints(declared);
    if (!needsResolution(drv)) {
      const own = drv === declared ? drvPath : derivationPath(drv, this.#store.storeDir);
      if (own !== drvPath) this.#lookUp(drvPath, { drv, drvPath: own });
      return this.#keep(drvPath, { drv, drvPath: own });
    }
    const foreseen = this.#foreseen.get(drvPath);
    if (foreseen !== undefined && foreseen.inputs === inputPaths(drv, this.#pathOf)) return this.#comeTrue(drvPath, foreseen);
    const resolved = resolveDerivation(drv, this.#store.storeDir, this.#pathOf);
    if (resolved === undefined) return undefined;
    const result = { drv: resolved, drvPath: derivationPath(resolved, this.#store.storeDir) };
    this.#lookUp(drvPath, result);
    return this.#keep(drvPath, result);
  }

  /** Resolves and looks up, as far as can be guessed, what will be asked for when the first of these are built. */
  lookAhead(steps: readonly PlanStep[]): void {
    this.#foreseen = foresee(this.#store, steps, this.#pathOf);
  }

  readonly #pathOf = (input: StorePath, output: string): StorePath | undefined => this.paths(input).get(output);

  #comeTrue(drvPath: StorePath, { resolved, outputs }: Foreseen): Resolved {
    if (outputs === undefined) this.#lookUp(drvPath, resolved);
    else {
      const known = this.paths(drvPath);
      for (const [name, path] of outputs) {
        this.#held.add(path);
        if (!known.has(name)) this.cutoffs.add(drvPath);
      }
      this.#paths.set(drvPath, new Map([...outputs, ...known]));
    }
    return this.#keep(drvPath, resolved);
  }

  /** Looks again, for what another process may have built in the meantime. */
  refresh(drvPath: StorePath): void {
    const resolved = this.#resolved.get(drvPath);
    if (resolved === undefined) return;
    this.#store.refresh();
    // Whoever builds writes down what came of the resolved form, too.
    if (resolved.drvPath !== drvPath) this.#lookUp(drvPath, resolved);
    else {
      this.#paths.delete(drvPath);
      this.paths(drvPath);
    }
  }

  record(drvPath: StorePath, outputs: ReadonlyMap<string, StorePath>): void {
    this.#paths.set(drvPath, new Map(outputs));
  }

  #lookUp(drvPath: StorePath, resolved: Resolved): void {
    const paths = new Map(this.paths(drvPath));
    for (const [name, output] of resolved.drv.outputs) {
      if (paths.has(name)) continue;
      if (output.kind === 'input-addressed') {
        paths.set(name, output.path);
        continue;
      }
      const path = this.#realisation(resolved.drvPath, name);
      if (path === undefined || !this.#isValid(path)) continue;
      paths.set(name, path);
      this.cutoffs.add(drvPath);
    }
    this.#paths.set(drvPath, paths);
  }

  #isValid(path: StorePath): boolean {
    if (this.#held.has(path)) return true;
    if (!this.#store.hold(path)) return this.#assumed.paths.has(path);
    this.#held.add(path);
    return true;
  }

  #realisation(drvPath: StorePath, output: string): StorePath | undefined {
    const known = this.#store.realisation(drvPath, output);
    if (known !== undefined || this.#assumed.realisations.length === 0) return known;
    return this.#assumed.realisations.find((assumed) => assumed.drvPath === drvPath && assumed.output === output)?.path;
  }

  #keep(drvPath: StorePath, resolved: Resolved): Resolved {
    this.#resolved.set(drvPath, resolved);
    return resolved;
  }
}
