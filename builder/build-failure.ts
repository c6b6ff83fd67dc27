import type { Fault } from '../base/index.ts';
import { type Derivation, derivationName, type StorePath } from '../store/index.ts';
import { BuildFault, buildFault } from './build-fault.ts';
import type { BuildLog } from './build-log.ts';
import { diagnose } from './diagnose.ts';

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
    const lines = log.lastLines;
    const shown =
      lines.length === 0
        ? 'the build printed nothing'
        : `last ${lines.length === 1 ? 'line' : `${lines.length} lines`} of its output:\n${lines.join('\n')}`;
    super(drvPath, 'E-BUILD-001', `the build of '${name}' ${how}${where}`, {
      notes: [shown],
      hints: [
        ...diagnose(lines),
        `the whole log: igos log ${drvPath}`,
        ...(keptAt === undefined ? [] : [`the build folder was kept: ${keptAt}`]),
      ],
    });
    this.status = status;
    this.phase = log.phase;
    this.logPath = log.path;
    this.keptAt = keptAt;
  }
}

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
