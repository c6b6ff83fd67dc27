/** What pkm says where a wish cannot be met, and where it could be: the way there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { golden } from '../golden.ts';
import { ours, Publisher } from '../pkm/repository-support.ts';
import { Machine } from './machine.ts';

test('what a repository of lower priority has, what excludes each other, what is not kept any more', async (t) => {
  const machine = new Machine(t);
  const { add, box } = machine;
  await add('foo 1');
  await add('exim 4', { provides: ['mta'], conflicts: ['postfix'] });
  await add('postfix 3', { provides: ['mta'], conflicts: ['exim'] });
  await machine.sync();
  const extra = new Publisher(box, 'extra');
  await extra.add('foo 2', { 'usr/share/foo': '2' });
  await extra.add('baz 1', { 'usr/share/baz': '1' }, { runtime: ['foo>=2'] });
  await extra.publish();
  const settings = { name: 'extra', addresses: [new URL(extra.address)], priority: 50, isEnabled: true, keys: [ours.open] };
  await box.do((root) => root.sync(settings));
  await machine.done('install', 'foo', 'exim');
  const texts = [
    await machine.shown('install', 'baz'),
    await machine.shown('install', 'foo=2'),
    await machine.shown('install', 'postfix'),
    await machine.shown('upgrade', 'foo>=2'),
    await machine.shown('provides', 'foo'),
  ];
  await machine.done('remove', 'exim');
  await machine.done('gc', '--keep', '1');
  texts.push(
    await machine.shown('rollback'),
    await machine.shown('rollback', '1'),
    await machine.shown('rollback', '--package', 'foo'),
  );
  golden(t, 'cli/pkm-ways-out.txt', texts.join('\n'));
  await machine.done('hold', 'foo');
  assert.match((await machine.pkm('info', 'foo')).stdout, /^held {8}since .* by /m);
  const { isHeld } = JSON.parse((await machine.pkm('info', 'foo', '--json')).stdout) as { isHeld: boolean };
  assert.equal(isHeld, true);
});

test('what came along and is of no use any more is named, after a removal and after an upgrade', async (t) => {
  const machine = new Machine(t);
  const { add } = machine;
  await add('lib 1');
  await add('other 1');
  await add('app 1', { runtime: ['lib', 'other'] });
  await machine.sync();
  await machine.done('install', 'app');
  await add('app 2', { runtime: ['lib'] });
  await machine.sync();
  const said = (names: string): string => `came along, and is not needed any more: ${names}; remove it with: pkm autoremove\n`;
  assert.equal((await machine.pkm('upgrade')).stderr, said('other'));
  assert.equal((await machine.pkm('remove', 'app', '--dry-run')).stderr, '');
  assert.equal((await machine.pkm('remove', 'app')).stderr, said('lib other'));
  const { orphans } = JSON.parse((await machine.pkm('remove', 'lib', '--json')).stdout) as { orphans: string[] };
  assert.deepEqual(orphans, ['other']);
});

test('where nothing was synced, an upgrade says that it looked nowhere', async (t) => {
  const machine = new Machine(t);
  machine.box.do((root) => root.install([machine.box.image('a 1', { 'usr/share/a': 'a' })]));
  const { stdout, stderr } = await machine.pkm('upgrade');
  assert.equal(stdout, 'nothing to do\n');
  assert.equal(stderr, "nothing newer is known; no repository was synced, 'pkm sync' does that\n");
  assert.match(
    (await machine.pkm('install', 'b')).stderr,
    /hint: no repository was synced yet: 'pkm sync' fetches those that etc\//,
  );
  // One that has no packages is a repository all the same.
  await machine.sync();
  assert.equal((await machine.pkm('upgrade')).stderr, '');
  assert.equal(
    (await machine.pkm('install', 'b')).stderr,
    "error[E-PKM-013]: no synced repository offers 'b'\nnote: those that were synced have no packages\nhint: fetch the newest indexes with 'pkm sync'\n",
  );
  await machine.add('a 1');
  await machine.sync();
  assert.equal((await machine.pkm('upgrade')).stderr, '');
});

test('config list: what packages left is yours, and how to be rid of it', async (t) => {
  const machine = new Machine(t);
  const { box } = machine;
  box.do((root) => root.install([box.image('a 1', { 'etc/a.conf': '1\n' })]));
  box.do((root) => root.remove(['a']));
  const { stdout, stderr } = await machine.pkm('config', 'list');
  assert.equal(stdout, 'left       /etc/a.conf (a, which is not installed)\n');
  box.do((root) => root.install([box.image('b 1', { 'etc/b.conf': '1\n' })]));
  box.write('etc/b.conf', 'mine\n');
  box.do((root) => root.install([box.image('b 2', { 'usr/share/b': '2' })]));
  assert.match((await machine.pkm('config', 'list')).stdout, /^left {7}\/etc\/b.conf \(b, which has it no more\)$/m);
  assert.match(stderr, /^what is left of packages that went is yours: .*with rm; 'pkm remove --force' leaves nothing\n$/);
});

test('config list: the version that waited for a decision is named, also when its package went', async (t) => {
  const machine = new Machine(t);
  const { box } = machine;
  const conflict = (): void => {
    box.do((root) => root.install([box.image('a 1', { 'etc/a.conf': '1\n' })]));
    box.write('etc/a.conf', 'mine\n');
    box.do((root) => root.install([box.image('a 2', { 'etc/a.conf': '2\n' })]));
  };
  conflict();
  await machine.add('b 1');
  await machine.repository.add('a 3', { 'etc/a.conf': '3\n' });
  await machine.sync();
  assert.doesNotMatch((await machine.pkm('upgrade', '--dry-run')).stderr, /to settle/);
  assert.equal((await machine.pkm('upgrade')).stderr, "1 to settle: see 'pkm config diff', then 'pkm config resolve'\n");
  assert.doesNotMatch((await machine.pkm('install', 'b')).stderr, /to settle/, 'of this change only');
  box.do((root) => root.remove(['a']));
  assert.equal(
    (await machine.pkm('config', 'list')).stdout,
    'left       /etc/a.conf (a, which is not installed; a version of the package is /etc/a.conf.new)\n',
  );
  box.do((root) => root.install([box.image('a 3', { 'etc/a.conf': '3\n' })]));
  box.write('etc/a.conf.new', 'edited\n');
  assert.match((await machine.pkm('remove', '--force', 'a')).stderr, /^warning: etc\/a\.conf\.new: it was modified; it stays$/m);
  assert.equal(box.read('etc/a.conf.new'), 'edited\n');
});

test('supersede: what stays with the record is counted, its paths say who superseded their owner, and it does not stay unseen', async (t) => {
  const machine = new Machine(t);
  const { box } = machine;
  box.do((root) => root.install([box.image('a 1', { 'usr/share/a/one': '1', 'usr/share/a/two': '2', 'usr/bin/x': 'x' })]));
  await machine.repository.add('b 1', { 'usr/bin/x': 'b' }, { supersedes: ['a'] });
  await machine.sync();
  const left = /^superseded? a 1 by b; 2 files of it stay$/m;
  assert.match((await machine.pkm('install', 'b', '--dry-run')).stdout, left);
  assert.match((await machine.pkm('install', 'b')).stdout, left);
  const { stdout } = await machine.pkm('owns', '/usr/share/a/one', '/usr/bin/x');
  assert.equal(stdout, '/usr/share/a/one: a (superseded by b)\n/usr/bin/x: b\n');
  const { paths } = JSON.parse((await machine.pkm('owns', '/usr/share/a/one', '--json')).stdout) as { paths: unknown };
  assert.deepEqual(paths, [{ path: '/usr/share/a/one', owners: ['a'], superseded: [{ name: 'a', by: ['b'] }] }]);
  assert.equal(
    (await machine.pkm('remove', 'b')).stderr,
    'was superseded, and its successor went: a; remove what is left of it with: pkm remove a\n',
  );
  assert.equal(box.read('usr/share/a/one'), '1');
  await machine.done('remove', 'a');
  assert.equal(box.read('usr/share/a/one'), undefined);
});

test('list --superseded: successors are a column, however many', async (t) => {
  const machine = new Machine(t);
  const { box } = machine;
  box.do((root) => root.install([box.image('a 1', {}, { summary: 'Ay' }), box.image('c 1', {}, { summary: 'Sea' })]));
  const both = [['b 1'], ['long-successor 1']].map(([about]) => box.image(about!, {}, { supersedes: ['a'] }));
  box.do((root) => root.install([...both, box.image('d 1', {}, { supersedes: ['c'] })]));
  const { stdout } = await machine.pkm('list', '--superseded');
  assert.equal(stdout, `a 1  by b, long-successor  Ay\n${'c 1  by d'.padEnd(25)}  Sea\n`);
});

test('outdated: all that a package was split into is named', async (t) => {
  const machine = new Machine(t);
  machine.box.do((root) => root.install([machine.box.image('a 1', { 'usr/share/a': '1' })]));
  await machine.add('left 2', { supersedes: ['a'] });
  await machine.add('right 3', { supersedes: ['a'] });
  await machine.sync();
  assert.equal((await machine.pkm('outdated')).stdout, 'a 1 -> superseded by left 2, right 3\n');
  type Outdated = { offered: { name: string }; besides: { name: string; version: string }[] };
  const { packages } = JSON.parse((await machine.pkm('outdated', '--json')).stdout) as { packages: Outdated[] };
  assert.deepEqual(
    packages.map(({ offered, besides }) => [offered.name, ...besides.map(({ name, version }) => `${name} ${version}`)]),
    [['left', 'right 3']],
  );
});

test('verify: what differs is to be looked into, and can be put back', async (t) => {
  const machine = new Machine(t);
  const { box } = machine;
  box.do((root) => root.install([box.image('a 1', { 'usr/share/a': 'a' })]));
  assert.equal((await machine.pkm('verify')).stderr, '');
  box.write('usr/share/a', 'b');
  const { status, stdout, stderr } = await machine.pkm('verify');
  assert.equal(status, 1);
  assert.equal(stderr, "find out what changed them; 'pkm repair' puts back what was installed\n");
  assert.match(stdout, /, 1 B at \d+ B a second: 1 problem, /);
});

test('an upgrade that would take a file from what is kept back names the way on, and no folder that only is called so', async (t) => {
  const machine = new Machine(t);
  const { repository } = machine;
  await repository.add('a 1', { 'usr/share/common': 'a' });
  await machine.add('b 1');
  await machine.add('test 1', { runtime: ['a<2'] });
  await machine.add('free 1');
  await machine.sync();
  await machine.done('install', 'a', 'b', 'test', 'free');
  await machine.add('a 2');
  await repository.add('b 2', { 'usr/share/common': 'b' });
  await machine.add('free 2');
  await machine.sync();
  const refused = (await machine.pkm('upgrade')).stderr;
  assert.match(refused, /^error\[E-PKM-004\]: '\/usr\/share\/common' of 'b' belongs to 'a' already\n/);
  assert.match(refused, /^hint: or leave 'b' as it is for now: pkm hold b$/m);
  await machine.done('hold', 'b');
  assert.match((await machine.pkm('upgrade')).stdout, /^upgraded free 1 -> 2\n/);
  // The tests run where there is a folder 'test'.
  const together = (await machine.pkm('upgrade', 'a', 'test')).stderr;
  assert.match(together, /E-PKM-013/);
  assert.doesNotMatch(together, /is here as a file or folder/);
  assert.match((await machine.pkm('install', 'docs')).stderr, /'docs' is here as a file or folder/);
});
