/**
 * Real upstream software. Under CI the system `ci` of the tree (about 180 CPU seconds, and a seed of 61 MB to fetch),
 * otherwise the whole tree. Sources come from upstream, or through the apt of this machine where only a Debian archive is reachable.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { removeTree } from '../../store/write-tree.ts';
import { noSandbox, programs, project } from '../cli/programs.ts';

const skip = await noSandbox();
const system = process.env['CI'] === undefined ? 'all' : 'ci';
const tree = 'examples/from-source';

const work = mkdtempSync(join(tmpdir(), 'igos-from-source-'));
after(() => removeTree(work));
const home = join(work, 'home');

interface Realized {
  readonly built: number;
  readonly fetched: number;
  readonly cutoff: number;
  readonly outputs: readonly { readonly name: string; readonly drvPath: string | null; readonly path: string }[];
}

test(`the system ${system} builds, and a second run builds nothing`, { skip }, (t) => {
  const { igos } = programs(t, { home });
  const plan = igos('realize', `${tree}#${system}`, '--dry-run');
  assert.match(plan.stdout, /^fetch hello_?2?[^\n]*\n/m);
  const started = performance.now();
  const first = igos('realize', `${tree}#${system}`, '--json');
  assert.equal(first.status, 0, first.stderr.slice(-8000));
  t.diagnostic(`built in ${((performance.now() - started) / 1000).toFixed(0)} s`);
  const { built, fetched, outputs } = JSON.parse(first.stdout) as Realized;
  assert.ok(built >= 8 && fetched >= 8, `built ${built}, fetched ${fetched}`);
  assert.ok(outputs.length >= 8);

  const again = performance.now();
  const second = igos('realize', `${tree}#${system}`, '--json');
  t.diagnostic(`second run in ${((performance.now() - again) / 1000).toFixed(2)} s`);
  const repeated = JSON.parse(second.stdout) as Realized;
  assert.deepEqual([repeated.built, repeated.fetched], [0, 0]);
  assert.equal(second.stderr, '');
  assert.deepEqual(repeated.outputs, outputs);
});

test('bash runs in a root that holds nothing but it and what it needs', { skip }, (t) => {
  const { pkm, root } = programs(t, { home });
  const installed = pkm('install', `${tree}#bash`);
  assert.equal(installed.status, 0, installed.stderr);
  const enter = process.getuid?.() === 0 ? ['chroot', root] : ['unshare', '-r', 'chroot', root];
  const shell = spawnSync(enter[0]!, [...enter.slice(1), '/usr/bin/bash', '--version'], { encoding: 'utf8' });
  assert.match(shell.stdout, /^GNU bash, version 5\.2\.15/, shell.stderr);
  assert.equal(pkm('verify').status, 0);
  t.diagnostic(shell.stdout.split('\n')[0]!);
});

/** Where igos is, and what it works with. */
const needed = [project, realpathSync(join(project, 'node_modules')), realpathSync(work)];

/** The folders of programs, libraries and settings; what Node itself loads is laid into an empty one. */
const hidden = ['/etc', '/home', '/opt', '/root', '/srv', '/usr', '/var', '/bin', '/sbin', '/lib', '/lib64'].filter(
  (path) => existsSync(path) && !lstatSync(path).isSymbolicLink() && !needed.some((own) => own.startsWith(`${path}/`)),
);

test('on a machine that holds nothing but Node the same comes of it: no compiler, shell or library of the host is used', {
  skip: skip || (hidden.includes('/usr') ? false : `/usr cannot be hidden: igos is below it`),
}, () => {
  const machine = join(work, 'machine');
  mkdirSync(machine);
  const node = join(machine, 'node');
  cpSync(realpathSync(process.execPath), node);
  const libraries = spawnSync('ldd', [node], { encoding: 'utf8' }).stdout.match(/\/\S+/g)!;
  for (const file of libraries) {
    // Where /lib is a link to usr/lib, the name goes through it.
    const place = join(machine, join(realpathSync(dirname(file)), basename(file)));
    mkdirSync(dirname(place), { recursive: true });
    cpSync(realpathSync(file), place);
  }
  for (const path of hidden) mkdirSync(join(machine, path), { recursive: true });
  const script = `
    for path in ${hidden.filter((path) => path !== '/usr').join(' ')}; do mount --bind "$MACHINE$path" "$path"; done
    mount --bind "$MACHINE/usr" /usr
    exec "$NODE" --stack-size=7800 cli/start.cjs igos "$@"`;
  const igos = (...words: string[]) =>
    spawnSync('unshare', [...(process.getuid?.() === 0 ? [] : ['-r']), '-m', '/bin/sh', '-ec', script, 'sh', ...words], {
      cwd: project,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], NO_COLOR: '1', HOME: work, IGOS_HOME: home, MACHINE: machine, NODE: node },
    });
  const asked = ['/bin/sh', '/usr/bin', '/usr/include', '/etc/passwd'];
  const seen = igos('eval', '--impure', '--json', '--expr', `map builtins.pathExists [ ${asked.join(' ')} ]`);
  assert.equal(seen.stdout, '[false,false,false,false]\n', seen.stderr);
  const goals = ['zlib', 'sed', ...(system === 'ci' ? [] : ['curl'])].map((name) => `${tree}#${name}`);
  const checked = igos('realize', '--check', ...goals);
  assert.equal(checked.status, 0, checked.stderr.slice(-4000));
  assert.equal(
    checked.stdout.match(/\S+: the same, byte for byte\n/g)?.length,
    goals.length,
    checked.stdout + checked.stderr.slice(-4000),
  );
});

test('a change of a dependency that does not reach its output stops there', { skip }, (t) => {
  const { igos } = programs(t, { home });
  const copy = join(work, 'changed');
  cpSync(join(project, tree), copy, { recursive: true });
  const keysOf = (path: string): Map<string, string | null> =>
    new Map(
      (
        JSON.parse(igos('instantiate', '--json', `${path}#${system}`).stdout) as {
          derivations: { name: string; drvPath: string }[];
        }
      ).derivations.map(({ name, drvPath }) => [name, drvPath]),
    );
  const before = keysOf(join(project, tree));
  assert.deepEqual(keysOf(copy), before, 'the same tree elsewhere has the same keys');
  // a comment in the recipe of readline: bash and what else is linked with it get new keys, and nothing but readline is built
  const file = join(copy, 'core/readline.igos');
  const text = readFileSync(file, 'utf8');
  assert.ok(existsSync(file) && /\n {2}env\b/.test(text), 'readline.igos has an env field');
  writeFileSync(file, text.replace(/\n {2}env\b/, '\n  phases.prepare = "# nothing but a comment";\n\n  env'));
  const after = keysOf(copy);
  const changed = [...after].filter(([name, drvPath]) => before.get(name) !== drvPath).map(([name]) => name);
  assert.ok(
    changed.includes('readline') && changed.includes('bash') && !changed.includes('zlib') && !changed.includes('hello'),
    changed.join(' '),
  );
  const first = JSON.parse(igos('realize', '--json', `${join(project, tree)}#${system}`).stdout) as Realized;
  const result = igos('realize', '--json', `${copy}#${system}`);
  assert.equal(result.status, 0, result.stderr);
  const { built, cutoff, outputs } = JSON.parse(result.stdout) as Realized;
  assert.equal(built, 1, 'only readline is built');
  assert.ok(cutoff >= 1);
  const paths = (realized: Pick<Realized, 'outputs'>): string[] => realized.outputs.map((output) => output.path);
  assert.deepEqual(paths({ outputs }), paths(first));
  t.diagnostic(`changed keys: ${changed.join(' ')}; built ${built}, cut off ${cutoff}`);
});

test('built twice from nothing, in different folders and at different times, the outputs are equal', { skip }, (t) => {
  const { igos, work: elsewhere } = programs(t);
  const copy = join(elsewhere, 'other/place');
  cpSync(join(project, tree), copy, { recursive: true });
  const operands = system === 'ci' ? ['#zlib', '#lua'] : [''];
  const { igos: first } = programs(t, { home });
  for (const operand of operands) {
    const here = first('realize', `${tree}${operand}`);
    const there = igos('realize', `${copy}${operand}`);
    assert.equal(there.status, 0, there.stderr.slice(-4000));
    assert.equal(there.stdout, here.stdout);
  }
});

test("its packages go over one user's depot to another machine", { skip }, (t) => {
  const { igos } = programs(t, { home });
  const [depot, publicFolder] = [join(work, 'depot'), join(work, 'public')];
  const places = ['--depot', depot, '--public', publicFolder];
  const run = (...words: string[]) => {
    const result = igos('depot', ...words, ...places);
    assert.equal(result.status, 0, result.stderr);
    return result.stdout;
  };
  run('keygen', 'alan', '--no-passphrase', '--bits', '2048');
  const made = JSON.parse(run('create', `${tree}#${system}`, '--user', 'alan', '--json')) as { archives: { archive: string }[] };
  const packages = made.archives.map(({ archive }) =>
    archive.replace('/pkg/', `/pkg/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}/`),
  );
  // The small system has nine.
  assert.ok(packages.length >= (system === 'ci' ? 9 : 10), `only ${packages.length} packages`);
  run('publish', '--beyond-genode', ...packages);

  const machine = programs(t);
  const alan = join(machine.work, 'home', 'var', 'depot', 'alan');
  mkdirSync(alan, { recursive: true });
  cpSync(join(depot, 'alan', 'pubkey'), join(alan, 'pubkey'));
  writeFileSync(join(alan, 'download'), `file://${publicFolder}\n`);
  const pkm = (...words: string[]) => {
    const result = machine.pkm(...words);
    assert.equal(result.status, 0, result.stderr);
    return result.stdout;
  };
  const [first, ...others] = packages;
  pkm('install', `depot:${first}`);
  const before = pkm('list');
  pkm('install', ...others.map((archive) => `depot:${archive}`));
  const installed = pkm('list').trimEnd().split('\n').length;
  assert.ok(installed >= packages.length, `only ${installed} installed`);
  pkm('verify');
  pkm('rollback');
  assert.equal(pkm('list'), before);
  pkm('verify');
  t.diagnostic(`${packages.length} packages published, ${installed} installed from the depot`);
});
