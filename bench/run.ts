/**
 * `npm run bench [-- NAME…]`: what we claim about speed, beside the peer, in one run. Prints tables; ratios are to the first row.
 * Nothing here is a test: a slow machine fails nothing. igos is measured as it is installed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { builderTable } from './builder/compare.ts';
import { depotTable } from './depot/compare.ts';
import { evaluationTable } from './evaluation.ts';
import { importedTable } from './imported.ts';
import { installIgos, type Project } from './installed.ts';
import { type Case, has, measure, report } from './measure.ts';
import { nixpkgsTable } from './nixpkgs.ts';
import { packagesTable } from './pkm/compare.ts';
import { largeRootTable } from './pkm/large-root.ts';
import { isGroup, storeTable } from './store/compare.ts';
import { graphTable } from './store/graph.ts';

const root = join(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'igos-bench-'));
let installed: Project | undefined;
/** Made once, for whatever is measured first. */
const project = (): Project => (installed ??= installIgos(root, join(scratch, 'installed')));
const environment = { IGOS_HOME: join(scratch, 'home') };

const suites: Record<string, () => void | Promise<void>> = {
  startup() {
    const file = join(scratch, 'small.nix');
    writeFileSync(file, "let xs = builtins.genList (x: x * x) 10; in { sum = builtins.foldl' builtins.add 0 xs; }.sum\n");
    const cases: Case[] = [{ name: 'node -e 0', command: [process.execPath, '-e', '0'] }];
    if (has('nix-instantiate'))
      cases.push({ name: 'nix-instantiate --eval small.nix', command: ['nix-instantiate', '--eval', file], expected: '285\n' });
    cases.push({
      name: 'igos eval small.nix',
      command: [join(project().bin, 'igos'), 'eval', file],
      environment,
      expected: '285\n',
    });
    console.log(report('cold start of an evaluation', measure(cases, 11)));
  },
  pkm() {
    const target = join(scratch, 'root');
    const tour = join(root, 'examples', 'tour', 'v1');
    const pkm = join(project().bin, 'pkm');
    const install = spawnSync(pkm, ['--root', target, 'install', `${tour}#greet`], {
      env: { ...process.env, ...environment },
      encoding: 'utf8',
    });
    if (install.status !== 0) throw new Error(install.stderr);
    const cases: Case[] = [
      { name: 'node -e 0', command: [process.execPath, '-e', '0'] },
      { name: 'pkm list', command: [pkm, '--root', target, 'list'], environment },
      { name: 'pkm verify', command: [pkm, '--root', target, 'verify'], environment },
    ];
    console.log(report('pkm on a small root', measure(cases, 11)));
  },
  /**
   * `npm run bench -- store [files|large|twice…]`, not run unless named: minutes, and gigabytes in IGOS_BENCH_SCRATCH or the temporary
   * folder. Waits IGOS_BENCH_WAIT minutes at most until the file system makes files as fast as it can. IGOS_BENCH_KEEP=1 leaves what
   * was made.
   */
  async store() {
    if (wanted[0] !== 'store') return;
    const groups = wanted.slice(1).filter(isGroup);
    const place = process.env['IGOS_BENCH_SCRATCH'] ?? scratch;
    const maxMinutes = Number(process.env['IGOS_BENCH_WAIT'] ?? 10);
    const rounds = Number(process.env['IGOS_BENCH_ROUNDS'] ?? 3);
    const keeps = process.env['IGOS_BENCH_KEEP'] === '1';
    await storeTable(project(), { scratch: place, rounds, groups, maxMinutes, keeps }, console.log);
  },
  /** `npm run bench -- graph`: minutes, nearly all of them for the last row of the peer. */
  graph() {
    if (!wanted.includes('graph')) return;
    graphTable(
      project(),
      process.env['IGOS_BENCH_SCRATCH'] ?? scratch,
      Number(process.env['IGOS_BENCH_ROUNDS'] ?? 7),
      console.log,
    );
  },
  /**
   * `npm run bench -- packages`, not run unless named: pkm beside other package managers; IGOS_INTERGENOS=CHECKOUT adds theirs. Waits for
   * the file system as the store's does.
   */
  async packages() {
    if (!wanted.includes('packages')) return;
    const place = join(process.env['IGOS_BENCH_SCRATCH'] ?? scratch, 'packages-bench');
    const maxMinutes = Number(process.env['IGOS_BENCH_WAIT'] ?? 10);
    const rounds = Number(process.env['IGOS_BENCH_ROUNDS'] ?? 3);
    await packagesTable(project(), { scratch: place, rounds, maxMinutes }, console.log);
  },
  /** `npm run bench -- depot`, not run unless named; IGOS_GENODE=CHECKOUT adds Genode's own tools. */
  async depot() {
    if (!wanted.includes('depot')) return;
    await depotTable(project(), join(scratch, 'depot'), Number(process.env['IGOS_BENCH_ROUNDS'] ?? 3), console.log);
  },
  /** `npm run bench -- imported`, not run unless named: IGOS_INTERGENOS=CHECKOUT, and a python3 with yaml. */
  imported() {
    const checkout = process.env['IGOS_INTERGENOS'];
    if (!wanted.includes('imported')) return;
    if (checkout === undefined) throw new Error('IGOS_INTERGENOS does not name a checkout of InterGenOS');
    importedTable(project(), checkout, join(scratch, 'imported'), Number(process.env['IGOS_BENCH_ROUNDS'] ?? 5), console.log);
  },
  /** `npm run bench -- nixpkgs`, not run unless named: IGOS_NIXPKGS=FOLDER, one that the installed Nix can evaluate. */
  async nixpkgs() {
    const tree = process.env['IGOS_NIXPKGS'];
    if (!wanted.includes('nixpkgs')) return;
    if (tree === undefined) throw new Error('IGOS_NIXPKGS does not name a nixpkgs');
    await nixpkgsTable(project(), resolve(tree), scratch, Number(process.env['IGOS_BENCH_ROUNDS'] ?? 5), console.log);
  },
  /** `npm run bench -- builder`, not run unless named: minutes. IGOS_BENCH_TREE=FOLDER is realized instead of a generated tree. */
  async builder() {
    if (!wanted.includes('builder')) return;
    const place = join(process.env['IGOS_BENCH_SCRATCH'] ?? scratch, 'builder-bench');
    await builderTable(project(), place, Number(process.env['IGOS_BENCH_ROUNDS'] ?? 3), console.log);
  },
  /** `npm run bench -- large-root`, not run unless named: a minute, and a gigabyte. */
  'large-root'() {
    if (!wanted.includes('large-root')) return;
    largeRootTable(project(), join(process.env['IGOS_BENCH_SCRATCH'] ?? scratch, 'large-root'), console.log);
  },
  /** `npm run bench -- eval [INPUT…]` */
  async eval() {
    await evaluationTable(project(), scratch, wanted[0] === 'eval' ? wanted.slice(1) : [], console.log);
  },
};

try {
  for (const [name, run] of Object.entries(suites)) {
    if (wanted.length === 0 || (wanted[0] === 'eval' ? name === 'eval' : wanted.includes(name))) await run();
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
