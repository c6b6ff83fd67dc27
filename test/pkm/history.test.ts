/** `pkm history`, of everything and of one package. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runHere } from '../cli/in-process.ts';
import type { Run } from '../cli/programs.ts';
import { golden } from '../golden.ts';
import { Sandbox } from './support.ts';

test('what happened to one package is told, with its generations, whether it is still there or not', async (t) => {
  const box = new Sandbox(t);
  const history = async (...words: string[]): Promise<Run> => {
    const { stdout, ...run } = await runHere('pkm', ['history', '--root', box.root, ...words]);
    return { ...run, stdout: stdout.replace(/^\S+ \S+ UTC/gm, '<time>') };
  };
  box.do((root) => root.install([box.image('lib 1', { 'usr/l': '1' }), box.image('app 1', { 'usr/app': '1' })]));
  box.do((root) => root.install([box.image('lib 2', { 'usr/l': '2' }), box.image('other 1', { 'usr/other': '1' })]));
  box.do((root) => root.install([box.image('lib 1', { 'usr/l': '1' })]));
  box.do((root) => root.install([box.image('new 1', { 'usr/l': '3' }, { supersedes: ['lib'] })]));
  box.do((root) => root.remove(['app']));
  const runs = [await history('lib'), await history('app'), await history('app', 'lib', '--last', '2'), await history('lub')];
  golden(t, 'cli/pkm-history.txt', runs.map(({ status, stdout, stderr }) => `${stdout}${stderr}[exit ${status}]\n`).join('\n'));
  const { history: entries } = JSON.parse((await history('app', '--json')).stdout) as { history: { package: string }[] };
  assert.deepEqual(
    entries.map((entry) => entry.package),
    ['app', 'app'],
  );
  assert.equal((await history()).stdout.split('\n').filter((line) => /^<time> {2}tester {2}generation/.test(line)).length, 5);
});
