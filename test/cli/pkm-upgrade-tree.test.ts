/** What a tree declares of successors: upgrades along chains, past what is held; predecessors that the tree still has. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noSandbox, programs, project } from './programs.ts';

test('an upgrade to a tree goes to the end of a chain, and leaves what is held', { skip: await noSandbox() }, (t) => {
  const { work, pkm } = programs(t);
  const tree = join(work, 'tree');
  cpSync(join(project, 'examples/tour/v1'), tree, { recursive: true });
  const declare = (text: string): void => writeFileSync(join(tree, 'chain.igos'), text);
  const made = (name: string, version: string, more = ''): string =>
    `package ${name} "${version}" { tier = base; summary = "S"; build = [ shell ]; ${more} phases.install = "mkdir -p $out/usr/share; echo ${version} > $out/usr/share/${name}"; }\n`;
  const good = (...words: string[]): string => {
    const { status, stdout, stderr } = pkm(...words);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  declare(made('first', '1') + made('pinned', '1'));
  good('install', `${tree}#first`, `${tree}#pinned`);
  good('hold', 'pinned');
  declare(
    made('pinned', '2') +
      made('second', '2', 'supersedes = [ first ];') +
      made('third', '3', 'supersedes = [ second ]; runtime = [ pinned ];') +
      made('first', '1'),
  );
  const lines = good('upgrade', tree);
  assert.match(lines, /^kept back: pinned 1 -> 2: it is held, 'pkm unhold pinned' lets it go$/m);
  assert.match(lines, /^installed third 3$/m);
  const { packages } = JSON.parse(good('list', '--json')) as { packages: { name: string; version: string; reason: string }[] };
  assert.deepEqual(
    packages.map(({ name, version, reason }) => `${name} ${version} ${reason}`),
    ['pinned 1 explicit', 'third 3 explicit'],
  );
  assert.equal(readFileSync(join(work, 'root/usr/share/pinned'), 'utf8'), '1\n');
  assert.match(pkm('upgrade', `${tree}#pinned`).stderr, /E-PKM-040/);
  assert.match(pkm('upgrade', `${tree}#third`).stdout, /nothing to do/);
});

test('a tree may declare predecessors beside their successors, in any order', { skip: await noSandbox() }, (t) => {
  const { work, pkm } = programs(t);
  const tree = join(work, 'tree');
  cpSync(join(project, 'examples/tour/v1'), tree, { recursive: true });
  const made = (name: string, version: string, more = ''): string =>
    `package ${name} "${version}" { tier = base; summary = "S"; build = [ shell ]; ${more} phases.install = "mkdir -p $out/usr/share; echo ${name} > $out/usr/share/tool"; }\n`;
  const user = `package user "1" { tier = base; summary = "S"; build = [ shell ]; runtime = [ old ]; phases.install = "mkdir -p $out/usr/share; echo > $out/usr/share/user"; }\n`;
  const packages = made('new', '2', 'supersedes = [ old ];') + user + made('old', '1');
  writeFileSync(join(tree, 'split.igos'), `${packages}system both { packages = [ new old user ]; }\n`);
  const listed = (root: string, ...words: string[]): string[] => {
    const { status, stderr } = pkm(...words, '--root', join(work, root));
    assert.equal(status, 0, stderr);
    const { packages } = JSON.parse(pkm('list', '--json', '--root', join(work, root)).stdout) as { packages: { name: string }[] };
    assert.equal(readFileSync(join(work, root, 'usr/share/tool'), 'utf8'), 'new\n');
    return packages.map(({ name }) => name);
  };
  assert.deepEqual(listed('named', 'install', `${tree}#new`, `${tree}#old`), ['new']);
  assert.deepEqual(listed('needed', 'install', `${tree}#new`, `${tree}#user`), ['new', 'user']);
  assert.deepEqual(listed('switched', 'switch', `${tree}#both`), ['new', 'user']);
  // What comes along with a later one is there already, by another name.
  assert.deepEqual(listed('stepwise', 'install', `${tree}#new`), ['new']);
  assert.deepEqual(listed('stepwise', 'install', `${tree}#user`), ['new', 'user']);
  assert.match(pkm('install', `${tree}#old`, '--root', join(work, 'stepwise')).stderr, /E-PKM-011/);
});

test('what only a switch brings of a system is said, with the way', { skip: await noSandbox() }, (t) => {
  const { work, pkm } = programs(t);
  const tree = join(work, 'tree');
  cpSync(join(project, 'examples/tour/v1'), tree, { recursive: true });
  const declare = (issue: string): void =>
    writeFileSync(
      join(tree, 'site.igos'),
      `system site { packages = [ base-files ]; etc.issue = ${issue}; etc.motd = "site\\n"; }\n`,
    );
  const said = (...words: string[]): string[] => {
    const { status, stdout, stderr } = pkm(...words);
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter((line) => line.startsWith('not brought: '));
  };
  const line = `not brought: the files and services that system 'site' declares itself; 'pkm switch ${tree}#site' brings them`;
  declare('"one"');
  assert.deepEqual(said('install', `${tree}#site`, '--dry-run'), [line]);
  assert.deepEqual(said('switch', `${tree}#site`), []);
  assert.deepEqual(said('upgrade', tree), [], 'all is there');
  assert.deepEqual(said('install', `${tree}#site`), []);
  declare('"two"');
  assert.deepEqual(said('upgrade', tree, '--dry-run'), [line]);
  assert.deepEqual(said('upgrade', tree), [line]);
  assert.deepEqual(said('install', `${tree}#site`), [line]);
  assert.deepEqual(said('upgrade', `${tree}#base-files`), [], 'somebody wants that package');
  const { leftToSwitch } = JSON.parse(pkm('upgrade', tree, '--json').stdout) as { leftToSwitch: object[] };
  assert.deepEqual(leftToSwitch, [{ system: 'site', operand: `${tree}#site` }]);
  declare('throw "it cannot be told"');
  assert.deepEqual(said('upgrade', tree), [line], 'packages come all the same');
  assert.equal(readFileSync(join(work, 'root/etc/motd'), 'utf8'), 'site\n');
});
