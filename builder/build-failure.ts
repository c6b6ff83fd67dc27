import { type Fault, formatBytes } from '../base/index.ts';
import { type Derivation, derivationName, type StorePath } from '../store/index.ts';
import { BuildFault, buildFault } from './build-fault.ts';
import type { BuildLog } from './build-log.ts';
import type { BuildCode } from './codes.ts';
import { diagnose } from './diagnose.ts';
import type { LimitKind } from './sandbox.ts';
import type { BuildLimits } from './types.ts';

/** The builder itself failed. */
export class BuildFailure extends BuildFault {
  /** As in shells: above 128 it is 128 + the signal that ended it. */
  readonly status: number;
  readonly phase: string | undefined;
  readonly logPath: string;
  readonly keptAt: string | undefined;

  constructor(
    drvPath: StorePath,
    end: { status: number; log: Pick<BuildLog, 'phase' | 'lastLines' | 'path'>; keptAt: string | undefined },
  ) {
    const { status, log, keptAt } = end;
    const name = derivationName(drvPath);
    const where = log.phase === undefined ? '' : ` in phase '${log.phase}'`;
    const how =
      status > 128 && status < 193
        ? `was killed by signal ${status - 128}${signalName(status - 128)}`
        : `failed with exit status ${status}`;
    super(drvPath, 'E-BUILD-001', `the build of '${name}' ${how}${where}`, {
      notes: [lastOutput(log.lastLines)],
      hints: [...diagnose(log.lastLines), ...(log.phase === 'check' ? [TESTS_FAILED] : []), ...placesToLook(drvPath, keptAt)],
    });
    this.status = status;
    this.phase = log.phase;
    this.logPath = log.path;
    this.keptAt = keptAt;
  }
}

function lastOutput(lines: readonly string[]): string {
  if (lines.length === 0) return 'the build printed nothing';
  return `last ${lines.length === 1 ? 'line' : `${lines.length} lines`} of its output:\n${lines.join('\n')}`;
}

const placesToLook = (drvPath: StorePath, keptAt: string | undefined): string[] => [
  `the whole log: igos log ${drvPath}`,
  ...(keptAt === undefined ? [] : [`the build folder was kept: ${keptAt}`]),
];

/** The build was ended because it reached a limit of the run. */
export function overLimit(
  drvPath: StorePath,
  end: {
    limit: LimitKind;
    limits: BuildLimits;
    log: Pick<BuildLog, 'phase' | 'lastLines'>;
    keptAt: string | undefined;
  },
): BuildFault {
  const { limit, limits, log, keptAt } = end;
  const { code, how, hint } = OVER[limit](limits);
  const where = log.phase === undefined ? '' : ` in phase '${log.phase}'`;
  const fault = new BuildFault(drvPath, code, `the build of '${derivationName(drvPath)}' was ended${where}: ${how}`, {
    notes: [lastOutput(log.lastLines)],
    hints: [hint, ...placesToLook(drvPath, keptAt)],
  });
  return Object.assign(fault, { keptAt });
}

const OVER: Readonly<Record<LimitKind, (limits: BuildLimits) => { code: BuildCode; how: string; hint: string }>> = {
  time: ({ timeoutMs }) => ({
    code: 'E-BUILD-030',
    how: `it took longer than ${formatSeconds(timeoutMs!)}`,
    hint: 'give it more time with --timeout, or find out what it waits for',
  }),
  silence: ({ maxSilentMs }) => ({
    code: 'E-BUILD-031',
    how: `it printed nothing for ${formatSeconds(maxSilentMs!)}`,
    hint: 'it may wait for an answer that nobody gives: builds have no input and no network; --max-silent allows more',
  }),
  log: ({ maxLogBytes }) => ({
    code: 'E-BUILD-032',
    how: `it printed more than ${formatBytes(maxLogBytes!)}`,
    hint: 'it may print the same again and again: look at the end of the log; --max-log-size allows more',
  }),
  memory: ({ maxMemoryBytes }) => ({
    code: 'E-BUILD-033',
    how: `killed for memory: limit ${formatBytes(maxMemoryBytes!)}`,
    hint: 'let it use less at once with fewer --cores, or give it more with --max-memory',
  }),
};

/** `90 s`. */
const formatSeconds = (ms: number): string => `${ms / 1000} s`;

const TESTS_FAILED =
  'if these tests cannot pass here, say why: check = { knownFailures = "…"; } goes on all the same, check = { skip = "…"; } runs none';

const signalName = (signal: number): string => {
  const name = new Map([
    [4, 'illegal instruction'],
    [6, 'abort'],
    [7, 'bus error'],
    [8, 'arithmetic error'],
    [9, 'kill: often too little memory'],
    [11, 'invalid memory access'],
    [15, 'terminate'],
    [25, 'file too large'],
    [31, 'forbidden system call'],
  ]).get(signal);
  return name === undefined ? '' : ` (${name})`;
};

/** The program that a derivation names as its builder did not start: the system's reason. */
export function cannotRun(drv: Derivation, program: string, reason: string): Fault {
  return buildFault('E-BUILD-018', `the builder of '${drv.name}' cannot be run: '${program}': ${reason.toLowerCase()}`, {
    hints: [
      drv.env.has('igosRoot')
        ? `declare the package that brings '${program}': build = [ … ]`
        : `only declared inputs and /bin/sh are in the sandbox: name the builder by the store path of an input`,
      'a program also cannot be run if its loader or the interpreter of its first line is missing',
    ],
  });
}
