/** Starts the launcher with a list of system calls, and reads what it reports. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { type Descriptor, type Started, startProgram } from '../spawn.ts';
import { type CallList, decodeReports } from './call-list.ts';
import { type MachineName, REPORT_FD } from './machine-code.ts';

/** The kind of machine that this is, `undefined` where there is no launcher for it. */
export const ownMachine = (): MachineName | undefined =>
  process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64') ? process.arch : undefined;

export interface LaunchOptions {
  /** File of `launcherProgram`. */
  readonly launcher: string;
  /** An unused name on the same machine, for the table; nothing stands there afterwards. */
  readonly table: string;
  /** Folder that relative paths in the calls start from. */
  readonly folder: string;
  /** The terminal, or whatever stands there, is the program's: for shells. Otherwise input is empty and output is read. */
  readonly isInteractive?: boolean;
}

/** A running launcher. Its `stdio[3]` tells reports; output is `stdio[1]` unless it is interactive. */
export function launch(list: CallList, options: LaunchOptions): Started {
  const table = openTable(list, options.table);
  try {
    const { launcher, folder, isInteractive = false } = options;
    const streams: readonly Descriptor[] = isInteractive ? [0, 1, 2] : ['empty', 'output', 'empty'];
    return startProgram(launcher, [], { cwd: folder, env: {}, descriptors: [...streams, 'channel', table], isInteractive });
  } finally {
    closeSync(table);
  }
}

/** What is refused where no program may be started. */
export const START = 'start the launcher';

/** Runs a list that ends by itself. @returns why it did not work, `undefined` if it did */
export function tryCalls(list: CallList, options: LaunchOptions): Refusal | undefined {
  const table = openTable(list, options.table);
  try {
    const { output, error, signal } = spawnSync(options.launcher, [], {
      cwd: options.folder,
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', table],
    });
    if (error !== undefined) return { purpose: START, message: (error as NodeJS.ErrnoException).code ?? error.message };
    if (signal !== null) return { purpose: 'run the launcher', message: `it was killed by ${signal}` };
    return readReports(list, output[REPORT_FD] as unknown as Buffer).refusal;
  } finally {
    closeSync(table);
  }
}

/** The table as an open file that has no name any more. */
function openTable(list: CallList, path: string): number {
  writeFileSync(path, list.encode(), { mode: 0o600, flag: 'wx' });
  const fd = openSync(path, 'r');
  unlinkSync(path);
  return fd;
}

/** A call that failed. */
export interface Refusal {
  /** What it was for. */
  readonly purpose: string;
  /** What the system said: "operation not permitted". */
  readonly message: string;
}

export interface Reports {
  readonly refusal: Refusal | undefined;
  /** Of the program, as shells give it: 128 + the signal that killed it. `undefined` if it did not end by itself. */
  readonly status: number | undefined;
}

export function readReports(list: CallList, bytes: Buffer): Reports {
  let status: number | undefined;
  for (const report of decodeReports(bytes)) {
    const purpose = list.purpose(report);
    if (purpose !== undefined) return { refusal: { purpose, message: errorText(report.result) }, status: undefined };
    // As wait(2) has it: the exit status in the second byte, or the signal in the first.
    const signal = report.result & 0x7f;
    status = signal === 0 ? (report.result >> 8) & 0xff : 128 + signal;
  }
  return { refusal: undefined, status };
}

/** "operation not permitted" for −1. */
function errorText(errno: number): string {
  const message = getSystemErrorMessage(errno);
  return message === undefined ? getSystemErrorName(errno) : message;
}
