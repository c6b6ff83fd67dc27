/** What the users of InterGenOS's pkm are promised (failure guide, part 1), promise by promise. `seed:` is theirs and ours. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { runHere } from '../../cli/in-process.ts';
import { ours, Publisher } from '../repository-support.ts';
import { Sandbox } from '../support.ts';

const code = (expected: string) => (error: { code?: string }) => error.code === expected;
const clean = (box: Sandbox) => box.do((root) => root.verify().isClean);

test('seed: two records of state, a SQLite database and text manifests beside it', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1.2', { 'usr/bin/p': 'p', 'etc/p.conf': 'c' })]));
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'), { readOnly: true });
  const files = database.prepare('SELECT path FROM files ORDER BY path').all();
  database.close();
  const text = readFileSync(box.path('var/lib/igos/packages/p-1.2'), 'utf8');
  assert.equal(files.length, 5);
  for (const { path } of files) assert.ok(text.includes(String(path)), text);
});

test('seed: where database and manifests disagree the database wins, and the divergence is reported', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p' })]));
  writeFileSync(box.path('var/lib/igos/packages/p-1'), 'PACKAGE NAME: q-2\n');
  const report = box.do((root) => root.verify());
  assert.deepEqual(report.manifests, [{ name: 'p-1', kind: 'different' }]);
  assert.deepEqual(
    box.do((root) => root.list().map((record) => record.name)),
    ['p'],
  );
});

test('seed: verify recalculates the SHA-256 of every installed file', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'good', 'usr/q': 'good' })]));
  writeFileSync(box.path('usr/q'), 'evil');
  assert.deepEqual(
    box.do((root) => root.verify().problems.map((problem) => [problem.path, problem.kind, problem.owner])),
    [['usr/q', 'modified', 'p']],
  );
});

test('seed: a path leads to the package that owns it', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p' }), box.image('q 1', { 'usr/q': 'q' })]));
  assert.deepEqual(
    box.do((root) => root.owns('/usr/q').map((row) => row.owner)),
    ['q'],
  );
});

test('seed: configuration is expected to drift, a binary is not', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p', 'etc/p.conf': 'c' })]));
  box.write('etc/p.conf', 'mine');
  const drifted = box.do((root) => root.verify());
  assert.deepEqual([drifted.isClean, drifted.drift.length], [true, 1]);
  box.write('usr/p', 'x');
  assert.equal(clean(box), false);
});

test('seed: archive-trust is strict by default, and takes what the synced index vouches for', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const file = await publisher.add('p 1', { 'usr/p': 'p' });
  await assert.rejects(
    box.do(async (root) => root.install([await root.readArchive(file)])),
    code('E-PKM-025'),
  );
  assert.equal(existsSync(box.path('usr/p')), false);
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  await box.do(async (root) => root.install([await root.readArchive(file)]));
  assert.equal(box.read('usr/p'), 'p');
});

test('seed: archive-trust, a stale index is refreshed by sync, and then the archive is taken', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('p 1', { 'usr/p': '1' });
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  const file = await publisher.add('p 2', { 'usr/p': '2' });
  const install = () => box.do(async (root) => root.install([await root.readArchive(file)]));
  await assert.rejects(install(), code('E-PKM-025'));
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  await install();
  assert.equal(box.read('usr/p'), '2');
});

test('seed: archive-trust loose installs with a warning, repo-only nothing that no index knows', async (t) => {
  const box = new Sandbox(t);
  const file = await new Publisher(box).add('p 1', { 'usr/p': 'p' });
  const install = (archiveTrust: 'loose' | 'repo-only') =>
    box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust }));
  await assert.rejects(install('repo-only'), code('E-PKM-025'));
  assert.deepEqual(
    (await install('loose')).warnings.map((warning) => warning.kind),
    ['trust'],
  );
});

test('seed: an archive that no fresh index vouches for stays out, whatever is tried', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const file = await publisher.add('p 1', { 'usr/p': 'p' });
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  const bytes = readFileSync(file);
  bytes[9] = bytes[9]! ^ 1; // the operating system that gzip names: the same members, another archive
  writeFileSync(file, bytes);
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  await assert.rejects(
    box.do(async (root) => root.install([await root.readArchive(file)])),
    code('E-PKM-025'),
  );
});

test('seed: directory collisions, the /lib symlink never becomes a directory', (t) => {
  const box = new Sandbox(t);
  mkdirSync(box.path('usr/lib'), { recursive: true });
  symlinkSync('usr/lib', box.path('lib'));
  assert.throws(() => box.do((root) => root.install([box.image('p 1', { 'lib/x': 'x' })])), code('E-PKM-003'));
  assert.deepEqual([box.read('lib'), box.read('usr/lib/x')], ['-> usr/lib', undefined]);
});

test('seed: supersede ordering, the predecessor exists and comes first', (t) => {
  const box = new Sandbox(t);
  const successor = box.image('b 1', { 'usr/x': 'b' }, { supersedes: ['a'] });
  assert.throws(() => box.do((root) => root.install([successor])), code('E-PKM-010'));
  assert.throws(() => box.do((root) => root.install([successor, box.image('a 1', { 'usr/x': 'a' })])), code('E-PKM-009'));
  box.do((root) => root.install([box.image('a 1', { 'usr/x': 'a' }), successor]));
  assert.equal(box.read('usr/x'), 'b');
});

test('seed: invariants are checked before anything is written', (t) => {
  const box = new Sandbox(t);
  const before = box.snapshot();
  const good = box.image('good 1', { 'usr/good': 'x' });
  for (const bad of [box.image('b 1', { 'usr/x': 'b' }, { supersedes: ['a'] }), box.image('c 1', { 'proc/c': 'c' })]) {
    assert.throws(() => box.do((root) => root.install([good, bad])));
    assert.deepEqual(box.snapshot(), before);
    assert.equal(
      box.do((root) => root.generation),
      0,
    );
  }
});

test('seed: supersede, files of both are overwritten and change owner with their new hashes', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/both': 'a', 'usr/only-a': 'a' })]));
  box.do((root) => root.install([box.image('b 1', { 'usr/both': 'b' }, { supersedes: ['a'] })]));
  const [row] = box.do((root) => root.owns('usr/both'));
  assert.deepEqual([row!.owner, box.read('usr/both'), clean(box)], ['b', 'b', true]);
});

test('seed: supersede, files of the predecessor alone stay in place, with its historical record', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/both': 'a', 'usr/only-a': 'a' })]));
  box.do((root) => root.install([box.image('b 1', { 'usr/both': 'b' }, { supersedes: ['a'] })]));
  assert.equal(box.read('usr/only-a'), 'a');
  box.do((root) => {
    assert.deepEqual(
      root.owns('usr/only-a').map((row) => row.owner),
      ['a'],
    );
    const record = root.list({ all: true }).find((item) => item.name === 'a')!;
    assert.deepEqual([record.supersededBy, record.supersededAt > 0], [['b'], true]);
  });
});

test('seed: a package splits without orphaning files', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('tools 1', { 'usr/bin/x': 'x', 'usr/bin/y': 'y' })]));
  box.do((root) =>
    root.install([
      box.image('tools-core 2', { 'usr/bin/x': 'x2' }, { supersedes: ['tools'] }),
      box.image('tools-extra 2', { 'usr/bin/y': 'y2' }, { supersedes: ['tools'] }),
    ]),
  );
  assert.deepEqual(
    ['usr/bin/x', 'usr/bin/y'].map((path) => box.do((root) => root.owns(path)[0]!.owner)),
    ['tools-core', 'tools-extra'],
  );
});

test('seed: removal skips configuration, and takes it with --force', (t) => {
  const box = new Sandbox(t);
  const install = () => box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p', 'etc/p.conf': 'c' })]));
  install();
  box.do((root) => root.remove(['p']));
  assert.deepEqual([box.read('usr/p'), box.read('etc/p.conf')], [undefined, 'c']);
  install();
  box.do((root) => root.remove(['p'], { force: true }));
  assert.equal(box.read('etc/p.conf'), undefined);
});

test('seed: a modified file is removed, with a warning', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p' })]));
  box.write('usr/p', 'mine');
  const report = box.do((root) => root.remove(['p']));
  assert.equal(box.read('usr/p'), undefined);
  assert.deepEqual(
    report.warnings.map((warning) => [warning.kind, warning.path]),
    [['modified-file', 'usr/p']],
  );
});

test('seed: a directory goes only when it is empty', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/share/p/x': 'x', 'usr/share/q/y': 'y' })]));
  box.write('usr/share/p/mine', 'mine');
  box.do((root) => root.remove(['p']));
  assert.deepEqual([existsSync(box.path('usr/share/p/mine')), existsSync(box.path('usr/share/q'))], [true, false]);
});

test('seed: config_files holds the original hash; both changed: a safe merge, or a .new beside yours', (t) => {
  const box = new Sandbox(t);
  const at = (version: number, text: string) =>
    box.do((root) => root.install([box.image(`p ${version}`, { 'etc/p.conf': text })]));
  at(1, 'a\nb\nc\n');
  box.write('etc/p.conf', 'mine\nb\nc\n');
  at(2, 'a\nb\nC\n');
  assert.equal(box.read('etc/p.conf'), 'mine\nb\nC\n');
  at(3, 'other\nb\nC\n');
  assert.deepEqual([box.read('etc/p.conf'), box.read('etc/p.conf.new')], ['mine\nb\nC\n', 'other\nb\nC\n']);
});

test('seed: the history is an append-only log of every install, removal and supersede', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/x': 'a' })]));
  box.do((root) => root.install([box.image('b 1', { 'usr/x': 'b' }, { supersedes: ['a'] })]));
  box.do((root) => root.remove(['b', 'a']));
  const operations = box.do((root) => root.history().reverse()).map((entry) => `${entry.operation} ${entry.package}`.trim());
  for (const expected of ['install a', 'supersede a', 'install b', 'remove b', 'remove a'])
    assert.ok(operations.includes(expected));
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  assert.throws(() => database.exec('DELETE FROM history'), /append-only/);
  assert.throws(() => database.exec("UPDATE history SET user = 'nobody'"), /append-only/);
  database.close();
});

test('seed: install, verify and remove on the command line, with exit statuses that tell', async (t) => {
  const box = new Sandbox(t);
  const file = await new Publisher(box).add('p 1', { 'usr/p': 'p' });
  const pkm = (...words: string[]) => runHere('pkm', [...words, '--root', box.root, '--home', join(box.base, 'home')]);
  const status = async (...words: string[]) => (await pkm(...words)).status;
  assert.notEqual(await status('install', '--archive', file), 0, 'strict');
  assert.equal(await status('install', '--archive', file, '--archive-trust', 'loose'), 0);
  assert.equal(await status('verify'), 0);
  box.write('usr/p', 'x');
  assert.equal(await status('verify'), 1);
  assert.equal(await status('remove', 'p'), 0);
  assert.notEqual(await status('remove', 'p'), 0);
});
