/** What an upgrade leaves behind is said, with what would have been there and the way to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeptBack } from '../../pkm/index.ts';
import { golden } from '../golden.ts';
import { Machine } from './machine.ts';

test('upgrade and outdated say what is held, what is pinned back by others, and how far it goes instead', async (t) => {
  const machine = new Machine(t);
  const { add } = machine;
  await add('held 1');
  await add('lib 1');
  await add('old 1');
  await add('free 1');
  await add('app 1', { runtime: ['lib<3'] });
  await machine.sync();
  await machine.done('install', 'held', 'old', 'free', 'app');
  await machine.done('hold', 'held');
  await add('held 2');
  await add('lib 2');
  await add('lib 3');
  await add('mid 2', { supersedes: ['old'] });
  await add('new 3', { supersedes: ['mid'], runtime: ['nowhere'] });
  await add('free 2', { runtime: [] });
  await machine.sync();
  const texts = [
    await machine.shown('outdated'),
    await machine.shown('upgrade', 'held'),
    await machine.shown('install', 'held'),
    await machine.shown('upgrade', '--dry-run'),
    await machine.shown('upgrade', 'lib', '--dry-run'),
    await machine.shown('upgrade'),
    await machine.shown('upgrade'),
    await machine.shown('outdated'),
    await machine.shown('upgrade', 'lib'),
    await machine.shown('upgrade', '--ignore-holds'),
  ];
  golden(t, 'cli/pkm-kept-back.txt', texts.join('\n'));
});

test('--json has both versions as fields', async (t) => {
  const machine = new Machine(t);
  await machine.add('held 1');
  await machine.sync();
  await machine.done('install', 'held');
  await machine.done('hold', 'held');
  await machine.add('held 1', { release: 2 });
  await machine.sync();
  const { keptBack } = JSON.parse((await machine.pkm('upgrade', '--json')).stdout) as { keptBack: KeptBack[] };
  assert.deepEqual(keptBack, [
    { name: 'held', version: '1', release: 1, isHeld: true, offered: { name: 'held', version: '1', release: 2 } },
  ]);
  const { packages } = JSON.parse((await machine.pkm('outdated', '--json')).stdout) as { packages: Record<string, unknown>[] };
  assert.deepEqual(
    packages.map(({ isHeld, isKeptBack }) => [isHeld, isKeptBack]),
    [[true, true]],
  );
});

test('a held package is not offered as the same version from elsewhere', async (t) => {
  const machine = new Machine(t);
  machine.box.do((root) => {
    root.install([machine.box.image('lib 1', { 'usr/share/lib': 'made here' })]);
    root.hold(['lib'], true);
  });
  await machine.add('lib 1', { provides: ['feature'] });
  await machine.add('plain 1', { runtime: ['lib'] });
  await machine.add('app 1', { runtime: ['feature'] });
  await machine.sync();
  assert.match((await machine.pkm('install', 'lib')).stdout, /^nothing to do$/m);
  const both = await machine.pkm('install', 'plain', 'lib');
  assert.match(both.stdout, /^installed plain 1\n/, both.stderr);
  const refused = await machine.pkm('install', 'app');
  assert.match(refused.stderr, /E-PKM-013.*'lib' is held at 1.*pkm unhold/s);
  assert.equal(machine.box.read('usr/share/lib'), 'made here');
});

test('the ways to an older version that a refusal names lead there', async (t) => {
  const machine = new Machine(t);
  const archive = await machine.add('lib 1');
  await machine.add('lib 2');
  await machine.sync();
  await machine.done('install', 'lib=1');
  await machine.done('upgrade');
  const refused = await machine.pkm('install', 'lib=1');
  assert.match(refused.stderr, /'pkm install --archive FILE'.*'pkm rollback --package lib'/s);
  assert.doesNotMatch(refused.stderr, /pkm sync/);
  assert.match((await machine.pkm('install', '--archive', archive)).stdout, /^downgraded lib 2 -> 1$/m);
  await machine.done('upgrade');
  await machine.done('rollback', '--package', 'lib');
  assert.equal(machine.box.read('usr/share/lib'), 'lib 1');
});

test('of a package that was split all successors are named, and each that is not reached', async (t) => {
  const machine = new Machine(t);
  const { add } = machine;
  await add('old 1');
  await add('tool 1');
  await machine.sync();
  await machine.done('install', 'old', 'tool');
  for (const part of ['left', 'right']) {
    await add(`old-${part} 2`, { supersedes: ['old'], runtime: part === 'right' ? ['nowhere'] : [] });
    await add(`tool-${part} 2`, { supersedes: ['tool'] });
  }
  await add('tool-next 3', { supersedes: ['tool-right'], runtime: ['nowhere'] });
  await machine.sync();
  const kept = async (): Promise<string[]> => {
    const { stdout } = await machine.pkm('upgrade', '--dry-run');
    return stdout.split('\n').flatMap((line) => /^kept back: (.*): that/.exec(line)?.[1] ?? []);
  };
  assert.deepEqual(await kept(), ['old 1 -> superseded by old-left 2, old-right 2', 'tool-right 2 -> superseded by tool-next 3']);
  const { keptBack } = JSON.parse((await machine.pkm('upgrade', '--json')).stdout) as { keptBack: KeptBack[] };
  assert.deepEqual(
    keptBack.map(({ name, offered, besides }) => [name, offered.name, besides?.map((one) => one.name)]),
    [
      ['old', 'old-left', ['old-right']],
      ['tool-right', 'tool-next', undefined],
    ],
  );
  await machine.done('hold', 'old');
  const held = (await machine.pkm('upgrade')).stdout;
  assert.match(held, /^kept back: old 1 -> superseded by old-left 2, old-right 2: it is held/m);
  assert.match((await machine.pkm('outdated')).stdout, /^tool-right 2 -> superseded by tool-next 3 \(kept back\)$/m);
});
