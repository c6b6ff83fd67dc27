/**
 * The store beside Nix's and beside the limit (hash and copy by the fastest common tools), on the same data, one operation after the
 * other and every round all of them, so that a busy moment hits all alike. Every operation is a shell function of `ops-*.sh`.
 *
 * Before each the file system is synced: igos flushes it before it registers anything, and would wait for what the others left dirty.
 * A store is not removed but left for the end, and what makes files waits until nobody's removals make that slow (bench/steady-disk.ts). It
 * comes before what removes any: Nix unpacks a tree that it has once more, and removes that.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Project } from '../installed.ts';
import { has } from '../measure.ts';
import { SteadyDisk, takingTurns } from '../steady-disk.ts';
import { type Data, makeData } from './data.ts';

type Tool = 'igos' | 'nix' | 'limit';

interface Operation {
  readonly name: string;
  /** Words for the shell: a function of `ops-*.sh` with its argument. */
  readonly run: (data: Data) => readonly string[];
  /** A new store before it, and files made by it; else it goes on with that of the operation before. */
  readonly isFresh?: true;
}

const GROUPS = ['files', 'large', 'twice'] as const;
/** Operations on one store: a part of the table that can be had alone. */
export type Group = (typeof GROUPS)[number];
export const isGroup = (word: string): word is Group => (GROUPS as readonly string[]).includes(word);

/** What is done in one round after the other, before the next: operations in a row. */
const PHASES: Readonly<Record<Group, readonly (readonly Operation[])[]>> = {
  files: [
    [{ name: 'add 20,000 files', run: ({ tree }) => ['add', tree], isFresh: true }],
    [
      { name: 'add them again', run: ({ tree }) => ['add', tree] },
      { name: 'verify --contents, 20,000 files', run: () => ['verify'] },
      { name: 'dump 20,000 files', run: ({ tree }) => ['dump', tree] },
    ],
  ],
  large: [
    [{ name: 'add 1 GiB', run: ({ big }) => ['add', big], isFresh: true }],
    [
      { name: 'verify --contents, 1 GiB', run: () => ['verify'] },
      { name: 'dump 1 GiB', run: ({ big }) => ['dump', big] },
    ],
  ],
  twice: [
    [
      { name: '(add 20,000 files, each twice)', run: ({ doubled }) => ['add', doubled], isFresh: true },
      { name: 'optimise, each file twice', run: () => ['optimise'] },
      { name: 'optimise again', run: () => ['optimise'] },
    ],
  ],
};

interface Sample {
  /** Seconds. */
  readonly wall: number;
  /** User and system, with all children. */
  readonly cpu: number;
  readonly peakMiB: number;
}

export interface Measurement {
  /** On the file system that is to be measured; takes 2 GB, and 4 GB a round. */
  readonly scratch: string;
  readonly rounds: number;
  /** All where there are none. */
  readonly groups: readonly Group[];
  /** How long to wait for the file system, in all. */
  readonly maxMinutes: number;
  /** Leaves what was made: removing it makes the file system slow for minutes. */
  readonly keeps: boolean;
}

export async function storeTable({ root, bin }: Project, measurement: Measurement, print: (text: string) => void): Promise<void> {
  const { scratch, rounds } = measurement;
  const groups = measurement.groups.length === 0 ? GROUPS : measurement.groups;
  const phases = groups.flatMap((group) => PHASES[group]);
  const tools: readonly Tool[] = has('nix-store') ? ['igos', 'nix', 'limit'] : ['igos', 'limit'];
  const data = makeData(process.env['IGOS_BENCH_DATA'] ?? join(scratch, 'data'));
  // One that was kept stays.
  const work = mkdtempSync(join(scratch, 'work-'));
  const disk = new SteadyDisk(work, measurement.maxMinutes, print);
  const folders = new Map<Tool, string>();
  const fresh = (tool: Tool): void => {
    const folder = join(work, `${tool}-${nFresh++}`);
    mkdirSync(folder);
    folders.set(tool, folder);
    shell(tool, ['fresh']);
  };
  let nFresh = 0;
  const shell = (tool: Tool, words: readonly string[]): Sample => {
    spawnSync('sync', ['-f', work]);
    const script = `. "$0"; shift 0; TIMEFORMAT='%R %U %S'; time "$@" > /dev/null 2>&1`;
    const run = spawnSync(
      '/usr/bin/time',
      ['-f', '%M', 'bash', '-c', script, join(root, 'bench/store', `ops-${tool}.sh`), ...words],
      { encoding: 'utf8', env: { ...process.env, W: folders.get(tool), IGOS: join(bin, 'igos') } },
    );
    const lines = run.stderr.trim().split('\n');
    const [wall, user, system] = (lines.at(-2) ?? '').split(' ').map(Number);
    if (run.status !== 0 || system === undefined) throw new Error(`${tool} ${words.join(' ')}: ${run.stderr}`);
    return { wall: wall!, cpu: user! + system, peakMiB: Number(lines.at(-1)) / 1024 };
  };
  const samples = new Map<string, Sample[]>();
  const measure = async ({ name, run, isFresh }: Operation, round: number): Promise<void> => {
    for (const tool of takingTurns(tools, round)) {
      if (isFresh) {
        await disk.wait();
        fresh(tool);
      }
      const key = `${name}\0${tool}`;
      samples.set(key, [...(samples.get(key) ?? []), shell(tool, run(data))]);
    }
  };
  for (const phase of phases)
    for (let round = 0; round < rounds; round++) for (const operation of phase) await measure(operation, round);
  if (!measurement.keeps) {
    // Objects are read-only folders, and an unprivileged user must open them first.
    spawnSync('chmod', ['-R', 'u+w', work]);
    rmSync(work, { recursive: true, force: true });
  }
  print(
    `store, ${rounds} rounds: median and least seconds, least processor seconds, peak MiB; ratios of medians and of the least\n`,
  );
  print(`${''.padEnd(34)}${tools.map((tool) => tool.padStart(26)).join('')}      igos/nix     igos/limit`);
  for (const { name } of phases.flat()) {
    const values = (tool: Tool, field: keyof Sample): number[] =>
      (samples.get(`${name}\0${tool}`) ?? []).map((sample) => sample[field]);
    const least = (tool: Tool, field: keyof Sample): number => Math.min(...values(tool, field));
    const cells = tools.map((tool) => {
      const wall = `${seconds(median(values(tool, 'wall')))} ${seconds(least(tool, 'wall'))}`;
      return `${wall} ${seconds(least(tool, 'cpu'))} ${median(values(tool, 'peakMiB')).toFixed(0).padStart(4)}`.padStart(26);
    });
    const ratios = (tools.includes('nix') ? (['nix', 'limit'] as const) : (['limit'] as const)).map((tool) => {
      const medians = ratio(median(values('igos', 'wall')), median(values(tool, 'wall')));
      return `${medians} ${ratio(least('igos', 'wall'), least(tool, 'wall'))}`.padStart(15);
    });
    print(`${name.padEnd(34)}${cells.join('')}${ratios.join('')}`);
  }
}

/** Of some operations there is nothing to compare with. */
const ratio = (value: number, of: number): string => (of < 0.001 ? '-' : (value / of).toFixed(2));
const seconds = (value: number): string => value.toFixed(value < 1 ? 3 : 2);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
