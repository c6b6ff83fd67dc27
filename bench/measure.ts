/** Interleaved measurement: every round runs every case once, so that a busy moment hits all alike. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';

/** Whether a program is installed. */
export const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

export interface Case {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** What stdout must be, so that a fast wrong answer is no answer. */
  readonly expected?: string;
  /** Runs before each measured run. */
  readonly before?: () => void;
}

export interface Result {
  readonly name: string;
  /** Milliseconds. */
  readonly wallMedian: number;
  readonly wallMinimum: number;
  /** User and system time of the process tree, milliseconds, smallest. */
  readonly cpuMinimum: number;
}

export function measure(cases: readonly Case[], rounds: number): Result[] {
  const measured = new Measured(cases);
  measured.add(rounds);
  return measured.results();
}

/** Cases of which more rounds may follow later: what is measured over minutes does not go by one of them. */
export class Measured {
  readonly cases: readonly Case[];
  readonly #walls = new Map<string, number[]>();
  readonly #cpus = new Map<string, number[]>();

  constructor(cases: readonly Case[]) {
    this.cases = cases;
  }

  /** The first round of all is not counted: it warms caches, the file system's and ours. */
  add(rounds: number): void {
    if (this.#walls.size === 0) for (const entry of this.cases) run(entry);
    for (let round = 0; round < rounds; round++) {
      for (const entry of this.cases) {
        const { wall, cpu } = run(entry);
        this.#walls.set(entry.name, [...(this.#walls.get(entry.name) ?? []), wall]);
        this.#cpus.set(entry.name, [...(this.#cpus.get(entry.name) ?? []), cpu]);
      }
    }
  }

  results(): Result[] {
    return this.cases.map(({ name }) => {
      const sorted = [...this.#walls.get(name)!].sort((a, b) => a - b);
      return {
        name,
        wallMedian: sorted[sorted.length >> 1]!,
        wallMinimum: sorted[0]!,
        cpuMinimum: Math.min(...this.#cpus.get(name)!),
      };
    });
  }
}

/** @returns milliseconds */
function run(entry: Case): { wall: number; cpu: number } {
  entry.before?.();
  // The shell's own clock: what starting a process from here takes is no part of it, and is a third of a run of 20 ms.
  const words = ['-c', 'TIMEFORMAT="%3R %3U %3S"; time "$@"', 'bash', ...entry.command];
  const { status, stdout, stderr } = spawnSync('bash', words, {
    encoding: 'utf8',
    env: { ...process.env, ...entry.environment },
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${entry.name} failed: ${stderr}`);
  if (entry.expected !== undefined && stdout !== entry.expected) throw new Error(`${entry.name} printed ${stdout.slice(0, 200)}`);
  const [wall, user, system] = stderr.trimEnd().split('\n').at(-1)!.split(' ').map(Number) as [number, number, number];
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

/** A table of results with ratios to the first case. */
export function report(title: string, results: readonly Result[]): string {
  const base = results[0]!;
  const rows = results.map((result) => {
    const ratio = (value: number, of: number): string => (of === 0 ? '-' : (value / of).toFixed(2));
    return `${result.name.padEnd(34)} ${result.wallMedian.toFixed(0).padStart(7)} ${result.wallMinimum.toFixed(0).padStart(7)} ${result.cpuMinimum.toFixed(0).padStart(7)}   ${ratio(result.wallMedian, base.wallMedian).padStart(6)} ${ratio(result.cpuMinimum, base.cpuMinimum).padStart(6)}`;
  });
  const header = `${title} (load ${loadavg()[0]!.toFixed(1)})\n${'case'.padEnd(34)} ${'wall ms'.padStart(7)} ${'min'.padStart(7)} ${'cpu'.padStart(7)}   ${'wall×'.padStart(6)} ${'cpu×'.padStart(6)}`;
  return [header, ...rows].join('\n');
}

/**
 * Peak resident memory of one more run, in MiB: what the kernel says of it when it has ended, by GNU time. Without that, the kernel's
 * high-water mark read every few milliseconds until it ends, which misses the last of a short run. `undefined` where there is no /proc.
 */
export async function peakMemory(entry: Case): Promise<number | undefined> {
  entry.before?.();
  const environment = { ...process.env, ...entry.environment };
  const words = ['--quiet', '--format=%M', ...entry.command];
  const { stderr } = spawnSync('/usr/bin/time', words, {
    encoding: 'utf8',
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const told = /(\d+)\n$/.exec(stderr ?? '')?.[1];
  return told === undefined ? await watchedPeak(entry, environment) : Number(told) / 1024;
}

async function watchedPeak({ command, before }: Case, environment: NodeJS.ProcessEnv): Promise<number | undefined> {
  before?.();
  const [program, ...words] = command;
  const child = spawn(program!, words, { env: environment, stdio: 'ignore' });
  let peak: number | undefined;
  const timer = setInterval(() => {
    try {
      const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
      if (found !== null) peak = Number(found[1]) / 1024;
    } catch {
      // it ended between two looks
    }
  }, 3);
  await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  return peak;
}
