/**
 * What InterGenOS's own tests of its pkm assert, behaviour by behaviour. `theirs:` holds for both; `other:` is where ours differs on
 * purpose, because what their test asserts is a weakness; docs/pkm.md lists those. Their tests of the builder, the graph and the
 * gates are about other folders and not here.
 */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Fault, renderFault } from '../../../base/index.ts';
import { runHere } from '../../cli/in-process.ts';
import { makeTheirDatabase } from '../intergenos-database.ts';
import { theirs as otherKey, ours, Publisher } from '../repository-support.ts';
import { Sandbox } from '../support.ts';
import { tarOf } from '../tar-bytes.ts';

const code = (expected: string) => (error: { code?: string }) => error.code === expected;
const names = (box: Sandbox) => box.do((root) => root.list().map((record) => record.name));
const pkmOf =
  (box: Sandbox) =>
  (...words: string[]) =>
    runHere('pkm', [...words, '--root', box.root, '--home', join(box.base, 'home')]);
const superseded = (box: Sandbox) => {
  box.do((root) => root.install([box.image('a 1', { 'usr/both': 'a', 'usr/only-a': 'a' })]));
  return box.do((root) => root.install([box.image('b 1', { 'usr/both': 'b', 'usr/b': 'b' }, { supersedes: ['a'] })]));
};

// ---- database

test('theirs: a fresh database has superseded_by and superseded_at', (t) => {
  const box = new Sandbox(t);
  box.do(() => {});
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'), { readOnly: true });
  const columns = database
    .prepare("SELECT name FROM pragma_table_info('installed')")
    .all()
    .map((row) => row['name']);
  database.close();
  assert.ok(['superseded_by', 'superseded_at'].every((column) => columns.includes(column)));
});

test('theirs: a database of before is brought up to date; opening it again changes nothing', async (t) => {
  const box = new Sandbox(t);
  makeTheirDatabase(box.path('var/lib/igos/pkm.db'), [{ name: 'p', version: '1', files: { 'usr/p': 'p' } }]);
  const old = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  for (const column of ['superseded_by', 'superseded_at', 'held', 'install_reason'])
    old.exec(`ALTER TABLE installed DROP COLUMN ${column}`);
  old.close();
  box.write('usr/p', 'p');
  assert.equal((await pkmOf(box)('adopt')).status, 0);
  assert.equal((await pkmOf(box)('adopt')).status, 0);
  assert.deepEqual(names(box), ['p']);
});

test('theirs: the mark of a superseded package round-trips; an unknown package has none', (t) => {
  const box = new Sandbox(t);
  superseded(box);
  box.do((root) => {
    assert.deepEqual(root.info('a').record.supersededBy, ['b']);
    assert.deepEqual(root.info('b').record.supersededBy, []);
    assert.throws(() => root.info('never'), code('E-PKM-015'));
  });
});

test('theirs: only overlapping paths are transferred, with their new checksums', (t) => {
  const box = new Sandbox(t);
  superseded(box);
  box.do((root) => {
    assert.deepEqual(
      ['usr/both', 'usr/only-a', 'usr/b'].map((path) => root.owns(path)[0]!.owner),
      ['b', 'a', 'b'],
    );
    assert.equal(root.verify().isClean, true);
  });
});

test('theirs: an unknown path has no owner', (t) => {
  const box = new Sandbox(t);
  superseded(box);
  assert.deepEqual(
    box.do((root) => root.owns('usr/never')),
    [],
  );
});

test("other: a path that only the superseded predecessor has is still that record's: somebody answers for it", (t) => {
  const box = new Sandbox(t);
  superseded(box);
  unlinkSync(box.path('usr/only-a'));
  assert.deepEqual(
    box.do((root) => root.verify().problems.map((problem) => [problem.owner, problem.path])),
    [['a', 'usr/only-a']],
  );
});

// ---- manifests

test('theirs: a manifest names package, version and every path with its hash; paths may hold spaces', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/share/a file with spaces': 'x', 'usr/share/link': '-> x' })]));
  const text = readFileSync(box.path('var/lib/igos/packages/p-1'), 'utf8');
  assert.match(text, /^PACKAGE NAME: p-1$/m);
  assert.match(text, /^usr\/share\/$/m);
  assert.match(text, /^usr\/share\/a file with spaces sha256:[0-9a-f]{64}$/m);
});

test('theirs: SUPERSEDES of the manifest in an archive, one name or several', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' }), box.image('b 1', { 'usr/b': 'b' })]));
  const manifest = 'PACKAGE NAME: c-1\nPACKAGE VERSION: 1\nSUPERSEDES: a, b\nDESCRIPTION:\nc: both\n\nFILE LIST:\nusr/a\n';
  const file = join(box.base, 'c.igos.tar.gz');
  writeFileSync(
    file,
    gzipSync(
      tarOf([
        { name: './usr/a', data: 'c' },
        { name: './var/lib/igos/packages/c-1', data: manifest },
      ]),
    ),
  );
  await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
  assert.deepEqual(
    box.do((root) => ['a', 'b'].map((name) => root.info(name).record.supersededBy)),
    [['c'], ['c']],
  );
});

test('theirs: an archive without a name, or with a manifest of another package, is refused', async (t) => {
  const box = new Sandbox(t);
  const read = (members: Parameters<typeof tarOf>[0]) => {
    const file = join(box.base, 'x.igos.tar.gz');
    writeFileSync(file, gzipSync(tarOf(members)));
    return box.do((root) => root.readArchive(file));
  };
  await assert.rejects(read([{ name: 'usr/x', data: 'x' }]), code('E-PKM-023'));
  const manifest = 'PACKAGE NAME: q-1\nPACKAGE VERSION: 1\nFILE LIST:\n';
  await assert.rejects(
    read([
      { name: '.PKGINFO', data: 'pkgname=p\npkgver=1\n' },
      { name: 'var/lib/igos/packages/q-1', data: manifest },
    ]),
    code('E-PKM-023'),
  );
});

// ---- installer

test('other: a predecessor that is missing is an error, not a warning', (t) => {
  const box = new Sandbox(t);
  assert.throws(
    () => box.do((root) => root.install([box.image('b 1', { 'usr/b': 'b' }, { supersedes: ['a'] })])),
    code('E-PKM-010'),
  );
});

test('theirs: superseding what is superseded already is fine', (t) => {
  const box = new Sandbox(t);
  superseded(box);
  box.do((root) => root.install([box.image('b 2', { 'usr/both': 'b2' }, { supersedes: ['a'] })]));
  assert.deepEqual([box.read('usr/both'), box.read('usr/only-a')], ['b2', 'a']);
});

test('theirs: an archive that does not exist fails, leaves no row, and the predecessor untouched', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' })]));
  const { status } = await pkmOf(box)('install', '--archive', join(box.base, 'never.igos.tar.gz'), '--archive-trust', 'loose');
  assert.notEqual(status, 0);
  assert.deepEqual(
    box.do((root) => [root.generation, root.info('a').record.supersededBy]),
    [1, []],
  );
});

test('theirs: an exception in the transaction: the predecessor is not superseded', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/both': 'a' })]));
  const image = box.image('b 1', { 'usr/both': 'b' }, { supersedes: ['a'] });
  unlinkSync(join(box.base, image.origin.kind === 'store' ? image.origin.storePath : '', 'usr/both'));
  assert.throws(() => box.do((root) => root.install([image])), code('E-PKM-017'));
  assert.deepEqual([names(box), box.read('usr/both')], [['a'], 'a']);
});

test('theirs: installed in the order of the queue', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('b 1', { 'usr/b': 'b' }), box.image('a 1', { 'usr/a': 'a' }, { runtime: ['b'] })]));
  assert.deepEqual(names(box), ['a', 'b']);
});

// ---- verify

test('theirs: strict detects modified and missing', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/x': 'x', 'usr/y': 'y' })]));
  box.write('usr/x', 'z');
  unlinkSync(box.path('usr/y'));
  assert.deepEqual(
    box.do((root) => root.verify().problems.map((problem) => problem.kind)),
    ['modified', 'missing'],
  );
});

test('other: fast reads no contents, and still sees size, time, mode and kind, not only what is missing', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/x': 'x', 'usr/y': 'y', 'usr/z': 'z' })]));
  box.write('usr/x', 'longer');
  chmodSync(box.path('usr/y'), 0o600);
  unlinkSync(box.path('usr/z'));
  const report = box.do((root) => root.verify({ fast: true }));
  assert.deepEqual(
    report.problems.map((problem) => problem.kind),
    ['modified', 'mode', 'missing'],
  );
  assert.equal(report.nBytes, 0);
});

test('other: what a superseded package still owns is verified with everything else', (t) => {
  const box = new Sandbox(t);
  superseded(box);
  writeFileSync(box.path('usr/only-a'), 'x');
  assert.equal(
    box.do((root) => root.verify().isClean),
    false,
  );
});

test('theirs: verify of an unknown package says so', (t) => {
  const box = new Sandbox(t);
  assert.throws(() => box.do((root) => root.verify({ packages: ['never'] })), code('E-PKM-015'));
});

test('other: a mode that does not exist is an error, not "fast"', async (t) => {
  const { status, stderr } = await pkmOf(new Sandbox(t))('verify', '--quick');
  assert.notEqual(status, 0);
  assert.match(stderr, /--quick/);
});

// ---- configuration

test('theirs: the baseline is recorded at the first install', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'etc/p.conf': 'c\n' })]));
  assert.equal(
    box.do((root) => root.configVersions('etc/p.conf').original?.toString()),
    'c\n',
  );
});

test('theirs: lookup tolerates a leading slash', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'etc/p.conf': 'c\n' })]));
  assert.equal(
    box.do((root) => root.configVersions('/etc/p.conf').mine?.toString()),
    'c\n',
  );
});

test('theirs: a baseline moves on request, and only for tracked files (config resolve --mine is their refresh-baseline)', async (t) => {
  const box = new Sandbox(t);
  const at = (version: number, text: string) =>
    box.do((root) => root.install([box.image(`p ${version}`, { 'etc/p.conf': text })]));
  at(1, 'a\n');
  box.write('etc/p.conf', 'mine\n');
  at(2, 'b\n');
  renameSync(box.path('etc/p.conf.new'), join(box.base, 'read'));
  assert.equal((await pkmOf(box)('config', 'resolve', '--mine', '/etc/p.conf')).status, 0);
  assert.equal(
    box.do((root) => root.configVersions('etc/p.conf').original?.toString()),
    'b\n',
  );
  assert.notEqual((await pkmOf(box)('config', 'resolve', '--mine', '/etc/never.conf')).status, 0);
});

test('theirs: a live file that is gone although it has a baseline', (t) => {
  const box = new Sandbox(t);
  const at = (version: number, text: string) =>
    box.do((root) => root.install([box.image(`p ${version}`, { 'etc/p.conf': text })]));
  at(1, 'a\n');
  unlinkSync(box.path('etc/p.conf'));
  at(2, 'b\n');
  // other: theirs puts it back; with us what the user deleted stays deleted, and the new version waits
  assert.deepEqual([box.read('etc/p.conf'), box.read('etc/p.conf.new')], [undefined, 'b\n']);
});

test('theirs: unedited is replaced, edited is protected with the new version beside it', (t) => {
  const box = new Sandbox(t);
  const at = (version: number, text: string) =>
    box.do((root) => root.install([box.image(`p ${version}`, { 'etc/a.conf': text, 'etc/b.conf': text })]));
  at(1, 'one\n');
  box.write('etc/b.conf', 'mine\n');
  at(2, 'two\n');
  assert.deepEqual([box.read('etc/a.conf'), box.read('etc/b.conf'), box.read('etc/b.conf.new')], ['two\n', 'mine\n', 'two\n']);
});

test("other: a file without a baseline counts as the user's, not as unedited", (t) => {
  const box = new Sandbox(t);
  box.write('etc/p.conf', 'of the admin\n');
  box.do((root) => root.install([box.image('p 1', { 'etc/p.conf': 'packaged\n' })]));
  assert.deepEqual([box.read('etc/p.conf'), box.read('etc/p.conf.new')], ['of the admin\n', 'packaged\n']);
});

test('theirs: what is outside of etc, and directories, are no configuration', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/share/p.conf': 'c', 'etc/p.d/x': 'x' })]));
  assert.deepEqual(
    box.do((root) => root.config().map((file) => file.path)),
    ['etc/p.d/x'],
  );
});

test('theirs: paths are independent of each other', (t) => {
  const box = new Sandbox(t);
  const at = (version: number, a: string, b: string) =>
    box.do((root) => root.install([box.image(`p ${version}`, { 'etc/a': a, 'etc/b': b })]));
  at(1, 'a1', 'b1');
  box.write('etc/a', 'mine');
  at(2, 'a2', 'b2');
  assert.deepEqual([box.read('etc/a'), box.read('etc/b')], ['mine', 'b2']);
});

test('theirs: a summary names each conflict', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'etc/b': '1', 'etc/a': '1' })]));
  for (const path of ['etc/a', 'etc/b']) box.write(path, 'mine');
  box.do((root) => root.install([box.image('p 2', { 'etc/b': '2', 'etc/a': '2' })]));
  const { stdout, stderr } = await pkmOf(box)('config', 'list');
  assert.deepEqual(stdout.match(/\/etc\/\w /g), ['/etc/a ', '/etc/b ']);
  assert.match(stderr, /^2 to settle/);
});

// ---- cascade

test('theirs: dependants are named when a removal would break them', (t) => {
  const box = new Sandbox(t);
  box.do((root) =>
    root.install([
      box.image('lib 1', { 'usr/lib/l': 'l' }),
      ...['a', 'b'].map((name) => box.image(`${name} 1`, { [`usr/${name}`]: name }, { runtime: ['lib'] })),
    ]),
  );
  assert.throws(
    () => box.do((root) => root.remove(['lib'])),
    (error: Fault) => error.code === 'E-PKM-014' && /'a'[\s\S]*'b'/.test(renderFault(error)),
  );
  assert.deepEqual(
    box
      .do((root) => root.remove(['lib'], { cascade: true }))
      .packages.map((change) => change.name)
      .toSorted(),
    ['a', 'b', 'lib'],
  );
});

// ---- signatures and indexes

test('theirs: a good signature of a pinned key is taken; an unknown key, changed data, a changed signature and no key at all are not', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('p 1', { 'usr/p': 'p' });
  await publisher.publish();
  const sync = (keys: string[]) => box.do((root) => root.sync(publisher.address, { keys }));
  await assert.rejects(sync([otherKey.open]), code('E-PKM-026'));
  await assert.rejects(sync([]), code('E-PKM-026'));
  for (const name of ['index.json', 'index.json.sig']) {
    const path = join(publisher.folder, name);
    const good = readFileSync(path);
    const bad = Buffer.from(good);
    bad[bad.length - 8] = bad[bad.length - 8]! === 0x41 ? 0x42 : 0x41;
    writeFileSync(path, bad);
    await assert.rejects(sync([ours.open]), code('E-PKM-026'));
    writeFileSync(path, good);
  }
  assert.equal((await sync([ours.open])).nPackages, 1);
});

test('theirs: an index has what is needed of each package, and comes back as it was written', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  await publisher.add('p 1.5', { 'usr/p': 'p' }, { summary: 'about p', runtime: ['q'], release: 3, tier: 'core' });
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  const [item] = box.do((root) => root.available('p'));
  assert.deepEqual(
    [item!.name, item!.version, item!.release, item!.tier, item!.summary, item!.runtime, item!.sha256.length],
    ['p', '1.5', 3, 'core', 'about p', ['q'], 64],
  );
});

test('theirs: an update by release alone is detected; the answer is sorted; a version that is none is refused at the source', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  box.do((root) => root.install([box.image('b 1', { 'usr/b': '1' }), box.image('a 1', { 'usr/a': '1' })]));
  await publisher.add('b 1', { 'usr/b': '2' }, { release: 2 });
  await publisher.add('a 1.1', { 'usr/a': '2' });
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  assert.deepEqual(
    box.do((root) => root.outdated().map((item) => item.record.name)),
    ['a', 'b'],
  );
  assert.throws(() => box.image('a not/a/version', {}), code('E-PKM-001'));
});

test('theirs: an archive without files is no package to speak of; [!] other: it is one, and installs as such', async (t) => {
  const box = new Sandbox(t);
  const file = await new Publisher(box).add('meta 1', {});
  await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
  assert.deepEqual(names(box), ['meta']);
});

// ---- staging, as far as an archive shows it

test('theirs: links inside a package are fine, relative ones that leave the root are refused when written through', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/bin/x': 'x', 'usr/bin/y': '-> x', 'usr/z': '-> bin/../bin/x' })]));
  assert.equal(box.read('usr/z'), '-> bin/../bin/x');
  mkdirSync(join(box.base, 'outside'));
  symlinkSync('../../outside', box.path('usr/out'));
  assert.throws(() => box.do((root) => root.install([box.image('q 1', { 'usr/out/x': 'x' })])), code('E-PKM-007'));
});

test('other: archives hold absolute links, and they install (theirs refuses the archive)', async (t) => {
  const box = new Sandbox(t);
  const file = await new Publisher(box).add('p 1', { 'usr/bin/x': 'x', 'usr/bin/y': '-> /usr/bin/x' });
  await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
  assert.equal(box.read('usr/bin/y'), '-> /usr/bin/x');
});

test('theirs: pre-flight, free space is checked before anything is written', (t) => {
  // The message is under test in messages.test.ts; here that the check is of the root's own file system.
  const box = new Sandbox(t);
  const report = box.do((root) => root.install([box.image('p 1', { 'usr/p': 'x'.repeat(10_000) })], { dryRun: true }));
  assert.ok(report.stagedBytes >= 10_000);
  assert.equal(existsSync(box.path('usr/p')), false);
});

test('theirs: nothing temporary is left', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p' })]));
  box.do((root) => root.remove(['p']));
  for (const name of ['staging', 'pkm.db.adopting']) assert.equal(existsSync(box.path(`var/lib/igos/${name}`)), false);
  assert.equal(statSync(box.path('var/lib/igos/objects'), { throwIfNoEntry: false })?.isDirectory() ?? true, true);
});
