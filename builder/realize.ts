/** Goals → outputs in the store: the run that plans, schedules, builds, fetches and registers. */
import { type Fault, Faults } from '../base/index.ts';
import { type ObjectStore, type Realisation, type StorePath, storePathHash } from '../store/index.ts';
import { asBuildFault, stopped } from './build-fault.ts';
import { type BuildContext, buildOne } from './build-one.ts';
import { hasMemoryGroups } from './cgroup.ts';
import { DebianSources } from './fetch/debian.ts';
import { fetchOne } from './fetch/fetch.ts';
import { removeBuildLeftovers } from './leftovers.ts';
import { type Lock, takeLock } from './lock.ts';
import { planWith } from './plan.ts';
import { Realised, type Resolved } from './realised.ts';
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

/** At most this much work is done again after a crash. */
const FLUSH_MS = 100;

class Run {
  readonly #store: ObjectStore;
  readonly #options: RealizeOptions;
  readonly #realised: Realised;
  readonly #abort = new AbortController();
  readonly #context: BuildContext;
  readonly #debian: DebianSources;
  readonly #failures: Fault[] = [];
  /** What came of builds and look-ups; written together, as each transaction waits for the disk. */
  #memo: Realisation[] = [];
  /** Of builds whose realisations are not written yet. */
  readonly #locks: Lock[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #durations: (readonly [string, string])[] = [];
  #nBuilt = 0;
  #nFetched = 0;
  #nCutoff = 0;

  constructor(store: ObjectStore, options: RealizeOptions) {
    this.#store = store;
    this.#options = options;
    this.#realised = new Realised(store);
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
    this.#debian = new DebianSources(store, { aptFolder: options.aptFolder ?? '/etc/apt', signal: this.#abort.signal });
  }

  async realize(goals: readonly Goal[]): Promise<RealizeResult> {
    // From here on nothing that this run finds or makes is collected while it lasts.
    for (const { drvPath } of goals) this.#store.hold(drvPath);
    const { substituter } = this.#options;
    const nSubstituted = substituter === undefined ? 0 : await substitute(this.#store, goals, substituter, this.#options.signal);
    const plan = planWith(this.#store, goals, this.#realised);
    this.#emit({ kind: 'plan', plan });
    if (plan.steps.length > 0) {
      removeBuildLeftovers(this.#store.home);
      this.#sayWhatIsLacking();
      await this.#work(plan);
    }
    const outputs = goals.map(({ drvPath, outputs: wanted }) => {
      const paths = this.#realised.paths(drvPath);
      const names = wanted.length > 0 ? wanted : [...paths.keys()];
      return [drvPath, new Map(names.map((name) => [name, paths.get(name)!] as const))] as const;
    });
    return {
      outputs: mergeOutputs(outputs),
      nBuilt: this.#nBuilt,
      nFetched: this.#nFetched,
      nCutoff: this.#nCutoff,
      nSubstituted,
    };
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
    try {
      await schedule(
        plan.steps.map((step) => ({ key: step.drvPath, waitsFor: step.waitsFor, weight: this.#weight(step) })),
        {
          jobs: this.#options.jobs ?? 1,
          run: (drvPath, slot) => this.#step(steps.get(drvPath)!, slot),
          onSkip: (drvPath, because) => this.#emit({ kind: 'skipped', drvPath, because }),
          isStopped: () => this.#abort.signal.aborted,
        },
      );
    } finally {
      signal?.removeEventListener('abort', forward);
      this.#debian.close();
      this.#context.workspace[Symbol.dispose]();
      this.#flush();
      // A guess for the next run is worth no transaction of its own for each build.
      this.#store.cachePut(this.#durations);
    }
    if (signal?.aborted === true) throw stopped();
    if (this.#failures.length === 1) throw this.#failures[0]!;
    if (this.#failures.length > 1) throw new Faults(this.#failures);
  }

  /** Seconds that it took last time, whatever has changed since; without that, builds are taken for longer than fetches. */
  #weight(step: PlanStep): number {
    const known = Number(this.#store.cacheGet(durationKey(step)) ?? Number.NaN);
    return Number.isNaN(known) ? (step.action === 'build' ? 1 : 0.2) : known;
  }

  async #step(step: PlanStep, slot: number): Promise<TaskEnd> {
    try {
      const resolved = this.#realised.resolve(step.drvPath)!;
      if (this.#realised.areValid(step.drvPath, step.missing)) this.#cutOff(step, resolved);
      else await this.#make(step, resolved, slot);
      return 'done';
    } catch (error) {
      if (this.#abort.signal.aborted) return 'failed';
      this.#fail(step, error);
      return 'failed';
    }
  }

  async #make(step: PlanStep, resolved: Resolved, slot: number): Promise<void> {
    const { drvPath } = step;
    const lock = await takeLock(`${this.#store.home}/var/lock/${storePathHash(resolved.drvPath)}`, {
      onWait: (pid) => this.#emit({ kind: 'waiting', drvPath, pid }),
      signal: this.#abort.signal,
    });
    let isKept = false;
    try {
      if (lock.hasWaited) {
        this.#realised.refresh(drvPath);
        if (this.#realised.areValid(drvPath, step.missing)) {
          this.#cutOff(step, resolved);
          return;
        }
      }
      const start = performance.now();
      this.#emit({ kind: 'started', drvPath, name: step.drv.name, action: step.action });
      const job = { drvPath, resolved, slot };
      const outputs =
        step.action === 'build' ? await buildOne(this.#context, job) : await fetchOne(this.#context, job, this.#debian);
      this.#realised.record(drvPath, outputs);
      this.#remember(step, resolved, outputs);
      this.#locks.push(lock);
      isKept = true;
      this.#flushSoon();
      const durationMs = performance.now() - start;
      this.#durations.push([durationKey(step), (durationMs / 1000).toFixed(2)]);
      if (step.action === 'build') this.#nBuilt++;
      else this.#nFetched++;
      this.#emit({ kind: 'finished', drvPath, outputs, durationMs });
    } finally {
      if (!isKept) lock[Symbol.dispose]();
    }
  }

  #cutOff(step: PlanStep, resolved: Resolved): void {
    const outputs = this.#realised.paths(step.drvPath);
    this.#remember(step, resolved, outputs);
    this.#nCutoff++;
    this.#emit({ kind: 'cutoff', drvPath: step.drvPath, outputs });
  }

  /** Outputs of known paths are found by them; the others by the derivation, resolved (for all who come to the same) and as it is. */
  #remember(step: PlanStep, resolved: Resolved, outputs: ReadonlyMap<string, StorePath>): void {
    for (const [output, path] of outputs) {
      const kind = step.drv.outputs.get(output)?.kind;
      if (kind !== 'floating' && kind !== 'deferred') continue;
      if (kind === 'floating') this.#memo.push({ drvPath: resolved.drvPath, output, path });
      if (resolved.drvPath !== step.drvPath) this.#memo.push({ drvPath: step.drvPath, output, path });
    }
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** Only what is written down is found by whoever waits for the locks. */
  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      this.#store.addRealisations(this.#memo);
    } finally {
      this.#memo = [];
      for (const lock of this.#locks.splice(0)) lock[Symbol.dispose]();
    }
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
    const keptAt = 'keptAt' in fault ? (fault.keptAt as string | undefined) : undefined;
    this.#emit({ kind: 'failed', drvPath: step.drvPath, fault, keptAt });
    if (this.#options.keepGoing !== true) this.#abort.abort();
  }

  #emit(event: BuildEvent): void {
    this.#options.onEvent?.(event);
  }
}

const durationKey = (step: PlanStep): string => `build-seconds ${step.drv.name}`;

/** Goals may name a derivation more than once. */
function mergeOutputs(
  entries: readonly (readonly [StorePath, ReadonlyMap<string, StorePath>])[],
): Map<StorePath, Map<string, StorePath>> {
  const result = new Map<StorePath, Map<string, StorePath>>();
  for (const [drvPath, outputs] of entries) result.set(drvPath, new Map([...(result.get(drvPath) ?? []), ...outputs]));
  return result;
}
