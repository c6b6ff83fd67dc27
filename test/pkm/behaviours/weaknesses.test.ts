/**
 * Where InterGenOS's pkm is known to lose: every weakness of it that the project knows, by number (`0.` the headlines, `3.` its
 * package manager), and that ours does better. Crash safety is shown at every write in crash.test.ts and at every system call in
 * test/slow; here one interruption each stands for it.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { compareBytes } from '../../../base/index.ts';
import { type ImageEntry, makeImage, openRoot, type PackageImage, realIo, writeArchive } from '../../../pkm/index.ts';
import { runHere } from '../../cli/in-process.ts';
import { ours, Publisher } from '../repository-support.ts';
import { Sandbox } from '../support.ts';
import { type TarSpec, tarOf } from '../tar-bytes.ts';

const code = (expected: string) => (error: { code?: string }) => error.code === expected;
const loose = { archiveTrust: 'loose' } as const;
const pkmOf =
  (box: Sandbox) =>
  (...words: string[]) =>
    runHere('pkm', [...words, '--root', box.root, '--home', join(box.base, 'home')]);

function archive(box: Sandbox, name: string, members: readonly TarSpec[]): string {
  const file = join(box.base, `${name}.igos.tar.gz`);
  writeFileSync(file, gzipSync(tarOf(members)));
  return file;
}
const installFile = (box: Sandbox, file: string) => box.do(async (root) => root.install([await root.readArchive(file)], loose));
const info = (name: string, version = '1', more = ''): TarSpec => ({
  name: '.PKGINFO',
  data: `pkgname=${name}\npkgver=${version}\n${more}`,
});

/** Fails the n-th write, and all that come after it: a process that was killed. */
function dyingIo(step: number): typeof realIo {
  let n = 0;
  return new Proxy(realIo, {
    get(target, name: keyof typeof realIo) {
      const method = target[name] as (...values: unknown[]) => unknown;
      return (...values: unknown[]) => {
        if (n++ >= step) throw Object.assign(new Error('died'), { code: 'EIO', syscall: name });
        return method.apply(target, values);
      };
    },
  });
}

test('0.4 killed half-way, a deployment is undone or finished: never some of the files and no record', (t) => {
  const box = new Sandbox(t);
  const files = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`usr/share/p/${n}`, String(n)]));
  for (const step of [3, 20, 45, 60, 80]) {
    try {
      box.do((root) => root.install([box.image('p 1', files)]), { io: dyingIo(step) });
    } catch {
      // as intended
    }
    box.do((root) => {
      const there = Object.keys(files).filter((path) => box.read(path) !== undefined).length;
      assert.equal(there, root.list().length === 0 ? 0 : 40);
      assert.equal(root.verify().isClean, true);
      if (root.list().length > 0) root.remove(['p']);
    });
  }
});

test('0.5 a corrupt new archive leaves the old version installed, and the exit status says that it failed', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'old' })]));
  const file = await new Publisher(box).add('p 2', { 'usr/p': 'new' });
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, bytes.length - 20));
  const run = await pkmOf(box)('upgrade', '--archive', file, '--archive-trust', 'loose');
  assert.notEqual(run.status, 0);
  assert.deepEqual([box.read('usr/p'), box.do((root) => root.info('p').record.version)], ['old', '1']);
});

test('0.5 there are generations, and a way back', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'old' })]));
  box.do((root) => root.install([box.image('p 2', { 'usr/p': 'new' })]));
  await box.do((root) => root.rollback(1));
  assert.equal(box.read('usr/p'), 'old');
});

test('0.6 a running program is replaced, not written into: no ETXTBSY, and who has it open keeps what it had', (t) => {
  const box = new Sandbox(t);
  const sleep = readFileSync('/bin/sleep');
  const program = (version: number, extra: string): PackageImage => {
    const file = join(box.base, `sleep-${version}`);
    writeFileSync(file, Buffer.concat([sleep, Buffer.from(extra)]));
    const sha256 = execFileSync('sha256sum', [file], { encoding: 'utf8' }).slice(0, 64);
    const entry: ImageEntry = {
      path: 'usr/bin/sleep',
      kind: 'file',
      mode: 0o755,
      uid: 0,
      gid: 0,
      sizeBytes: statSync(file).size,
      sha256,
      target: '',
    };
    return makeImage({
      description: { name: 'sleep', version: String(version) },
      origin: { kind: 'store', storePath: `/igos/store/sleep-${version}` },
      entries: [entry],
      contentPath: () => file,
    });
  };
  box.do((root) => root.install([program(1, '')]));
  const inode = statSync(box.path('usr/bin/sleep')).ino;
  const open = openSync(box.path('usr/bin/sleep'), 'r');
  const child = spawn(box.path('usr/bin/sleep'), ['20'], { stdio: 'ignore' });
  try {
    box.do((root) => root.install([program(2, 'longer')]));
    assert.notEqual(statSync(box.path('usr/bin/sleep')).ino, inode);
    const bytes = Buffer.alloc(sleep.length + 100);
    assert.equal(readSync(open, bytes, 0, bytes.length, 0), sleep.length);
  } finally {
    child.kill();
    closeSync(open);
  }
});

test('0.6 nothing is written through a symlink that stands where a file shall be', (t) => {
  const box = new Sandbox(t);
  box.write('home/precious', 'precious');
  mkdirSync(box.path('usr'), { recursive: true });
  symlinkSync('../home/precious', box.path('usr/p'));
  assert.throws(() => box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p' })])), code('E-PKM-005'));
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p' })], { overwrite: true }));
  assert.deepEqual([box.read('home/precious'), box.read('usr/p')], ['precious', 'p']);
});

test("0.7 two packages do not own one file; removing one never takes the other's", (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/x': 'same' })]));
  assert.throws(() => box.do((root) => root.install([box.image('b 1', { 'usr/x': 'same' })])), code('E-PKM-004'));
  assert.equal(box.do((root) => root.owns('usr/x')).length, 1);
});

test('0.8 members with and without ./ are the same: description, configuration and metadata alike', async (t) => {
  for (const prefix of ['', './']) {
    const box = new Sandbox(t);
    const members = (version: string, text: string): TarSpec[] =>
      [info('p', version, 'tier=core\ndepend=q\n'), { name: 'etc/p.conf', data: text }].map((item) => ({
        ...item,
        name: prefix + item.name,
      }));
    box.do((root) => root.install([box.image('q 1', { 'usr/q': 'q' })]));
    await installFile(box, archive(box, 'p-1', members('1', 'one\n')));
    box.write('etc/p.conf', 'mine\n');
    await installFile(box, archive(box, 'p-2', members('2', 'two\n')));
    assert.deepEqual([box.read('etc/p.conf'), box.read('.PKGINFO')], ['mine\n', undefined]);
    const { record } = box.do((root) => root.info('p'));
    assert.deepEqual([record.tier, record.runtime], ['core', ['q']]);
  }
});

test('0.9 absolute symlinks install; group-write bits, directory modes and sticky bits survive', async (t) => {
  const box = new Sandbox(t);
  const file = archive(box, 'p', [
    info('p'),
    { name: 'usr/link', type: '2', link: '/usr/bin/x' },
    { name: 'usr/group', data: 'g', mode: 0o664 },
    { name: 'var/spool/p/', type: '5', mode: 0o1777 },
    { name: 'var/private/', type: '5', mode: 0o750 },
  ]);
  await installFile(box, file);
  const mode = (path: string) => (lstatSync(box.path(path)).mode & 0o7777).toString(8);
  assert.deepEqual(
    [box.read('usr/link'), mode('usr/group'), mode('var/spool/p'), mode('var/private')],
    ['-> /usr/bin/x', '664', '1777', '750'],
  );
});

test('0.10 supersede information reaches the consumer with the archive', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/x': 'a' })]));
  const file = join(box.base, 'b.igos.tar.gz');
  await writeArchive(box.image('b 1', { 'usr/x': 'b' }, { supersedes: ['a'] }), file);
  await installFile(box, file);
  assert.deepEqual(
    box.do((root) => root.info('a').record.supersededBy),
    ['b'],
  );
});

test('0.11 every failure of the command line has an exit status', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const file = await publisher.add('p 1', { 'usr/p': 'p' });
  const pkm = pkmOf(box);
  const failing: string[][] = [
    ['install', '--archive', file],
    ['install', 'never'],
    ['sync', `file://${box.base}/nowhere/`],
    ['upgrade', '--archive', join(box.base, 'never.igos.tar.gz')],
    ['remove', 'never'],
    ['info', 'never'],
    ['files', 'never'],
    ['owns', '/never'],
    ['hold', 'never'],
    ['mark', 'auto', 'never'],
    ['rollback', '7'],
    ['diff', '7', '8'],
    ['repair', 'never'],
    ['verify', 'never'],
    ['list', '--installed'],
  ];
  for (const words of failing) {
    const { status, stdout, stderr } = await pkm(...words);
    assert.notEqual(status, 0, words.join(' '));
    assert.notEqual(stdout + stderr, '', words.join(' '));
  }
});

test('3.1 reading needs no lock, creates nothing, and goes on while another process writes', (t) => {
  const box = new Sandbox(t);
  openRoot(box.root, { readOnly: true }).close();
  assert.equal(existsSync(box.path('var')), false);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p' })]));
  const writer = box.open();
  try {
    const reader = openRoot(box.root, { readOnly: true });
    assert.equal(reader.list().length, 1);
    reader.close();
    assert.throws(() => box.open(), code('E-PKM-020'), 'the lock is of the root, and says who has it');
  } finally {
    writer.close();
  }
});

test('3.1 --root is an option; two roots have two locks', (t) => {
  const [one, two] = [new Sandbox(t), new Sandbox(t)];
  const first = one.open();
  const second = two.open();
  second.close();
  first.close();
});

test('3.2 a path has one row; kind, mode, owner, size and link target are recorded', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/x': { mode: 0o640, text: 'xyz' }, 'usr/l': '-> x' })]));
  const [file, link] = box.do((root) => [root.owns('usr/x')[0]!, root.owns('usr/l')[0]!]);
  assert.deepEqual(
    [file.kind, file.mode, file.uid, file.sizeBytes, link.kind, link.target],
    ['file', 0o640, 0, 3, 'symlink', 'x'],
  );
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  assert.throws(
    () =>
      database.exec(
        "INSERT INTO files SELECT * FROM (SELECT 'usr/x' AS path, 'q' AS package, kind, mode, uid, gid, size, sha256, target, is_config, was_there, mtime, from_generation, capability FROM files WHERE path = 'usr/x')",
      ),
    /UNIQUE/,
  );
  database.close();
});

test('3.2 installing again keeps holds, reasons and the release', (t) => {
  const box = new Sandbox(t);
  box.do((root) => {
    root.install([box.image('lib 1', { 'usr/l': '1' }), box.image('p 1', { 'usr/p': '1' }, { runtime: ['lib'] })], {
      explicit: ['p'],
    });
    root.hold(['p'], true);
  });
  box.do((root) => root.install([box.image('lib 2', { 'usr/l': '2' }, { release: 4 })], { explicit: [] }));
  box.do((root) => {
    assert.deepEqual(
      root.holds().map((hold) => hold.name),
      ['p'],
    );
    assert.deepEqual([root.info('lib').record.reason, root.info('lib').record.release], ['dependency', 4]);
  });
});

test('3.2 the history has who, failures leave none, supersedes and rollbacks are in it', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/x': 'a' })]));
  box.do((root) => root.install([box.image('b 1', { 'usr/x': 'b' }, { supersedes: ['a'] })]));
  await box.do((root) => root.rollback(1));
  const entries = box.do((root) => root.history());
  assert.ok(entries.every((entry) => entry.user === 'tester'));
  const operations = new Set(entries.map((entry) => entry.operation));
  assert.ok(['install', 'supersede', 'rollback'].every((operation) => operations.has(operation)));
});

test('3.3 a path with a line break is refused, so that a manifest cannot be forged', (t) => {
  const box = new Sandbox(t);
  assert.throws(() => box.image('p 1', { 'usr/a\nusr/bin/sudo': 'x' }), code('E-PKM-002'));
});

test('3.3 an archive that ships its own manifest verifies clean: it is not installed as a file', async (t) => {
  const box = new Sandbox(t);
  const manifest = 'PACKAGE NAME: p-1\nPACKAGE VERSION: 1\nDESCRIPTION:\np: x\n\nFILE LIST:\nusr/p\n';
  await installFile(
    box,
    archive(box, 'p', [info('p'), { name: 'usr/p', data: 'p' }, { name: 'var/lib/igos/packages/p-1', data: manifest }]),
  );
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});

test('3.4 the name and version are what the archive says, not what its file is called', async (t) => {
  const box = new Sandbox(t);
  await installFile(box, archive(box, 'python-pefile-1.0-1', [info('ff', '138.0', 'pkgrel=2\n'), { name: 'usr/ff', data: 'x' }]));
  const [record] = box.do((root) => root.list());
  assert.deepEqual([record!.name, record!.version, record!.release], ['ff', '138.0', 2]);
});

test('3.4 hashes of a manifest inside the archive are checked against the bytes', async (t) => {
  const box = new Sandbox(t);
  const manifest = `PACKAGE NAME: p-1\nPACKAGE VERSION: 1\nDESCRIPTION:\np: x\n\nFILE LIST:\nusr/p sha256:${'0'.repeat(64)}\n`;
  const file = archive(box, 'p', [
    info('p'),
    { name: 'usr/p', data: 'p' },
    { name: 'var/lib/igos/packages/p-1', data: manifest },
  ]);
  await assert.rejects(installFile(box, file), code('E-PKM-023'));
});

test('3.4 symlinks to directories are tracked, and go with their package', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/share/real/x': 'x', 'usr/share/alias': '-> real' })]));
  box.do((root) => root.remove(['p']));
  assert.deepEqual([box.read('usr/share/alias'), existsSync(box.path('usr'))], [undefined, false]);
});

test('3.4 .scripts are neither run nor deployed', async (t) => {
  const box = new Sandbox(t);
  const script = { name: '.scripts/post_install.sh', data: `#!/bin/sh\ntouch ${box.base}/ran\n`, mode: 0o755 };
  const report = await installFile(box, archive(box, 'p', [info('p'), { name: 'usr/p', data: 'p' }, script]));
  assert.deepEqual([existsSync(box.path('.scripts')), existsSync(join(box.base, 'ran'))], [false, false]);
  assert.ok(report.warnings.some((warning) => /scripts/.test(warning.text)));
});

test('3.4 what is checked at the time of trust is what is installed: a source that changes meanwhile is noticed', (t) => {
  const box = new Sandbox(t);
  const image = box.image('p 1', { 'usr/p': 'good' });
  writeFileSync(image.contentPath(image.entries.find((entry) => entry.path === 'usr/p')!), 'evil');
  assert.throws(() => box.do((root) => root.install([image])), code('E-PKM-017'));
  assert.equal(box.read('usr/p'), undefined);
});

test('3.4 a queue that fails in its middle installs nothing of it', (t) => {
  const box = new Sandbox(t);
  const bad = box.image('c 1', { 'usr/a': 'clash' });
  assert.throws(() =>
    box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' }), box.image('b 1', { 'usr/b': 'b' }), bad])),
  );
  assert.deepEqual([box.read('usr/a'), box.read('usr/b')], [undefined, undefined]);
});

test('3.5 a superseded predecessor is not listed, not upgraded over its successor, and comes back when the successor goes by rollback', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/x': 'a' })]));
  box.do((root) => root.install([box.image('b 1', { 'usr/x': 'b' }, { supersedes: ['a'] })]));
  assert.deepEqual(
    box.do((root) => root.list().map((record) => record.name)),
    ['b'],
  );
  assert.throws(() => box.do((root) => root.install([box.image('a 2', { 'usr/x': 'a2' })])), code('E-PKM-011'));
  assert.equal(box.read('usr/x'), 'b');
  await box.do((root) => root.rollback(1));
  assert.equal(box.read('usr/x'), 'a');
});

test('3.6 a live file that is the new version already needs no sidecar; an edited sidecar is never written over', (t) => {
  const box = new Sandbox(t);
  const at = (version: number, text: string) =>
    box.do((root) => root.install([box.image(`p ${version}`, { 'etc/p.conf': text })]));
  at(1, '1\n');
  box.write('etc/p.conf', '2\n');
  at(2, '2\n');
  assert.equal(box.read('etc/p.conf.new'), undefined);
  box.write('etc/p.conf', 'mine\n');
  at(3, '3\n');
  box.write('etc/p.conf.new', 'half edited\n');
  at(4, '4\n');
  assert.deepEqual([box.read('etc/p.conf.new'), box.read('etc/p.conf.new.1')], ['half edited\n', '4\n']);
});

test('3.7 --force takes configuration, and keeps an edited one as .pkmsave', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'etc/p.conf': 'c' })]));
  box.write('etc/p.conf', 'mine');
  box.do((root) => root.remove(['p'], { force: true }));
  assert.deepEqual([box.read('etc/p.conf'), box.read('etc/p.conf.pkmsave')], [undefined, 'mine']);
});

test('3.7 removal goes through no symlinked directory to outside', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/share/p/x': 'x' })]));
  mkdirSync(join(box.base, 'outside'));
  writeFileSync(join(box.base, 'outside/x'), 'precious');
  unlinkSync(box.path('usr/share/p/x'));
  execFileSync('rmdir', [box.path('usr/share/p')]);
  symlinkSync(join(box.base, 'outside'), box.path('usr/share/p'));
  try {
    box.do((root) => root.remove(['p']));
  } catch (error) {
    assert.ok(code('E-PKM-007')(error as { code?: string }));
  }
  assert.equal(readFileSync(join(box.base, 'outside/x'), 'utf8'), 'precious');
});

test('3.7 autoremove sees chains and circles at once', (t) => {
  const box = new Sandbox(t);
  const dependency = (name: string, ...runtime: string[]) => box.image(`${name} 1`, { [`usr/${name}`]: name }, { runtime });
  box.do((root) =>
    root.install(
      [dependency('c', 'd'), dependency('d', 'c'), dependency('b', 'c'), dependency('a', 'b'), dependency('app', 'a')],
      {
        explicit: ['app'],
      },
    ),
  );
  box.do((root) => root.remove(['app']));
  assert.deepEqual(
    box.do((root) => root.orphans().toSorted(compareBytes)),
    ['a', 'b', 'c', 'd'],
  );
});

test('3.8 verify sees mode, owner, link target, directories and, on request, extra files', (t) => {
  const box = new Sandbox(t);
  box.do((root) =>
    root.install([box.image('p 1', { 'usr/su': { mode: 0o4750, text: 's' }, 'usr/l': '-> su', 'usr/d': { mode: 0o750 } })]),
  );
  chmodSync(box.path('usr/su'), 0o777);
  unlinkSync(box.path('usr/l'));
  symlinkSync('elsewhere', box.path('usr/l'));
  chmodSync(box.path('usr/d'), 0o777);
  box.write('usr/extra', 'x');
  const report = box.do((root) => root.verify({ unowned: true }));
  assert.deepEqual(
    [report.problems.map((problem) => `${problem.kind} ${problem.path}`), report.unowned],
    [['mode usr/d', 'modified usr/l', 'mode usr/su'], ['usr/extra']],
  );
});

// Root can read it, and sees that its mode is another one.
test('3.8 what cannot be read is no clean file', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p' })]));
  chmodSync(box.path('usr/p'), 0);
  assert.equal(
    box.do((root) => root.verify().isClean),
    false,
  );
});

test('3.9 hooks run once a transaction, for removals too, and a failing one is told and does not undo the installation', (t) => {
  const box = new Sandbox(t);
  const runs: string[] = [];
  const runInRoot = (_root: string, { argv }: { argv: readonly string[] }) => {
    runs.push(argv[0]!);
    return { status: 'failed', detail: 'exit status 1' } as const;
  };
  const lib = (name: string) => box.image(`${name} 1`, { [`usr/lib/lib${name}.so.1`]: name });
  const report = box.do(
    (root) => root.install([box.image('glibc 1', { 'usr/sbin/ldconfig': 'l' }), lib('a'), lib('b'), lib('c')]),
    {
      runInRoot,
    },
  );
  assert.deepEqual([runs.splice(0), report.triggers.map((one) => one.status)], [['ldconfig'], ['failed']]);
  assert.equal(box.do((root) => root.list()).length, 4);
  box.do((root) => root.remove(['a']), { runInRoot });
  assert.deepEqual(runs, ['ldconfig']);
});

test('3.9 a program that is not on the root is no failure: its trigger is not due', (t) => {
  const box = new Sandbox(t);
  const report = box.do((root) => root.install([box.image('a 1', { 'usr/lib/liba.so.1': 'a' })]));
  assert.deepEqual([report.triggers, report.warnings], [[], []]);
});

test('3.10 every version orders: none is skipped for being unusual', async () => {
  const { compareVersions } = await import('../../../pkm/index.ts');
  const pairs = [
    ['10.2p1', '10.2p2'],
    ['1.9.17p2', '1.9.18'],
    ['140.8.0esr', '140.9.0esr'],
    ['b5545', 'b5546'],
    ['2026_01_20.386b5f5', '2026_02_01.1'],
    ['2025-04-17', '2025-10-01'],
  ] as const;
  for (const [older, newer] of pairs)
    assert.ok(compareVersions(older, newer) < 0 && compareVersions(newer, older) > 0, `${older} < ${newer}`);
});

test('3.10 an index that expired still vouches for what it named, and says so; nothing turns silently into "not found"', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const file = await publisher.add('p 1', { 'usr/p': 'p' });
  await publisher.publish({ validSeconds: 60 });
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  const late = { now: () => 1_800_000_000 + 86_400 * 30 };
  const report = await box.do(async (root) => root.install([await root.readArchive(file)]), late);
  assert.equal(report.isChanged, true);
  assert.ok(report.warnings.some((warning) => /expired/.test(warning.text)));
});

test('3.11 an upgrade has no moment without the files, keeps holds, and orders what belongs together', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/bin/p': '1', 'usr/lib/p': '1' })]));
  let missing = 0;
  const watching = new Proxy(realIo, {
    get(target, name: keyof typeof realIo) {
      const method = target[name] as (...values: unknown[]) => unknown;
      return (...values: unknown[]) => {
        if (box.read('usr/bin/p') === undefined || box.read('usr/lib/p') === undefined) missing += 1;
        return method.apply(target, values);
      };
    },
  });
  box.do((root) => root.install([box.image('p 2', { 'usr/bin/p': '2', 'usr/lib/p': '2' })]), { io: watching });
  assert.equal(missing, 0);
});

test('3.11 the release is stored: no endless upgrade to what is there', async (t) => {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const file = await publisher.add('p 1', { 'usr/p': 'p' }, { release: 3 });
  await publisher.publish();
  await box.do((root) => root.sync(publisher.address, { keys: [ours.open] }));
  await installFile(box, file);
  assert.deepEqual(
    box.do((root) => root.outdated()),
    [],
  );
});

test('3.12 --json everywhere that answers', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('p 1', { 'usr/p': 'p', 'etc/p.conf': 'c' })]));
  const pkm = pkmOf(box);
  const asking = [
    ['list'],
    ['info', 'p'],
    ['files', 'p'],
    ['owns', '/usr/p'],
    ['history'],
    ['generations'],
    ['diff', '0'],
    ['verify'],
    ['config', 'list'],
    ['config', 'diff'],
    ['repair', '--dry-run'],
    ['remove', 'p', '--dry-run'],
  ];
  for (const words of asking) {
    const { stdout, status } = await pkm(...words, '--json');
    assert.equal(status, 0, words.join(' '));
    assert.doesNotThrow(() => JSON.parse(stdout), words.join(' '));
  }
});

test('3.12 two versions of one name in a queue are refused; a package is known by name and version', (t) => {
  const box = new Sandbox(t);
  assert.throws(() => box.do((root) => root.install([box.image('p 1', {}), box.image('p 2', {})])), code('E-PKM-008'));
});
