/** An upgrade to what a tree declares: along chains of successors, and past what is held. */
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
