/** `pkm adopt`: a root of InterGenOS's pkm becomes one of ours, and nothing on it changes. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { type AdoptOptions, adoptRoot, realIo } from '../../pkm/index.ts';
import { runHere } from '../cli/in-process.ts';
import { golden } from '../golden.ts';
import { makeTheirDatabase, type TheirPackage } from './intergenos-database.ts';
import { faultText, Sandbox } from './support.ts';

const ADOPT: AdoptOptions = { user: 'tester', now: () => 1_800_000_000 };
const DB = 'var/lib/igos/pkm.db';

const PACKAGES: readonly TheirPackage[] = [
  {
    name: 'base',
    version: '1.0',
    files: {
      'usr/': undefined,
      'usr/bin/': undefined,
      'usr/bin/base': 'base',
      'usr/bin/link': 'base',
      'etc/base.conf': 'a = 1\n',
    },
    columns: { release: 3 },
  },
  {
    name: 'lib',
    version: '2.0-1',
    files: { 'usr/': undefined, 'usr/lib/': undefined, 'usr/lib/lib.so.2': 'lib', 'lib/': undefined },
    columns: { install_reason: 'dependency', held: 1 },
  },
  {
    name: 'tool',
    version: '1',
    files: { 'usr/bin/tool': 'old tool', 'usr/share/tool-only': 'x' },
    columns: { superseded_by: 'tool-core', superseded_at: '2026-05-02T00:00:00Z' },
  },
  { name: 'tool-core', version: '2', files: { 'usr/bin/tool': 'tool' }, needs: ['lib', 'nothing-here'] },
];

/** The disk as their pkm leaves it. */
function theirRoot(t: ConstructorParameters<typeof Sandbox>[0], options: { wal?: boolean } = {}): Sandbox {
  const box = new Sandbox(t);
  for (const [path, text] of Object.entries({
    'usr/bin/base': 'base',
    'etc/base.conf': 'a = 1\n',
    'usr/lib/lib.so.2': 'lib',
    'usr/share/tool-only': 'x',
    'usr/bin/tool': 'tool',
  }))
    box.write(path, text);
  chmodSync(box.path('usr/bin/base'), 0o755);
  symlinkSync('base', box.path('usr/bin/link'));
  symlinkSync('usr/lib', box.path('lib'));
  box.write('var/lib/igos/packages/base-1.0', 'PACKAGE NAME: base-1.0\n');
  makeTheirDatabase(box.path(DB), PACKAGES, options);
  return box;
}

const SYSTEM = [
  'usr/bin/base',
  'usr/bin/link',
  'usr/bin/tool',
  'usr/lib/lib.so.2',
  'usr/share/tool-only',
  'etc/base.conf',
  'lib',
];
const systemOf = (box: Sandbox) => SYSTEM.map((path) => box.read(path));

test('packages, paths, baselines, holds and history are taken over; verify finds the system clean', async (t) => {
  const box = theirRoot(t);
  const before = systemOf(box);
  const report = await adoptRoot(box.root, ADOPT);
  assert.deepEqual(
    [report.nPackages, report.nSuperseded, report.nConfig, report.nHistory, report.held, report.keptAs],
    [3, 1, 1, 4, ['lib'], `${DB}.intergenos`],
  );
  assert.deepEqual([report.missing, report.modified, report.skipped], [[], [], []]);
  assert.deepEqual(report.conflicts, [{ path: 'usr/bin/tool', owner: 'tool-core', others: ['tool'] }]);
  assert.deepEqual(
    report.unmet.map((item) => `${item.package} needs ${item.needs}`),
    ['tool-core needs nothing-here'],
  );
  assert.deepEqual(systemOf(box), before, 'no file of the system is touched');
  box.do((root) => {
    assert.deepEqual(
      root
        .list({ all: true })
        .map(({ name, version, release, reason, supersededBy }) => [name, version, release, reason, supersededBy]),
      [
        ['base', '1.0', 3, 'explicit', []],
        ['lib', '2.0-1', 1, 'dependency', []],
        ['tool', '1', 1, 'explicit', ['tool-core']],
        ['tool-core', '2', 1, 'explicit', []],
      ],
    );
    assert.deepEqual(
      root.owns('/usr/bin/tool').map((row) => row.owner),
      ['tool-core'],
    );
    assert.deepEqual(
      root.owns('/usr/bin/link').map((row) => [row.kind, row.target]),
      [['symlink', 'base']],
    );
    assert.equal(root.owns('/usr/bin/base')[0]!.mode, 0o755);
    const verified = root.verify();
    assert.deepEqual([verified.isClean, verified.drift], [true, []]);
    assert.deepEqual(root.checkInvariants(), []);
    assert.deepEqual(
      root.history().map((entry) => entry.operation),
      ['adopt', 'install', 'install', 'install', 'install'],
    );
    assert.equal(root.list().find((record) => record.name === 'base')!.installedAt, Date.UTC(2026, 4, 1, 10) / 1000);
  });
  const theirs = new DatabaseSync(box.path(`${DB}.intergenos`), { readOnly: true });
  assert.equal(theirs.prepare('SELECT count(*) AS n FROM installed').get()!['n'], 4);
  theirs.close();
  assert.equal(box.read('var/lib/igos/packages.intergenos/base-1.0'), 'PACKAGE NAME: base-1.0\n');
});

test('afterwards it is a root like any other: upgrade with merge, remove, rollback, a conflict of theirs', async (t) => {
  const box = theirRoot(t);
  await adoptRoot(box.root, ADOPT);
  box.write('etc/base.conf', 'mine\na = 1\n');
  const image = box.image('base 2.0', { 'usr/bin/base': { mode: 0o755, text: 'base 2' }, 'etc/base.conf': 'a = 1\nb = 2\n' });
  const report = box.do((root) => root.install([image]));
  assert.deepEqual(
    report.config.map((change) => change.outcome),
    ['merged'],
    'the original was kept when it was adopted',
  );
  assert.equal(box.read('etc/base.conf'), 'mine\na = 1\nb = 2\n');
  assert.deepEqual([box.read('usr/bin/base'), box.read('usr/bin/link')], ['base 2', undefined]);
  box.do((root) => root.remove(['tool-core', 'tool'], {}));
  assert.deepEqual([box.read('usr/bin/tool'), box.read('usr/share/tool-only')], [undefined, undefined]);
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});

test('what has the name under which their database or manifests are kept stays', async (t) => {
  const box = theirRoot(t);
  box.write(`${DB}.intergenos`, 'of somebody');
  box.write('var/lib/igos/packages.intergenos/mine', 'too');
  const { keptAs } = await adoptRoot(box.root, ADOPT);
  assert.equal(keptAs, `${DB}.intergenos.1`);
  assert.deepEqual(
    [`${DB}.intergenos`, 'var/lib/igos/packages.intergenos/mine', 'var/lib/igos/packages.intergenos.1/base-1.0'].map((path) =>
      box.read(path),
    ),
    ['of somebody', 'too', 'PACKAGE NAME: base-1.0\n'],
  );
  using kept = new DatabaseSync(box.path(keptAs), { readOnly: true });
  assert.deepEqual(kept.prepare('SELECT count(*) AS n FROM installed').get()?.['n'], PACKAGES.length);
});

test('a rollback cannot go behind the adoption, and says what bytes it lacks', async (t) => {
  const box = theirRoot(t);
  await adoptRoot(box.root, ADOPT);
  await assert.rejects(
    async () => box.do((root) => root.rollback(0)),
    (error: { code?: string }) => error.code === 'E-PKM-016',
  );
  box.do((root) => root.install([box.image('base 2.0', { 'usr/bin/base': 'base 2' })]));
  golden(t, 'errors/pkm-adopted-bytes.txt', await faultText(box, () => box.do((root) => root.rollback(1))));
});

test('modified, missing, of another kind, claimed twice, without a baseline, and their own .pkmnew', async (t) => {
  const box = theirRoot(t);
  makeTheirDatabase(join(box.base, 'other.db'), [
    ...PACKAGES,
    {
      name: 'odd',
      version: '1',
      files: {
        'usr/bin/base': 'base',
        'usr/gone': 'gone',
        'usr/changed': 'as installed',
        'usr/was-file': 'file',
        'etc/edited.conf': 'as installed\n',
        'etc/nobody.conf': undefined,
        'etc/../escape': 'x',
        'var/lib/igos/packages/odd-1': 'x',
        'usr/fifo/': undefined,
      },
      columns: { superseded_by: 'nobody' },
    },
  ]);
  unlinkSync(box.path(DB));
  box.write('usr/changed', 'changed');
  mkdirSync(box.path('usr/was-file'));
  box.write('usr/fifo', 'a file now');
  box.write('etc/edited.conf', 'edited\n');
  box.write('etc/edited.conf.pkmnew', 'new\n');
  box.write('etc/nobody.conf', 'whose?\n');
  const report = await adoptRoot(box.root, { ...ADOPT, database: join(box.base, 'other.db') });
  assert.deepEqual(
    [report.missing, report.modified, report.configConflicts],
    [['usr/gone'], ['usr/changed'], ['etc/edited.conf']],
  );
  assert.deepEqual(
    report.skipped.map(({ path }) => path),
    ['etc/../escape', 'usr/fifo', 'usr/was-file', 'var/lib/igos/packages/odd-1'],
  );
  assert.deepEqual(report.conflicts.find((item) => item.path === 'usr/bin/base')!.owner, 'odd');
  box.do((root) => {
    assert.deepEqual(root.list({ all: true }).find((record) => record.name === 'odd')!.supersededBy, [], 'its successor is gone');
    const verified = root.verify();
    assert.deepEqual(
      verified.problems.map((problem) => `${problem.kind} ${problem.path}`),
      ['modified usr/changed', 'missing usr/gone'],
    );
    assert.deepEqual(
      root.config().map((file) => `${file.state} ${file.path} ${file.newPath}`),
      ['unmodified etc/base.conf ', 'conflict etc/edited.conf etc/edited.conf.pkmnew', 'unmodified etc/nobody.conf '],
    );
    root.settleConfig([{ path: 'etc/edited.conf', take: 'theirs' }]);
  });
  assert.deepEqual([box.read('etc/edited.conf'), box.read('etc/edited.conf.pkmsave')], ['new\n', 'edited\n']);
  box.write('usr/gone', 'gone');
  const found = box.do((root) => root.verify().problems.map((problem) => problem.path));
  assert.deepEqual(found, ['usr/changed'], 'a file that comes back as it was is as it was');
});

test('archives: kept on request, so that rollback and repair have their bytes', async (t) => {
  const box = theirRoot(t);
  const image = box.image('base 1.0', {
    'usr/bin/base': { mode: 0o755, text: 'base' },
    'usr/bin/link': '-> base',
    'etc/base.conf': 'a = 1\n',
  });
  const { writeArchive } = await import('../../pkm/index.ts');
  mkdirSync(box.path('var/lib/igos/archives'));
  await writeArchive(image, box.path('var/lib/igos/archives/base-1.0.igos.tar.gz'));
  assert.equal((await adoptRoot(box.root, { ...ADOPT, archives: true })).nArchives, 1);
  writeFileSync(box.path('usr/bin/base'), 'tampered');
  const repaired = await box.do((root) => root.repair());
  assert.deepEqual(
    repaired.repaired.map((problem) => problem.path),
    ['usr/bin/base'],
  );
  box.do((root) => root.install([box.image('base 2.0', { 'usr/bin/base': 'base 2' })]));
  await box.do((root) => root.rollback(1));
  assert.deepEqual([box.read('usr/bin/base'), box.read('usr/bin/link')], ['base', '-> base']);
});

test('a dry run changes nothing; the second run does nothing; our own root is refused', async (t) => {
  const box = theirRoot(t, { wal: false });
  const before = readdirSync(box.path('var/lib/igos')).sort();
  assert.equal((await adoptRoot(box.root, { ...ADOPT, dryRun: true })).nPackages, 3);
  assert.deepEqual(readdirSync(box.path('var/lib/igos')).sort(), before);
  golden(t, 'errors/pkm-foreign-database.txt', await faultText(box, () => box.do((root) => root.list())));
  golden(t, 'errors/pkm-foreign-database.txt', await faultText(box, () => box.open({ readOnly: true })));
  await adoptRoot(box.root, ADOPT);
  assert.equal((await adoptRoot(box.root, ADOPT)).isAdoptedAlready, true);
  const ours = new Sandbox(t);
  ours.do((root) => root.install([ours.image('p 1', { 'usr/p': 'p' })]));
  golden(t, 'errors/pkm-adopt-ours.txt', await faultText(ours, () => adoptRoot(ours.root, ADOPT)));
  const none = new Sandbox(t);
  golden(t, 'errors/pkm-adopt-none.txt', await faultText(none, () => adoptRoot(none.root, ADOPT)));
  const stranger = new Sandbox(t);
  mkdirSync(stranger.path('var/lib/igos'), { recursive: true });
  new DatabaseSync(stranger.path(DB)).exec('CREATE TABLE things (name TEXT)');
  golden(t, 'errors/pkm-adopt-stranger.txt', await faultText(stranger, () => adoptRoot(stranger.root, ADOPT)));
});

test('killed at every write: the database is theirs or ours, never none, and the next run finishes', async (t) => {
  const seen = new Set<string>();
  for (let step = 0; ; step++) {
    const box = theirRoot(t);
    let n = 0;
    let isReached = false;
    const io = new Proxy(realIo, {
      get(target, name: keyof typeof realIo) {
        const method = target[name] as (...values: unknown[]) => unknown;
        return (...values: unknown[]) => {
          if (isReached || n++ === step) {
            isReached = true;
            throw Object.assign(new Error('died'), { code: 'EIO', syscall: name });
          }
          return method.apply(io, values);
        };
      },
    });
    await adoptRoot(box.root, { ...ADOPT, io }).catch((error: unknown) => {
      if (!isReached) throw error;
    });
    const database = new DatabaseSync(box.path(DB), { readOnly: true });
    seen.add(database.prepare('PRAGMA user_version').get()!['user_version'] === 0 ? 'theirs' : 'ours');
    assert.equal(database.prepare('PRAGMA integrity_check').get()!['integrity_check'], 'ok');
    assert.ok(Number(database.prepare('SELECT count(*) AS n FROM installed').get()!['n']) === 4);
    database.close();
    await adoptRoot(box.root, ADOPT);
    box.do((root) => {
      assert.equal(root.verify().isClean, true);
      assert.equal(root.list().length, 3);
    });
    assert.equal(existsSync(box.path(`${DB}.adopting`)), false);
    assert.equal(existsSync(box.path(`${DB}.intergenos`)), true);
    box.remove();
    if (!isReached) break;
  }
  assert.deepEqual([...seen], ['theirs', 'ours']);
});

test('on the command line: a plan, then the deed', async (t) => {
  const box = theirRoot(t);
  const words = ['--root', box.root, '--home', mkdtempSync(join(box.base, 'home-'))];
  assert.match((await runHere('pkm', ['adopt', '--dry-run', ...words])).stdout, /^would adopt 3 packages/);
  const done = await runHere('pkm', ['adopt', ...words]);
  assert.equal(done.status, 0);
  assert.match(done.stdout, /claimed twice: \/usr\/bin\/tool: tool-core has it, not tool\n/);
  assert.match(done.stdout, /the database of before is \/var\/lib\/igos\/pkm\.db\.intergenos\n$/);
  assert.equal(JSON.parse((await runHere('pkm', ['adopt', '--json', ...words])).stdout).isAdoptedAlready, true);
  assert.match((await runHere('pkm', ['list', ...words])).stdout, /^base +1\.0/m);
});

test('archives: what a database says leads to no file outside of the root', async (t) => {
  const ways: Record<string, (box: Sandbox) => string> = {
    'by its own name': () => '/../outside/secret',
    'by an absolute link': (box) => {
      symlinkSync(join(box.base, 'outside'), box.path('usr/out'));
      return '/usr/out/secret';
    },
    'by a link that is all of it': (box) => {
      symlinkSync('../../outside/secret', box.path('usr/secret'));
      return '/usr/secret';
    },
    'by the folder of archives': (box) => {
      symlinkSync(join(box.base, 'outside'), box.path('var/lib/igos/archives'));
      return '';
    },
  };
  for (const [way, make] of Object.entries(ways)) {
    const box = new Sandbox(t);
    mkdirSync(join(box.base, 'outside'));
    for (const name of ['secret', 'base-1.0.igos.tar.gz']) writeFileSync(join(box.base, 'outside', name), 'secret');
    for (const folder of ['usr', 'var/lib/igos']) mkdirSync(box.path(folder), { recursive: true });
    makeTheirDatabase(box.path(DB), [{ name: 'base', version: '1.0', files: {}, columns: { archive_path: make(box) } }]);
    assert.equal((await adoptRoot(box.root, { ...ADOPT, archives: true })).nArchives, 0, way);
    assert.deepEqual(readdirSync(box.path('var/lib/igos')).includes('objects'), false, way);
  }
});

test('a database with views in the place of tables is none: one of them need never end', async (t) => {
  for (const name of ['installed', 'history']) {
    const box = theirRoot(t);
    const theirs = new DatabaseSync(box.path(DB));
    theirs.exec(`
      ALTER TABLE ${name} RENAME TO kept;
      CREATE VIEW ${name} AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000000)
        SELECT kept.* FROM n JOIN kept WHERE n.x < 0;`);
    theirs.close();
    for (const options of [ADOPT, { ...ADOPT, dryRun: true }, { ...ADOPT, database: box.path(DB) }])
      await assert.rejects(async () => adoptRoot(box.root, options), { code: 'E-PKM-064' }, name);
  }
});
