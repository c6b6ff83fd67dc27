/** A database that is lost or damaged, made anew of the text manifests. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes } from '../../base/index.ts';
import { rebuildDatabase, writeArchive } from '../../pkm/index.ts';
import { golden } from '../golden.ts';
import { copySandbox } from './crash-harness.ts';
import { watchIo } from './crash-scenarios.ts';
import { runModel } from './model-run.ts';
import { checkRebuilt } from './rebuild-check.ts';
import { faultText, Sandbox } from './support.ts';

const DATABASE = 'var/lib/igos/pkm.db';
const PACKAGES = 'var/lib/igos/packages';
const lose = (box: Sandbox): void => {
  for (const end of ['', '-wal', '-shm']) rmSync(box.path(DATABASE + end), { force: true });
};
const rebuild = (box: Sandbox, more: Partial<Parameters<typeof rebuildDatabase>[1]> = {}) =>
  rebuildDatabase(box.root, { user: 'tester', now: () => 1_900_000_000, ...more });

/** Everything that a manifest can say. */
async function rich(box: Sandbox): Promise<void> {
  mkdirSync(box.path('usr/share'), { recursive: true });
  const about = {
    summary: 'a summary',
    tier: 'base',
    license: 'MIT',
    homepage: 'https://example.org/',
    runtime: ['b>=1'],
    provides: ['lib-a=2'],
    conflicts: ['z<3'],
    config: ['usr/share/a/*.conf', 'opt/{x, y}'],
    triggers: [{ name: 'index', paths: ['usr/share/a/**'], run: ['/usr/bin/index', '-q'], isFatal: false }],
  };
  const a = box.image(
    'a 1',
    {
      'usr/bin/a': { mode: 0o4755, text: 'a' },
      'usr/bin/run': { mode: 0o755, text: 'run' },
      'usr/share/a/x.conf': 'x\n',
      'usr/share/a -> b': 'an arrow',
      'usr/share/l -> m': '-> n -> o',
      'usr/share/a sha256:b': 'a hash',
      'usr/share/tricky/ mode:0700': { mode: 0o755 },
      'usr/share/\u00fcml\u00e4ut': 'u',
      'usr/private': { mode: 0o1770 },
      'etc/a.conf': 'a\n',
      'etc/link': '-> a.conf',
    },
    about,
  );
  const entries = a.entries.map((entry) =>
    entry.path === 'usr/bin/run' ? { ...entry, uid: 3, gid: 5, capability: '0100000200200000000000000000000000000000' } : entry,
  );
  box.do((root) => root.install([box.image('b 1', { 'usr/b': 'b', 'usr/share/b': 'b' })], { explicit: [] }));
  box.do((root) => root.install([process.geteuid?.() === 0 ? { ...a, entries } : a]));
  await writeArchive(box.image('c 1', { 'usr/c': 'c', 'etc/c': 'c\n' }), join(box.base, 'c'));
  await box.do(async (root) => root.install([await root.readArchive(join(box.base, 'c'))], { archiveTrust: 'loose' }));
  box.do((root) => root.install([box.image('new-b 2', { 'usr/b': 'new' }, { supersedes: ['b'], provides: ['b=2'] })]));
}

test('everything that a manifest can say is known again', async (t) => {
  const box = new Sandbox(t);
  await rich(box);
  const before = box.do((root) => root.info('c')!.record.origin);
  await checkRebuilt(t, box, 'rich');
  lose(box);
  const report = await rebuild(box);
  assert.deepEqual(
    [report.nPackages, report.nSuperseded, report.why, report.generation, report.missing, report.modified],
    [3, 1, 'it is gone', 1, [], []],
  );
  assert.deepEqual(
    { ...before, file: 'c-1.igos.tar.gz' },
    box.do((root) => root.info('c')!.record.origin),
  );
  assert.deepEqual(
    box.do((root) => root.history().map(({ operation, user }) => [operation, user])),
    [['rebuild', 'tester']],
  );
});

test('random sequences: the database made anew says what the one before said', async (t) => {
  let n = 0;
  await runModel(t, 12, undefined, async (box, steps) => {
    n += 1;
    await checkRebuilt(t, box, steps);
  });
  assert.ok(n >= 12);
});

test('a database that can be read stays, and without manifests there is nothing to make one of', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' })]));
  golden(t, 'errors/E-PKM-028.txt', await faultText(box, () => rebuild(box)));
  const bare = new Sandbox(t);
  golden(t, 'errors/pkm-no-manifests.txt', await faultText(bare, () => rebuild(bare)));
  assert.equal(existsSync(bare.path('var')), false);
});

test('a damaged database is put aside, with its log', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' })]));
  const whole = readFileSync(box.path(DATABASE));
  writeFileSync(box.path(DATABASE), 'this is not the database that you are looking for'.repeat(100));
  const report = await rebuild(box);
  assert.deepEqual([report.keptAs, report.why], [`${DATABASE}.damaged`, 'file is not a database']);
  assert.match(readFileSync(box.path(report.keptAs), 'utf8'), /^this is not/);
  // Torn in the middle: the first page is whole.
  truncateSync(box.path(DATABASE), 3 * 4096);
  assert.equal((await rebuild(box)).keptAs, `${DATABASE}.damaged.1`);
  // Empty, and the log of another beside it.
  writeFileSync(box.path(DATABASE), '');
  assert.equal((await rebuild(box)).why, 'it is empty');
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
  assert.ok(whole.length > 0);
});

test('a dry run changes nothing', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' })]));
  lose(box);
  const before = readdirSync(box.path('var/lib/igos'), { recursive: true });
  assert.equal((await rebuild(box, { dryRun: true })).nPaths, 2);
  assert.deepEqual(readdirSync(box.path('var/lib/igos'), { recursive: true }), before);
});

test('manifests that lie, are cut short, or come from elsewhere', async (t) => {
  const box = new Sandbox(t);
  box.do((root) =>
    root.install([box.image('a 1', { 'usr/a': 'a', 'usr/both': '1', 'etc/a': 'a\n' }), box.image('b 1', { 'usr/b': 'b' })]),
  );
  lose(box);
  const text = readFileSync(box.path(`${PACKAGES}/a-1`), 'utf8');
  const put = (name: string, content: string): void => writeFileSync(box.path(`${PACKAGES}/${name}`), content);
  const named = (name: string): string => text.replaceAll('a-1', `${name}-1`).replace('\na: ', `\n${name}: `);
  put('cut-1', named('cut').slice(0, -20));
  put('odd', 'anything\n');
  put('other-1', text);
  put('up-1', named('up').replace('usr/a ', '../../etc/passwd '));
  put('state-1', named('state').replaceAll('usr/', 'var/lib/igos/').replace('etc/a', 'var/lib/igos/pkm.db'));
  put(
    'a-0',
    text
      .replaceAll('a-1', 'a-0')
      .replace('VERSION: 1', 'VERSION: 0')
      .replace(/DATE: 20\d\d/, 'DATE: 1999'),
  );
  put('twice-1', named('twice').replace(/sha256:[0-9a-f]{64}/g, `sha256:${'0'.repeat(64)}`));
  rmSync(box.path('usr/b'));
  const report = await rebuild(box);
  assert.deepEqual(
    report.skipped.map(({ path }) => path).sort(compareBytes),
    [
      'a-0',
      'cut-1',
      'odd',
      'other-1',
      'up-1',
      ...['/a', '/both', '/pkm.db'].map((end) => `/var/lib/igos${end}`),
      '/var/lib/igos',
    ].sort(compareBytes),
  );
  assert.deepEqual(
    report.conflicts.map(({ path, owner, others }) => [path, owner, others]),
    [
      ['etc/a', 'a', ['twice']],
      ['usr/a', 'a', ['twice']],
      ['usr/both', 'a', ['twice']],
    ],
  );
  assert.deepEqual(report.missing, ['usr/b']);
  assert.deepEqual(
    box.do((root) => [root.checkInvariants(), root.verify().problems.map(({ path, kind }) => [path, kind])]),
    [[], [['usr/b', 'missing']]],
  );
});

test('manifests of an older igos: what they do not say is taken from the disk, and said', async (t) => {
  const box = new Sandbox(t);
  const files = { 'usr/bin/a': { mode: 0o4711, text: 'a' }, 'etc/a': 'a\n' };
  box.do((root) => root.install([box.image('a 1', files, { runtime: [], tier: 'base' })], { explicit: [] }));
  lose(box);
  const path = box.path(`${PACKAGES}/a-1`);
  writeFileSync(
    path,
    readFileSync(path, 'utf8')
      .replace(/^(REASON|TIER): .*\n/gm, '')
      .replace(/ mode:\d+/g, ''),
  );
  assert.deepEqual((await rebuild(box)).incomplete, ['a']);
  assert.deepEqual(
    box.do((root) => [
      root.verify().isClean,
      root.list()[0]!.reason,
      root.files('a').find((row) => row.path === 'usr/bin/a')!.mode,
    ]),
    [true, 'explicit', 0o4711],
  );
});

test('configuration: what nobody changed goes on as before, and what both changed is the user\u2019s', async (t) => {
  const box = new Sandbox(t);
  const conf = (n: number): string => `first ${n}\n\nmiddle\n\nlast\n`;
  const image = (n: number) =>
    box.image(`a ${n}`, { 'etc/plain': conf(n), 'etc/mine': conf(n), 'etc/clash': conf(n), 'etc/gone': conf(1) });
  box.do((root) => root.install([image(1)]));
  writeFileSync(box.path('etc/mine'), conf(1).replace('last', 'mine'));
  writeFileSync(box.path('etc/clash'), conf(1).replace('first 1', 'first mine'));
  rmSync(box.path('etc/gone'));
  box.do((root) => root.install([image(2)]));
  lose(box);
  const report = await rebuild(box);
  assert.deepEqual(report.configConflicts, ['etc/clash']);
  assert.deepEqual(
    box.do((root) => root.config().map(({ path, state }) => [path, state])),
    [
      ['etc/clash', 'conflict'],
      ['etc/gone', 'deleted'],
      ['etc/mine', 'modified'],
      ['etc/plain', 'unmodified'],
    ],
  );
  box.do((root) => root.install([image(3)]));
  assert.equal(box.read('etc/plain'), conf(3));
  assert.equal(box.read('etc/mine'), conf(3).replace('last', 'mine'), 'merged');
  assert.equal(box.read('etc/clash'), conf(1).replace('first 1', 'first mine'));
  assert.equal(box.read('etc/gone'), undefined);
});

test('killed anywhere, it can be done again', async (t) => {
  const template = new Sandbox(t);
  await rich(template);
  writeFileSync(template.path(DATABASE), 'damaged'.repeat(1000));
  let nWrites = 0;
  for (let step = 0; ; step++) {
    const box = copySandbox(t, template.base);
    let isReached = false;
    const io = watchIo((n) => {
      if (n < step) return;
      isReached = true;
      throw new Error('killed');
    });
    await rebuild(box, { io }).catch((error: Error) => assert.equal(error.message, 'killed'));
    if (!isReached) break;
    nWrites += 1;
    await rebuild(box).catch((error: { code?: string }) => assert.equal(error.code, 'E-PKM-028'));
    box.do((root) =>
      assert.deepEqual([root.verify().isClean, root.checkInvariants(), root.list().length], [true, [], 3], `${step}`),
    );
    box.remove();
  }
  assert.ok(nWrites > 5, `${nWrites}`);
});

test('two at once: the second finds it done', async (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'usr/a': 'a' })]));
  lose(box);
  mkdirSync(box.path('var/lib/igos/staging'));
  assert.equal((await rebuild(box)).wasInterrupted, true);
  const holder = box.open();
  holder.close();
  await assert.rejects(rebuild(box), { code: 'E-PKM-028' });
  chmodSync(box.path(DATABASE), 0o644);
  assert.ok(lstatSync(box.path(DATABASE)).isFile());
});
