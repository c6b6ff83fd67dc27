/** What callers hand in and get out: goals, plans, events, results. */
import type { Fault } from '../base/index.ts';
import type { Derivation, LaterTexts, Realisation, StorePath } from '../store/index.ts';

/** Outputs wanted of a derivation. No outputs named means all of them. */
export interface Goal {
  readonly drvPath: StorePath;
  readonly outputs: readonly string[];
}

/** One derivation that is not there yet. */
export interface PlanStep {
  readonly drvPath: StorePath;
  readonly drv: Derivation;
  /** `fetch`: a fixed output that the builder gets itself, without a sandbox. */
  readonly action: 'build' | 'fetch';
  /**
   * Why: no output was ever made, some are gone, or it is not known yet, because the derivation's identity depends on what
   * `dependsOn` turn out to be. Such a step may end in a cutoff.
   */
  readonly reason: 'new' | 'output-missing' | 'depends';
  /** Outputs that are asked for and not there. */
  readonly missing: readonly string[];
  /** Inputs that are steps of this plan. */
  readonly waitsFor: readonly StorePath[];
  /** Of those, the ones whose output paths are not known: only for reason `depends`. */
  readonly dependsOn: readonly StorePath[];
}

export interface Plan {
  /** Inputs before dependents. */
  readonly steps: readonly PlanStep[];
  /** Wanted derivations whose outputs are all there. */
  readonly nValid: number;
  /** Of those, derivations never built themselves: an equal resolved derivation was. */
  readonly nCutoff: number;
  readonly nBuild: number;
  readonly nFetch: number;
  /** Of `nBuild`, those that may turn out to be there already. */
  readonly nUncertain: number;
}

/** What a run tells while it works. The builder prints nothing itself. */
export type BuildEvent =
  | {
      readonly kind: 'plan';
      readonly plan: Plan;
      /** How long steps took the last time they were done, or an earlier version was; without those that never were. */
      readonly expectedMs: ReadonlyMap<StorePath, number>;
      /** How many fetches run at a time: they wait for others, and take no room from builds. */
      readonly fetches: number;
    }
  | { readonly kind: 'started'; readonly drvPath: StorePath; readonly name: string; readonly action: 'build' | 'fetch' }
  | { readonly kind: 'phase'; readonly drvPath: StorePath; readonly phase: string }
  /** One line of the build's output, without its end; decoded for showing. */
  | { readonly kind: 'log'; readonly drvPath: StorePath; readonly line: string }
  /** What is not right about the outputs, but no error; the log ends with these lines. */
  | { readonly kind: 'remark'; readonly drvPath: StorePath; readonly lines: readonly string[] }
  | {
      readonly kind: 'fetched';
      readonly drvPath: StorePath;
      readonly url: string;
      readonly doneBytes: number;
      readonly totalBytes: number | undefined;
    }
  /** A mirror did not deliver; the next one is tried, if there is one. */
  | { readonly kind: 'mirror-failed'; readonly drvPath: StorePath; readonly url: string; readonly reason: string }
  /** Another process builds the same derivation. */
  | { readonly kind: 'waiting'; readonly drvPath: StorePath; readonly pid: number }
  | {
      readonly kind: 'finished';
      readonly drvPath: StorePath;
      readonly name: string;
      readonly action: 'build' | 'fetch';
      readonly outputs: ReadonlyMap<string, StorePath>;
      readonly durationMs: number;
    }
  /** Nothing had to be built: the inputs turned out to be those of a build that was done before. */
  | { readonly kind: 'cutoff'; readonly drvPath: StorePath; readonly outputs: ReadonlyMap<string, StorePath> }
  /** Another process built it since this run planned. */
  | { readonly kind: 'elsewhere'; readonly drvPath: StorePath; readonly outputs: ReadonlyMap<string, StorePath> }
  | {
      readonly kind: 'failed';
      readonly drvPath: StorePath;
      readonly name: string;
      readonly action: 'build' | 'fetch';
      readonly fault: Fault;
      readonly keptAt: string | undefined;
    }
  /** Something that this machine lacks and builds go on without; told once a run. */
  | { readonly kind: 'lacking'; readonly text: string }
  /** Not tried, because `because` failed. */
  | { readonly kind: 'skipped'; readonly drvPath: StorePath; readonly because: StorePath };

/** Where outputs may be had without building them. Its failures are its own to report: what it cannot give is built. */
export interface Substituter {
  /** Which of these it has, from somebody who is trusted. */
  query(paths: readonly StorePath[]): Promise<ReadonlySet<StorePath>>;
  /** What builds of floating outputs came to, as far as it knows. */
  realisations(wanted: readonly Omit<Realisation, 'path'>[]): Promise<readonly Realisation[]>;
  /** Makes them valid with all they refer to. @returns those that are valid now */
  fetch(paths: readonly StorePath[]): Promise<ReadonlySet<StorePath>>;
}

/** What one build may use; without a number there is no limit. A build that reaches one is killed whole, and the error names it. */
export interface BuildLimits {
  /** From its start to its end. */
  readonly timeoutMs?: number;
  /** Without a byte of output. */
  readonly maxSilentMs?: number;
  /** Of output, in all. */
  readonly maxLogBytes?: number;
  /** Of all its processes together, files in memory among it; where the machine has no groups for that, of each process. */
  readonly maxMemoryBytes?: number;
  /** Processes and threads. Default: 16384. */
  readonly maxTasks?: number;
}

export interface RealizeOptions {
  /** Goals and what they need that is yet to be registered: done while the first builds run. */
  readonly later?: LaterTexts;
  /** Asked for outputs before anything is built. */
  readonly substituter?: Substituter;
  /** Builds at once. Default: 1. */
  readonly jobs?: number;
  /** What a build is told to use (`NIX_BUILD_CORES`). Default: 1. */
  readonly cores?: number;
  /** Builds that took much memory the last time are not run beside each other beyond this. Default: three quarters of the machine's. */
  readonly memoryBytes?: number;
  /** After a failure, go on with what does not depend on it. */
  readonly keepGoing?: boolean;
  /** Leave the scratch folder of a failed build; the event `failed` names it. */
  readonly keepFailed?: boolean;
  readonly limits?: BuildLimits;
  readonly onEvent?: (event: BuildEvent) => void;
  /** Stops everything: running builds are killed whole, their scratch is removed. */
  readonly signal?: AbortSignal;
  /** Variables that fixed-output builds may ask for with `impureEnvVars` (proxies): the builder itself reads no environment. */
  readonly impureEnvironment?: ReadonlyMap<string, string>;
  /** Lines for the lists of Debian sources; default: the files of this machine's apt. For tests. */
  readonly aptFolder?: string;
}

export interface RealizeResult {
  /** Derivation of each goal → output → path. */
  readonly outputs: ReadonlyMap<StorePath, ReadonlyMap<string, StorePath>>;
  readonly nBuilt: number;
  readonly nFetched: number;
  readonly nCutoff: number;
  /** Outputs that came from a substituter; what they refer to is not counted. */
  readonly nSubstituted: number;
}
