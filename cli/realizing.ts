/** Building, with progress: what `igos realize` and `pkm install` share. */
import { availableParallelism } from 'node:os';
import { Faults, stoppedBy } from '../base/index.ts';
import { type BuildEvent, BuildFault, type Goal, type Plan, type RealizeOptions, realize } from '../builder/index.ts';
import { derivationName, type LaterTexts, type ObjectStore, type StorePath } from '../store/index.ts';
import type { Arguments } from './arguments.ts';
import { substituterOf } from './caches.ts';
import type { Context } from './context.ts';
import { limitsOf } from './limit-options.ts';
import { summaryLines } from './progress/build-lines.ts';
import { BuildState } from './progress/build-state.ts';
import type { Progress } from './progress/model.ts';
import { type Look, lookOf, openProgress } from './progress/open.ts';
import { reportPull } from './pulling.ts';
import type { Target } from './targets.ts';

/** One goal a derivation, with the outputs of all targets that name it. */
export function goalsOf(targets: readonly Target[]): Goal[] {
  const goals = new Map<StorePath, Set<string>>();
  for (const { drvPath, outputs } of targets) {
    if (drvPath === undefined) continue;
    const wanted = goals.get(drvPath) ?? new Set<string>();
    goals.set(drvPath, wanted);
    for (const output of outputs) wanted.add(output);
  }
  return [...goals].map(([drvPath, outputs]) => ({ drvPath, outputs: [...outputs] }));
}

/** Output → path for one target, once its goal is realized. */
export function pathsOf(target: Target, outputs: ReadonlyMap<StorePath, ReadonlyMap<string, StorePath>>): [string, StorePath][] {
  if (target.outPath !== undefined) return [['out', target.outPath]];
  const all = outputs.get(target.drvPath!)!;
  return target.outputs.length === 0 ? [...all] : target.outputs.map((output) => [output, all.get(output)!]);
}

export interface RealizeOutcome {
  readonly outputs: ReadonlyMap<StorePath, ReadonlyMap<string, StorePath>>;
  readonly nBuilt: number;
  readonly nFetched: number;
  readonly nCutoff: number;
  readonly nSubstituted: number;
}

/** What a run of builds is given by the words of its command. */
export interface BuildRun {
  readonly options: RealizeOptions & { readonly signal: AbortSignal };
  /** Has the display do something, as soon as it is there. */
  readonly draw: (use: (display: Progress) => void) => void;
}

/**
 * Builds what is missing. Ctrl-C stops all builds and cleans up.
 *
 * @param later  derivations that are yet to be registered
 * @throws Fault, Faults a build failed
 */
export function realizeTargets(
  context: Context,
  args: Arguments,
  store: ObjectStore,
  targets: readonly Target[],
  later?: LaterTexts,
): Promise<RealizeOutcome> {
  return withBuilds(context, args, store, async ({ options, draw }) => {
    const substituter = await substituterOf(context, args, store, {
      signal: options.signal,
      onEvent: (event) => draw((display) => reportPull(display, event)),
    });
    return await realize(store, goalsOf(targets), {
      ...options,
      ...(substituter === undefined ? {} : { substituter }),
      ...(later === undefined ? {} : { later }),
    });
  });
}

/** The builds that failed where --keep-going asks to go on with others. @throws the error, where nothing goes on after it */
export function failedBuilds(args: Arguments, error: unknown): readonly BuildFault[] {
  const faults = error instanceof Faults ? error.faults : [error];
  if (args.has('keep-going') && faults.every((fault): fault is BuildFault => fault instanceof BuildFault)) return faults;
  throw error;
}

/** For what builds: the options that the words ask for, a display, and an end by Ctrl-C. @throws what `run` throws */
export async function withBuilds<T>(
  context: Context,
  args: Arguments,
  store: ObjectStore,
  run: (running: BuildRun) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const listening = stoppedBy(() => controller.abort());
  let progress: Progress | undefined;
  /** The display is only loaded when there is something to show. */
  let opening: Promise<void> | undefined;
  const pending: ((display: Progress) => void)[] = [];
  const cores = availableParallelism();
  const jobs = args.number('jobs', cores);
  const look = lookOf(args, jobs);
  const summary = new RunSummary(store);
  const draw = (use: (display: Progress) => void): void => {
    if (progress !== undefined) use(progress);
    else {
      pending.push(use);
      opening ??= openProgressLater(context, look, (display) => {
        progress = display;
        for (const each of pending.splice(0)) each(display);
      });
    }
  };
  try {
    const options = {
      jobs,
      cores: args.number('cores', cores, 0) || cores,
      keepGoing: args.has('keep-going'),
      keepFailed: args.has('keep-failed'),
      limits: limitsOf(args),
      signal: controller.signal,
      impureEnvironment: new Map(
        Object.entries(context.environment).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      onEvent: (event: BuildEvent) => {
        if (event.kind === 'plan' && event.plan.steps.length === 0) return;
        summary.apply(event);
        draw((display) => display.build(event, summary.state));
      },
    };
    return await run({ options, draw });
  } finally {
    listening[Symbol.dispose]();
    // A build may end before its display is loaded: drawn later, it would write over what comes next.
    await opening;
    // Those who read records count for themselves.
    if (look.format !== 'internal-json') for (const line of summary.lines()) progress?.note(line);
    progress?.stop();
  }
}

/** What the run came to, for the lines at its end. */
class RunSummary {
  readonly #store: ObjectStore;
  readonly state: BuildState = new BuildState();
  readonly #made = new Set<StorePath>();
  readonly #startSeconds = Math.floor(Date.now() / 1000);

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  apply(event: BuildEvent): void {
    this.state.apply(event);
    if (event.kind === 'finished') for (const path of event.outputs.values()) this.#made.add(path);
  }

  lines(): string[] {
    const infos = [...this.#made].map((path) => this.#store.info(path));
    // What came out as it was before is made, and not new.
    const sizes = infos.map((info) => (info !== undefined && info.registeredAt >= this.#startSeconds ? info.narSizeBytes : 0));
    return summaryLines(
      this.state,
      sizes.reduce((sum, size) => sum + size, 0),
    );
  }
}

async function openProgressLater(context: Context, look: Look, use: (progress: Progress) => void): Promise<void> {
  use(await openProgress(context, look));
}

const REASONS = { new: 'never built', 'output-missing': 'its output is gone', depends: '' } as const;

/** The plan in words, one line a step. */
export function planLines(plan: Plan): string[] {
  if (plan.steps.length === 0) return ['everything is built already: nothing to do'];
  const counts = [
    plan.nBuild > 0
      ? `${plan.nBuild} to build${plan.nUncertain > 0 ? ` (${plan.nUncertain} of them may turn out to be there already)` : ''}`
      : '',
    plan.nFetch > 0 ? `${plan.nFetch} to fetch` : '',
    plan.nValid > 0 ? `${plan.nValid} there` : '',
  ];
  return [
    ...plan.steps.map((step) => {
      const why =
        step.reason === 'depends'
          ? `depends on what ${step.dependsOn.map(derivationName).join(', ')} ${step.dependsOn.length === 1 ? 'turns' : 'turn'} out to be`
          : REASONS[step.reason];
      return `${step.action === 'fetch' ? 'fetch' : 'build'} ${derivationName(step.drvPath)}: ${why}`;
    }),
    `${counts.filter((text) => text !== '').join(', ')}`,
  ];
}
