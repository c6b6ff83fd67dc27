/**
 * The store beside Nix's and beside the limit (hash and copy by the fastest common tools), on the same data, one operation after the
 * other and every round all of them, so that a busy moment hits all alike. Every operation is a shell function of `ops-*.sh`.
 *
 * Before each the file system is synced: igos flushes it before it registers anything, and would wait for what the others left dirty.
 * A store is not removed but left for the end: ext4 looks at every inode that was freed in the last minutes before it makes a file, so
 * that whoever comes after a removal takes eight times as long.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { has } from '../measure.ts';
import { type Data, makeData } from './data.ts';

type Tool = 'igos' | 'nix' | 'limit';

interface Operation {
  readonly name: string;
  /** Words for the shell: a function of `ops-*.sh` with its argument. */
  readonly run: (data: Data) => readonly string[];
  /** A new store before it; else it goes on with that of the operation before. */
  readonly isFresh?: true;
}

const OPERATIONS: readonly Operation[] = [
  { name: 'add 20,000 files', run: ({ tree }) => ['add', tree], isFresh: true },
  { name: 'add them again', run: ({ tree }) => ['add', tree] },
  { name: 'verify --contents, 20,000 files', run: () => ['verify'] },
  { name: 'dump 20,000 files', run: ({ tree }) => ['dump', tree] },
  { name: 'add 1 GiB', run: ({ big }) => ['add', big], isFresh: true },
  { name: 'verify --contents, 1 GiB', run: () => ['verify'] },
  { name: 'dump 1 GiB', run: ({ big }) => ['dump', big] },
  { name: '(add 20,000 files, each twice)', run: ({ doubled }) => ['add', doubled], isFresh: true },
  { name: 'optimise, each file twice', run: () => ['optimise'] },
  { name: 'optimise again', run: () => ['optimise'] },
];

interface Sample {
  /** Seconds. */
  readonly wall: number;
  /** User and system, with all children. */
  readonly cpu: number;
  readonly peakMiB: number;
}

/** @param scratch  on the file system that is to be measured; takes 2 GB, and 4 GB a round */
export function storeTable(root: string, scratch: string, rounds: number, print: (text: string) => void): void {
  const tools: readonly Tool[] = has('nix-store') ? ['igos', 'nix', 'limit'] : ['igos', 'limit'];
  const data = makeData(process.env['IGOS_BENCH_DATA'] ?? join(scratch, 'data'));
  const work = join(scratch, 'work');
  mkdirSync(work, { recursive: true });
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
      { encoding: 'utf8', env: { ...process.env, W: folders.get(tool), IGOS: join(root, 'bin/igos') } },
    );
    const lines = run.stderr.trim().split('\n');
    const [wall, user, system] = (lines.at(-2) ?? '').split(' ').map(Number);
    if (run.status !== 0 || system === undefined) throw new Error(`${tool} ${words.join(' ')}: ${run.stderr}`);
    return { wall: wall!, cpu: user! + system, peakMiB: Number(lines.at(-1)) / 1024 };
  };
  const samples = new Map<string, Sample[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { name, run, isFresh } of OPERATIONS) {
      for (const tool of tools) {
        if (isFresh) fresh(tool);
        const key = `${name}\0${tool}`;
        samples.set(key, [...(samples.get(key) ?? []), shell(tool, run(data))]);
      }
    }
  }
  // Objects are read-only folders, and an unprivileged user must open them first.
  spawnSync('chmod', ['-R', 'u+w', work]);
  rmSync(work, { recursive: true, force: true });
  print(`store: medians of ${rounds} rounds; seconds, processor seconds, peak MiB\n`);
  print(`${''.padEnd(34)}${tools.map((tool) => tool.padStart(24)).join('')}   igos/nix  igos/limit`);
  for (const { name } of OPERATIONS) {
    const of = (tool: Tool, field: keyof Sample): number =>
      median((samples.get(`${name}\0${tool}`) ?? []).map((sample) => sample[field]));
    const cells = tools.map((tool) =>
      `${of(tool, 'wall').toFixed(2)} ${of(tool, 'cpu').toFixed(2)} ${of(tool, 'peakMiB').toFixed(0).padStart(4)}`.padStart(24),
    );
    const ratio = (tool: Tool): string => (of('igos', 'wall') / of(tool, 'wall')).toFixed(2).padStart(9);
    print(
      `${name.padEnd(34)}${cells.join('')}${tools.includes('nix') ? ratio('nix') : ''.padStart(9)}${ratio('limit').padStart(12)}`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
