/** What is named on the command line is what is built: nothing more, and never all of a tree in place of a part. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programs } from './programs.ts';

const TREE = `
tier core { summary = "Core"; }
package a "1" { tier = core; summary = "A"; phases.install = "mkdir $out"; split doc { files = [ "usr/share" ]; } }
package b "2" { tier = core; summary = "B"; phases.install = "mkdir $out"; }
`;

test('-A of a tree is refused, with the way to write a package of it', (t) => {
  const { igos, work } = programs(t);
  const tree = join(work, 'a tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'packages.igos'), TREE);
  for (const command of ['instantiate', 'realize', 'show', 'develop', 'log']) {
    const { status, stdout, stderr } = igos(command, tree, '-A', 'a');
    assert.deepEqual([status, stdout], [2, ''], command);
    assert.equal(
      stderr,
      `igos: -A chooses among the attributes of an expression, and '${tree}' is none\nhint: a package of a tree is written '${tree}#a'\n`,
    );
  }
  for (const command of ['check', 'phases', 'audit', 'audit aggregate', 'audit reference']) {
    const { status, stderr } = igos(...command.split(' '), tree, '-A', 'a');
    assert.deepEqual(
      [status, stderr],
      [2, "igos: unknown option '-A'\nhint: a package of a tree is written TREE#NAME\n"],
      command,
    );
  }
  assert.match(igos('instantiate', `${tree}#a`, '-A', 'doc').stderr, /^igos: -A chooses among .* is none\n$/);

  const file = join(work, 'x.nix');
  writeFileSync(file, '{ a.b = derivation { name = "b"; system = "x86_64-linux"; builder = "/bin/sh"; }; }');
  const [drv] = igos('instantiate', file, '-A', 'a.b').stdout.split('\n');
  assert.equal(igos('instantiate', `${file}#a.b`).stdout, `${drv}\n`);
  assert.equal(igos('instantiate', `${file}#a`, '-A', 'b').status, 2);
  assert.equal(igos('instantiate', drv!, '-A', 'a').status, 2);
});

test('--expr beside a tree sees its names, in every command that has it', (t) => {
  const { igos, work } = programs(t);
  writeFileSync(join(work, 'packages.igos'), TREE);
  const instantiate = (...words: string[]): string => {
    const { status, stdout, stderr } = igos('instantiate', work, ...words);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  assert.equal(instantiate('--expr', 'b'), igos('instantiate', `${work}#b`).stdout);
  assert.equal(instantiate('--expr', '[ b a.doc ]').split('\n').length, 3);
  assert.equal(instantiate('--expr', 'packages', '-A', 'b'), igos('instantiate', `${work}#b`).stdout);
  const changed = instantiate('--expr', 'b.override { phases.install = "mkdir -p $out/usr"; }');
  assert.notEqual(changed, instantiate('--expr', 'b'));
  assert.match(igos('realize', work, '--dry-run', '--expr', 'b').stdout, /^build b-2: never built\n1 to build\n$/);

  for (const command of ['eval', 'instantiate']) {
    const one = igos(command, `${work}#b`, '--expr', 'a');
    assert.deepEqual(
      [one.status, one.stderr],
      [2, `igos: '${work}#b' is one of a tree: --expr goes with all of it\nhint: name the tree: ${work}\n`],
    );
  }
  writeFileSync(join(work, 'x.nix'), '1');
  assert.match(
    igos('instantiate', join(work, 'x.nix'), '--expr', '2').stderr,
    /is an expression: --expr goes with a tree, or alone/,
  );
});

test('why-depends of packages: what they declare to need is told elsewhere', (t) => {
  const { igos, work } = programs(t);
  const tool = (name: string): string =>
    `package ${name} "1" { tier = core; summary = "T"; style = hostTools { tools = [ "${name}" ]; }; }\n`;
  writeFileSync(join(work, 'packages.igos'), `tier core { summary = "Core"; }\n${tool('true')}${tool('false')}`);
  const { status, stdout, stderr } = igos('why-depends', `${work}#true`, `${work}#false`);
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /^\/igos\/store\/.*-true-1 does not depend on .*-false-1\nhint: .*: igos show \/.*#true\n$/);
});
