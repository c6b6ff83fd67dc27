/** How far a run of builds is, built up from what the builder tells. Knows no terminal; displays ask it when they draw. */
import { uptimeMs } from '../../base/index.ts';
import type { BuildEvent, Plan } from '../../builder/index.ts';
import { derivationName, type StorePath } from '../../store/index.ts';

export interface RunningBuild {
  readonly drvPath: StorePath;
  readonly name: string;
  readonly action: 'build' | 'fetch';
  readonly startedMs: number;
  readonly expectedMs: number | undefined;
  /** The phase that runs, if the build says so. */
  phase: string;
  /** What it wrote last; of a fetch, the address. */
  line: string;
  doneBytes?: number;
  totalBytes?: number | undefined;
}

export interface EndedBuild {
  readonly name: string;
  readonly action: 'build' | 'fetch';
  readonly durationMs: number;
}

interface Node {
  readonly name: string;
  readonly action: 'build' | 'fetch';
  readonly dependents: StorePath[];
  readonly expectedMs: number | undefined;
  nWaitsFor: number;
  /** Expected time from its start to the end of the longest chain that begins with it. */
  wayMs: number;
}

/** For steps that were never done: what the scheduler takes them for. */
const UNKNOWN_MS = 1000;

export class BuildState {
  readonly #now: () => number;
  readonly #nodes = new Map<StorePath, Node>();
  readonly #ready = new Set<StorePath>();
  readonly #open = new Set<StorePath>();
  readonly running: Map<StorePath, RunningBuild> = new Map();
  readonly ended: EndedBuild[] = [];
  readonly failed: Map<StorePath, EndedBuild & { readonly phase: string }> = new Map();
  /** Steps of the plan; where a run has several one after another, of all so far. */
  nAll: number = 0;
  /** Ended in any way, also those that were not tried. */
  nDone: number = 0;
  /** Steps that turned out to be done already. */
  nReused: number = 0;
  /** Steps that another process did meanwhile. */
  nElsewhere: number = 0;
  nSkipped: number = 0;
  /** Outputs that the plan found there. */
  nThere: number = 0;
  #startedMs: number;
  #fetches = 1;

  /** @param now  milliseconds, of a clock that never goes back */
  constructor(now: () => number = uptimeMs) {
    this.#now = now;
    this.#startedMs = now();
  }

  get elapsedMs(): number {
    return this.#now() - this.#startedMs;
  }

  elapsedOf(build: RunningBuild): number {
    return this.#now() - build.startedMs;
  }

  apply(event: BuildEvent): void {
    switch (event.kind) {
      case 'plan':
        this.#fetches = event.fetches;
        this.#plan(event.plan, event.expectedMs);
        return;
      case 'started':
        this.#start(event.drvPath, event.name, event.action);
        return;
      case 'phase':
        this.#change(event.drvPath, (build) => {
          build.phase = event.phase;
        });
        return;
      case 'log':
        this.#change(event.drvPath, (build) => {
          build.line = event.line;
        });
        return;
      case 'fetched':
        this.#change(event.drvPath, (build) => {
          build.line = event.url;
          build.doneBytes = event.doneBytes;
          build.totalBytes = event.totalBytes;
        });
        return;
      case 'finished':
        this.#end(event.drvPath, event.durationMs);
        return;
      case 'cutoff':
        this.nReused++;
        this.#finish(event.drvPath);
        return;
      case 'elsewhere':
        this.nElsewhere++;
        this.#finish(event.drvPath);
        return;
      case 'failed':
        this.#fail(event.drvPath);
        return;
      case 'skipped':
        this.nSkipped++;
        this.#close(event.drvPath);
        return;
      case 'mirror-failed':
      case 'waiting':
      case 'remark':
      case 'lacking':
    }
  }

  /** What could start and has not, the longest way first. */
  next(limit: number): { readonly name: string; readonly expectedMs: number | undefined }[] {
    const chosen: Node[] = [];
    for (const drvPath of this.#ready) {
      const node = this.#nodes.get(drvPath)!;
      const place = chosen.findIndex((other) => other.wayMs < node.wayMs);
      if (place !== -1) chosen.splice(place, 0, node);
      else if (chosen.length < limit) chosen.push(node);
      if (chosen.length > limit) chosen.pop();
    }
    return chosen;
  }

  get nReady(): number {
    return this.#ready.size;
  }

  /**
   * How long it may still take with so many builds at a time: `undefined` where less than half of what is left was ever done here.
   */
  remainingMs(jobs: number): number | undefined {
    const sums = { build: 0, fetch: 0 };
    let nKnown = 0;
    // What was given up counts no more, so the ways are not those of the plan.
    const ways = new Map<StorePath, number>();
    for (const [drvPath, node] of [...this.#nodes].reverse()) {
      if (!this.#open.has(drvPath)) continue;
      const build = this.running.get(drvPath);
      const left = Math.max(0, (node.expectedMs ?? UNKNOWN_MS) - (build === undefined ? 0 : this.elapsedOf(build)));
      if (node.expectedMs !== undefined) nKnown++;
      sums[node.action] += left;
      ways.set(drvPath, left + Math.max(0, ...node.dependents.map((dependent) => ways.get(dependent) ?? 0)));
    }
    if (nKnown === 0 || nKnown * 2 < ways.size) return undefined;
    return Math.max(sums.build / Math.max(1, jobs), sums.fetch / this.#fetches, ...ways.values());
  }

  slowest(count: number): EndedBuild[] {
    return [...this.ended].sort((a, b) => b.durationMs - a.durationMs).slice(0, count);
  }

  #plan(plan: Plan, expectedMs: ReadonlyMap<StorePath, number>): void {
    this.nAll += plan.steps.length;
    this.nThere = plan.nValid;
    for (const { drvPath, drv, action, waitsFor } of plan.steps) {
      const expected = expectedMs.get(drvPath);
      const inputs = new Set(waitsFor);
      this.#nodes.set(drvPath, {
        name: drv.name,
        action,
        dependents: [],
        expectedMs: expected,
        nWaitsFor: inputs.size,
        wayMs: expected ?? UNKNOWN_MS,
      });
      this.#open.add(drvPath);
      for (const input of inputs) this.#nodes.get(input)?.dependents.push(drvPath);
      if (inputs.size === 0) this.#ready.add(drvPath);
    }
    // Dependents come after what they depend on.
    for (const { drvPath } of plan.steps.toReversed()) {
      const node = this.#nodes.get(drvPath)!;
      node.wayMs += Math.max(0, ...node.dependents.map((dependent) => this.#nodes.get(dependent)!.wayMs));
    }
  }

  #start(drvPath: StorePath, name: string, action: 'build' | 'fetch'): void {
    this.#ready.delete(drvPath);
    const expectedMs = this.#nodes.get(drvPath)?.expectedMs;
    this.running.set(drvPath, { drvPath, name, action, startedMs: this.#now(), expectedMs, phase: '', line: '' });
  }

  #change(drvPath: StorePath, change: (build: RunningBuild) => void): void {
    const build = this.running.get(drvPath);
    if (build !== undefined) change(build);
  }

  #end(drvPath: StorePath, durationMs: number): void {
    const build = this.running.get(drvPath);
    if (build !== undefined) this.ended.push({ name: build.name, action: build.action, durationMs });
    this.#finish(drvPath);
  }

  #fail(drvPath: StorePath): void {
    const build = this.running.get(drvPath);
    this.failed.set(drvPath, {
      name: this.#nodes.get(drvPath)?.name ?? derivationName(drvPath),
      action: build?.action ?? 'build',
      durationMs: build === undefined ? 0 : this.elapsedOf(build),
      phase: build?.phase ?? '',
    });
    this.#close(drvPath);
  }

  /** It went well: what waits for it may start. */
  #finish(drvPath: StorePath): void {
    this.#close(drvPath);
    for (const dependent of this.#nodes.get(drvPath)?.dependents ?? []) {
      const node = this.#nodes.get(dependent)!;
      node.nWaitsFor--;
      if (node.nWaitsFor === 0 && this.#open.has(dependent)) this.#ready.add(dependent);
    }
  }

  #close(drvPath: StorePath): void {
    this.running.delete(drvPath);
    this.#ready.delete(drvPath);
    if (this.#open.delete(drvPath)) this.nDone++;
  }
}
