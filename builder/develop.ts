/**
 * A shell in the environment of a build: the same root, variables, user and sandbox, with the phases at hand, and a person at the keys.
 *
 * @source docs/builder.md §6
 */
import { basename } from 'node:path';
import { type Bytes, shellWord } from '../base/index.ts';
import type { ObjectStore, StorePath } from '../store/index.ts';
import { cannotRun } from './build-failure.ts';
import { setUpFailed, stopped } from './build-fault.ts';
import { plainFiles } from './build-one.ts';
import { type BuildInput, buildFolder, buildInput } from './environment.ts';
import { gatherInputs } from './inputs.ts';
import { outputPlaces } from './output-places.ts';
import { planWith } from './plan.ts';
import { probeSandbox } from './probe.ts';
import { Realised } from './realised.ts';
import { graphsFor } from './reference-graphs.ts';
import { removeScratch } from './remove.ts';
import { runSandboxed } from './sandbox.ts';
import { Workspace } from './workspace.ts';

export interface DevelopOptions {
  /** A line that the shell runs, or the words of one command; it ends with that. Without it the shell reads what is typed. */
  readonly command?: Bytes | readonly Bytes[] | undefined;
  /** Run the phases `unpack` and `patch` first, and stand in the sources. */
  readonly isUnpacked: boolean;
  readonly cores: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs the shell with the streams of this process, to its end. Nothing of it is left then. The inputs must be valid.
 *
 * @returns its exit status
 * @throws Fault E-BUILD-003, 004, 015, 017, 018
 */
export async function develop(store: ObjectStore, drvPath: StorePath, options: DevelopOptions): Promise<number> {
  const realised = new Realised(store);
  planWith(store, [{ drvPath, outputs: [] }], realised);
  const resolved = realised.resolve(drvPath)!;
  const { drv } = resolved;
  const inputs = gatherInputs(store, realised, resolved);
  const outputs = outputPlaces(resolved, store.storeDir);
  const graphs = graphsFor(store, realised, drv, inputs.closure);
  const input = buildInput(drv, { storeDir: store.storeDir, cores: options.cores, outputs, impure: new Map(), graphs });
  using workspace = new Workspace(store);
  const run = async (isCopied: boolean) => {
    const scratch = store.makeScratch();
    try {
      return await runSandboxed({
        workspace,
        scratch,
        input: shellInput(drv.name, input, options),
        layers: inputs.layers,
        isCopied,
        hostFiles: inputs.layers === undefined ? plainFiles(store) : [],
        objects: inputs.objects,
        hasNetwork: drv.outputs.get('out')?.kind === 'fixed',
        slot: DEVELOP_SLOT + (process.pid % 0x10_0000),
        signal: options.signal,
      });
    } finally {
      removeScratch(scratch);
    }
  };
  let end = await run(false);
  if (end.kind === 'refused' && end.way === 'filter') {
    workspace.isFiltered = false;
    end = await run(false);
  }
  if (end.kind === 'refused' && end.way === 'overlay') end = await run(true);
  if (end.kind === 'stopped') throw stopped();
  if (end.kind === 'refused') throw probeSandbox(store.home).fault ?? setUpFailed(drv.name, end.refusal);
  if (end.kind === 'not-run') throw cannotRun(drv, '/bin/sh', end.message);
  return end.kind === 'exited' ? end.status : 1;
}

/** Users of shells are none that builds have. */
const DEVELOP_SLOT = 0x100_0000;

/** In the build folder: what the shell reads first, and the phases. */
const START_FILE = '.develop';
const PHASES_FILE = '.develop-phases';

/** The build's own input, with a shell in place of its builder. */
function shellInput(name: string, input: BuildInput, options: DevelopOptions): BuildInput {
  const script = input.files.get(basename(input.environment.get('buildScriptPath') ?? ''));
  const files = new Map(input.files);
  files.set(START_FILE, startText(name, input, script, options.isUnpacked));
  if (script !== undefined) files.set(PHASES_FILE, onePhaseOf(script));
  return {
    builder: '/bin/sh',
    args: shellArguments(options.command),
    environment: input.environment,
    files,
  };
}

/** bash where the root has one: it keeps a history and completes names. A script from a pipe is read without prompts. */
const INTERACTIVE = `if [ ! -t 0 ]; then
  if [ -x /usr/bin/bash ]; then BASH_ENV=${buildFolder}/${START_FILE} exec /usr/bin/bash --noprofile -s; fi
  ENV=${buildFolder}/${START_FILE} exec /bin/sh -i +m
fi
if [ -x /usr/bin/bash ]; then
  exec /usr/bin/bash --noprofile --rcfile ${buildFolder}/${START_FILE} -i
fi
ENV=${buildFolder}/${START_FILE} exec /bin/sh -i`;

const LINE = `. ${buildFolder}/${START_FILE}
eval "$1"`;

/** No word of it is the shell's own. What is an alias there has the name of a function here: not all shells take one with a dash. */
const WORDS = `. ${buildFolder}/${START_FILE}
case $1 in run-phase | run-build) igos_word=run_\${1#run-}; shift; set -- "$igos_word" "$@" ;; esac
"$@"`;

function shellArguments(command: DevelopOptions['command']): Bytes[] {
  if (command === undefined) return ['-c', INTERACTIVE];
  return typeof command === 'string' ? ['-c', LINE, 'sh', command] : ['-c', WORDS, 'sh', ...command];
}

/** A call of a phase in the script that builds a package, and the function that it calls. */
const PHASE_CALL = /^phase ([a-z][\w-]*) /gm;
const PHASE_FUNCTION = /^phase\(\) \{$/m;

/** The script, but with each call of a phase asking first whether it is the wanted one. */
const onePhaseOf = (script: Bytes): Bytes =>
  `phase() { if [ "$1" = "$igos_phase" ]; then igos_run "$@"; fi; }\n${script.replace(PHASE_FUNCTION, 'igos_run() {')}`;

/** What a person at the keys is told first. */
const greeting = (name: string, phases: readonly string[]): string[] => [
  `where ${name} is built; nothing that is made here is kept`,
  ...(phases.length === 0 ? [] : [`run-phase NAME runs a phase as the build does: ${phases.join(' ')}`]),
  'run-build runs the whole build, exit leaves',
];

function startText(name: string, input: BuildInput, script: Bytes | undefined, isUnpacked: boolean): Bytes {
  const phases = script === undefined ? [] : [...script.matchAll(PHASE_CALL)].map((match) => match[1]!);
  // What the script sets before its first phase: the shell has it, too.
  const first = script?.search(/^phase [a-z]/m) ?? -1;
  const preamble = script === undefined ? '' : first === -1 ? script : script.slice(0, first);
  const builder = [input.builder, ...input.args].map(shellWord).join(' ');
  const unpacking = phases.filter((phase) => phase === 'unpack' || phase === 'patch');
  return `unset ENV BASH_ENV
shopt -s expand_aliases 2>/dev/null || :
${preamble}
igos_phases=${shellWord(phases.join(' '))}

run_phase() {
  if [ $# = 0 ]; then echo "name the phases to run; there are: $igos_phases" >&2; return 2; fi
  for igos_phase; do
    case " $igos_phases " in
    *" $igos_phase "*) ;;
    *) echo "there is no phase '$igos_phase'; there are: $igos_phases" >&2; return 1 ;;
    esac
    (set -e; . ${buildFolder}/${PHASES_FILE}) || return
  done
}
run_build() { (cd ${buildFolder} && exec ${builder}); }
alias run-phase=run_phase run-build=run_build
PS1=${shellWord(`[${name}] \${PWD} $ `)}
if [ ! -t 0 ]; then PS1= PS2=
else case $- in *i*) printf '%s\\n' ${greeting(name, phases).map(shellWord).join(' ')} >&2 ;; esac
fi
${isUnpacked && unpacking.length > 0 ? `run_phase ${unpacking.join(' ')}` : ':'}
${isUnpacked ? 'if [ -d "${srcdir:-}" ]; then cd "$srcdir"; fi' : ':'}
`;
}
