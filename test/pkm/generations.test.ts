/** Generations, rollback, collection, history, manifests, the lock, and what an admin sees with sqlite3. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { packageLine } from '../../cli/report-lines.ts';
import { openRoot, type Root, type TransactionReport, writeArchive } from '../../pkm/index.ts';
import { pinsIn, Sandbox } from './support.ts';

test('rollback restores every path, mode and byte, and is itself a generation', async (t) => {
  const box = new Sandbox(t);
  const states: Record<string, string>[] = [box.snapshot()];
  const step = (work: () => unknown): void => {
    work();
    states.push(box.snapshot());
  };
  step(() =>
    box.do((root) => root.install([box.image('a 1', { 'usr/a': { mode: 0o755, text: '1' }, 'etc/a': 'a\n', 'usr/l': '-> a' })])),
  );
  step(() => box.do((root) => root.install([box.image('a 2', { 'usr/a': '2', 'usr/n/x': 'n', 'etc/a': 'b\n' })])));
  step(() => box.do((root) => root.install([box.image('b 1', { 'usr/a': '3', 'usr/n/x': 'm' }, { supersedes: ['a'] })])));
  step(() => box.do((root) => root.remove(['b'])));
  for (const target of [1, 3, 2, 4, 0, 3]) {
    await box.do((root) => root.rollback(target));
    const expected = { ...states[target]! };
    if (target === 0) for (const path of Object.keys(expected)) assert.fail(path);
    assert.deepEqual(box.snapshot(), expected, `rollback to ${target}`);
    assert.equal(
      box.do((root) => root.verify().isClean),
      true,
    );
  }
  using root = box.open({ readOnly: true });
  assert.equal(root.generation, 10);
  assert.deepEqual(
    root.generations().map((generation) => generation.number),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
  );
  assert.deepEqual(
    root.packagesAt(2).map((record) => [record.name, record.version]),
    [['a', '2']],
  );
  assert.deepEqual(
    root.list({ all: true }).map((record) => [record.name, record.supersededBy]),
    [
      ['a', ['b']],
      ['b', []],
    ],
  );
  assert.throws(() => root.packagesAt(99), { code: 'E-PKM-016' });
});

test('rollback of archives uses the kept archive, and says when it is gone', async (t) => {
  const box = new Sandbox(t);
  const install = async (version: number): Promise<void> => {
    const file = join(box.base, `a-${version}.igos.tar.gz`);
    await writeArchive(box.image(`a ${version}`, { 'usr/a': `v${version}`, 'usr/same': 'same' }), file);
    await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
    rmSync(file);
  };
  await install(1);
  await install(2);
  await box.do((root) => root.rollback(1));
  assert.equal(box.read('usr/a'), 'v1');
  const objects = join(box.root, 'var/lib/igos/objects');
  assert.equal(statSync(objects).mode & 0o077, 0, 'objects are private');
  rmSync(objects, { recursive: true });
  await assert.rejects(
    box.do((root) => root.rollback(2)),
    { code: 'E-PKM-017' },
  );
  assert.equal(box.read('usr/a'), 'v1');
  assert.equal(
    box.do((root) => root.generation),
    3,
  );
});

test('a damaged store is noticed before anything is placed', (t) => {
  const box = new Sandbox(t);
  // So long ones are copied by the kernel.
  const long = ' '.repeat(9 << 20);
  for (const [good, evil] of [
    ['good', 'evil'],
    [`${long}good`, `${long}evil`],
  ] as const) {
    const image = box.image('a 1', { 'usr/a': good });
    writeFileSync(image.contentPath(image.entries.find((entry) => entry.kind === 'file')!), evil);
    assert.throws(() => box.do((root) => root.install([image])), { code: 'E-PKM-017' });
    assert.deepEqual(box.snapshot(), {});
  }
  assert.equal(
    box.do((root) => root.generation),
    0,
  );
});

test('a configuration file of a damaged store is neither placed nor merged', (t) => {
  const box = new Sandbox(t);
  const lines = (first: string): string => `${first}\n2\n3\n4\n5\n6\n7\n8\n`;
  const image = (version: number, text: string) => box.image(`a ${version}`, { 'etc/a.conf': text }, { config: ['etc/*'] });
  box.do((root) => root.install([image(1, lines('1'))]));
  writeFileSync(join(box.root, 'etc/a.conf'), `${lines('1')}mine\n`);
  const next = image(2, lines('one'));
  writeFileSync(next.contentPath(next.entries.find((entry) => entry.kind === 'file')!), lines('evil'));
  assert.throws(() => box.do((root) => root.install([next])), { code: 'E-PKM-017' });
  assert.equal(box.read('etc/a.conf'), `${lines('1')}mine\n`);
});

test('a generation costs its difference', (t) => {
  const box = new Sandbox(t);
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`usr/share/f${n}`, `${n}`]));
  box.do((root) => root.install([box.image('big 1', many)]));
  for (let n = 2; n < 6; n++) box.do((root) => root.install([box.image(`big ${n}`, { ...many, 'usr/share/f0': `v${n}` })]));
  const database = new DatabaseSync(join(box.root, 'var/lib/igos/pkm.db'), { readOnly: true });
  assert.equal(database.prepare('SELECT count(*) AS n FROM files_past').get()!['n'], 4);
  database.close();
});

test('gc forgets old generations, their objects and their store paths, and keeps what is needed', async (t) => {
  const box = new Sandbox(t);
  const pinned = new Set<string>();
  const pins = pinsIn(pinned);
  for (let n = 1; n <= 4; n++)
    box.do((root) => root.install([box.image(`a ${n}`, { 'usr/a': `${n}`, 'etc/a': `${n}\n` })]), { pins });
  assert.equal(pinned.size, 4);
  const report = box.do((root) => root.gc({ keepLast: 2 }), { pins });
  assert.deepEqual(report.removed, [0, 1, 2]);
  assert.deepEqual([pinned.size, report.unpinned.length, report.nObjects], [2, 2, 2]);
  assert.deepEqual(
    box.do((root) => root.generations().map((generation) => generation.number)),
    [3, 4],
  );
  await assert.rejects(
    box.do((root) => root.rollback(2)),
    { code: 'E-PKM-016' },
  );
  await box.do((root) => root.rollback(3));
  assert.equal(box.read('usr/a'), '3');
  assert.deepEqual(
    box.do((root) => root.checkInvariants()),
    [],
  );
});

test('diff of two generations', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1', 'usr/b': 'b' }), box.image('z 1', { 'usr/z': 'z' })]));
  box.do((root) => root.install([box.image('a 2', { 'usr/a': '2', 'usr/c': 'c' }), box.image('n 1', { 'usr/n': 'n' })]));
  box.do((root) => root.remove(['z']));
  const diff = box.do((root) => root.diff(1, 3));
  assert.deepEqual(
    diff.packages.map((change) => [change.name, change.action]),
    [
      ['a', 'upgrade'],
      ['n', 'install'],
      ['z', 'remove'],
    ],
  );
  const paths = (rows: readonly { path: string; kind: string }[]) =>
    rows.filter((row) => row.kind !== 'directory').map((row) => row.path);
  assert.deepEqual(
    [paths(diff.added), paths(diff.removed), diff.changed.map((change) => change.to.path)],
    [['usr/c', 'usr/n'], ['usr/b', 'usr/z'], ['usr/a']],
  );
  assert.deepEqual(
    box.do((root) => root.diff(2, 2)),
    { packages: [], added: [], removed: [], changed: [] },
  );
});

test('diff says which way a version goes, what is there again, and what was marked', async (t) => {
  const box = new Sandbox(t);
  const build = (bytes: string) => box.image('b 1', { 'usr/b': bytes });
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1' }), build('b'), box.image('c 1', { 'usr/c': 'c' })]));
  box.do((root) =>
    root.install([box.image('a 2', { 'usr/a': '2' }), build('B'), box.image('d 1', { 'usr/c': 'd' }, { supersedes: ['c'] })]),
  );
  const diff = (a: number, b: number) => box.do((root) => root.diff(a, b).packages);
  assert.deepEqual(diff(1, 2), [
    { name: 'a', action: 'upgrade', from: '1', to: '2' },
    { name: 'b', action: 'renew', from: '1', to: '1' },
    { name: 'c', action: 'supersede', from: '1', by: 'd' },
    { name: 'd', action: 'install', to: '1' },
  ]);
  assert.deepEqual(diff(2, 1), [
    { name: 'a', action: 'downgrade', from: '2', to: '1' },
    { name: 'b', action: 'renew', from: '1', to: '1' },
    { name: 'c', action: 'restore', from: '1', to: '1' },
    { name: 'd', action: 'remove', from: '1' },
  ]);
  const back = await box.do((root) => root.rollback(1));
  const there = await box.do((root) => root.rollback(2));
  const lines = (report: TransactionReport) => report.packages.map((change) => packageLine(change, false));
  assert.deepEqual(lines(back), ['restored a 2 -> 1', 'restored b 1', 'restored c 1', 'removed d 1']);
  assert.deepEqual(lines(there), ['restored a 1 -> 2', 'restored b 1', 'superseded c 1 by d', 'restored d 1']);
  box.do((root) => root.mark(['a'], 'dependency'));
  assert.deepEqual(diff(4, 5), [{ name: 'a', action: 'mark', to: '2', reason: 'dependency' }]);
});

test('an archive that was read in another place is the same', async (t) => {
  const box = new Sandbox(t);
  for (const name of ['here', 'there']) {
    const file = join(box.base, name);
    await writeArchive(box.image('a 1', { 'usr/a': '1' }), file);
    await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }));
    if (name === 'here') box.do((root) => root.remove(['a']));
  }
  assert.deepEqual(
    box.do((root) => root.diff(1, 3)),
    { packages: [], added: [], removed: [], changed: [] },
  );
});

test('tampering with the history shows', (t) => {
  const box = new Sandbox(t);
  for (const n of [1, 2, 3]) box.do((root) => root.install([box.image(`a ${n}`, { 'usr/a': `${n}` })]));
  const path = join(box.root, 'var/lib/igos/pkm.db');
  const tamper = (sql: string, guard = true, work = (_: Root): unknown => undefined): string | undefined => {
    const copy = `${path}.copy`;
    execFileSync('cp', [path, copy]);
    const database = new DatabaseSync(path);
    if (!guard) database.exec('DROP TRIGGER history_no_update; DROP TRIGGER history_no_delete');
    try {
      database.exec(sql);
      box.do(work);
      return box.do((root) => root.verify().history, { readOnly: true });
    } finally {
      database.close();
      execFileSync('mv', [copy, path]);
      rmSync(`${path}-wal`, { force: true });
    }
  };
  assert.throws(() => tamper("UPDATE history SET user = 'nobody' WHERE id = 2"), /append-only/);
  assert.throws(() => tamper('DELETE FROM history WHERE id = 2'), /append-only/);
  assert.match(tamper("UPDATE history SET user = 'nobody' WHERE id = 2", false)!, /entry 2 was changed/);
  assert.match(tamper('DELETE FROM history WHERE id = 2', false)!, /entry 2 is missing/);
  const cut = 'DELETE FROM history WHERE id = (SELECT max(id) FROM history)';
  assert.match(tamper(cut, false)!, /entries after/);
  assert.match(tamper(cut, false, (root) => root.hold(['a'], true))!, /does not follow/, 'also when it went on');
  assert.equal(
    box.do((root) => root.verify().history),
    undefined,
  );
});

test('text manifests follow the database, and divergence is reported', async (t) => {
  const box = new Sandbox(t);
  const folder = join(box.root, 'var/lib/igos/packages');
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1', 'usr/l': '-> a' }, { summary: 'an a' })]));
  assert.match(
    execFileSync('cat', [join(folder, 'a-1')], { encoding: 'utf8' }),
    /^PACKAGE NAME: a-1\nPACKAGE VERSION: 1\n[\s\S]*DESCRIPTION:\na: an a\n\nFILE LIST:\nusr\/\nusr\/a sha256:6b86b273[0-9a-f]{56}\nusr\/l -> a\n$/,
  );
  box.do((root) => root.install([box.image('a 2', { 'usr/a': '2' })]));
  assert.deepEqual(readdirSync(folder), ['a-2']);
  writeFileSync(join(folder, 'a-2'), 'edited');
  writeFileSync(join(folder, 'x-9'), 'planted');
  const report = box.do((root) => root.verify());
  assert.deepEqual(report.manifests, [
    { name: 'a-2', kind: 'different' },
    { name: 'x-9', kind: 'extra' },
  ]);
  assert.equal(report.isClean, false);
  await box.do((root) => root.repair());
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});

test('a root without state can be read, and is empty; reading writes nothing', (t) => {
  const box = new Sandbox(t);
  using root = box.open({ readOnly: true });
  assert.deepEqual(
    [root.list(), root.generation, root.history(), root.generations(), root.owns('usr'), root.verify().isClean],
    [[], 0, [], [], [], true],
  );
  assert.throws(() => root.remove(['a']), { code: 'E-PKM-022' });
  assert.deepEqual(readdirSync(box.root), []);
});

test('the lock: a second process is told who holds it, or waits; a dead holder is none', async (t) => {
  const box = new Sandbox(t);
  const script = `
    const { openRoot } = await import(${JSON.stringify(join(import.meta.dirname, '../../pkm/index.ts'))});
    globalThis.held = openRoot(${JSON.stringify(box.root)}, { command: 'pkm install firefox' }); // or a collection would give the lock back
    console.log('locked');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => void child.kill('SIGKILL'));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  assert.throws(
    () => box.open(),
    (error: Error & { code?: string; notes?: string[] }) =>
      error.code === 'E-PKM-020' &&
      error.message.includes(String(child.pid)) &&
      error.notes![0]!.startsWith("'pkm install firefox', since 2"),
  );
  using reader = box.open({ readOnly: true });
  assert.equal(reader.generation, 0);
  let waited = 0;
  const ended = new Promise((resolve) => child.once('exit', resolve)); // on a busy machine that takes a while
  child.kill('SIGKILL');
  await ended;
  box.do(() => {}, { waitMs: 5000, onWait: () => void waited++ });
  assert.equal(waited, 0, 'the lock went with its process');
  const first = box.open();
  assert.throws(() => box.open({ waitMs: 30, onWait: () => void waited++ }), { code: 'E-PKM-020' });
  assert.equal(waited, 1);
  first.close();
  box.do(() => {});
});

const hasSqlite = spawnSync('sqlite3', ['-version']).status === 0;

test('an admin reads the database with sqlite3', { skip: hasSqlite ? false : 'no sqlite3 here' }, (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1', 'etc/a': 'a\n' })]));
  box.do((root) => root.install([box.image('a 2', { 'usr/a': '2', 'etc/a': 'a\n' })]));
  const query = (sql: string) =>
    execFileSync('sqlite3', [join(box.root, 'var/lib/igos/pkm.db'), sql], { encoding: 'utf8' }).trim();
  assert.equal(query('SELECT name, version FROM installed'), 'a|2');
  assert.equal(query("SELECT path FROM files WHERE package = 'a' AND kind = 'file' ORDER BY path"), 'etc/a\nusr/a');
  assert.equal(query('SELECT count(*) FROM generations'), '3');
  assert.equal(query('PRAGMA integrity_check'), 'ok');
  for (const table of 'installed files depends available history config_files generations journal settings'.split(' '))
    query(`SELECT * FROM ${table} LIMIT 1`);
});

test('a database that is none, and one from the future', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1' })]));
  const path = join(box.root, 'var/lib/igos/pkm.db');
  const database = new DatabaseSync(path);
  database.exec('PRAGMA user_version = 99');
  database.close();
  assert.throws(() => box.open(), { code: 'E-PKM-021' });
  assert.throws(() => box.open({ readOnly: true }), { code: 'E-PKM-021' });
  writeFileSync(path, 'this is not a database at all, but it is long enough to be looked at'.repeat(20));
  assert.throws(() => box.open(), { code: 'E-PKM-021' });
});

test('a database that was lost is not begun anew behind the back of what is installed', (t) => {
  const box = new Sandbox(t);
  const path = join(box.root, 'var/lib/igos/pkm.db');
  box.do(() => {});
  rmSync(path);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1' })])); // nothing was installed: nothing is lost
  for (const lose of [() => rmSync(path), () => writeFileSync(path, '')]) {
    lose();
    assert.throws(() => box.open(), { code: 'E-PKM-027' });
    assert.throws(() => box.open({ readOnly: true }), { code: 'E-PKM-027' });
  }
  rmSync(join(box.root, 'var/lib/igos/packages'), { recursive: true });
  assert.deepEqual(
    box.do((root) => root.list(), { readOnly: true }),
    [],
  );
  assert.equal(
    box.do((root) => root.generation),
    0,
  );
});

const isRoot = process.geteuid?.() === 0;

test('an ordinary user reads the state of a root that belongs to root', {
  skip: isRoot ? false : 'needs root to become somebody else',
}, (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': '1' })]));
  for (const path of [box.base, box.root]) chmodSync(path, 0o755);
  const script = `
    const { openRoot } = await import(${JSON.stringify(join(import.meta.dirname, '../../pkm/index.ts'))});
    using root = openRoot(${JSON.stringify(box.root)}, { readOnly: true });
    console.log(root.list().map((record) => record.name).join(), root.verify().isClean);`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', uid: 65534, gid: 65534 });
  assert.equal(child.stdout, 'a true\n', child.stderr);
});

test('a root that is called by a symlink is the same root', (t) => {
  const box = new Sandbox(t);
  const alias = join(box.base, 'alias');
  symlinkSync('root', alias);
  const inAlias = <T>(work: (root: Root) => T): T => {
    using root = openRoot(alias, { storeFolder: (path) => join(box.base, path) });
    return work(root);
  };
  inAlias((root) => root.install([box.image('a 1', { 'usr/bin/a': '1', 'etc/a': '1', 'opt/a': '1' })]));
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
  assert.equal(
    inAlias((root) => root.verify().isClean),
    true,
  );
  box.do((root) => root.remove(['a'], { force: true }));
  assert.deepEqual(readdirSync(alias), ['var']);
});
