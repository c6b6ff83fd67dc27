/** Sessions of the repl. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { complete } from '../../cli/repl/completion.ts';
import { golden } from '../golden.ts';
import { noSandbox, programs, project } from './programs.ts';
import { replSession } from './repl-session.ts';

const skip = await noSandbox();

test('expressions, bindings and how values are printed', async (t) => {
  const session = replSession(t);
  golden(
    t,
    'repl/language.txt',
    await session.transcript(String.raw`
1 + 2
# a comment alone
"a\n${'${toString 2}'}"
x = 5
y = x + 1; z.a = x; z.b = { c = [ ]; }
[ x y ]
z
:p z
x = x * 10
[ x y ]
inherit (z) a b
inherit (builtins) length
length [ a b ]
{ a = 1; }
{ }
[ ]
[ { } ]
[ [ ] { } (x: x) map (map 1) ./foo 1.5 true null (throw "no") ]
let s = { inherit s; a = [ s ]; }; in s
:p let s = { inherit s; a = [ s ]; }; in s
f = { a, b ? 2 }: a + b
f
f { a = 1; }
let
  a = 1;
in

  a + 41
''
  two
    lines
''
:p "raw \" text"
derivation { name = "d"; system = "s"; builder = "b"; }
[ (derivation { name = "d"; system = "s"; builder = "b"; }) ]
n: n + 1
let g = n: { inner = g (n + 1); }; in g 0
:p let g = n: { inner = g (n + 1); }; in (g 0).inner.inner.inner ? inner
`),
  );
});

test('a mistake is reported and the session goes on', async (t) => {
  const session = replSession(t);
  golden(
    t,
    'repl/mistakes.txt',
    await session.transcript(`
1 + )
{ a = [ 1 2; }
nope
y = nope + 1
throw "my message"
f = x: x.missing
f { mising = 1; }
let x = x; in x
let f = n: 1 + f (n + 1); in builtins.seq (f 0) 1
a.b = 1; a.b = 2
x = = 2
1 == 1
`),
  );
  assert.equal(session.repl.hasFailed, true);
});

test('an input goes on while more could make it right', async (t) => {
  const { repl } = replSession(t);
  const goesOn = [
    '1 +',
    '{ a = 1;',
    'let x = 1;',
    '"a',
    "''a",
    '"${a',
    '/* a',
    '[ 1',
    '( 1',
    'x:',
    '{ a, b',
    '{ a }: ',
    'if a',
    'if a then b',
  ];
  const goOn = [
    'with a',
    'with a;',
    'assert a',
    '{ }.',
    'x =',
    'x = {',
    'x = (1',
    'x = 1; y =',
    'inherit (a',
    ':p [ 1',
    ':b (',
    '/** doc */',
    '-',
  ];
  for (const text of [...goesOn, ...goOn]) assert.equal(await repl.process(`${text}\n`), 'more', text);
  const over = [
    '1 + )',
    '{ a = [ 1 2; }',
    '}',
    'x = )',
    'x = (1 ]',
    ':p )',
    'a b = 1',
    '',
    '# a',
    '   ',
    ':p',
    ':nope (',
    '1 = 2',
  ];
  for (const text of over) assert.equal(await repl.process(`${text}\n`), 'done', text);
});

test('commands', async (t) => {
  const session = replSession(t);
  session.write('lib.nix', '{ n ? 1 }: {\n  /** The sum of both. */\n  add = a: b: a + b;\n  one = n;\n}\n');
  golden(
    t,
    'repl/commands.txt',
    await session.transcript(`
:?
:l lib.nix
add one 2
:ll
:t add
:t builtins.map
:t 1.5
:t ./x
:a { here = 1; there = "x"; }
here
here = 2
:env
:doc add
:doc map
:doc builtins.storeDir
:doc package.phases.check
:doc tier.ships
/**
  Doubles.

    double 2
*/
double = n:
  n * 2
:doc double
:te
throw "x"
:te off
:r
[ here one (double 4) ]
:l lib.nix#nope
:l nowhere
:lf nixpkgs
:i map
:quti
:te maybe
:t
:doc
:l
:doc 1 + 1
:doc here
:e 1
:b 1
:q
`),
  );
});

test('what is loaded can be loaded again: files change, bindings stay', async (t) => {
  const session = replSession(t);
  session.write('a.nix', '{ v = 1; }');
  assert.equal(await session.type(':l a.nix', 'w = v + 1', 'w'), '2\n');
  session.write('a.nix', '{ v = 10; }');
  assert.equal(await session.type('w', ':r', 'w'), '2\n11\n');
  session.write('a.nix', '{ v = }');
  assert.match(await session.type(':r', 'w'), /E-LANG-001[\s\S]*undefined variable 'v'/);
  session.write('a.nix', '{ v = 100; }');
  assert.equal(await session.type(':r', 'w'), '101\n');
});

test('a tree: its names, its documentation, its packages', async (t) => {
  const session = replSession(t);
  golden(
    t,
    'repl/tree.txt',
    await session.transcript(`
:l ${join(project, 'examples/tour/v1')}
greet
greet.version
:t packages
builtins.attrNames packages
tiers.core
:p tiers.base.after == [ core ]
lib.versions.majorMinor "1.2.3"
:doc meson
:doc fetchurl
nope
:l ${join(project, 'examples/tour/v1')}#greet
version
`),
  );
});

test('in a tree builtins need no prefix, behind all other names', async (t) => {
  const session = replSession(t);
  assert.match(await session.type('attrNames { }'), /undefined variable 'attrNames'/);
  await session.type(`:l ${join(project, 'examples/tour/v1')}`);
  assert.equal(await session.type('elem "greet" (attrNames packages)'), 'true\n');
  assert.equal(await session.type('attrNames = 7'), '');
  assert.equal(await session.type('attrNames'), '7\n');
  assert.doesNotMatch(await session.type(':env'), /attrValues/);
  await session.type(':r');
  assert.equal(await session.type('length [ attrNames ]'), '1\n');
});

test(':b builds, :bl links, :log shows the log', { skip }, async (t) => {
  const session = replSession(t);
  await session.type(`:l ${join(project, 'examples/tour/v1')}`);
  assert.match(await session.type(':b greet'), /^(?:.*\n)*out -> \/igos\/store\/…-greet-1\.0\n$/);
  assert.equal(await session.type(':b greet'), 'out -> /igos/store/…-greet-1.0\n');
  assert.match(await session.type(':bl greet'), /out -> .*\n\.\/repl-result-out -> \$WORK\/home\/store\/.*-greet-1\.0\n$/);
  assert.match(readlinkSync(join(session.work, 'repl-result-out')), /-greet-1\.0$/);
  assert.match(await session.type(':log greet'), /@igos phase install/);
  const failing = '(derivation { name = "f"; system = builtins.currentSystem; builder = "/bin/sh"; args = [ "-c" "exit 3" ]; })';
  assert.match(await session.type(`:b ${failing}`), /error\[E-BUILD-/);
  assert.equal(await session.type('1 + 1'), '2\n');
});

test(':e opens the editor at the definition and reloads', async (t) => {
  const session = replSession(t, { environment: { VISUAL: './vi' } });
  session.write('vi', '#!/bin/sh\necho "$@" > edited\necho "{ f = x: 2;\n}" > a.nix\n');
  chmodSync(join(session.work, 'vi'), 0o755);
  session.write('a.nix', '{\n  f = x: 1;\n  s = "text";\n}\n');
  assert.equal(await session.type(':l a.nix', 'f 0', ':e f', 'f 0'), '1\n2\n');
  assert.equal(readFileSync('edited', 'utf8'), `+2 ${join(session.work, 'a.nix')}\n`);
  chmodSync(join(session.work, 'vi'), 0o644);
  golden(t, 'errors/cli-editor-failed.txt', await session.type(':e f'));
});

test('completion: commands, names, attributes, declarations, files', async (t) => {
  const session = replSession(t);
  session.write('dir/file.nix', '{ }');
  session.write('dir/.hidden', '');
  const { repl } = session;
  await session.type('set = { alpha = { deep = 1; }; "with space" = 2; alps = builtins.trace "spoken" { }; bad = throw "x"; }');
  await session.type('ifd = import (derivation { name = "n"; system = builtins.currentSystem; builder = "/bin/sh"; })');
  const of = (line: string): readonly string[] => complete(repl, line).matches;
  assert.deepEqual(of(':tr'), [':trace-enable ']);
  assert.deepEqual(of('x: builtins.isAt'), ['builtins.isAttrs']);
  assert.deepEqual(of('[ set.al'), ['set.alpha', 'set.alps']);
  assert.deepEqual(of('(set.alpha.'), ['set.alpha.deep']);
  assert.deepEqual(of('set."w'), ['set."with space"']);
  assert.deepEqual(of('set.alps.'), []);
  assert.deepEqual(of('set.bad.'), []);
  assert.deepEqual(of('ifd.'), []);
  assert.deepEqual(of('nope.'), []);
  assert.deepEqual(of('se'), ['set']);
  assert.deepEqual(of(':p se'), ['set']);
  assert.ok(of('').includes('map') && !of('').includes('__map'));
  assert.deepEqual(
    of('__ma'),
    ['__mapAttrs', '__match'].filter((name) => of('__ma').includes(name)),
  );
  assert.deepEqual(of(':doc package.sty'), ['package.style']);
  assert.deepEqual(of(':doc tie'), ['tier']);
  assert.deepEqual(of('tie'), []);
  assert.deepEqual(complete(repl, 'longer + lon', 'let longest = 1;\nf = { longish ? 2, ... }: 3;\n').matches, [
    'longest',
    'longish',
  ]);
  assert.deepEqual(of('(setting: sett'), ['setting']);
  assert.deepEqual(of(':te o'), ['on', 'off']);
  assert.deepEqual(of(':q x'), []);
  assert.deepEqual(of('import ./di'), ['./dir/']);
  assert.deepEqual(of('import ./dir/'), ['./dir/file.nix']);
  assert.deepEqual(of('import ./dir/.h'), ['./dir/.hidden']);
  assert.deepEqual(of(':l di'), ['dir/']);
  assert.deepEqual(of('import /nowhere/at/all'), []);
  // what was asked for by name is not silent
  assert.match(await session.type('builtins.trace "spoken" 1'), /spoken/);
});

test('hostile texts do not drive the terminal', async (t) => {
  const terminal = replSession(t, { isTerminal: true });
  const text = await terminal.type(
    String.raw`{ a = builtins.fromJSON "\"\\u001b[2J\""; }`,
    String.raw`:p builtins.fromJSON "\"\\u001b]0;x\\u0007\""`,
  );
  assert.ok(!/[\x00-\x08\x0b-\x1f]/.test(text), JSON.stringify(text));
  const pipe = replSession(t);
  assert.equal(await pipe.type(String.raw`:p builtins.fromJSON "\"\\u001b\""`), '\x1b\n');
});

test('the session in docs/repl.md is what happens', async (t) => {
  const block = /```text\n(igos> [\s\S]*?)```/.exec(readFileSync(join(project, 'docs/repl.md'), 'utf8'))![1]!;
  const typed = [...block.matchAll(/^(?:igos> | {4}> )(.*)$/gm)].map((match) => match[1]);
  assert.equal(await replSession(t).transcript(typed.join('\n')), block);
});

test('from a pipe: results on stdout, errors on stderr, status 1 if any input failed', (t) => {
  const { work } = programs(t);
  const run = (input: string, ...words: string[]): { status: number | null; stdout: string; stderr: string } => {
    const { status, stdout, stderr } = spawnSync(join(project, 'bin/igos'), ['repl', ...words], {
      input,
      encoding: 'utf8',
      cwd: project,
      env: { PATH: process.env['PATH'], HOME: work, NO_COLOR: '1' },
    });
    return { status, stdout, stderr };
  };
  assert.deepEqual(run('x = 6\nx * 7\n"ą"'), { status: 0, stdout: '42\n"ą"\n', stderr: '' });
  const failed = run('1 + )\n2\n{ a = 1;\n');
  assert.equal(failed.status, 1);
  assert.equal(failed.stdout, '2\n');
  assert.match(failed.stderr, /E-LANG-001[\s\S]*E-LANG-003/);
  assert.deepEqual(run(':q\n1\n', '-E', '{ x }: { y = x; }', '--argstr', 'x', 'v'), { status: 0, stdout: '', stderr: '' });
  assert.equal(run('y\nz', '-E', '{ x }: { y = x; }', '--argstr', 'x', 'v', '-E', '{ z = 1; }').stdout, '"v"\n1\n');
  assert.equal(run('[ 1 { a = 2.5; } ]\n', '--json').stdout, '[1,{"a":2.5}]\n');
  assert.equal(run('1\n', 'no/such/file').status, 1);
  assert.equal(run('', '--nope').status, 2);
});
