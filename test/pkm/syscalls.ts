/**
 * Every system call by which a transaction changes a disk, one by one: strace counts them in a first run, and in further runs
 * kills the process at the n-th, or makes it fail. Below Node, SQLite and whatever a library does by itself.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Calls that change what a disk holds. `openat` does where it creates or truncates. */
const CHANGING = [
  'write',
  'pwrite64',
  'writev',
  'ftruncate',
  'fallocate',
  'copy_file_range',
  'sendfile',
  'mkdir',
  'rename',
  'renameat',
  'renameat2',
  'link',
  'linkat',
  'symlink',
  'unlink',
  'unlinkat',
  'rmdir',
  'chmod',
  'fchmod',
  'chown',
  'fchown',
  'lchown',
  'utimensat',
  'fsync',
  'fdatasync',
  'syncfs',
  'openat',
];

/** One call of a run, by name and by how many of that name came before it in its thread. */
export interface Call {
  readonly name: string;
  /** From 1. */
  readonly ordinal: number;
  /** How many come before it differs from run to run: threads share their work, and are woken by writes. */
  readonly isShared: boolean;
  readonly text: string;
}

/** Why calls cannot be counted here, or false. */
export function noStrace(): string | false {
  const { status } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
  return status === 0 ? false : 'no strace here, or it may not trace';
}

const strace = (options: readonly string[], command: readonly string[], log: string) =>
  spawnSync('strace', ['-f', '-qq', '-y', '-s', '120', '-o', log, ...options, ...command], { encoding: 'utf8' });
/** Only calls of interest stop the process. Not for signals: strace 6.1 does not deliver them then. */
const QUICK = '--seccomp-bpf';

/** The changing calls below `folder` of a run of `command`, in order. */
export function changingCalls(command: readonly string[], folder: string, log: string): Call[] {
  const run = strace([QUICK, '-e', `trace=${CHANGING.join(',')}`], command, log);
  if (run.status !== 0) throw new Error(`the first run failed: ${run.stderr}`);
  const counts = new Map<string, number>();
  const calls: Call[] = [];
  let main: string | undefined;
  for (const line of readFileSync(log, 'latin1').split('\n')) {
    const match = /^(\d+) +(\w+)\((.*)$/.exec(line);
    if (match === null) continue;
    const [, thread, name, rest] = match as unknown as [string, string, string, string];
    // Nothing has another thread before it has done something.
    main ??= thread;
    const key = `${thread} ${name}`;
    const ordinal = (counts.get(key) ?? 0) + 1;
    counts.set(key, ordinal);
    if (!rest.includes(folder)) continue;
    if (name === 'openat' && !/O_CREAT|O_TRUNC/.test(rest)) continue;
    calls.push({ name, ordinal, isShared: thread !== main || name === 'write', text: rest });
  }
  return calls;
}

/** Runs the command, and kills it when it enters the call. @returns whether that happened */
export function killAt(command: readonly string[], call: Call, folder: string): boolean {
  const { signal, status } = strace(
    ['-e', `trace=${call.name}`, '-e', `inject=${call.name}:signal=SIGKILL:when=${call.ordinal}`],
    command,
    join(folder, 'strace'),
  );
  return signal === 'SIGKILL' || status === 137;
}

/** Runs the command, the call failing without being done. */
export function failAt(
  command: readonly string[],
  call: Call,
  code: 'ENOSPC' | 'EIO',
  folder: string,
): { status: number | null; stderr: string } {
  return strace(
    [QUICK, '-e', `trace=${call.name}`, '-e', `inject=${call.name}:error=${code}:when=${call.ordinal}`],
    command,
    join(folder, 'strace'),
  );
}
