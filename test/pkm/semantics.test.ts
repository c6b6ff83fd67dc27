/** The table of semantics, row by row; what each row promises is asserted on the disk and in the database. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { writeArchive } from '../../pkm/index.ts';
import { Sandbox } from './support.ts';

const TOOL = {
  'usr/bin/tool': { mode: 0o755, text: 'tool 1\n' },
  'usr/share/tool/data': 'data 1\n',
  'usr/lib/libtool.so': '-> libtool.so.1',
};

test('row: archives and store outputs install alike', async (t) => {
  const box = new Sandbox(t);
  const image = box.image('tool 1.0', TOOL, { summary: 'a tool', license: 'MIT' });
  box.do((root) => root.install([image]));
  const fromStore = box.snapshot();
  const other = new Sandbox(t);
  const file = `${box.base}/tool-1.0.igos.tar.gz`;
  await writeArchive(image, file);
  await other.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
  assert.deepEqual(other.snapshot(), fromStore);
  assert.equal(
    other.do((root) => root.verify().isClean),
    true,
  );
  assert.equal(
    other.do((root) => root.info('tool').record.license),
    'MIT',
  );
});

test('row: invariants, the /lib symlink is never turned into a directory', (t) => {
  const box = new Sandbox(t);
  mkdirSync(box.path('usr/lib'), { recursive: true });
  symlinkSync('usr/lib', box.path('lib'));
  const before = box.snapshot();
  assert.throws(() => box.do((root) => root.install([box.image('bad 1', { 'lib/x': 'x' })])), { code: 'E-PKM-003' });
  assert.throws(() => box.do((root) => root.install([box.image('bad 1', { usr: 'a file' })])), { code: 'E-PKM-003' });
  assert.throws(() => box.do((root) => root.install([box.image('bad 1', { lib: '-> elsewhere' })])), { code: 'E-PKM-003' });
  assert.throws(() => box.do((root) => root.install([box.image('bad 1', { 'var/lib/igos/pkm.db': 'x' })])), {
    code: 'E-PKM-003',
  });
  assert.deepEqual(box.snapshot(), before);
});

test('row: invariants, a predecessor must exist and come first', (t) => {
  const box = new Sandbox(t);
  const a = box.image('a 1', { 'usr/a': 'a' });
  const b = box.image('b 1', { 'usr/a': 'b' }, { supersedes: ['a'] });
  assert.throws(() => box.do((root) => root.install([b])), { code: 'E-PKM-010' });
  assert.throws(() => box.do((root) => root.install([b, a])), { code: 'E-PKM-009' });
  box.do((root) => root.install([a, b]));
  assert.equal(box.read('usr/a'), 'b');
});

test('row: invariants, unrelated packages do not share files, directories merge', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/share/a': 'same' })]));
  for (const text of ['same', 'other', '-> x']) {
    assert.throws(() => box.do((root) => root.install([box.image('b 1', { 'usr/share/a': text })])), { code: 'E-PKM-004' });
  }
  box.do((root) => root.install([box.image('b 1', { 'usr/share/b': 'b' })]));
  assert.deepEqual(
    box.do((root) => root.owns('/usr/share').map((row) => row.owner)),
    ['a', 'b'],
  );
  box.do((root) => root.remove(['a']));
  assert.equal(box.read('usr/share/b'), 'b');
  box.do((root) => root.remove(['b']));
  assert.equal(existsSync(box.path('usr')), false);
});

test('row: supersede, in the transaction that brings the predecessor', (t) => {
  const box = new Sandbox(t);
  const b = box.image('b 1', { 'usr/shared': 'b' }, { supersedes: ['a'] });
  const images = (version: number) => [
    box.image(`a ${version}`, { 'usr/shared': 'a', [`usr/a-${version}`]: 'a', [`usr/a-${version}-too`]: '' }),
    b,
  ];
  const superseded = { name: 'a', action: 'supersede', by: 'b', nFilesLeft: 2 };
  const changes = (root: Sandbox, version: number) => root.do((each) => each.install(images(version)).packages);
  assert.deepEqual(changes(box, 1)[0], { ...superseded, from: '1' });
  const other = new Sandbox(t);
  other.do((root) => root.install([images(1)[0]!]));
  assert.deepEqual(changes(other, 2).slice(0, 2), [
    { name: 'a', action: 'upgrade', from: '1', to: '2' },
    { ...superseded, from: '2' },
  ]);
});

test('row: supersede', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/shared': 'from a', 'usr/only-a': 'a', 'etc/shared.conf': 'a=1\n' })]));
  const b = box.image('b 1', { 'usr/shared': 'from b', 'usr/only-b': 'b', 'etc/shared.conf': 'a=2\n' }, { supersedes: ['a'] });
  const report = box.do((root) => root.install([b]));
  assert.deepEqual(report.packages, [
    { name: 'a', action: 'supersede', from: '1', by: 'b', nFilesLeft: 1 },
    { name: 'b', action: 'install', to: '1' },
  ]);
  assert.equal(box.read('usr/shared'), 'from b');
  assert.equal(box.read('usr/only-a'), 'a');
  assert.equal(box.read('etc/shared.conf'), 'a=2\n');
  using root = box.open();
  assert.deepEqual(
    root.owns('usr/shared').map((row) => [row.owner, row.sha256]),
    [['b', b.entries.find((entry) => entry.path === 'usr/shared')!.sha256]],
  );
  assert.deepEqual(
    root.owns('usr/only-a').map((row) => row.owner),
    ['a'],
  );
  const record = root.info('a').record;
  assert.deepEqual(record.supersededBy, ['b']);
  assert.ok(record.supersededAt > 0);
  assert.deepEqual(
    root.list().map((one) => one.name),
    ['b'],
  );
  assert.deepEqual(
    root.list({ all: true }).map((one) => one.name),
    ['a', 'b'],
  );
  assert.throws(() => root.install([box.image('a 2', { 'usr/shared': 'x' })]), { code: 'E-PKM-011' });
  assert.equal(root.verify().isClean, true);
  assert.deepEqual(root.checkInvariants(), []);
  root.remove(['a']);
  assert.equal(existsSync(box.path('usr/only-a')), false);
  assert.equal(box.read('usr/shared'), 'from b');
});

test('row: supersede, a package splits into two in one transaction', (t) => {
  const box = new Sandbox(t);
  box.do((root) =>
    root.install([
      box.image('util 1', { 'usr/bin/mount': 'm1', 'usr/bin/cal': 'c1', 'usr/bin/old': 'o1' }),
      box.image('user 1', { 'usr/bin/user': 'u' }, { runtime: ['util'] }),
    ]),
  );
  box.do((root) =>
    root.install([
      box.image('util-core 2', { 'usr/bin/mount': 'm2' }, { supersedes: ['util'] }),
      box.image('util-extra 2', { 'usr/bin/cal': 'c2' }, { supersedes: ['util'] }),
    ]),
  );
  using root = box.open();
  assert.deepEqual(root.info('util').record.supersededBy, ['util-core', 'util-extra']);
  assert.deepEqual(
    ['mount', 'cal', 'old'].map((name) => root.owns(`usr/bin/${name}`)[0]!.owner),
    ['util-core', 'util-extra', 'util'],
  );
  assert.deepEqual(root.info('util-core').requiredBy, ['user']);
  assert.equal(root.verify().isClean, true);
});

test('row: remove skips configuration unless forced, warns of modified files, keeps directories that are not empty', (t) => {
  const box = new Sandbox(t);
  const files = { 'usr/bin/tool': 'tool', 'usr/share/tool/x': 'x', 'etc/tool.conf': 'a\n', 'etc/tool.d/b.conf': 'b\n' };
  box.do((root) => root.install([box.image('tool 1', files)]));
  writeFileSync(box.path('usr/bin/tool'), 'changed');
  writeFileSync(box.path('usr/share/tool/mine'), 'mine');
  const report = box.do((root) => root.remove(['tool']));
  assert.deepEqual(
    report.warnings.map((warning) => [warning.kind, warning.path]),
    [['modified-file', 'usr/bin/tool']],
  );
  assert.deepEqual(
    report.config.map((change) => [change.path, change.outcome]),
    [
      ['etc/tool.conf', 'left'],
      ['etc/tool.d/b.conf', 'left'],
    ],
  );
  assert.equal(existsSync(box.path('usr/bin')), false);
  assert.equal(box.read('usr/share/tool/mine'), 'mine');
  assert.equal(box.read('etc/tool.conf'), 'a\n');

  box.do((root) => root.install([box.image('tool 1', files)]));
  writeFileSync(box.path('etc/tool.conf'), 'mine\n');
  const forced = box.do((root) => root.remove(['tool'], { force: true }));
  assert.deepEqual(
    forced.config.map((change) => [change.path, change.outcome, change.newPath]),
    [
      ['etc/tool.conf', 'saved', 'etc/tool.conf.pkmsave'],
      ['etc/tool.d/b.conf', 'removed', undefined],
    ],
  );
  assert.equal(box.read('etc/tool.conf'), undefined);
  assert.equal(box.read('etc/tool.conf.pkmsave'), 'mine\n');
  assert.equal(existsSync(box.path('etc/tool.d')), true, 'it was there before the second installation');
});

test('row: remove refuses to break dependants unless it cascades', (t) => {
  const box = new Sandbox(t);
  box.do((root) =>
    root.install([
      box.image('lib 1', { 'usr/lib/l': 'l' }),
      box.image('mid 1', { 'usr/lib/m': 'm' }, { runtime: ['lib'], provides: ['middle'] }),
      box.image('app 1', { 'usr/bin/app': 'a' }, { runtime: ['middle'] }),
      box.image('other 1', { 'usr/bin/other': 'o' }),
    ]),
  );
  assert.throws(() => box.do((root) => root.remove(['lib'])), { code: 'E-PKM-014' });
  const report = box.do((root) => root.remove(['lib'], { cascade: true }));
  assert.deepEqual(
    report.packages.map((change) => change.name),
    ['app', 'lib', 'mid'],
  );
  assert.deepEqual(
    box.do((root) => root.list().map((record) => record.name)),
    ['other'],
  );
});

test('row: verify finds modified, missing, wrong type and mode; configuration drift is apart', (t) => {
  const box = new Sandbox(t);
  const files = { ...TOOL, 'usr/bin/other': 'x', 'usr/gone': 'g', 'etc/a': 'a\n', 'etc/b': 'b\n', 'usr/dir/f': 'f' };
  box.do((root) => root.install([box.image('tool 1', files)]));
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
  assert.equal(
    box.do((root) => root.verify({ fast: true }).isClean),
    true,
  );
  writeFileSync(box.path('usr/share/tool/data'), 'data 2\n'); // same size
  unlinkSync(box.path('usr/gone'));
  chmodSync(box.path('usr/bin/tool'), 0o4755);
  chmodSync(box.path('usr/dir'), 0o777);
  rmSync(box.path('usr/bin/other'));
  mkdirSync(box.path('usr/bin/other'));
  rmSync(box.path('usr/lib/libtool.so'));
  symlinkSync('evil', box.path('usr/lib/libtool.so'));
  writeFileSync(box.path('etc/a'), 'mine\n');
  unlinkSync(box.path('etc/b'));
  const report = box.do((root) => root.verify());
  const expected = [
    ['usr/bin/other', 'type'],
    ['usr/bin/tool', 'mode'],
    ['usr/dir', 'mode'],
    ['usr/gone', 'missing'],
    ['usr/lib/libtool.so', 'modified'],
    ['usr/share/tool/data', 'modified'],
  ];
  assert.deepEqual(
    report.problems.map((problem) => [problem.path, problem.kind]),
    expected,
  );
  assert.deepEqual(
    report.drift.map((problem) => [problem.path, problem.kind]),
    [
      ['etc/a', 'modified'],
      ['etc/b', 'missing'],
    ],
  );
  assert.equal(report.isClean, false);
  assert.equal(
    box.do((root) => root.verify({ fast: true }).problems.length),
    6,
  );
  assert.equal(
    box.do((root) => root.verify({ packages: ['tool'] }).problems.length),
    6,
  );
});

test("row: repair restores from the store, and leaves the user's configuration alone", async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('tool 1', { ...TOOL, 'etc/a': 'a\n', 'etc/b': 'b\n' })]));
  const before = box.snapshot();
  rmSync(box.path('usr/bin'), { recursive: true });
  writeFileSync(box.path('usr/share/tool/data'), 'hurt');
  chmodSync(box.path('usr/lib'), 0o700);
  rmSync(box.path('usr/lib/libtool.so'));
  unlinkSync(box.path('var/lib/igos/packages/tool-1'));
  unlinkSync(box.path('etc/b'));
  writeFileSync(box.path('etc/a'), 'mine\n');
  const report = await box.do((root) => root.repair({ config: true }));
  assert.equal(report.left.length, 0);
  assert.deepEqual(box.snapshot(), { ...before, 'etc/a': '644 mine\n' });
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
  assert.equal(
    box.do((root) => root.history()[0]!.operation),
    'repair',
  );
});

test('row: history tells who, when and what, in a chain', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1' })]));
  box.do((root) => root.install([box.image('a 2', { 'usr/a': '2' })]));
  box.do((root) => root.install([box.image('b 1', { 'usr/a': '3' }, { supersedes: ['a'] })]));
  box.do((root) => root.remove(['b']));
  const history = box.do((root) => root.history()).reverse();
  assert.deepEqual(
    history
      .filter((entry) => entry.package !== '')
      .map((entry) => [entry.operation, entry.package, entry.oldVersion, entry.newVersion, entry.generation]),
    [
      ['install', 'a', '', '1', 1],
      ['upgrade', 'a', '1', '2', 2],
      ['supersede', 'a', '2', '', 3],
      ['install', 'b', '', '1', 3],
      ['remove', 'b', '1', '', 4],
    ],
  );
  assert.ok(history.every((entry) => entry.user === 'tester' && entry.time >= 1_800_000_000));
  assert.deepEqual(
    box.do((root) => root.history({ packages: ['b'] }).length),
    2,
  );
});

test('an install of what is there changes nothing; a dry run neither', (t) => {
  const box = new Sandbox(t);
  const image = box.image('tool 1', TOOL);
  const dry = box.do((root) => root.install([image], { dryRun: true }));
  assert.deepEqual([dry.generation, dry.isChanged, dry.nFilesPlaced], [1, true, 3]);
  assert.deepEqual(box.snapshot(), {});
  assert.equal(
    box.do((root) => root.generation),
    0,
  );
  box.do((root) => root.install([image]));
  const again = box.do((root) => root.install([image]));
  assert.deepEqual([again.generation, again.isChanged], [1, false]);
});

test('files of no package: equal ones are adopted, others refused, --overwrite replaces', (t) => {
  const box = new Sandbox(t);
  box.write('usr/bin/tool', 'tool', 0o755);
  box.write('usr/bin/mine', 'mine');
  const image = box.image('tool 1', { 'usr/bin/tool': { mode: 0o755, text: 'tool' }, 'usr/bin/mine': 'theirs' });
  assert.throws(() => box.do((root) => root.install([image])), { code: 'E-PKM-005' });
  assert.equal(box.read('usr/bin/mine'), 'mine');
  box.do((root) => root.install([image], { overwrite: true }));
  assert.equal(box.read('usr/bin/mine'), 'theirs');
  assert.equal(
    box.do((root) => root.verify({ fast: true }).isClean),
    true,
  );
});

test('directories that were there keep their mode and stay, but for a mode that a package asks for', (t) => {
  const box = new Sandbox(t);
  for (const [path, mode] of [
    ['tmp', 0o1777],
    ['spool', 0o755],
  ] as const) {
    mkdirSync(box.path(path));
    chmodSync(box.path(path), mode);
  }
  const files = { 'tmp/x': 'x', 'srv/private': { mode: 0o700 }, 'srv/private/f': 'f', spool: { mode: 0o1770 } };
  box.do((root) => root.install([box.image('a 1', files)]));
  assert.equal(lstatSync(box.path('tmp')).mode & 0o7777, 0o1777);
  assert.equal(lstatSync(box.path('spool')).mode & 0o7777, 0o1770);
  assert.equal(lstatSync(box.path('srv/private')).mode & 0o7777, 0o700);
  const problems = () => box.do((root) => root.verify().problems.map(({ path, kind }) => `${path}: ${kind}`));
  assert.deepEqual(problems(), []);
  // What was there may be a symlink to a directory, and nothing else.
  renameSync(box.path('spool'), box.path('elsewhere'));
  symlinkSync('elsewhere', box.path('spool'));
  assert.deepEqual(problems(), []);
  rmSync(box.path('spool'));
  writeFileSync(box.path('spool'), '');
  assert.deepEqual(problems(), ['spool: type']);
  rmSync(box.path('spool'));
  renameSync(box.path('elsewhere'), box.path('spool'));
  chmodSync(box.path('spool'), 0o700);
  assert.deepEqual(problems(), ['spool: mode']);
  box.do((root) => root.remove(['a']));
  assert.equal(existsSync(box.path('tmp')), true);
  assert.equal(existsSync(box.path('srv')), false);
});

test('paths change their kind in an upgrade', (t) => {
  const box = new Sandbox(t);
  const one = box.image('a 1', {
    'usr/x': 'file',
    'usr/d/f': 'f',
    'usr/d/e/g': 'g',
    'usr/l': '-> d',
    'usr/s': '-> x',
    'etc/c': 'conf\n',
  });
  const two = box.image('a 2', {
    'usr/x/y': 'now a directory',
    'usr/d': 'now a file',
    'usr/l/z': 'z',
    'usr/s': 'file',
    'etc/c/d': 'd\n',
  });
  box.do((root) => root.install([one]));
  const before = box.snapshot();
  box.do((root) => root.install([two]));
  assert.deepEqual(box.snapshot(), {
    etc: 'directory 755',
    'etc/c': 'directory 755',
    'etc/c/d': '644 d\n',
    usr: 'directory 755',
    'usr/d': '644 now a file',
    'usr/l': 'directory 755',
    'usr/l/z': '644 z',
    'usr/s': '644 file',
    'usr/x': 'directory 755',
    'usr/x/y': '644 now a directory',
  });
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
  return box.do((root) => root.rollback(1)).then(() => assert.deepEqual(box.snapshot(), before));
});

test('a file becomes a folder of folders, in a tree and behind a symlink too', async (t) => {
  for (const top of ['usr', 'srv/alias']) {
    const box = new Sandbox(t);
    if (top === 'usr') box.do((root) => root.initAtomic());
    else {
      mkdirSync(box.path('srv/real'), { recursive: true });
      symlinkSync('real', box.path('srv/alias'));
    }
    box.do((root) => root.install([box.image('a 1', { [`${top}/x`]: 'a file', [`${top}/l`]: '-> x' })]));
    box.do((root) => root.install([box.image('a 2', { [`${top}/x/y/z`]: 'deep', [`${top}/l/y/z`]: 'too' })]));
    assert.deepEqual([box.read(`${top}/x/y/z`), box.read(`${top}/l/y/z`)], ['deep', 'too']);
    await box.do((root) => root.rollback(1));
    assert.deepEqual([box.read(`${top}/x`), box.read(`${top}/l`)], ['a file', '-> x']);
    assert.equal(
      box.do((root) => root.verify().isClean),
      true,
    );
  }
});

test('what stands behind a symlink that becomes a directory is not what stands in it', async (t) => {
  const box = new Sandbox(t);
  const one = { 'usr/b/x': 'one', 'etc/b/conf': 'one\n', 'etc/b/d/conf': 'one\n' };
  box.do((root) => root.install([box.image('a 1', { ...one, 'usr/a': '-> b', 'etc/a': '-> b' })]));
  box.write('usr/b/mine', 'mine');
  box.write('etc/b/conf', 'by hand\n');
  const before = box.snapshot();
  const two = { 'usr/a/x': 'two', 'usr/a/mine': 'theirs', 'etc/a/conf': 'two\n', 'etc/a/d/conf': 'two\n' };
  const report = box.do((root) => root.install([box.image('a 2', { ...one, ...two })]));
  assert.deepEqual(report.warnings, []);
  for (const [path, text] of Object.entries(two)) assert.equal(box.read(path), text, path);
  assert.deepEqual(
    ['usr/b/x', 'usr/b/mine', 'etc/b/conf', 'etc/b/d/conf'].map((path) => box.read(path)),
    ['one', 'mine', 'by hand\n', 'one\n'],
  );
  await box.do((root) => root.rollback(1));
  assert.deepEqual(box.snapshot(), before);
});

test('a symlink of the layout is of whoever has it when who had it goes, and stays when nobody has it', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { lib: '-> usr/lib', 'usr/lib/x': 'x' })]));
  await box.do((root) => root.rollback(0));
  assert.equal(box.read('lib'), undefined);
  await box.do((root) => root.rollback(1));
  box.do((root) => root.switchTo([box.image('b 1', { lib: '-> usr/lib', 'usr/lib/x': 'x' })]));
  assert.equal(box.read('lib'), '-> usr/lib');
  assert.deepEqual(
    box.do((root) => root.owns('/lib').map((row) => row.owner)),
    ['b'],
  );
  const { warnings } = box.do((root) => root.remove(['b']));
  assert.deepEqual(warnings, [{ kind: 'note', path: 'lib', package: 'b', text: 'it stays: every program needs it' }]);
  assert.deepEqual([box.read('lib'), box.read('usr/lib/x')], ['-> usr/lib', undefined]);
});

test('a directory with files of others does not become a file', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/d/f': 'f' })]));
  writeFileSync(box.path('usr/d/mine'), 'mine');
  assert.throws(() => box.do((root) => root.install([box.image('a 2', { 'usr/d': 'file' })])), { code: 'E-PKM-006' });
  assert.equal(box.read('usr/d/mine'), 'mine');
});

test('switch makes the root what is declared, and keeps configuration of what goes', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a', 'etc/a': 'a\n' }), box.image('b 1', { 'usr/b': 'b' })]));
  const report = box.do((root) => root.switchTo([box.image('b 2', { 'usr/b': 'b2' }), box.image('c 1', { 'usr/a': 'c' })]));
  assert.deepEqual(
    report.packages.map((change) => [change.name, change.action]),
    [
      ['a', 'remove'],
      ['b', 'upgrade'],
      ['c', 'install'],
    ],
  );
  assert.equal(box.read('usr/a'), 'c');
  assert.equal(box.read('etc/a'), 'a\n');
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});

test('a declared system names predecessor and successor each time', (t) => {
  const box = new Sandbox(t);
  const system = (n: number) => [
    box.image(`util ${n}`, { 'usr/bin/mount': `old ${n}`, 'usr/bin/rest': `rest ${n}`, 'usr/share/util/doc': 'doc' }),
    box.image(`util-core ${n}`, { 'usr/bin/mount': `new ${n}` }, { supersedes: ['util'] }),
  ];
  box.do((root) => root.switchTo(system(1)));
  const before = box.snapshot();
  assert.equal(
    box.do((root) => root.switchTo(system(1)).isChanged),
    false,
  );
  assert.equal(
    box.do((root) => root.install(system(1)).isChanged),
    false,
  );
  assert.deepEqual(box.snapshot(), before);
  box.do((root) => root.switchTo(system(2)));
  assert.equal(box.read('usr/bin/mount'), 'new 2');
  assert.equal(box.read('usr/bin/rest'), 'rest 2');
  using root = box.open();
  assert.deepEqual(root.info('util').record.supersededBy, ['util-core']);
  assert.equal(root.info('util').record.version, '2');
  assert.deepEqual(
    root.owns('usr/bin/mount').map((row) => row.owner),
    ['util-core'],
  );
  assert.equal(root.verify().isClean, true);
  assert.throws(() => root.install(system(3).slice(0, 1)), { code: 'E-PKM-011' });
});

test('a directory that was there before any package stays, though its owner was superseded', (t) => {
  const box = new Sandbox(t);
  mkdirSync(box.path('usr/share/mine'), { recursive: true });
  box.do((root) => root.install([box.image('a 1', { 'usr/share/mine/x': '1' })]));
  box.do((root) => root.install([box.image('b 1', { 'usr/share/mine/x': '2' }, { supersedes: ['a'] })]));
  box.do((root) => root.remove(['a', 'b']));
  assert.equal(box.read('usr/share/mine'), '(directory)');
});

test('a folder of the layout that is not there yet does not become a file either', (t) => {
  const box = new Sandbox(t);
  for (const path of ['usr', 'etc', 'usr/bin', 'lib', 'var']) {
    assert.throws(() => box.do((root) => root.install([box.image('a 1', { [path]: 'a' })])), { code: 'E-PKM-003' }, path);
  }
  box.do((root) => root.install([box.image('a 1', { opt: '-> usr/opt', 'usr/opt/a': 'a' })]));
  assert.equal(box.read('opt'), '-> usr/opt');
});

test('a package whose directory somebody replaced by a file goes, and the file stays', async (t) => {
  for (const nFiles of [3, 120]) {
    const box = new Sandbox(t);
    const below = Object.fromEntries(Array.from({ length: nFiles }, (_, n) => [`usr/p/d/${n}`, `${n}`]));
    box.do((root) =>
      root.install([box.image('p 1', { ...below, 'etc/p.d/deep/x.conf': 'x', 'usr/p/d/sub/y': 'y', 'usr/p/z': 'z' })]),
    );
    for (const path of ['usr/p/d', 'etc/p.d']) {
      rmSync(box.path(path), { recursive: true });
      box.write(path, 'mine');
    }
    const report = box.do((root) => root.remove(['p'], { force: true }));
    assert.deepEqual(report.nFilesRemoved, 1);
    assert.deepEqual([box.read('usr/p/d'), box.read('etc/p.d'), box.read('usr/p/z')], ['mine', 'mine', undefined]);
    assert.equal(box.do((root) => root.verify()).isClean, true);
    await assert.rejects(async () => await box.do((root) => root.rollback(1)), { code: 'E-PKM-006' });
  }
});
