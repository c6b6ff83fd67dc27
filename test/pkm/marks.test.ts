/** Holds, explicit and dependency, autoremove; and predecessors that never were. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Root } from '../../pkm/index.ts';
import { FIRST_SCHEMA } from '../../pkm/state/schema.ts';
import { golden } from '../golden.ts';
import { faultText, Sandbox } from './support.ts';

const names = (box: Sandbox): string[] => box.do((root) => root.list().map((record) => record.name));

test('a held package is not upgraded, superseded or removed; a rollback may change it', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1' })]));
  box.do((root) => root.install([box.image('a 2', { 'usr/a': '2' })]));
  assert.deepEqual(
    box.do((root) => root.hold(['a', 'a'], true)),
    ['a'],
  );
  assert.deepEqual(
    box.do((root) => root.hold(['a'], true)),
    [],
  );
  const held = { code: 'E-PKM-040' };
  assert.throws(() => box.do((root) => root.install([box.image('a 3', { 'usr/a': '3' })])), held);
  assert.throws(() => box.do((root) => root.install([box.image('b 1', { 'usr/a': 'b' }, { supersedes: ['a'] })])), held);
  assert.throws(() => box.do((root) => root.remove(['a'])), held);
  assert.throws(() => box.do((root) => root.switchTo([])), held);
  assert.equal(box.read('usr/a'), '2');
  box.do((root) => root.install([box.image('a 2', { 'usr/a': '2' })]));
  box.do((root) => root.install([box.image('c 1', { 'usr/c': 'c' })]));
  await box.do((root) => root.rollback(1));
  assert.equal(box.read('usr/a'), '1');
  box.do((root) => root.install([box.image('a 4', { 'usr/a': '4' })], { ignoreHolds: true }));
  assert.deepEqual(
    box.do((root) => root.holds().map((hold) => [hold.name, hold.user])),
    [['a', 'tester']],
  );
  assert.deepEqual(
    box.do((root) => root.hold(['a', 'b'], false)),
    ['a'],
  );
  box.do((root) => root.remove(['a']));
  assert.deepEqual(
    box.do((root) => root.history({ packages: ['a'] }).map((entry) => entry.operation)).filter((name) => name.endsWith('hold')),
    ['unhold', 'hold'],
  );
  assert.throws(() => box.do((root) => root.hold(['nothing'], true)), { code: 'E-PKM-015' });
});

test('message: held', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('linux 6.1', { 'usr/linux': '1' })]));
  box.do((root) => root.hold(['linux'], true));
  const text = await faultText(box, () => box.do((root) => root.install([box.image('linux 6.2', { 'usr/linux': '2' })])));
  golden(t, 'errors/pkm-held.txt', text);
});

test('autoremove: chains, circles and providers; what a hold or a mark keeps', (t) => {
  const box = new Sandbox(t);
  const image = (name: string, runtime: string[] = [], provides: string[] = []) =>
    box.image(`${name} 1`, { [`usr/${name}`]: name }, { runtime, provides });
  const images = [
    image('deep'),
    image('middle', ['deep']),
    image('app', ['middle', 'mta']),
    image('postfix', [], ['mta']),
    image('ring-a', ['ring-b']),
    image('ring-b', ['ring-a']),
  ];
  box.do((root) => root.install(images, { explicit: ['app'] }));
  const orphans = (): string[] => box.do((root) => root.orphans());
  assert.deepEqual(orphans(), ['ring-a', 'ring-b'], 'a circle that nobody asked for');
  box.do((root) => root.hold(['ring-a'], true));
  assert.deepEqual(orphans(), []);
  box.do((root) => root.hold(['ring-a'], false));
  box.do((root) => root.mark(['ring-b'], 'explicit'));
  assert.deepEqual(orphans(), []);
  const report = box.do((root) => root.mark(['ring-b', 'app'], 'dependency'));
  assert.deepEqual(report.packages, [
    { name: 'app', action: 'mark', to: '1', reason: 'dependency' },
    { name: 'ring-b', action: 'mark', to: '1', reason: 'dependency' },
  ]);
  assert.deepEqual(orphans(), ['app', 'deep', 'middle', 'postfix', 'ring-a', 'ring-b']);
  box.do((root) => root.remove(root.orphans()));
  assert.deepEqual(names(box), []);
  assert.throws(() => box.do((root) => root.mark(['app'], 'explicit')), { code: 'E-PKM-015' });
});

test('a mark is a generation like any other, and a rollback takes it back', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1' })]));
  box.do((root) => root.mark(['a'], 'dependency'));
  assert.equal(
    box.do((root) => root.mark(['a'], 'dependency').isChanged),
    false,
  );
  await box.do((root) => root.rollback(1));
  assert.equal(
    box.do((root) => root.list()[0]!.reason),
    'explicit',
  );
});

test('a superseded record stays with its successor, and goes with the last of them', (t) => {
  const box = new Sandbox(t);
  box.do((root) =>
    root.install(
      [box.image('app 1', { 'usr/app': 'a' }, { runtime: ['util'] }), box.image('util 1', { 'usr/u': '1', 'usr/left': 'l' })],
      { explicit: ['app'] },
    ),
  );
  box.do((root) => root.install([box.image('util-core 2', { 'usr/u': '2' }, { supersedes: ['util'] })], { explicit: [] }));
  const orphans = (): string[] => box.do((root) => root.orphans());
  assert.deepEqual(orphans(), []);
  box.do((root) => root.mark(['app'], 'dependency'));
  assert.deepEqual(orphans(), ['app', 'util', 'util-core']);
  box.do((root) => root.remove(root.orphans()));
  assert.equal(box.read('usr/left'), undefined);
});

test('a chain of successions stays whole; so do all who took the place of what was asked for', (t) => {
  const box = new Sandbox(t);
  const link = (name: string, supersedes: string[] = []) =>
    box.image(`${name} 1`, { [`usr/${name}`]: name, 'usr/x': name }, { supersedes });
  const orphans = (): string[] => box.do((root) => root.orphans());
  box.do((root) => root.install([link('old'), link('mid', ['old']), link('new', ['mid'])], { explicit: ['new'] }));
  assert.deepEqual(orphans(), []);
  const beside = box.image('beside 1', { 'usr/mid': 'taken' }, { supersedes: ['mid'] });
  box.do((root) => root.install([beside], { explicit: [] }));
  assert.deepEqual(orphans(), ['beside'], 'it came along with nothing');
  box.do((root) => root.mark(['old'], 'explicit'));
  assert.deepEqual(orphans(), []);
});

test('a successor on a fresh root: fine where its source declares the predecessor, a mistake where nobody knows it', (t) => {
  const box = new Sandbox(t);
  const image = box.image('new 2', { 'usr/x': '2' }, { supersedes: ['old'] });
  assert.throws(() => box.do((root) => root.install([image])), { code: 'E-PKM-010' });
  assert.throws(() => box.do((root) => root.install([image], { declared: ['other'] })), { code: 'E-PKM-010' });
  const report = box.do((root) => root.install([image], { declared: ['old', 'new'] }));
  assert.deepEqual(report.warnings, []);
  assert.equal(box.read('usr/x'), '2');
  assert.deepEqual(
    box.do((root) => root.list({ all: true }).map((record) => record.name)),
    ['new'],
  );
});

test('versions count for dependencies and conflicts of a transaction', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('lib 1.5', { 'usr/lib/lib': '1' })]));
  const app = box.image('app 1', { 'usr/app': 'a' }, { runtime: ['lib>=2'] });
  golden(t, 'errors/pkm-dependency-version.txt', await faultText(box, () => box.do((root) => root.install([app]))));
  box.do((root) => root.install([app, box.image('lib 2.0', { 'usr/lib/lib': '2' })]));
  const older = box.image('lib 1.9', { 'usr/lib/lib': '3' });
  golden(t, 'errors/pkm-dependency-broken.txt', await faultText(box, () => box.do((root) => root.install([older]))));
  box.do((root) => root.install([box.image('x 1', { 'usr/x': 'x' }, { conflicts: ['lib<2'] })]));
  assert.throws(() => box.do((root) => root.install([box.image('y 1', { 'usr/y': 'y' }, { conflicts: ['lib>=2'] })])), {
    code: 'E-PKM-012',
  });
  assert.throws(() => box.image('z 1', {}, { runtime: ['lib>=>2'] }), { code: 'E-PKM-001' });
});

test('a database of the first schema can be read, and is brought up to date by the first change', async (t) => {
  const box = new Sandbox(t);
  const folder = join(box.root, 'var/lib/igos');
  mkdirSync(folder, { recursive: true });
  const old = new DatabaseSync(join(folder, 'pkm.db'));
  old.exec(FIRST_SCHEMA);
  old.exec(`
    INSERT INTO settings VALUES ('current_generation', '1'), ('owners', 'caller'), ('manifests_generation', '-1');
    INSERT INTO generations VALUES (0, 'install', 1, 'empty', 0), (1, 'install', 2, 'install a 1', 1);
    INSERT INTO installed VALUES ('a', '1', 1, '', '', '', '', 'store', '/igos/store/x-a-1', NULL, NULL, 'explicit',
      '[]', '[]', '[]', '[]', '[]', 2, NULL, NULL, 1);`);
  old.close();
  const read = <T>(ask: (root: Root) => T): T => box.do(ask, { readOnly: true });
  assert.deepEqual(
    [read((root) => root.holds()), read((root) => root.list()[0]!.name), read((root) => root.layoutKind)],
    [[], 'a', 'live'],
  );
  assert.deepEqual(
    box.do((root) => root.hold(['a'], true)),
    ['a'],
  );
  box.do((root) => root.install([box.image('b 1', { 'usr/b': 'b' })]));
  await box.do((root) => root.rollback(1));
  assert.deepEqual(names(box), ['a']);
  assert.deepEqual(
    box.do((root) => root.checkInvariants()),
    [],
  );
});
