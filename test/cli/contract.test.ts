/** The command contract that scripts depend on: what stands on stdout, and the exit status. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { golden } from '../golden.ts';
import { noSandbox, programs, project } from './programs.ts';

const skip = await noSandbox();

test('igos eval prints as nix-instantiate --eval does', (t) => {
  const { igos, work } = programs(t);
  const out = (...words: string[]): string => {
    const { status, stdout, stderr } = igos('eval', ...words);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.equal(out('--expr', '{ a = 1 + 1; b = "x"; f = x: x; }'), '{ a = <CODE>; b = "x"; f = <CODE>; }\n');
  assert.equal(out('--strict', '-E', '{ a = 1 + 1; f = x: x; }'), '{ a = 2; f = <LAMBDA>; }\n');
  assert.equal(out('--json', '-E', '{ b = [ 1 2.5 null ]; a = "ą"; }'), '{"a":"ą","b":[1,2.5,null]}\n');
  assert.equal(out('--raw', '-E', '"a\\n${toString 3}"'), 'a\n3');
  assert.equal(out('-E', '{ x, y ? 2 }: x + y', '--arg', 'x', '40'), '42\n');
  assert.equal(out('-E', '{ x }: x', '--argstr', 'x', 'text', '--raw'), 'text');
  assert.equal(out('-E', '{ x ? 1 }: x'), '<LAMBDA>\n');
  assert.equal(out('-E', '{ __functor = _: x: x; b = 1; }', '--strict'), '{ __functor = <LAMBDA>; b = 1; }\n');
  const way = '{ f = { x ? { g = { y ? 2 }: y; } }: x; }';
  assert.equal(out('-E', way, '-A', 'f.g') + out('-E', way, '-A', 'f.g', '--argstr', 'z', ''), '<LAMBDA>\n2\n');
  writeFileSync(join(work, 'lib.nix'), '{ a.b = [ 10 20 ]; }');
  assert.equal(out(join(work, 'lib.nix'), '-A', 'a.b.1'), '20\n');
  assert.equal(out('-I', `here=${work}`, '-E', '(import <here/lib.nix>).a.b', '--strict'), '[ 10 20 ]\n');
  assert.equal(
    out('examples/tour/v1', '--strict', '--expr', '[ greet.version packages.notes.name tiers.core.name ]'),
    '[ "1.0" "notes" "core" ]\n',
  );
  assert.equal(
    out('--store-dir', '/nix/store', '-E', '(derivation { name = "a"; system = "s"; builder = "b"; }).drvPath').slice(1, 12),
    '/nix/store/',
  );
  assert.equal(out('--xml', '-E', '1').split('\n')[2], '  <int value="1" />');
});

test('import from derivation builds, and only then', { skip }, (t) => {
  const { igos } = programs(t);
  const expression =
    'import (derivation { name = "n.nix"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo 6 \\* 7 > $out" ]; })';
  const { status, stdout, stderr } = igos('eval', '--expr', expression);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, '42\n');
});

test('evaluation reads what it has made itself', (t) => {
  const { igos, work } = programs(t);
  writeFileSync(join(work, 'file'), 'text');
  for (const [expression, value] of [
    ['builtins.readFile (builtins.toFile "a" "made")', '"made"'],
    ['import (builtins.toFile "b" "6 * 7")', '42'],
    [`builtins.readFile "\${${join(work, 'file')}}"`, '"text"'],
    [`builtins.attrNames (builtins.readDir (builtins.filterSource (p: t: true) ${work}))`, '[ "file" "home" ]'],
    ['builtins.pathExists (builtins.toFile "c" "")', 'true'],
  ] as const) {
    const { status, stdout, stderr } = igos('eval', '--impure', '--strict', '--expr', expression);
    assert.equal(stdout, `${value}\n`, stderr);
    assert.equal(status, 0);
  }
});

test('igos parse: the normal form and 0, or the errors and 1', (t) => {
  const { igos, work } = programs(t);
  writeFileSync(join(work, 'a.nix'), 'a: a.b or (1 - 2)\n');
  assert.deepEqual(igos('parse', join(work, 'a.nix')), { status: 0, stdout: '(a: (a).b or ((__sub 1 2)))\n', stderr: '' });
  writeFileSync(join(work, 'bad.nix'), '{ a = 1 b = 2;\n c = [ 1, 2 ]; }\n');
  const bad = igos('parse', join(work, 'bad.nix'));
  assert.equal(bad.status, 1);
  golden(t, 'cli/parse-two-errors.txt', bad.stderr.replaceAll(work, '$WORK'));
});

test('igos instantiate and realize: paths on stdout and nothing else', { skip }, (t) => {
  const { igos } = programs(t);
  const drv = igos('instantiate', 'examples/tour/v1#greet');
  assert.match(drv.stdout, /^\/igos\/store\/[0-9a-z]{32}-greet-1\.0\.drv\n$/);
  const plan = igos('realize', 'examples/tour/v1#greet', '--dry-run');
  assert.match(plan.stdout, /^build greet-1\.0: never built\n1 to build\n$/m);
  const built = igos('realize', 'examples/tour/v1#greet', '--jobs', '2');
  assert.match(built.stdout, /^\/igos\/store\/[0-9a-z]{32}-greet-1\.0\n$/);
  assert.match(built.stderr, /building greet-1\.0: done/);
  const again = igos('realize', 'examples/tour/v1#greet');
  assert.deepEqual(again, { status: 0, stdout: built.stdout, stderr: '' });
  assert.match(igos('log', 'examples/tour/v1#greet').stdout, /@igos phase install/);
  const taken = igos('log', 'examples/tour/v1#shell');
  assert.deepEqual([taken.status, taken.stdout], [4, '']);
  assert.match(taken.stderr, /'examples\/tour\/v1#shell': it is taken from this machine, and never built/);
  assert.equal(igos('realize', drv.stdout.trim()).stdout, built.stdout);
});

test('a derivation with ^ and names stands for these outputs', { skip }, (t) => {
  const { igos, work } = programs(t);
  const file = join(work, 'many.nix');
  const text = `derivation {
    name = "many"; system = builtins.currentSystem; outputs = [ "out" "dev" ];
    builder = "/bin/sh"; args = [ "-c" "echo 1 > $out; echo 2 > $dev" ];
  }`;
  writeFileSync(file, text);
  const drv = igos('instantiate', file).stdout.trim();
  const outputs = (operand: string) => igos('realize', operand).stdout.replaceAll(/^.*-many/gm, 'many');
  assert.equal(outputs(`${drv}^dev`), 'many-dev\n');
  assert.equal(outputs(`${drv}^out`), 'many\n');
  for (const all of [drv, `${drv}^*`, `${drv}^out,dev`])
    assert.deepEqual(outputs(all).trim().split('\n').sort(), ['many', 'many-dev']);
  for (const wrong of ['^doc', '^', '^out,', '^*^out', '^out^dev']) {
    const run = igos('realize', `${drv}${wrong}`);
    assert.equal(run.status, 2, wrong);
    assert.match(run.stderr, /has no output '.*'\n(hint: .*\n)*hint: it has: dev, out/);
  }
});

test('igos store path, add, verify', (t) => {
  const { igos, work } = programs(t);
  mkdirSync(join(work, 'tree/sub'), { recursive: true });
  writeFileSync(join(work, 'tree/sub/file'), 'hello\n');
  const path = igos('store', 'path', join(work, 'tree')).stdout;
  assert.match(path, /^\/igos\/store\/[0-9a-z]{32}-tree\n$/);
  assert.equal(igos('store', 'add', join(work, 'tree')).stdout, path);
  assert.equal(igos('store', 'list').stdout, path);
  assert.equal(igos('store', 'verify', '--contents').status, 0);
  const file = join(work, 'home/store', path.trim().split('/').at(-1)!, 'sub/file');
  spawnSync('sh', ['-c', `chmod u+w '${file}' && printf 'hellO\\n' > '${file}'`]);
  const damaged = igos('store', 'verify', '--contents');
  assert.equal(damaged.status, 1);
  assert.match(damaged.stdout, /sub\/file: modified/);
});

test('exit codes: 0 ok, 1 fault, 2 usage, 3 broken pipe, 4 build failed', { skip }, (t) => {
  const { igos, pkm } = programs(t);
  assert.equal(igos('eval', '-E', '1').status, 0);
  assert.equal(igos('eval', '-E', 'throw "x"').status, 1);
  assert.equal(igos('evl').status, 2);
  assert.equal(igos('eval').status, 2);
  assert.equal(pkm('info', 'nothing').status, 1);
  const failing =
    'derivation { name = "f"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "echo no >&2; exit 7" ]; }';
  const failed = igos('realize', '--expr', failing);
  assert.equal(failed.status, 4, failed.stderr);
  assert.match(failed.stderr, /the build of 'f' failed with exit status 7[\s\S]*no[\s\S]*igos log/);
  const pipe = spawnSync(
    'sh',
    ['-c', `${join(project, 'bin/igos')} eval --strict -E 'builtins.genList (x: x) 200000' | head -c 10; true`],
    { encoding: 'utf8' },
  );
  assert.equal(pipe.stderr, '');
  const status = spawnSync('bash', [
    '-c',
    `${join(project, 'bin/igos')} eval --strict -E 'builtins.genList (x: x) 200000' | head -c 10 >/dev/null; exit \${PIPESTATUS[0]}`,
  ]);
  assert.equal(status.status, 3);
});

test('errors of the command line are records with --json', (t) => {
  const { igos } = programs(t);
  const { status, stdout } = igos('eval', '--json', '-E', 'abort "no"');
  assert.equal(status, 1);
  const { errors } = JSON.parse(stdout) as { errors: { code: string; message: string }[] };
  assert.match(errors[0]!.code, /^E-EVAL-/);
  for (const words of [['evil'], ['eval', '--no-such-option']]) {
    const wrong = igos(...words, '--json');
    assert.equal(wrong.status, 2);
    assert.equal((JSON.parse(wrong.stdout) as { errors: { code: string }[] }).errors[0]!.code, 'usage');
  }
});

test('the faults that only the commands raise', (t) => {
  const { igos, pkm } = programs(t);
  for (const [name, run] of [
    ['no-tree', igos('realize', 'no/such/tree')],
    ['not-a-derivation', igos('realize', '--expr', '1 + 1')],
    [
      'no-derivation-path',
      igos('instantiate', '--expr', '{ type = "derivation"; drvPath = "/igos/store/2chwzswhhmpxbgc981i2vcz7xj4d1in9-x"; }'),
    ],
    ['unknown-topic', igos('help', 'pakage')],
    ['raw', igos('eval', '--raw', '-E', '[ 1 ]')],
    ['nothing-installed', pkm('upgrade', 'examples/tour/v2')],
    ['not-in-store', igos('store', 'info', '/igos/store/g1gxfybs5pa6fcdz70zg5li6rqy9071z-greet-1.0')],
  ] as const) {
    assert.equal(run.status, 1, `${name}: ${run.stderr}`);
    golden(t, `errors/cli-${name}.txt`, run.stderr);
  }
});
