/** Dry runs and questions change nothing, wait for nobody, and are everybody's who can read the root. */
import assert from 'node:assert/strict';
import { type ExecFileOptions, execFile } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { openRoot, type Root, type TransactionReport } from '../../pkm/index.ts';
import { project } from '../cli/programs.ts';
import { ours, Publisher } from './repository-support.ts';
import { Sandbox } from './support.ts';
import { serve } from './web-server.ts';

/** A root with two generations; a configuration file that the user changed; and a repository with something newer. */
async function filledRoot(t: TestContext): Promise<{ box: Sandbox; publisher: Publisher; archives: string[] }> {
  const box = new Sandbox(t);
  const publisher = new Publisher(box);
  const archives = [
    await publisher.add('a 1', { 'usr/bin/a': '1', 'etc/a.conf': 'x = 1\ny = 1\nz = 1\n' }, { config: ['etc/a.conf'] }),
    await publisher.add('b 1', { 'usr/bin/b': '1' }, { runtime: ['a'] }),
    await publisher.add('a 2', { 'usr/bin/a': '2', 'etc/a.conf': 'x = 1\ny = 1\nz = 2\n' }, { config: ['etc/a.conf'] }),
  ];
  await publisher.publish();
  for (const files of [archives.slice(0, 1), archives.slice(1, 2)])
    await box.do(async (root) => root.install(await root.readArchives(files), { archiveTrust: 'loose' }));
  return { box, publisher, archives };
}

/** Every file below a folder with its bytes; not what SQLite shares between those that have a database open, nor who has the lock. */
function everything(root: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!/-shm$|\/lock$/.test(path)) found[path] = entry.isFile() ? readFileSync(path, 'latin1') : 'folder';
  }
  return found;
}

const pairs = (
  box: Sandbox,
  archives: readonly string[],
): readonly [string, (root: Root) => TransactionReport | Promise<TransactionReport>][] => [
  ['install', async (root) => root.install(await root.readArchives(archives.slice(2)), { dryRun: true, archiveTrust: 'loose' })],
  ['install from the store', (root) => root.install([box.image('c 1', { 'usr/bin/c': '1' })], { dryRun: true })],
  ['switch', (root) => root.switchTo([box.image('c 1', { 'usr/bin/c': '1' })], { dryRun: true })],
  ['remove', (root) => root.remove(['b'], { dryRun: true })],
  ['mark', (root) => root.mark(['a'], 'dependency', { dryRun: true })],
  ['rollback', (root) => root.rollback(1, { dryRun: true })],
];

test('a plan without the lock is the plan with it, made beside whoever holds that', async (t) => {
  const { box, archives } = await filledRoot(t);
  box.write('etc/a.conf', 'x = 2\ny = 1\nz = 1\n');
  const plansIn = join(box.base, 'plans');
  mkdirSync(plansIn);
  for (const [name, work] of pairs(box, archives)) {
    const before = everything(box.root);
    const locked = box.open();
    const under = await work(locked);
    const beside = await box.do(work, { plansIn });
    locked.close();
    assert.deepEqual(beside, under, name);
    assert.equal(under.isChanged, true, name);
    assert.deepEqual(everything(box.root), before, name);
    assert.deepEqual(readdirSync(plansIn), [], name);
  }
});

test('a plan for a root that is not there, and of one that is only for plans', async (t) => {
  const box = new Sandbox(t);
  const root = join(box.base, 'new');
  const image = box.image('c 1', { 'usr/bin/c': '1' });
  using planning = openRoot(root, { plansIn: box.base });
  assert.equal(planning.install([image], { dryRun: true }).isChanged, true);
  assert.equal(existsSync(root), false);
  for (const change of [() => planning.install([image]), () => planning.remove([]), () => planning.hold(['c'], true)])
    assert.throws(change, { code: /E-PKM-02[2]|E-PKM-015/ });
});

test('a plan says that a transaction is unfinished', async (t) => {
  const { box } = await filledRoot(t);
  const database = new DatabaseSync(box.path('var/lib/igos/pkm.db'));
  database.exec("INSERT INTO journal VALUES (1, 'place', 'usr/bin/x', 'y', 0, 0, 0)");
  database.close();
  const report = box.do((root) => root.remove(['b'], { dryRun: true }), { plansIn: box.base });
  assert.match(report.warnings.map(({ text }) => text).join(), /a transaction is being applied, or was interrupted/);
});

/** Commands, and what one of their lines is about. */
const commands: readonly [string, RegExp][] = [
  ['list', /^a 1/m],
  ['info a', /1/],
  ['files a', /usr\/bin\/a/],
  ['owns /usr/bin/a', /a/],
  ['history', /install/],
  ['generations', /2/],
  ['diff 1 2', /b/],
  ['verify', /./],
  ['config list', /^modified +\/etc\/a\.conf/],
  ['outdated', /a/],
  ['available', /a/],
  ['search a', /a/],
  ['provides a', /a/],
  ['repositories', /3 packages/],
  ['hold', /^$/],
  ['gc --keep 1 -n', /would forget generations 0, 1/],
  ['gc --keep 1 -n --json', /"removed"/],
  ['cache clean -n', /would remove 0 files/],
  ['remove b -n --ignore-holds', /b/],
  ['autoremove -n', /./],
  ['mark dependency a -n', /a/],
  ['rollback 1 -n', /b/],
  ['repair -n', /nothing to repair/],
  ['upgrade -n', /a 1 -> 2[\s\S]*etc\/a\.conf/],
  ['install a -n', /a/],
  ['install --archive ARCHIVE -n --archive-trust loose', /a/],
];

const finished = (
  program: string,
  words: readonly string[],
  options: ExecFileOptions,
): Promise<{ status: unknown; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(program, words, { ...options, encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : error.code, stdout, stderr });
    });
  });

const isRoot = process.geteuid?.() === 0;

for (const isBusy of [false, true])
  test(`whoever can read a root may ask all of it, and plan every change${isBusy ? ', while it is being changed' : ''}`, {
    skip: isRoot ? false : 'needs root to become somebody else',
  }, async (t) => {
    const { box, publisher, archives } = await filledRoot(t);
    const web = await serve(t, publisher.folder);
    await box.do((root) => root.sync(web.address, { keys: [{ text: ours.open, from: 'ours' }] }));
    for (const path of [box.base, box.root]) chmodSync(path, 0o755);
    const own = join(box.base, 'nobody');
    mkdirSync(own);
    chownSync(own, 65534, 65534);
    // What would be merged, could its original be read.
    box.write('etc/a.conf', 'x = 2\ny = 1\nz = 1\n');
    const before = everything(box.root);
    using busy = isBusy ? box.open() : undefined;
    if (isBusy) busy!.hold(['b'], true);
    const wrong: string[] = [];
    for (const [words, expected] of commands) {
      const env = { PATH: process.env['PATH'], HOME: '/nonexistent', TMPDIR: own, NO_COLOR: '1' };
      const args = [...words.replace('ARCHIVE', archives[2]!).split(' '), '--root', box.root];
      const run = await finished(join(project, 'bin/pkm'), args, { uid: 65534, gid: 65534, cwd: '/', env });
      const isAsExpected = run.status === 0 && (isBusy && words === 'hold' ? /b/ : expected).test(run.stdout);
      if (!isAsExpected) wrong.push(`${words}: ${run.status} ${run.stdout}${run.stderr}`);
    }
    assert.deepEqual(wrong, []);
    if (!isBusy) assert.deepEqual(everything(box.root), before);
  });
