/** Goals → outputs in the store: the run that plans, schedules, builds, fetches and registers. */
import { readdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { type Fault, Faults, takeLock, uptimeMs } from '../base/index.ts';
import { type ObjectStore, type Realisation, type StorePath, storePathHash } from '../store/index.ts';
import { asBuildFault, keptAtOf, stopped } from './build-fault.ts';
import { type BuildContext, type BuiltOutputs, buildOne } from './build-one.ts';
import { hasMemoryGroups } from './cgroup.ts';
import { DebianSources } from './fetch/debian.ts';
import { DebianBinaries } from './fetch/debian-binary.ts';
import { type Archives, fetchOne } from './fetch/fetch.ts';
import { madeEntries } from './foresight.ts';
import { memoryHint } from './hints.ts';
import { historyEntries, type Taken, takenBefore } from './history.ts';
import { removeBuildLeftovers } from './leftovers.ts';
import { planWith } from './plan.ts';
import { Realised, type Resolved } from './realised.ts';
import { Registrar } from './registrar.ts';
import { removeScratch } from './remove.ts';
import { schedule, type TaskEnd } from './schedule.ts';
import { substitute } from './substitute.ts';
import type { BuildEvent, Goal, Plan, PlanStep, RealizeOptions, RealizeResult } from './types.ts';
import { Workspace } from './workspace.ts';

/**
 * Makes the outputs of the goals valid. What is there is not built; what another process is building is waited for. Killed at any
 * instant it leaves the store whole, and the next run goes on from there.
 *
 * @throws BuildFault one derivation failed · Faults several did (keepGoing) · Fault E-BUILD-015 stopped, E-BUILD-003 no sandbox ·
 *   SystemFault
 */
export async function realize(store: ObjectStore, goals: readonly Goal[], options: RealizeOptions = {}): Promise<RealizeResult> {
  return await new Run(store, options).realize(goals);
}

/** A build this quick is registered with others; what took longer does not wait. */
const QUICK_MS = 250;

/** Fetches at a time, however few builds there may be: they wait for a network, and hold up no build. */
const LEAST_FETCHES = 4;

/** Builds whose largest process takes less than this may run beside anything. */
const LIGHT_BYTES = 256 * 2 ** 20;

class Run {
  readonly #store: ObjectStore;
  readonly #options: RealizeOptions;
  readonly #realised: Realised;
  readonly #abort = new AbortController();
  readonly #context: BuildContext;
  /** Made by the first that fetches. */
  #archives: Archives | undefined;
  readonly #failures: Fault[] = [];
  readonly #registrar: Registrar;
  readonly #durations: (readonly [string, string])[] = [];
  readonly #known = new Map<StorePath, Taken | undefined>();
  #nBuilt = 0;
  #nFetched = 0;
  #nCutoff = 0;

  constructor(store: ObjectStore, options: RealizeOptions) {
    this.#store = store;
    this.#options = options;
    this.#realised = new Realised(store);
    this.#registrar = new Registrar(store);
    this.#context = {
      store,
      realised: this.#realised,
      workspace: new Workspace(store),
      cores: options.cores ?? 1,
      keepFailed: options.keepFailed ?? false,
      limits: options.limits ?? {},
      impureEnvironment: options.impureEnvironment ?? new Map(),
      emit: (event) => this.#emit(event),
      signal: this.#abort.signal,
    };
  }

  #openArchives(): Archives {
    const apt = { aptFolder: this.#options.aptFolder ?? '/etc/apt', signal: this.#abort.signal };
    return { sources: new DebianSources(this.#store, apt), binaries: new DebianBinaries(this.#store, apt) };
  }

  async realize(goals: readonly Goal[]): Promise<RealizeResult> {
    try {
      return await this.#realize(goals);
    } finally {
      await this.#registered();
    }
  }

  /** From here on the derivations are valid: `later` is done. @throws Fault, SystemFault they cannot be registered */
  async #registered(): Promise<void> {
    await this.#options.later?.finish();
  }

  async #realize(goals: readonly Goal[]): Promise<RealizeResult> {
    // From here on nothing that this run finds or makes is collected while it lasts.
    this.#store.holdAll([...new Set(goals.map(({ drvPath }) => drvPath))]);
    const { substituter } = this.#options;
    if (substituter !== undefined) await this.#registered();
    const nSubstituted = substituter === undefined ? 0 : await substitute(this.#store, goals, substituter, this.#options.signal);
    const plan = planWith(this.#store, goals, this.#realised);
    this.#emit({ kind: 'plan', plan, expectedMs: this.#expectedMs(plan), fetches: this.#fetches });
    if (plan.steps.length > 0) {
      this.#sayWhatIsLacking();
      await this.#work(plan);
    } else this.#clearAway();
    const outputs = goals.map(({ drvPath, outputs: wanted }) => {
      const names = wanted.length > 0 ? wanted : [...this.#realised.paths(drvPath).keys()];
      return [drvPath, new Map(names.map((name) => [name, this.#realised.path(drvPath, name)!] as const))] as const;
    });
    return {
      outputs: mergeOutputs(outputs),
      nBuilt: this.#nBuilt,
      nFetched: this.#nFetched,
      nCutoff: this.#nCutoff,
      nSubstituted,
    };
  }

  get #fetches(): number {
    return Math.max(LEAST_FETCHES, this.#options.jobs ?? 1);
  }

  #sayWhatIsLacking(): void {
    if (this.#options.limits?.maxMemoryBytes !== undefined && !hasMemoryGroups())
      this.#emit({ kind: 'lacking', text: 'no cgroup for memory can be made here: --max-memory holds for each process' });
  }

  async #work(plan: Plan): Promise<void> {
    const { signal } = this.#options;
    const forward = () => this.#abort.abort();
    if (signal?.aborted === true) forward();
    signal?.addEventListener('abort', forward, { once: true });
    const steps = new Map(plan.steps.map((step) => [step.drvPath, step]));
    let meanwhile: NodeJS.Immediate | undefined;
    let isTidy = false;
    const tidyUp = () => {
      if (!isTidy) removeBuildLeftovers(this.#store.home);
      isTidy = true;
    };
    try {
      const work = schedule(
        plan.steps.map((step) => ({
          key: step.drvPath,
          waitsFor: step.waitsFor,
          isBeside: step.action === 'fetch',
          ...this.#expect(step),
        })),
        {
          jobs: this.#options.jobs ?? 1,
          besides: this.#fetches,
          room: this.#options.memoryBytes ?? totalmem() * 0.75,
          run: (drvPath, slot, release) => this.#step(steps.get(drvPath)!, slot, release),
          onStarved: () => this.#registrar.registerNow(),
          onSkip: (drvPath, because) => this.#emit({ kind: 'skipped', drvPath, because }),
          isStopped: () => this.#abort.signal.aborted,
        },
      );
      meanwhile = setImmediate(() => {
        // The first builds have been started, and this thread has nothing to do.
        tidyUp();
        this.#registered().catch(forward);
        // The derivations are on their way to the disk, by another thread.
        this.#realised.lookAhead(plan.steps);
      });
      await work;
      tidyUp();
    } finally {
      clearImmediate(meanwhile);
      signal?.removeEventListener('abort', forward);
      this.#archives?.sources.close();
      this.#context.workspace[Symbol.dispose]();
      // A guess for the next run is worth no transaction of its own.
      this.#registrar.close(this.#durations);
    }
    if (signal?.aborted === true) throw stopped();
    if (this.#failures.length === 1) throw this.#failures[0]!;
    if (this.#failures.length > 1) throw new Faults(this.#failures);
  }

  /** What a killed process left goes with the next run, also where nothing is left to build: it may have died right before its end. */
  #clearAway(): void {
    const { home } = this.#store;
    try {
      if (hasEntries(`${home}/tmp`)) removeScratch(this.#store.makeScratch());
      if (hasEntries(`${home}/var/lock`) || hasEntries(`${home}/var/log/running`)) removeBuildLeftovers(home);
    } catch {
      // a store that is only read
    }
  }

  /** Asked for more than once, and two look-ups where it is not known. */
  #taken({ drvPath, drv }: PlanStep): Taken | undefined {
    if (!this.#known.has(drvPath)) this.#known.set(drvPath, takenBefore(this.#store, drv.name));
    return this.#known.get(drvPath);
  }

  #expectedMs(plan: Plan): Map<StorePath, number> {
    const found = plan.steps.flatMap((step): [StorePath, number][] => {
      const { drvPath } = step;
      const known = this.#taken(step);
      return known === undefined ? [] : [[drvPath, known.seconds * 1000]];
    });
    return new Map(found);
  }

  /**
   * As it was last time, whatever has changed since; without that, builds are taken for longer than fetches. Of the memory that was seen
   * (of one process) and that the package says (of all) the larger counts.
   */
  #expect(step: PlanStep): { weight: number; size: number } {
    const known = this.#taken(step);
    const weight = known?.seconds ?? (step.action === 'build' ? 1 : 0.2);
    const bytes = Math.max(known?.peakBytes ?? 0, memoryHint(step.drv));
    return { weight, size: bytes < LIGHT_BYTES ? 0 : bytes };
  }

  async #step(step: PlanStep, slot: number, release: () => void): Promise<TaskEnd> {
    try {
      const resolved = this.#realised.resolve(step.drvPath)!;
      if (this.#realised.areValid(step.drvPath, step.missing)) this.#take(step, resolved, 'cutoff');
      else await this.#make(step, resolved, { slot, release });
      return 'done';
    } catch (error) {
      if (this.#abort.signal.aborted) return 'stopped';
      this.#fail(step, error);
      return 'failed';
    }
  }

  async #make(step: PlanStep, resolved: Resolved, { slot, release }: { slot: number; release: () => void }): Promise<void> {
    const { drvPath } = step;
    const lock = await takeLock(`${this.#store.home}/var/lock/${storePathHash(resolved.drvPath)}`, {
      onWait: (pid) => this.#emit({ kind: 'waiting', drvPath, pid }),
      signal: this.#abort.signal,
    });
    let isKept = false;
    try {
      // Another process may have built it since this one planned, also without being met at the lock.
      this.#realised.refresh(drvPath);
      if (this.#realised.areValid(drvPath, step.missing)) {
        this.#take(step, resolved, 'elsewhere');
        return;
      }
      const start = uptimeMs();
      this.#emit({ kind: 'started', drvPath, name: step.drv.name, action: step.action });
      const job = { drvPath, resolved, slot };
      let outputs: BuiltOutputs;
      let durationMs: number;
      let peakBytes = 0;
      if (step.action === 'build') {
        // A derivation as a source: its file is read.
        if (resolved.drv.inputSrcs.some((path) => path.endsWith('.drv'))) await this.#registered();
        const finished = await buildOne(this.#context, job);
        durationMs = uptimeMs() - start;
        peakBytes = finished.usage?.peakBytes ?? 0;
        const registered = this.#registrar.add(finished);
        if (durationMs > QUICK_MS) this.#registrar.registerNow();
        else release();
        await registered;
        outputs = finished.outputs.paths;
        this.#nBuilt++;
      } else {
        this.#archives ??= this.#openArchives();
        outputs = await fetchOne(this.#context, job, this.#archives);
        durationMs = uptimeMs() - start;
        this.#nFetched++;
      }
      this.#realised.record(drvPath, outputs);
      this.#remember(step, resolved, outputs, lock);
      isKept = true;
      this.#durations.push(
        ...historyEntries(step.drv.name, { seconds: durationMs / 1000, peakBytes }),
        ...madeEntries(step.drv, outputs),
      );
      this.#emit({ kind: 'finished', drvPath, name: step.drv.name, action: step.action, outputs, durationMs });
    } finally {
      if (!isKept) lock[Symbol.dispose]();
    }
  }

  /** What is there is not built. */
  #take(step: PlanStep, resolved: Resolved, kind: 'cutoff' | 'elsewhere'): void {
    const outputs = this.#realised.paths(step.drvPath);
    this.#remember(step, resolved, outputs);
    if (kind === 'cutoff') this.#nCutoff++;
    this.#emit({ kind, drvPath: step.drvPath, outputs });
  }

  /** Outputs of known paths are found by them; the others by the derivation, resolved (for all who come to the same) and as it is. */
  #remember(step: PlanStep, resolved: Resolved, outputs: ReadonlyMap<string, StorePath>, lock?: Disposable): void {
    const realisations: Realisation[] = [];
    for (const [output, path] of outputs) {
      const kind = step.drv.outputs.get(output)?.kind;
      if (kind !== 'floating' && kind !== 'deferred') continue;
      if (kind === 'floating') realisations.push({ drvPath: resolved.drvPath, output, path });
      if (resolved.drvPath !== step.drvPath) realisations.push({ drvPath: step.drvPath, output, path });
    }
    this.#registrar.remember(realisations, lock);
  }

  #fail(step: PlanStep, error: unknown): void {
    const doing = step.action === 'build' ? 'building' : 'fetching';
    let fault: ReturnType<typeof asBuildFault>;
    try {
      fault = asBuildFault(error, step.drvPath, `while ${doing} '${step.drv.name}'`);
    } catch (fatal) {
      this.#abort.abort();
      throw fatal;
    }
    this.#failures.push(fault);
    const { drvPath, action } = step;
    this.#emit({ kind: 'failed', drvPath, name: step.drv.name, action, fault, keptAt: keptAtOf(fault) });
    if (this.#options.keepGoing !== true) this.#abort.abort();
  }

  #emit(event: BuildEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** `false` where there is no such folder. */
function hasEntries(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
}

/** Goals may name a derivation more than once. */
function mergeOutputs(
  entries: readonly (readonly [StorePath, ReadonlyMap<string, StorePath>])[],
): Map<StorePath, Map<string, StorePath>> {
  const result = new Map<StorePath, Map<string, StorePath>>();
  for (const [drvPath, outputs] of entries) result.set(drvPath, new Map([...(result.get(drvPath) ?? []), ...outputs]));
  return result;
}
