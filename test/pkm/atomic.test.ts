/** The atomic layout: whole trees, one symlink that is switched. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { writeArchive } from '../../pkm/index.ts';
import { golden } from '../golden.ts';
import { faultText, Sandbox } from './support.ts';

const atomic = (t: TestContext): Sandbox => {
  const box = new Sandbox(t);
  assert.equal(
    box.do((root) => root.initAtomic()),
    true,
  );
  return box;
};
const trees = (box: Sandbox): string[] => readdirSync(box.path('var/lib/igos/generations')).sort(compareBytes);
const shown = (box: Sandbox): string => readlinkSync(box.path('var/lib/igos/generations/current'));
const clean = (box: Sandbox): void => {
  const report = box.do((root) => root.verify());
  assert.deepEqual([report.problems, report.manifests, box.do((root) => root.checkInvariants())], [[], [], []]);
};

test('init makes symlinks through the current tree; it is done once, and only on a fresh root', async (t) => {
  const box = atomic(t);
  assert.equal(readlinkSync(box.path('usr')), 'var/lib/igos/generations/current/usr');
  assert.equal(readlinkSync(box.path('opt')), 'var/lib/igos/generations/current/opt');
  assert.equal(
    box.do((root) => root.initAtomic()),
    false,
  );
  assert.equal(
    box.do((root) => root.layoutKind),
    'atomic',
  );
  const live = new Sandbox(t);
  live.do((root) => root.install([live.image('a 1', { 'usr/a': 'a' })]));
  golden(t, 'errors/pkm-atomic.txt', await faultText(live, () => live.do((root) => root.initAtomic())));
  const foreign = new Sandbox(t);
  foreign.write('usr/bin/mine', 'mine');
  assert.throws(() => foreign.do((root) => root.initAtomic()), { code: 'E-PKM-041' });
  const empty = new Sandbox(t);
  mkdirSync(empty.path('usr'));
  assert.equal(
    empty.do((root) => root.initAtomic()),
    true,
  );
});

test('install, upgrade, remove and rollback: trees of hard links, one rename', async (t) => {
  const box = atomic(t);
  const one = box.image('a 1', {
    'usr/bin/a': { mode: 0o755, text: 'one' },
    'usr/share/a/same': 'same',
    'opt/a/x': 'x',
    'etc/a.conf': 'a\n',
    'var/a': 'v',
  });
  box.do((root) => root.install([one]));
  clean(box);
  assert.equal(box.read('usr/bin/a'), 'one');
  const inode = lstatSync(box.path('usr/share/a/same')).ino;
  box.do((root) =>
    root.install([
      box.image('a 2', { 'usr/bin/a': { mode: 0o700, text: 'two' }, 'usr/share/a/same': 'same', 'etc/a.conf': 'a2\n' }),
    ]),
  );
  clean(box);
  assert.equal(box.read('usr/bin/a'), 'two');
  assert.equal(box.read('etc/a.conf'), 'a2\n');
  assert.equal(box.read('opt/a/x'), undefined);
  assert.equal(lstatSync(box.path('usr/share/a/same')).ino, inode, 'what did not change is the same file');
  assert.equal(readFileSync(box.path('var/lib/igos/generations/1/usr/bin/a'), 'utf8'), 'one');
  assert.deepEqual([trees(box), shown(box)], [['0', '1', '2', 'current'], '2']);
  box.write('etc/a.conf', 'a2\nmine\n');
  await box.do((root) => root.rollback(1));
  clean(box);
  assert.equal(shown(box), '1', 'the tree of generation 1, as it is');
  assert.equal(box.read('usr/bin/a'), 'one');
  assert.equal(box.read('opt/a/x'), 'x');
  assert.equal(lstatSync(box.path('usr/bin/a')).mode & 0o7777, 0o755);
  assert.match(box.read('etc/a.conf')!, /mine/);
  await box.do((root) => root.rollback(2));
  assert.equal(shown(box), '2');
  clean(box);
  box.do((root) => root.remove(['a']));
  assert.equal(box.read('usr/bin/a'), undefined);
  clean(box);
  await box.do((root) => root.rollback(0));
  assert.deepEqual(readdirSync(box.path('usr')), []);
  clean(box);
});

test('a mode that changes does not change it in earlier trees', async (t) => {
  const box = atomic(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/bin/a': { mode: 0o755, text: 'a' }, 'usr/d': { mode: 0o755 } })]));
  box.do((root) => root.install([box.image('a 2', { 'usr/bin/a': { mode: 0o4711, text: 'a' }, 'usr/d': { mode: 0o700 } })]));
  clean(box);
  assert.equal(lstatSync(box.path('usr/bin/a')).mode & 0o7777, 0o4711);
  await box.do((root) => root.rollback(1));
  assert.equal(lstatSync(box.path('usr/bin/a')).mode & 0o7777, 0o755);
  clean(box);
});

test('only etc changes: the tree stays; symlinks out of a tree lead to the root', (t) => {
  const box = atomic(t);
  box.do((root) =>
    root.install([
      box.image('a 1', { 'etc/a.conf': 'a\n', 'usr/lib/a/conf': '-> ../../../etc/a.conf', bin: '-> usr/bin', 'usr/bin/x': 'x' }),
    ]),
  );
  assert.equal(readFileSync(box.path('usr/lib/a/conf'), 'utf8'), 'a\n');
  assert.equal(readFileSync(box.path('bin/x'), 'utf8'), 'x');
  assert.deepEqual(
    ['/bin/x', '/bin', 'usr//bin/x/', 'bin/../bin/x', 'var/lib/igos/generations/1/usr/bin/x', '/bin/none', '/dev/null/x'].map(
      (path) => box.do((root) => root.owns(path).map(({ path: name }) => name)),
    ),
    [['usr/bin/x'], ['bin'], ['usr/bin/x'], ['usr/bin/x'], ['usr/bin/x'], [], []],
  );
  box.do((root) => root.install([box.image('b 1', { 'etc/b.conf': 'b\n' })]));
  assert.equal(shown(box), '1');
  assert.equal(
    box.do((root) => root.generation),
    2,
  );
  clean(box);
});

for (const from of ['the store', 'archives']) {
  test(`configuration below usr, of ${from}: no edit is lost by a rollback`, async (t) => {
    const box = atomic(t);
    const conf = 'a = 1\nb = 1\nc = 1\nd = 1\n';
    const install = async (about: string, text: string): Promise<void> => {
      const image = box.image(about, { 'usr/share/a/conf': text }, { config: ['usr/share/a/*'] });
      const file = join(box.base, about);
      if (from === 'archives') await writeArchive(image, file);
      await box.do(async (root) =>
        root.install(from === 'archives' ? [await root.readArchive(file)] : [image], { archiveTrust: 'loose' }),
      );
    };
    await install('a 1', conf);
    await install('a 2', conf.replace('d = 1', 'd = 2'));
    const place = box.path('usr/share/a/conf');
    writeFileSync(place, readFileSync(place, 'utf8').replace('a = 1', 'a = mine'));
    await box.do((root) => root.rollback(1));
    assert.equal(readFileSync(place, 'utf8'), conf.replace('a = 1', 'a = mine'));
  });
}

test('what nobody packaged is carried on, and gc removes trees that no kept generation shows', async (t) => {
  const box = atomic(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1' })]));
  box.write('usr/share/mine', 'mine');
  box.do((root) => root.install([box.image('a 2', { 'usr/a': '2' })]));
  assert.equal(box.read('usr/share/mine'), 'mine');
  box.do((root) => root.install([box.image('a 3', { 'usr/a': '3' })]));
  await box.do((root) => root.rollback(2));
  assert.deepEqual(trees(box), ['0', '1', '2', '3', 'current']);
  box.do((root) => root.gc({ keepLast: 1 }));
  assert.deepEqual([trees(box), shown(box), box.read('usr/a')], [['2', 'current'], '2', '2']);
  clean(box);
});

test('names that are not UTF-8 are carried on, folders and what is in them too', (t) => {
  const box = atomic(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1' })]));
  const odd = (name: string): Buffer => Buffer.from(`${box.path('usr')}/${name}`, 'latin1');
  writeFileSync(odd('f\xff'), 'mine');
  mkdirSync(odd('d\xe9'));
  writeFileSync(odd('d\xe9/plain'), 'mine too');
  symlinkSync(Buffer.from('nowhere\xff', 'latin1'), odd('d\xe9/l\xff'));
  box.do((root) => root.install([box.image('a 2', { 'usr/a': '2' })]));
  assert.equal(shown(box), '2');
  assert.deepEqual(
    ['f\xff', 'd\xe9/plain'].map((name) => readFileSync(odd(name), 'utf8')),
    ['mine', 'mine too'],
  );
  assert.deepEqual(readlinkSync(odd('d\xe9/l\xff'), { encoding: 'buffer' }), Buffer.from('nowhere\xff', 'latin1'));
  box.do((root) => root.gc({ keepLast: 1 }));
  assert.deepEqual([trees(box), readFileSync(odd('f\xff'), 'utf8')], [['2', 'current'], 'mine']);
  clean(box);
});

test('a tree that is shown again has its own times: files that went and came back the same in between', async (t) => {
  const box = atomic(t);
  const a = box.image('a 1', { 'usr/a': '1' });
  box.do((root) => root.install([a]));
  box.do((root) => root.install([box.image('b 1', { 'usr/b': '1' })]));
  box.do((root) => root.remove(['a']));
  box.do((root) => root.install([a]));
  box.do((root) => root.remove(['b']));
  await box.do((root) => root.rollback(2));
  assert.equal(shown(box), '2');
  assert.deepEqual(
    box.do((root) => root.verify({ fast: true }).problems),
    [],
  );
  clean(box);
});

test('repair mends the file in every tree that shares it, and in no other', async (t) => {
  const box = atomic(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1', 'usr/b': 'b' })]));
  box.do((root) => root.install([box.image('a 2', { 'usr/a': '2', 'usr/b': 'b' })]));
  box.do((root) => root.install([box.image('c 1', { 'usr/c': 'c' })]));
  const inTree = (n: number, name: string) => readFileSync(box.path(`var/lib/igos/generations/${n}/usr/${name}`), 'utf8');
  for (const name of ['a', 'b']) writeFileSync(box.path(`usr/${name}`), 'evil');
  assert.deepEqual([inTree(1, 'b'), inTree(2, 'b')], ['evil', 'evil'], 'one file in all');
  assert.deepEqual([inTree(1, 'a'), inTree(2, 'a')], ['1', 'evil'], 'one file in two');
  await box.do((root) => root.repair());
  clean(box);
  assert.deepEqual([inTree(1, 'a'), inTree(2, 'a'), inTree(1, 'b')], ['1', '2', 'b']);
  await box.do((root) => root.rollback(1));
  clean(box);
});

test('a tree that is lost is made again by a rollback', async (t) => {
  const box = atomic(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1' })]));
  box.do((root) => root.install([box.image('a 2', { 'usr/a': '2' })]));
  rmSync(box.path('var/lib/igos/generations/1'), { recursive: true });
  await box.do((root) => root.rollback(1));
  assert.equal(box.read('usr/a'), '1');
  clean(box);
});

test('a tree in which somebody changed something is made anew by a rollback', async (t) => {
  const changes: ((path: (name: string) => string) => void)[] = [
    (path) => writeFileSync(path('a'), '!'),
    (path) => writeFileSync(path('a'), 'longer'),
    (path) => chmodSync(path('a'), 0o600),
    (path) => rmSync(path('a')),
    (path) => {
      rmSync(path('a'));
      symlinkSync('elsewhere', path('a'));
    },
    (path) => {
      rmSync(path('l'));
      symlinkSync('b', path('l'));
    },
    (path) => {
      rmSync(path('l'));
      writeFileSync(path('l'), 'a');
    },
  ];
  for (const change of changes) {
    const box = atomic(t);
    box.do((root) => root.install([box.image('a 1', { 'usr/a': '1', 'usr/l': '-> a' })]));
    const before = box.snapshot();
    box.do((root) => root.install([box.image('a 2', { 'usr/a': '2', 'usr/l': '-> a2' })]));
    change((name) => box.path(`var/lib/igos/generations/1/usr/${name}`));
    await box.do((root) => root.rollback(1));
    assert.deepEqual(box.snapshot(), before, String(change));
    clean(box);
  }
});

test('the state may lie behind a symlink of the root', (t) => {
  const box = new Sandbox(t);
  mkdirSync(box.path('data/var'), { recursive: true });
  symlinkSync('data/var', box.path('var'));
  box.do((root) => root.initAtomic());
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1', 'usr/lib/l': '-> ../../etc/x', 'etc/x': 'x' })]));
  assert.equal(box.read('usr/a'), '1');
  assert.equal(readFileSync(box.path('usr/lib/l'), 'utf8'), 'x');
  assert.ok(existsSync(join(box.root, 'data/var/lib/igos/generations/1/usr/a')));
  clean(box);
});

test('symlinks of the layout that somebody changed are found and put right', async (t) => {
  const box = atomic(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/bin/a': 'a', 'opt/a': 'a', 'etc/a': 'a' })]));
  box.do((root) => root.install([box.image('a 2', { 'usr/bin/a': 'a2', 'opt/a': 'a', 'etc/a': 'a' })]));
  const current = 'var/lib/igos/generations/current';
  const change = (path: string, target: string): void => {
    rmSync(box.path(path));
    symlinkSync(target, box.path(path));
  };
  const found = (): string[] =>
    box.do((root) => root.verify().problems.map((problem) => `${problem.path} ${problem.expected} ${problem.actual}`), {
      readOnly: true,
    });
  for (const target of ['999', '1', '/etc']) {
    change(current, target);
    assert.deepEqual(found(), [`${current} 2 ${target}`]);
    assert.deepEqual(
      (await box.do((root) => root.repair({ dryRun: true }))).repaired.map(({ path }) => path),
      [current],
    );
    assert.equal(shown(box), target);
    assert.deepEqual((await box.do((root) => root.repair())).left, []);
    clean(box);
  }
  change('usr', 'etc');
  assert.deepEqual(found(), [`usr ${current}/usr etc`]);
  rmSync(box.path('opt'));
  mkdirSync(box.path('opt'));
  const report = await box.do((root) => root.repair());
  assert.deepEqual(
    [report.repaired, report.left].map((list) => list.map(({ path }) => path)),
    [['usr'], ['opt']],
  );
  rmSync(box.path('opt'), { recursive: true });
  await box.do((root) => root.repair());
  clean(box);
  assert.equal(box.read('usr/bin/a'), 'a2');
  assert.equal(
    box.do((root) => root.history().filter((entry) => entry.operation === 'repair').length),
    5,
  );
});
