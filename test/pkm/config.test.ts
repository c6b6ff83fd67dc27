/** Configuration: every case of the rules, as sequences of versions and edits on a real root. */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, existsSync, lstatSync, readdirSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { test } from 'node:test';
import { type Root, type RootIo, realIo } from '../../pkm/index.ts';
import { decideOffered, decideWithdrawn } from '../../pkm/plan/config-rules.ts';
import { mergeText } from '../../pkm/plan/merge.ts';
import { Sandbox } from './support.ts';

const V1 = 'a = 1\nb = 1\nc = 1\nd = 1\ne = 1\n';
const V2 = 'a = 1\nb = 1\nc = 1\nd = 1\ne = 2\n';
const MINE = 'a = mine\nb = 1\nc = 1\nd = 1\ne = 1\n';
const BOTH = 'a = mine\nb = 1\nc = 1\nd = 1\ne = 2\n';
const CLASH = 'a = 1\nb = 1\nc = 1\nd = 1\ne = mine\n';

const install = (box: Sandbox, version: number, text: string | undefined, more: object = {}) =>
  box.do((root: Root) =>
    root.install([
      box.image(`p ${version}`, { 'usr/v': String(version), ...(text === undefined ? {} : { 'etc/p.conf': text }) }, more),
    ]),
  );
const outcome = (report: { config: readonly { outcome: string; newPath?: string }[] }) =>
  report.config.map((change) => [change.outcome, change.newPath].filter((part) => part !== undefined).join(' '));

test('row: configuration, unmodified is replaced', (t) => {
  const box = new Sandbox(t);
  install(box, 1, V1);
  assert.deepEqual(outcome(install(box, 2, V2)), ['replaced']);
  assert.equal(box.read('etc/p.conf'), V2);
});

test('row: configuration, modified and unchanged upstream is kept', (t) => {
  const box = new Sandbox(t);
  install(box, 1, V1);
  box.write('etc/p.conf', MINE, 0o600);
  install(box, 2, V1);
  assert.equal(box.read('etc/p.conf'), MINE);
  assert.equal(lstatSync(box.path('etc/p.conf')).mode & 0o777, 0o600);
  assert.equal(existsSync(box.path('etc/p.conf.new')), false);
});

test('row: configuration, both changed is merged where clean', (t) => {
  const box = new Sandbox(t);
  install(box, 1, V1);
  box.write('etc/p.conf', MINE, 0o640);
  assert.deepEqual(outcome(install(box, 2, V2)), ['merged']);
  assert.equal(box.read('etc/p.conf'), BOTH);
  assert.equal(lstatSync(box.path('etc/p.conf')).mode & 0o777, 0o640);
  install(box, 3, V1);
  assert.equal(box.read('etc/p.conf'), MINE);
});

test('row: configuration, both changed the same lines: the file stays, the new one lands as .new', async (t) => {
  const box = new Sandbox(t);
  install(box, 1, V1);
  box.write('etc/p.conf', CLASH);
  assert.deepEqual(outcome(install(box, 2, V2)), ['new-file etc/p.conf.new']);
  assert.equal(box.read('etc/p.conf'), CLASH);
  assert.equal(box.read('etc/p.conf.new'), V2);
  const V3 = V2.replace('e = 2', 'e = 3');
  assert.deepEqual(outcome(install(box, 3, V3)), ['new-file etc/p.conf.new']);
  assert.equal(box.read('etc/p.conf.new'), V3, 'a pending version that nobody touched is replaced');
  box.write('etc/p.conf.new', 'edited\n');
  assert.deepEqual(outcome(install(box, 4, V2)), ['new-file etc/p.conf.new.1']);
  assert.equal(box.read('etc/p.conf.new'), 'edited\n');
  renameSync(box.path('etc/p.conf.new.1'), box.path('etc/p.conf'));
  assert.deepEqual(outcome(install(box, 5, V3)), ['replaced'], 'taking the new version makes it unmodified');
  await box.do((root) => root.rollback(1));
  assert.equal(box.read('etc/p.conf'), V1);
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});

test('rollback after a conflict keeps the file and takes the stale .new away', async (t) => {
  const box = new Sandbox(t);
  install(box, 1, V1);
  box.write('etc/p.conf', CLASH);
  install(box, 2, V2);
  await box.do((root) => root.rollback(1));
  assert.equal(box.read('etc/p.conf'), CLASH);
  assert.equal(box.read('etc/p.conf.new'), undefined);
});

test('a rollback to the version that was deleted, or changed where nothing can be merged, is no conflict', async (t) => {
  const box = new Sandbox(t);
  const binary = (text: string) => `${text}\0`;
  install(box, 1, binary(V1));
  const rollback = async () => (await box.do((root) => root.rollback(1))).config.map(({ outcome: what }) => what);
  const states = () => box.do((root) => root.config().map((file) => [file.path, file.state]));
  unlinkSync(box.path('etc/p.conf'));
  assert.deepEqual(outcome(install(box, 2, binary(V2))), ['stays-deleted etc/p.conf.new']);
  assert.deepEqual(await rollback(), ['stays-deleted']);
  assert.deepEqual([box.read('etc/p.conf'), box.read('etc/p.conf.new')], [undefined, undefined]);
  assert.deepEqual(states(), [['etc/p.conf', 'deleted']]);
  box.write('etc/p.conf', binary(CLASH));
  assert.deepEqual(outcome(install(box, 3, binary(V2))), ['new-file etc/p.conf.new']);
  assert.deepEqual(await rollback(), ['kept']);
  assert.deepEqual([box.read('etc/p.conf'), box.read('etc/p.conf.new')], [binary(CLASH), undefined]);
  assert.deepEqual(states(), [['etc/p.conf', 'modified']]);
  assert.deepEqual(outcome(install(box, 4, binary(V2))), ['new-file etc/p.conf.new'], 'what comes anew is a conflict again');
});

test('binary configuration is never merged', (t) => {
  const box = new Sandbox(t);
  install(box, 1, `${V1}\0`);
  box.write('etc/p.conf', `${MINE}\0`);
  assert.deepEqual(outcome(install(box, 2, `${V2}\0`)), ['new-file etc/p.conf.new']);
});

test('a deleted file stays deleted; a changed version lands as .new', (t) => {
  const box = new Sandbox(t);
  install(box, 1, V1);
  unlinkSync(box.path('etc/p.conf'));
  install(box, 2, V1);
  assert.equal(box.read('etc/p.conf'), undefined);
  assert.deepEqual(outcome(install(box, 3, V2)), ['stays-deleted etc/p.conf.new']);
  assert.equal(box.read('etc/p.conf'), undefined);
  assert.equal(box.read('etc/p.conf.new'), V2);
});

test('a file of the admin before the first install counts as modified', (t) => {
  const box = new Sandbox(t);
  box.write('etc/p.conf', MINE);
  assert.deepEqual(outcome(install(box, 1, V1)), ['new-file etc/p.conf.new']);
  assert.equal(box.read('etc/p.conf'), MINE);
  assert.equal(box.read('etc/p.conf.new'), V1);
});

test('a version without the file: unmodified goes, modified stays, and comes into its own again', async (t) => {
  const box = new Sandbox(t);
  install(box, 1, V1);
  assert.deepEqual(outcome(install(box, 2, undefined)), ['removed']);
  assert.equal(box.read('etc/p.conf'), undefined);
  await box.do((root) => root.rollback(1));
  assert.equal(box.read('etc/p.conf'), V1);
  box.write('etc/p.conf', MINE);
  assert.deepEqual(outcome(install(box, 2, undefined)), ['left']);
  assert.equal(box.read('etc/p.conf'), MINE);
  assert.deepEqual(outcome(install(box, 3, V2)), ['merged'], 'the original is remembered while the file is without a package');
  assert.equal(box.read('etc/p.conf'), BOTH);
});

test('removed and installed again: the file that was left is taken up where it was', (t) => {
  const box = new Sandbox(t);
  install(box, 1, V1);
  box.do((root) => root.remove(['p']));
  assert.deepEqual(outcome(install(box, 2, V2)), ['replaced']);
  box.write('etc/p.conf', box.read('etc/p.conf')!.replace('a = 1', 'a = mine'));
  box.do((root) => root.remove(['p']));
  assert.deepEqual(outcome(install(box, 3, V1)), ['merged']);
  assert.equal(box.read('etc/p.conf'), MINE);
});

test('rollback merges, and never discards', async (t) => {
  const box = new Sandbox(t);
  install(box, 1, V1);
  install(box, 2, V2);
  box.write('etc/p.conf', BOTH);
  await box.do((root) => root.rollback(1));
  assert.equal(box.read('etc/p.conf'), MINE);
  await box.do((root) => root.rollback(0));
  assert.equal(box.read('etc/p.conf'), MINE, 'modified: stays without its package');
  assert.equal(box.read('usr/v'), undefined);
});

test('the same bytes from another package: what was modified is kept, what was deleted stays deleted, nothing waits', (t) => {
  const box = new Sandbox(t);
  const files = { 'etc/edited': V1, 'etc/gone': V1 };
  box.do((root) => root.install([box.image('p 1', files)]));
  box.write('etc/edited', MINE);
  unlinkSync(box.path('etc/gone'));
  const report = box.do((root) => root.install([box.image('q 1', files, { supersedes: ['p'] })]));
  assert.deepEqual(
    report.config.map(({ path, owner, outcome }) => [path, owner, outcome]),
    [
      ['etc/edited', 'q', 'kept'],
      ['etc/gone', 'q', 'stays-deleted'],
    ],
  );
  assert.equal(box.read('etc/edited'), MINE);
  assert.deepEqual(readdirSync(box.path('etc')), ['edited']);
});

test('a folder that somebody made of a configuration file stays when its package goes, and what is in it', async (t) => {
  const box = new Sandbox(t);
  install(box, 1, V1);
  unlinkSync(box.path('etc/p.conf'));
  box.write('etc/p.conf/mine', 'mine\n');
  for (const force of [false, true]) {
    assert.deepEqual(outcome(box.do((root) => root.remove(['p'], { force }))), ['left']);
    assert.equal(box.read('etc/p.conf/mine'), 'mine\n');
    assert.deepEqual(readdirSync(box.path('etc')), ['p.conf']);
    await box.do((root) => root.rollback(1));
    assert.equal(box.read('etc/p.conf/mine'), 'mine\n');
  }
  const report = box.do((root) => root.install([box.image('p 2', { 'etc/p.conf/main': V2 })]));
  assert.deepEqual(outcome(report), ['placed'], 'the folder is where its next version has one');
  assert.deepEqual(readdirSync(box.path('etc/p.conf')).sort(), ['main', 'mine']);
});

test('declared globs are configuration too; symlinks in etc are', (t) => {
  const box = new Sandbox(t);
  const config = ['var/lib/p/**', '/usr/share/p/*.ini'];
  const files = (n: number) => ({
    'var/lib/p/x/y': `${n}\n`,
    'usr/share/p/a.ini': `${n}\n`,
    'usr/share/p/a.txt': `${n}\n`,
    'etc/link': `-> v${n}`,
  });
  box.do((root) => root.install([box.image('p 1', files(1), { config })]));
  box.write('var/lib/p/x/y', 'mine\n');
  box.write('usr/share/p/a.ini', 'mine\n');
  box.write('usr/share/p/a.txt', 'mine\n');
  unlinkSync(box.path('etc/link'));
  symlinkSync('mine', box.path('etc/link'));
  const report = box.do((root) => root.install([box.image('p 2', files(2), { config })]));
  assert.deepEqual(
    report.warnings.map((warning) => warning.path),
    ['usr/share/p/a.txt'],
  );
  assert.deepEqual(
    ['var/lib/p/x/y', 'usr/share/p/a.ini', 'usr/share/p/a.txt', 'etc/link', 'etc/link.new'].map((path) => box.read(path)),
    ['mine\n', 'mine\n', '2\n', '-> mine', '-> v2'],
  );
});

test('the mode of a configuration file follows upstream while the user has not changed it', (t) => {
  const box = new Sandbox(t);
  const at = (version: number, mode: number) =>
    box.do((root) => root.install([box.image(`p ${version}`, { 'etc/p.conf': { mode, text: V1 } })]));
  const mode = () => lstatSync(box.path('etc/p.conf')).mode & 0o777;
  at(1, 0o644);
  box.write('etc/p.conf', MINE);
  at(2, 0o600);
  assert.equal(mode(), 0o600);
  chmodSync(box.path('etc/p.conf'), 0o660);
  at(3, 0o644);
  assert.equal(mode(), 0o660);
  assert.equal(box.read('etc/p.conf'), MINE);
});

test('the mode and the owner that the user gave a configuration file stay when its bytes are replaced', (t) => {
  const box = new Sandbox(t);
  const path = box.path('etc/p.conf');
  const at = (version: number, mode: number, text: string) =>
    box.do((root) => root.install([box.image(`p ${version}`, { 'etc/p.conf': { mode, text } })]));
  at(1, 0o644, V1);
  chmodSync(path, 0o600);
  const isRoot = process.geteuid!() === 0;
  if (isRoot) chownSync(path, 33, 44);
  const stands = () => {
    const { mode, uid, gid } = lstatSync(path);
    return [mode & 0o777, ...(isRoot ? [uid, gid] : [])];
  };
  const given = [0o600, ...(isRoot ? [33, 44] : [])];
  assert.deepEqual(outcome(at(2, 0o644, V2)), ['replaced']);
  assert.deepEqual(stands(), given);
  assert.equal(box.read('etc/p.conf'), V2);
  at(3, 0o640, V2); // only another mode
  assert.deepEqual(stands(), given);
  box.write('etc/p.conf', BOTH);
  at(4, 0o644, BOTH); // what the user wrote comes from upstream as well
  assert.deepEqual(stands(), given);
});

test('a file that the user changed and gave away stays theirs when only its mode changes upstream', (t) => {
  const box = new Sandbox(t);
  const path = box.path('etc/p.conf');
  const at = (version: number, mode: number) =>
    box.do((root) => root.install([box.image(`p ${version}`, { 'etc/p.conf': { mode, text: V1 } })]));
  at(1, 0o644);
  box.write('etc/p.conf', MINE);
  const isRoot = process.geteuid!() === 0;
  if (isRoot) chownSync(path, 33, 44);
  assert.deepEqual(outcome(at(2, 0o640)), ['kept']);
  const { mode, uid, gid } = lstatSync(path);
  assert.deepEqual([mode & 0o777, ...(isRoot ? [uid, gid] : [])], [0o640, ...(isRoot ? [33, 44] : [])]);
});

test('a file of the user in the place of a link stays as it is when the link comes back', async (t) => {
  const box = new Sandbox(t);
  install(box, 1, '-> a');
  unlinkSync(box.path('etc/p.conf'));
  box.write('etc/p.conf', MINE);
  if (process.geteuid!() === 0) chownSync(box.path('etc/p.conf'), 33, 44);
  const stands = () => {
    const { mode, uid, gid } = lstatSync(box.path('etc/p.conf'));
    return [mode, uid, gid];
  };
  const before = stands();
  assert.deepEqual(outcome(install(box, 2, V2)), ['new-file etc/p.conf.new']);
  assert.deepEqual(outcome(await box.do((root) => root.rollback(1))), ['kept']);
  assert.deepEqual([stands(), box.read('etc/p.conf')], [before, MINE]);
  assert.equal(box.read('etc/p.conf.new'), undefined);
});

test("rules: the user's bytes are never written over, and what a package brought is not taken for theirs", () => {
  const values = [undefined, 'A', 'B', 'C', 'D'];
  for (const live of values) {
    for (const original of values) {
      for (const upstream of values) {
        for (const next of values) {
          const facts = { live, original, upstream, next, isOwned: upstream !== undefined };
          const isUsers = live !== undefined && live !== original && live !== upstream;
          const decision = next === undefined ? decideWithdrawn(facts, 'replace') : decideOffered({ ...facts, next });
          if (isUsers && live !== next)
            assert.ok(['keep', 'merge', 'leave'].includes(decision), JSON.stringify({ facts, decision }));
          if (!isUsers && live !== undefined && live !== next)
            assert.equal(decision, next === undefined ? 'remove' : 'place', JSON.stringify(facts));
          if (next === undefined) assert.notEqual(isUsers && decideWithdrawn(facts, 'remove-by-force'), 'remove');
        }
      }
    }
  }
});

test('merge: line ends, missing final newline, and text that is no UTF-8', () => {
  const merge = (original: string, mine: string, theirs: string) =>
    mergeText(Buffer.from(original, 'latin1'), Buffer.from(mine, 'latin1'), Buffer.from(theirs, 'latin1'))?.toString('latin1');
  assert.equal(merge('a\r\nb\r\nc\r\n', 'x\r\nb\r\nc\r\n', 'a\r\nb\r\ny\r\n'), 'x\r\nb\r\ny\r\n');
  assert.equal(merge('a\nb\nc', 'x\nb\nc', 'a\nb\nc\n'), 'x\nb\nc\n');
  assert.equal(merge('a\n', 'a\nb\n', 'a\nb\n'), 'a\nb\n');
  assert.equal(merge('a\n', 'b\n', 'c\n'), undefined);
  assert.equal(merge('a\nb\nc\n\xff', 'x\nb\nc\n\xff', 'a\nb\ny\n\xff'), undefined);
  assert.equal(merge('', '', 'a\n'), 'a\n');
});

test('what a package offers is on the disk before it is recorded, though nothing is placed', (t) => {
  const box = new Sandbox(t);
  box.do((root) => root.install([box.image('a 1', { 'etc/a.conf': 'a = 1\n' })]));
  box.write('etc/a.conf', 'a = 2\n');
  const done: string[] = [];
  const io: RootIo = {
    ...realIo,
    rename(from, to) {
      realIo.rename(from, to);
      if (String(to).includes('/objects/')) done.push('object');
    },
    syncFileSystem(path) {
      realIo.syncFileSystem(path);
      done.push('sync');
    },
    commit(name, work) {
      return realIo.commit(name, () => {
        const result = work();
        if (name === 'generation') done.push('record');
        return result;
      });
    },
  };
  const report = box.do((root) => root.install([box.image('a 2', { 'etc/a.conf': 'a = 2\n' })]), { io });
  assert.deepEqual([report.nFilesPlaced, done.slice(0, done.indexOf('record'))], [0, ['object', 'sync']]);
});
