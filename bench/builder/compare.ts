/**
 * Builds beside Nix's, on the same derivations, sandboxed in both: every round does everything once, and each with new folders, which
 * are removed at the end only (ext4 is slow for a while after much was removed).
 *
 * `wall` decides nothing on a machine where others work: the processor time stands beside it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { Project } from '../installed.ts';
import { has } from '../measure.ts';
import { layersTable } from './layers.ts';
import { median } from './median.ts';
import { writeTree } from './tree.ts';
import { watchedTable } from './watched.ts';

interface Sample {
  /** Milliseconds. */
  readonly wall: number;
  /** User and system time with all children, milliseconds. */
  readonly cpu: number;
}

interface Operation {
  readonly name: string;
  /** Arguments for `igos realize` and `nix-build` alike. */
  readonly words: readonly string[];
  readonly jobs: number;
  /** A new store before it; else it goes on with that of the operation before. */
  readonly isFresh?: true;
}

const chain = (salt: string, contents: '' | '1'): readonly string[] => [
  'chain.nix',
  ...['--argstr', 'salt', salt],
  ...['--argstr', 'contents', contents],
];

const OPERATIONS: readonly Operation[] = [
  { name: '200 independent, -j1', words: ['independent.nix'], jobs: 1, isFresh: true },
  { name: '200 independent, -j2', words: ['independent.nix'], jobs: 2, isFresh: true },
  { name: 'again: nothing to do', words: ['independent.nix'], jobs: 2 },
  { name: 'chain of 200, by inputs', words: chain('one', ''), jobs: 1, isFresh: true },
  { name: 'chain of 200, by contents', words: chain('one', '1'), jobs: 1, isFresh: true },
  { name: 'and after a change without effect', words: chain('two', '1'), jobs: 1 },
];

/** @param scratch  on the file system that is to be measured */
export async function builderTable(
  project: Project,
  scratch: string,
  rounds: number,
  print: (text: string) => void,
): Promise<void> {
  const tools = has('nix-build') ? (['igos', 'nix'] as const) : (['igos'] as const);
  if (tools.length === 1) print('builder: no nix-build on this machine, nothing to compare with');
  mkdirSync(scratch, { recursive: true });
  const samples = new Map<string, Sample[]>();
  const record = (key: string, sample: Sample): void => {
    samples.set(key, [...(samples.get(key) ?? []), sample]);
  };
  const folders = new Map<string, string>();
  let nFresh = 0;
  for (let round = 0; round < rounds; round++) {
    for (const { name, words, jobs, isFresh } of OPERATIONS) {
      for (const tool of tools) {
        if (isFresh) folders.set(tool, makeFolder(join(scratch, `${tool}-${nFresh++}`), tool));
        const folder = folders.get(tool)!;
        spawnSync('sync', ['-f', scratch]);
        const [file, ...rest] = words;
        const arguments_ = [join(project.root, 'bench/builder', file!), ...rest];
        record(
          `${name}\0${tool}`,
          tool === 'igos' ? runIgos(project, folder, arguments_, jobs) : runNix(folder, arguments_, jobs),
        );
      }
    }
  }
  print(`builder: medians of ${rounds} rounds; ms wall (best), ms processor; load ${loadavg()[0]!.toFixed(1)}`);
  print(`${''.padEnd(36)}${tools.map((tool) => tool.padStart(24)).join('')}   wall×   best×    cpu×`);
  const of = (name: string, tool: string, field: keyof Sample, pick: (values: number[]) => number): number =>
    pick((samples.get(`${name}\0${tool}`) ?? []).map((sample) => sample[field]));
  for (const { name } of OPERATIONS) {
    const cells = tools.map((tool) =>
      `${of(name, tool, 'wall', median).toFixed(0)} (${of(name, tool, 'wall', least).toFixed(0)})  ${of(name, tool, 'cpu', median).toFixed(0)}`.padStart(
        24,
      ),
    );
    const ratio = (field: keyof Sample, pick: (values: number[]) => number): string =>
      (of(name, 'igos', field, pick) / of(name, 'nix', field, pick)).toFixed(2).padStart(8);
    const ratios = tools.length === 1 ? '' : ratio('wall', median) + ratio('wall', least) + ratio('cpu', median);
    print(`${name.padEnd(36)}${cells.join('')}${ratios}`);
  }
  const igosHome = makeFolder(join(scratch, 'anew-igos'), 'igos');
  const runs = new Map([['igos, started anew', (file: string): number => runIgos(project, igosHome, [file], 1).wall]]);
  if (tools.length > 1) {
    const nixHome = makeFolder(join(scratch, 'watched-nix'), 'nix');
    runs.set('nix-build', (file) => runNix(nixHome, [file], 1).wall);
  }
  await watchedTable({ ...project, scratch: join(scratch, 'watched'), rounds: Math.max(rounds, 5) }, runs, print);
  nothingToDo(project, scratch, Math.max(rounds, 5), print);
  await layersTable(join(scratch, 'layers'), print);
  // Objects are read-only folders, and an unprivileged user must open them first.
  spawnSync('chmod', ['-R', 'u+w', scratch]);
  rmSync(scratch, { recursive: true, force: true });
}

/** A tree of 813 packages that are all built: what finding out costs. */
function nothingToDo(project: Project, scratch: string, rounds: number, print: (text: string) => void): void {
  const tree = process.env['IGOS_BENCH_TREE'] ?? writeTree(join(scratch, 'tree'), 813);
  const folder = makeFolder(join(scratch, 'tree-store'), 'igos');
  runIgos(project, folder, [tree], 2);
  const walls: number[] = [];
  for (let round = 0; round < rounds; round++) walls.push(runIgos(project, folder, [tree], 2).wall);
  const bare = Array.from({ length: rounds }, () => timed(process.execPath, ['-e', '0'], {}).wall);
  print(
    `\nrealize of ${tree}, all built: ${median(walls).toFixed(0)} ms (best ${least(walls).toFixed(0)}); a bare node: ${median(bare).toFixed(0)} ms`,
  );
}

function makeFolder(folder: string, tool: 'igos' | 'nix'): string {
  mkdirSync(join(folder, 'etc'), { recursive: true });
  if (tool === 'nix') {
    writeFileSync(
      join(folder, 'etc', 'nix.conf'),
      [
        'experimental-features = nix-command ca-derivations',
        'sandbox = true',
        // What its own installations put there: a shell and what that needs.
        'sandbox-paths = /bin /lib /lib64 /usr',
        'build-users-group =',
        'substituters =',
        '',
      ].join('\n'),
    );
    const { status, stderr } = spawnSync('nix-store', ['--init'], { env: nixEnvironment(folder), encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  }
  return folder;
}

const nixEnvironment = (folder: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: folder,
  NIX_CONF_DIR: join(folder, 'etc'),
  NIX_STORE_DIR: join(folder, 'store'),
  NIX_STATE_DIR: join(folder, 'state'),
  NIX_LOG_DIR: join(folder, 'log'),
  NIX_LOCALSTATE_DIR: join(folder, 'local'),
});

const runIgos = (project: Project, folder: string, words: readonly string[], jobs: number): Sample =>
  timed(join(project.bin, 'igos'), ['realize', '--impure', '--quiet', '-j', String(jobs), ...words], { IGOS_HOME: folder });

const runNix = (folder: string, words: readonly string[], jobs: number): Sample =>
  timed('nix-build', ['--no-out-link', '--quiet', '-j', String(jobs), ...words], nixEnvironment(folder));

function timed(program: string, words: readonly string[], environment: NodeJS.ProcessEnv): Sample {
  const script = `TIMEFORMAT='%R %U %S'; time "$@" > /dev/null`;
  const run = spawnSync('bash', ['-c', script, 'bash', program, ...words], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 1 << 28,
  });
  const [wall, user, system] = (run.stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  if (run.status !== 0 || system === undefined) throw new Error(`${program} ${words.join(' ')}: ${run.stderr}`);
  return { wall: wall! * 1000, cpu: (user! + system) * 1000 };
}

const least = (values: readonly number[]): number => Math.min(...values);
