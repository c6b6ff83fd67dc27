/** Verify and repair: what is found, what is not taken for a finding, and how far they reach. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { rootDisk } from '../../pkm/disk.ts';
import { writeArchive } from '../../pkm/index.ts';
import { rootLayout } from '../../pkm/layout.ts';
import { runHere } from '../cli/in-process.ts';
import { Sandbox } from './support.ts';

const FILES = {
  'usr/bin/a': { mode: 0o755, text: 'program' },
  'usr/lib/liba.so': '-> liba.so.1',
  'usr/lib/liba.so.1': 'library',
  'usr/share/a/data': 'data',
  'usr/share/a/empty': '',
  'etc/a.conf': 'key = 1\n',
};

function installed(t: ConstructorParameters<typeof Sandbox>[0]): Sandbox {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', FILES), box.image('b 1', { 'usr/bin/b': 'b', 'usr/share/b/x': 'x' })]));
  return box;
}
const found = (box: Sandbox, options = {}) =>
  box.do((root) => root.verify(options).problems.map((problem) => `${problem.kind} ${problem.path}`));

test('every kind of difference is named once, configuration apart', (t) => {
  const box = installed(t);
  assert.deepEqual(found(box), []);
  writeFileSync(box.path('usr/share/a/data'), 'date');
  chmodSync(box.path('usr/bin/a'), 0o777);
  unlinkSync(box.path('usr/lib/liba.so'));
  symlinkSync('elsewhere', box.path('usr/lib/liba.so'));
  unlinkSync(box.path('usr/lib/liba.so.1'));
  unlinkSync(box.path('usr/share/a/empty'));
  mkdirSync(box.path('usr/share/a/empty'));
  rmSync(box.path('usr/share/b'), { recursive: true });
  box.write('etc/a.conf', 'key = 2\n');
  assert.deepEqual(found(box), [
    'mode usr/bin/a',
    'modified usr/lib/liba.so',
    'missing usr/lib/liba.so.1',
    'modified usr/share/a/data',
    'type usr/share/a/empty',
    'missing usr/share/b',
    'missing usr/share/b/x',
  ]);
  const drift = box.do((root) => root.verify().drift);
  assert.deepEqual(
    drift.map((item) => item.path),
    ['etc/a.conf'],
  );
});

test('a device or socket that stands in the place of a file is not opened', (t) => {
  const box = installed(t);
  unlinkSync(box.path('usr/bin/b'));
  const server = join(box.root, 'usr/bin/b');
  // A FIFO without a writer would block whoever opens it for reading.
  const made = runMkfifo(server);
  if (!made) return t.skip('no mkfifo here');
  assert.deepEqual(found(box), ['type usr/bin/b']);
  assert.deepEqual(found(box, { fast: true }), ['type usr/bin/b']);
});

test('what repair cannot put back without harm to what stands there is left, the rest is repaired', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { ...FILES, 'usr/share/a/folder': { mode: 0o755 } })]));
  unlinkSync(box.path('usr/share/a/empty'));
  box.write('usr/share/a/empty/mine', 'mine');
  rmSync(box.path('usr/share/a/folder'), { recursive: true });
  box.write('usr/share/a/folder', 'mine too');
  chmodSync(box.path('usr/share/a/folder'), 0o600);
  box.write('usr/share/a/data', 'changed');
  const report = await box.do((root) => root.repair());
  const paths = (problems: readonly { readonly path: string }[]): string[] => problems.map(({ path }) => path);
  assert.deepEqual(
    [paths(report.repaired), paths(report.left)],
    [['usr/share/a/data'], ['usr/share/a/empty', 'usr/share/a/folder']],
  );
  assert.deepEqual(found(box), ['type usr/share/a/empty', 'type usr/share/a/folder']);
  assert.deepEqual([box.read('usr/share/a/empty/mine'), box.read('usr/share/a/folder')], ['mine', 'mine too']);
  assert.equal(lstatSync(box.path('usr/share/a/folder')).mode & 0o7777, 0o600);
});

test('fast finds another size, time, mode and kind, and reads nothing', (t) => {
  const box = installed(t);
  const report = box.do((root) => root.verify({ fast: true }));
  assert.deepEqual([report.isClean, report.nBytes], [true, 0]);
  writeFileSync(box.path('usr/share/a/data'), 'date');
  assert.deepEqual(found(box, { fast: true }), ['modified usr/share/a/data']);
});

test('packages: only theirs are looked at, repair too', async (t) => {
  const box = installed(t);
  writeFileSync(box.path('usr/bin/a'), 'x');
  writeFileSync(box.path('usr/bin/b'), 'x');
  assert.deepEqual(found(box, { packages: ['b'] }), ['modified usr/bin/b']);
  const options = ['--root', box.root, '--home', join(box.base, 'home')];
  const verified = await runHere('pkm', ['verify', 'b', ...options]);
  assert.match(verified.stdout, /^modified \/usr\/bin\/b/m);
  assert.doesNotMatch(verified.stdout, /usr\/bin\/a/);
  const json = JSON.parse((await runHere('pkm', ['verify', '-p', 'a', '--json', ...options])).stdout);
  assert.deepEqual([json.problems.length, json.isClean, typeof json.seconds], [1, false, 'number']);
  const report = await box.do((root) => root.repair({ packages: ['b'] }));
  assert.deepEqual(
    report.repaired.map((problem) => problem.path),
    ['usr/bin/b'],
  );
  assert.deepEqual(found(box), ['modified usr/bin/a']);
});

test('bytes that are not those of the database repair nothing', async (t) => {
  const box = new Sandbox(t);
  const file = join(box.base, 'a.igos.tar.gz');
  await writeArchive(box.image('a 1', FILES), file);
  await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  database.exec(`UPDATE files SET sha256 = '${'0'.repeat(64)}' WHERE path = 'usr/share/a/data'`);
  database.close();
  assert.deepEqual(found(box), ['modified usr/share/a/data']);
  const repair = box.do((root) => root.repair());
  await assert.rejects(repair, { code: 'E-PKM-017', message: /usr\/share\/a\/data/ });
  assert.equal(box.read('usr/share/a/data'), 'data');
});

test('unowned: what no package brought, in the folders of packages; what waits to be settled is known', (t) => {
  const box = installed(t);
  assert.deepEqual(
    box.do((root) => root.verify({ unowned: true }).unowned),
    [],
  );
  box.write('usr/bin/stray', 'x');
  box.write('usr/share/new/deep/file', 'x');
  box.write('etc/mine.conf', 'x');
  box.write('etc/a.conf', 'mine\n');
  box.write('srv/x', 'x');
  box.do((root) => root.install([box.image('a 2', { ...FILES, 'etc/a.conf': 'key = 2\n' })]));
  const report = box.do((root) => root.verify({ unowned: true }));
  assert.deepEqual(report.unowned, ['etc/mine.conf', 'usr/bin/stray', 'usr/share/new/']);
  assert.equal(report.isClean, true, 'it is no problem');
});

for (const isAtomic of [false, true]) {
  test(`unowned: what is pkm's own is not, wherever links lead it${isAtomic ? '; on an atomic root' : ''}`, (t) => {
    const box = new Sandbox(t);
    for (const folder of ['etc/state', 'etc/archives', 'etc/settings', 'var/lib', 'var/cache/igos'])
      mkdirSync(box.path(folder), { recursive: true });
    symlinkSync('../../etc/state', box.path('var/lib/igos'));
    symlinkSync('../../../etc/archives', box.path('var/cache/igos/archives'));
    symlinkSync('settings', box.path('etc/igos'));
    if (isAtomic) box.do((root) => root.initAtomic());
    box.do((root) => root.install([box.image('a 1', { 'etc/a': 'a' })]));
    box.write('etc/settings/trusted-keys/a.pub', 'key');
    box.write('etc/archives/a', 'archive');
    box.write('etc/stray', 'x');
    const { unowned } = box.do((root) => root.verify({ unowned: true }));
    assert.deepEqual(unowned, ['etc/stray']);
  });
}

test('manifests that differ are named; the database wins and repair writes them anew', async (t) => {
  const box = installed(t);
  const folder = box.path('var/lib/igos/packages');
  writeFileSync(join(folder, 'a-1'), 'nonsense');
  unlinkSync(join(folder, 'b-1'));
  writeFileSync(join(folder, 'c-1'), 'never installed');
  const report = box.do((root) => root.verify());
  assert.deepEqual(report.manifests, [
    { name: 'a-1', kind: 'different' },
    { name: 'b-1', kind: 'missing' },
    { name: 'c-1', kind: 'extra' },
  ]);
  assert.equal(report.isClean, false);
  await box.do((root) => root.repair());
  assert.deepEqual(readdirSync(folder).sort(), ['a-1', 'b-1']);
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});

test('more paths than one piece of the answer, directories with many owners at its edges', (t) => {
  const box = new Sandbox(t);
  const names = Array.from({ length: 30 }, (_, n) => `p${String(n).padStart(2, '0')}`);
  const images = names.map((name) =>
    box.image(
      `${name} 1`,
      Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`usr/share/common/${n % 7}/${name}-${n}`, name])),
    ),
  );
  box.do((root) => root.install(images));
  const report = box.do((root) => root.verify());
  assert.deepEqual([report.isClean, report.nChecked], [true, 30 * 100 + 7 + 3]);
  unlinkSync(box.path('usr/share/common/6/p29-97'));
  assert.deepEqual(found(box), ['missing usr/share/common/6/p29-97']);
});

test('a directory has more owners than one piece of the answer has rows', (t) => {
  const box = new Sandbox(t);
  const images = Array.from({ length: 2001 }, (_, n) => box.image(`p${n} 1`, { [`usr/${n}`]: '' }));
  box.do((root) => root.install(images));
  for (const fast of [true, false]) {
    const { isClean, nChecked } = box.do((root) => root.verify({ fast }));
    assert.deepEqual([isClean, nChecked], [true, 2001 + 1]);
  }
});

test('removing: a file that has the size and time it was placed with needs no reading; any other is compared', (t) => {
  const box = installed(t);
  const warned = () => box.do((root) => root.remove(['b'], { dryRun: true }).warnings.map((warning) => warning.path));
  assert.deepEqual(warned(), []);
  utimesSync(box.path('usr/bin/b'), 5, 5);
  assert.deepEqual(warned(), [], 'another time, the same bytes');
  writeFileSync(box.path('usr/bin/b'), 'c');
  assert.deepEqual(warned(), ['usr/bin/b']);
  const disk = rootDisk(rootLayout(box.root));
  assert.deepEqual([disk.entry('usr/share/b/x')!.isWholeSecond, disk.entry('usr/bin/b')!.isWholeSecond], [true, false]);
});

function runMkfifo(path: string): boolean {
  try {
    execFileSync('mkfifo', [path]);
  } catch {
    return false;
  }
  return existsSync(path);
}

test('the owner of a symlink: repaired, and changed by an upgrade, without touching what it leads to', async (t) => {
  if (process.geteuid?.() !== 0) return t.skip('only root may give files away');
  const box = new Sandbox(t);
  const image = (version: number, uid: number) => {
    const plain = box.image(`a ${version}`, { 'usr/a': { mode: 0o640, text: 'a' }, 'usr/l': '-> a' });
    return { ...plain, entries: plain.entries.map((entry) => (entry.path === 'usr/l' ? { ...entry, uid } : entry)) };
  };
  const owners = () => ['usr/a', 'usr/l'].map((path) => [lstatSync(box.path(path)).uid, lstatSync(box.path(path)).mode & 0o777]);
  box.do((root) => root.install([image(1, 0)]));
  lchownSync(box.path('usr/l'), 7, 7);
  assert.deepEqual(
    (await box.do((root) => root.repair())).repaired.map(({ path, kind }) => [path, kind]),
    [['usr/l', 'owner']],
  );
  assert.deepEqual(owners(), [
    [0, 0o640],
    [0, 0o777],
  ]);
  box.do((root) => root.install([image(2, 5)]));
  assert.deepEqual(owners(), [
    [0, 0o640],
    [5, 0o777],
  ]);
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});

test('a fast look at a file that was written since says when', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a', 'usr/b': 'b' })]));
  utimesSync(box.path('usr/a'), 1_000_000_000, 1_000_000_000);
  const [problem] = box.do((root) => root.verify({ fast: true }).problems);
  assert.deepEqual([problem!.path, problem!.kind, problem!.actual], ['usr/a', 'modified', 'written 2001-09-09T01:46:40Z']);
  assert.match(problem!.expected, /^written 2027-01-15T08:00:\d\dZ$/);
});
