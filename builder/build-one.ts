/** One derivation, built in a sandbox on this machine. */
import { bytesToText, Fault } from '../base/index.ts';
import {
  type Derivation,
  type ObjectStore,
  type PreparedOutputs,
  rememberedHostFiles,
  type StorePath,
  type TreeEntry,
} from '../store/index.ts';
import { BuildFailure, cannotRun, overLimit } from './build-failure.ts';
import { buildFault, setUpFailed, stopped } from './build-fault.ts';
import { addToLog, BuildLog } from './build-log.ts';
import { unpackDebianBuilder } from './builtin.ts';
import type { Made } from './collect.ts';
import { unpackDebian } from './debian/unpack-debian.ts';
import { buildInput } from './environment.ts';
import { gatherInputs, type Inputs } from './inputs.ts';
import { keepFolder, keptPath, withKept } from './kept.ts';
import { openLocked } from './open-locked.ts';
import { checkOutputs } from './output-checks.ts';
import { outputPlaces } from './output-places.ts';
import { prepareInTime } from './prepare-made.ts';
import { probeSandbox } from './probe.ts';
import type { Realised, Resolved } from './realised.ts';
import { graphsFor } from './reference-graphs.ts';
import { removeScratch } from './remove.ts';
import { outputsFolder, runSandboxed, type SandboxEnd } from './sandbox.ts';
import type { Usage } from './spawn.ts';
import { isPrivileged } from './starter.ts';
import type { BuildEvent, BuildLimits } from './types.ts';
import type { Workspace } from './workspace.ts';

/** What all builds of a run share. */
export interface BuildContext {
  readonly store: ObjectStore;
  readonly realised: Realised;
  readonly workspace: Workspace;
  readonly cores: number;
  readonly keepFailed: boolean;
  readonly limits: BuildLimits;
  readonly impureEnvironment: ReadonlyMap<string, string>;
  readonly emit: (event: BuildEvent) => void;
  readonly signal: AbortSignal;
}

export interface BuildJob {
  /** Derivation that was asked for; names the log and the events. */
  readonly drvPath: StorePath;
  readonly resolved: Resolved;
  /** Distinguishes builds that run at once. */
  readonly slot: number;
}

/** Outputs in the store, by name. */
export type BuiltOutputs = ReadonlyMap<string, StorePath>;

/** A build that went well, before the store has its outputs. */
export interface Finished {
  readonly outputs: PreparedOutputs;
  /** Holds the outputs until they are moved in; to be removed then. */
  readonly scratch: string;
  readonly usage: Usage | undefined;
}

/**
 * Builds. Leaves nothing behind when it fails, except the log, and the build folder if that is asked for.
 *
 * @throws BuildFault, Fault (E-BUILD-015 stopped; sandbox, inputs, outputs), SystemFault
 */
export async function buildOne(context: BuildContext, job: BuildJob): Promise<Finished> {
  const { store } = context;
  const logPath = store.logPath(job.drvPath);
  const report = (lines: readonly string[]): void => {
    addToLog(logPath, lines);
    context.emit({ kind: 'remark', drvPath: job.drvPath, lines });
  };
  return await buildWith(context, job, async (made, keep, usage) => {
    const outputs = await prepareInTime({ made, storeDir: store.storeDir }, { signal: context.signal, report });
    checkOutputs(store, made.drv, outputs);
    return { outputs, scratch: keep(), usage };
  });
}

/**
 * As `buildOne`, with another use of what was made.
 *
 * @param use  `keep`: the scratch folder is the caller's from now on
 */
export async function buildWith<T>(
  context: BuildContext,
  job: BuildJob,
  use: (made: Made, keep: () => string, usage: Usage | undefined) => T | Promise<T>,
): Promise<T> {
  const { store } = context;
  const { drv } = job.resolved;
  if (drv.builder === unpackDebianBuilder) return await unpackDebian(context, job, use);
  checkSystem(drv);
  const inputs = gatherInputs(store, context.realised, job.resolved);
  const places = outputPlaces(job.resolved, store.storeDir);
  const log = new BuildLog(store, job.drvPath, {
    onLine: (line) => context.emit({ kind: 'log', drvPath: job.drvPath, line }),
    onPhase: (phase) => context.emit({ kind: 'phase', drvPath: job.drvPath, phase }),
  });
  let scratch: string | undefined;
  try {
    let end: SandboxEnd;
    try {
      ({ scratch, end } = await attempt(context, job, { inputs, places, log }));
      while (end.kind === 'refused' && giveUp(context, end.way)) {
        removeScratch(scratch);
        scratch = undefined;
        ({ scratch, end } = await attempt(context, job, { inputs, places, log }));
      }
    } finally {
      log.close();
    }
    checkEnd(end, job, log, context, scratch);
    const keep = (): string => {
      const kept = scratch!;
      scratch = undefined;
      return kept;
    };
    if (!isPrivileged()) openLocked(outputsFolder(scratch));
    const usage = end.kind === 'exited' ? end.usage : undefined;
    try {
      return await use(
        { drv, drvPath: job.drvPath, folder: outputsFolder(scratch), places, closure: inputs.closure },
        keep,
        usage,
      );
    } catch (error) {
      if (!context.keepFailed || !(error instanceof Fault) || scratch === undefined) throw error;
      const build = keepFolder(`${scratch}/build`, keptPath(store, 'failed', job.drvPath));
      throw withKept(error, job.drvPath, { build, outputs: keepFolder(outputsFolder(scratch), `${build}-outputs`) });
    }
  } finally {
    if (scratch !== undefined) removeScratch(scratch);
  }
}

/** Stores on a file system that the kernel lays nothing over: found out by the first build. */
const homesWithoutOverlay = new Set<string>();

/** Goes on without what this machine does not have. @returns whether that is news */
function giveUp(context: BuildContext, way: 'overlay' | 'filter' | undefined): boolean {
  if (way === 'filter' && context.workspace.isFiltered) {
    context.workspace.isFiltered = false;
    context.emit({ kind: 'lacking', text: NO_FILTER });
    return true;
  }
  if (way !== 'overlay' || homesWithoutOverlay.has(context.store.home)) return false;
  homesWithoutOverlay.add(context.store.home);
  return true;
}

const NO_FILTER = 'this kernel filters no system calls (seccomp): builds run without';

interface Attempt {
  readonly inputs: Inputs;
  readonly places: ReadonlyMap<string, StorePath>;
  readonly log: BuildLog;
}

async function attempt(context: BuildContext, job: BuildJob, options: Attempt): Promise<{ scratch: string; end: SandboxEnd }> {
  const { store } = context;
  const { drv } = job.resolved;
  const { inputs, places, log } = options;
  const input = buildInput(drv, {
    storeDir: store.storeDir,
    cores: context.cores,
    outputs: places,
    impure: context.impureEnvironment,
    graphs: graphsFor(store, context.realised, drv, inputs.closure),
  });
  const scratch = store.makeScratch();
  try {
    const end = await runSandboxed({
      workspace: context.workspace,
      scratch,
      input,
      layers: inputs.layers,
      isCopied: homesWithoutOverlay.has(store.home),
      hostFiles: inputs.layers === undefined ? plainFiles(store) : [],
      objects: inputs.objects,
      hasNetwork: drv.outputs.get('out')?.kind === 'fixed',
      slot: job.slot,
      limits: context.limits,
      onOutput: (chunk) => log.write(chunk),
      signal: context.signal,
    });
    return { scratch, end };
  } catch (error) {
    removeScratch(scratch);
    throw error;
  }
}

let shell: readonly TreeEntry[] | undefined;

/** `/bin/sh` of this machine with what it loads: the one thing that plain builds see of it, as in Nix. */
export function plainFiles(store: ObjectStore): readonly TreeEntry[] {
  shell ??= rememberedHostFiles(store, {
    tools: ['sh'],
    files: [],
    searchPath: ['/bin', '/usr/bin', '/run/current-system/sw/bin'],
  });
  return shell;
}

const SYSTEMS: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux',
  arm64: 'aarch64-linux',
  ia32: 'i686-linux',
  riscv64: 'riscv64-linux',
};

function checkSystem(drv: Derivation): void {
  const own = SYSTEMS[process.arch];
  if (drv.system === own || drv.system === 'builtin' || (own === 'x86_64-linux' && drv.system === 'i686-linux')) return;
  throw buildFault(
    'E-BUILD-014',
    `'${drv.name}' is to be built on '${drv.system}', and this machine is '${own ?? process.arch}'`,
    {
      hints: ['build it on such a machine and copy the result, or declare system = builtins.currentSystem'],
    },
  );
}

/** Returns if the build went well. */
function checkEnd(end: SandboxEnd, job: BuildJob, log: BuildLog, context: BuildContext, scratch: string): void {
  const { drv } = job.resolved;
  if (end.kind === 'stopped') throw stopped();
  if (end.kind === 'refused') throw probeSandbox(context.store.home).fault ?? setUpFailed(drv.name, end.refusal);
  if (end.kind === 'not-run') throw cannotRun(drv, bytesToText(drv.builder), end.message);
  if (end.kind === 'exited' && end.status === 0) return;
  const keptAt = context.keepFailed ? keepFolder(`${scratch}/build`, keptPath(context.store, 'failed', job.drvPath)) : undefined;
  if (end.kind === 'over-limit') throw overLimit(job.drvPath, { limit: end.limit, limits: context.limits, log, keptAt });
  throw new BuildFailure(job.drvPath, { status: end.status, log, keptAt });
}
