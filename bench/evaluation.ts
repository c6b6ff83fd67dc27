/** Evaluation beside nix-instantiate: wall time, CPU and peak memory of every input, and the geometric mean of the ratios. */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, join } from 'node:path';
import type { Project } from './installed.ts';
import { type Case, has, Measured, peakMemory, type Result } from './measure.ts';

/** All inputs are measured once, and then again: the machine is faster in some minutes than in others, for some programs more than for others. */
const PASSES = 5;
/** In each pass, of runs that take a fifth of a second or less: a moment of something else is a larger part of them, and more of them cost little. */
const SHORT_ROUNDS = 5;
const shortInputs: ReadonlySet<string> = new Set(['startup', 'pkgset-eval', 'startup-again', 'pkgset-again']);

interface Input {
  readonly name: string;
  readonly file: string;
  /** Evaluated strictly and printed, or instantiated into a store: a fresh one, or one that has it all. */
  readonly mode: 'eval' | 'instantiate';
  /** The same was done before: igos may know the answer. */
  readonly isAgain?: true;
}

/** In the order of the table. Those that need large data beside them are read from a folder `shared/bench/eval` next to the repository. */
const inputs: readonly Input[] = [
  ...['startup', 'fib', 'calls', 'lists', 'attrsets', 'strings', 'modules', 'lazy', 'json'].map(
    (name): Input => ({ name, file: `${name}.nix`, mode: 'eval' }),
  ),
  { name: 'pkgset-eval', file: 'pkgset-paths.nix', mode: 'eval' },
  { name: 'pkgset-20k', file: 'pkgset-20k.nix', mode: 'eval' },
  { name: 'pkgset-instantiate', file: 'pkgset.nix', mode: 'instantiate' },
  { name: 'startup-again', file: 'startup.nix', mode: 'eval', isAgain: true },
  { name: 'pkgset-20k-again', file: 'pkgset-20k.nix', mode: 'eval', isAgain: true },
  { name: 'pkgset-again', file: 'pkgset.nix', mode: 'instantiate', isAgain: true },
];

/** Prints its rows at the end, after some minutes; `wanted` names inputs, all by default. igos evaluates anew each time, without its evaluation cache, but for what ends in `-again`; those are not in the mean. */
export async function evaluationTable(
  { root, bin }: Project,
  scratch: string,
  wanted: readonly string[],
  print: (line: string) => void,
): Promise<void> {
  if (!has('nix-instantiate')) {
    print('SKIPPED: evaluation is compared with nix-instantiate, which is not installed');
    return;
  }
  const igos = join(bin, 'igos');
  print(
    `evaluation, igos / nix-instantiate: median wall of ${PASSES} interleaved runs (${PASSES * SHORT_ROUNDS} of the short), least CPU, peak memory`,
  );
  print(
    `${'input'.padEnd(20)}${'wall ms'.padStart(16)}${'ratio'.padStart(7)}${'cpu ms'.padStart(16)}${'ratio'.padStart(7)}${'MiB'.padStart(13)}${'ratio'.padStart(7)}`,
  );
  const measured: { input: Input; runs: Measured }[] = [];
  for (const input of inputs) {
    if (wanted.length > 0 && !wanted.includes(input.name)) continue;
    const found = [join(root, 'bench', 'eval'), join(root, '..', 'shared', 'bench', 'eval')]
      .map((folder) => join(folder, input.file))
      .find((each) => existsSync(each));
    const file = found !== undefined && input.name === 'json' ? withData(found, join(scratch, 'json-data')) : found;
    if (file === undefined) {
      print(
        `${input.name.padEnd(20)} SKIPPED: there is no ${input.file} in bench/eval or ../shared/bench/eval, or no python3 for its data`,
      );
      continue;
    }
    const cases = casesOf(input, file, igos, join(scratch, input.name));
    measured.push({ input, runs: new Measured(cases) });
  }
  for (let pass = 0; pass < PASSES; pass++)
    for (const { input, runs } of measured) runs.add(shortInputs.has(input.name) ? SHORT_ROUNDS : 1);
  const walls: number[] = [];
  for (const { input, runs } of measured) {
    const [theirs, ours] = runs.results() as [Result, Result];
    const memory = [await peakMemory(runs.cases[0]!), await peakMemory(runs.cases[1]!)];
    if (input.isAgain !== true) walls.push(ours.wallMedian / theirs.wallMedian);
    print(rowOf(input.name, theirs, ours, memory));
  }
  const mean = Math.exp(walls.reduce((sum, ratio) => sum + Math.log(ratio), 0) / Math.max(1, walls.length));
  const load = loadavg().map((each) => each.toFixed(1));
  print(`geometric mean of the wall ratios of ${walls.length} inputs: ${mean.toFixed(2)} (load ${load.join(' ')})`);
}

function casesOf({ name, mode, isAgain }: Input, file: string, igos: string, scratch: string): [Case, Case] {
  const home = join(scratch, 'igos');
  const store = join(scratch, 'nix');
  const empty = (folder: string) => (): void => removeTree(folder);
  const nixEnvironment = { NIX_REMOTE: mode === 'eval' ? 'dummy://' : `local?root=${store}` };
  const nix = mode === 'eval' ? ['nix-instantiate', '--eval', '--strict', file] : ['nix-instantiate', file];
  const words = mode === 'eval' ? ['eval', '--strict'] : ['instantiate'];
  const ours = [igos, ...words, ...(isAgain === true ? [] : ['--no-eval-cache']), file];
  const isFresh = mode === 'instantiate' && isAgain !== true;
  return [
    { name: `nix ${name}`, command: nix, environment: nixEnvironment, ...(isFresh ? { before: empty(store) } : {}) },
    { name: `igos ${name}`, command: ours, environment: { IGOS_HOME: home }, ...(isFresh ? { before: empty(home) } : {}) },
  ];
}

/** A copy of the input beside the data that its own program makes. `undefined` without Python. */
function withData(file: string, folder: string): string | undefined {
  mkdirSync(join(folder, 'data'), { recursive: true });
  cpSync(file, join(folder, basename(file)));
  const made = spawnSync('python3', [join(file, '..', 'mkjson.py'), join(folder, 'data', 'big.json')]);
  return made.status === 0 ? join(folder, basename(file)) : undefined;
}

/** Store folders are read-only. */
function removeTree(folder: string): void {
  const stores = [join(folder, 'nix', 'store'), join(folder, 'store')];
  for (const store of stores) if (existsSync(store)) chmodSync(store, 0o755);
  rmSync(folder, { recursive: true, force: true });
}

function rowOf(name: string, theirs: Result, ours: Result, [nixPeak, igosPeak]: readonly (number | undefined)[]): string {
  const pair = (own: number, other: number, width: number): string => {
    const ratio = other === 0 ? '-' : (own / other).toFixed(2);
    return `${own.toFixed(0)} / ${other.toFixed(0)}`.padStart(width) + ratio.padStart(7);
  };
  const memory = igosPeak === undefined || nixPeak === undefined ? '' : pair(igosPeak, nixPeak, 13);
  return name.padEnd(20) + pair(ours.wallMedian, theirs.wallMedian, 16) + pair(ours.cpuMinimum, theirs.cpuMinimum, 16) + memory;
}
