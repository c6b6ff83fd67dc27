/** Conflicts of configuration: listed, and settled without a byte of the user's lost. */
import assert from 'node:assert/strict';
import { existsSync, lstatSync, readFileSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ConfigChoice, mergeWithMarks, type Root, realIo } from '../../pkm/index.ts';
import { runHere } from '../cli/in-process.ts';
import { golden } from '../golden.ts';
import { faultText, Sandbox } from './support.ts';

const V1 = 'a = 1\nb = 1\nc = 1\nd = 1\ne = 1\n';
const V2 = 'a = 1\nb = 1\nc = 1\nd = 1\ne = 2\n';
const CLASH = 'a = 1\nb = 1\nc = 1\nd = 1\ne = mine\n';

const install = (box: Sandbox, version: number, files: Record<string, string>) =>
  box.do((root) => root.install([box.image(`p ${version}`, files)]));
const settle = (box: Sandbox, ...choices: ConfigChoice[]) => box.do((root) => root.settleConfig(choices));
const states = (box: Sandbox) => box.do((root) => root.config().map((file) => `${file.state} ${file.path}`));

/** A root where `etc/p.conf` waits to be settled. */
function conflict(t: ConstructorParameters<typeof Sandbox>[0]): Sandbox {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/p.conf': V1, 'etc/q.conf': V1 });
  box.write('etc/p.conf', CLASH, 0o640);
  install(box, 2, { 'etc/p.conf': V2, 'etc/q.conf': V2 });
  return box;
}

test('list: conflict, modified, deleted, unmodified, left, aside', (t) => {
  const box = conflict(t);
  assert.deepEqual(states(box), ['conflict etc/p.conf', 'unmodified etc/q.conf']);
  box.write('etc/q.conf', 'mine\n');
  writeFileSync(box.path('etc/q.conf.pkmsave.3'), 'x');
  assert.deepEqual(states(box), ['conflict etc/p.conf', 'modified etc/q.conf', 'aside etc/q.conf.pkmsave.3']);
  unlinkSync(box.path('etc/q.conf'));
  assert.deepEqual(states(box).slice(0, 2), ['conflict etc/p.conf', 'deleted etc/q.conf']);
  box.do((root) => root.remove(['p']));
  assert.deepEqual(states(box), ['left etc/p.conf', 'aside etc/q.conf.pkmsave.3'].slice(0, 1));
  unlinkSync(box.path('etc/p.conf'));
  assert.deepEqual(states(box), []);
});

test('mine: the file stays, the waiting version goes, later merges start from it', (t) => {
  const box = conflict(t);
  const [settled] = settle(box, { path: '/etc/p.conf', take: 'mine' });
  assert.deepEqual([settled!.isChanged, settled!.savedAs], [false, '']);
  assert.equal(box.read('etc/p.conf'), CLASH);
  assert.equal(box.read('etc/p.conf.new'), undefined);
  assert.deepEqual(states(box), ['modified etc/p.conf', 'unmodified etc/q.conf']);
  const report = install(box, 3, { 'etc/p.conf': V2.replace('a = 1', 'a = 3') });
  assert.equal(report.config.find((change) => change.path === 'etc/p.conf')!.outcome, 'merged');
  assert.equal(box.read('etc/p.conf'), CLASH.replace('a = 1', 'a = 3'));
});

test('mine: a waiting version that somebody edited is kept aside', (t) => {
  const box = conflict(t);
  box.write('etc/p.conf.new', 'edited\n');
  assert.equal(settle(box, { path: 'etc/p.conf', take: 'mine' })[0]!.savedAs, 'etc/p.conf.pkmsave');
  assert.equal(box.read('etc/p.conf.pkmsave'), 'edited\n');
  assert.deepEqual(states(box), ['modified etc/p.conf', 'aside etc/p.conf.pkmsave', 'unmodified etc/q.conf']);
});

test("theirs: the package's version stands, yours is kept with its mode", (t) => {
  const box = conflict(t);
  assert.equal(settle(box, { path: 'etc/p.conf', take: 'theirs' })[0]!.savedAs, 'etc/p.conf.pkmsave');
  assert.equal(box.read('etc/p.conf'), V2);
  assert.equal(box.read('etc/p.conf.pkmsave'), CLASH);
  assert.equal(lstatSync(box.path('etc/p.conf.pkmsave')).mode & 0o777, 0o640);
  assert.equal(box.read('etc/p.conf.new'), undefined);
  assert.ok(states(box).includes('unmodified etc/p.conf'));
});

test('theirs: a waiting version edited by hand is what is taken; without one, what the package brought', (t) => {
  const box = conflict(t);
  box.write('etc/p.conf.new', 'by hand\n');
  settle(box, { path: 'etc/p.conf', take: 'theirs' });
  assert.equal(box.read('etc/p.conf'), 'by hand\n');
  assert.ok(states(box).includes('modified etc/p.conf'));
  settle(box, { path: 'etc/p.conf', take: 'theirs' });
  assert.equal(box.read('etc/p.conf'), V2);
  assert.equal(box.read('etc/p.conf.pkmsave.1'), 'by hand\n');
});

test('theirs: a deleted file, and its folder, come back', (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/p.d/x.conf': V1 });
  rmSync(box.path('etc/p.d'), { recursive: true });
  assert.deepEqual(states(box), ['deleted etc/p.d/x.conf']);
  settle(box, { path: 'etc/p.d/x.conf', take: 'theirs' });
  assert.equal(box.read('etc/p.d/x.conf'), V1);
});

test('an upgrade makes a folder again that somebody removed', (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/p.d/x.conf': V1, 'usr/share/p/deep/data': '1' });
  rmSync(box.path('etc/p.d'), { recursive: true });
  rmSync(box.path('usr/share'), { recursive: true });
  install(box, 2, { 'etc/p.d/x.conf': V2, 'usr/share/p/deep/data': '2' });
  assert.equal(box.read('etc/p.d/x.conf.new'), V2);
  assert.equal(box.read('usr/share/p/deep/data'), '2');
  assert.equal(
    box.do((root) => root.verify().isClean),
    true,
  );
});

test('merged: clean once the clash is gone; refused before, and nothing is changed', async (t) => {
  const box = conflict(t);
  golden(t, 'errors/pkm-config-no-merge.txt', await faultText(box, () => settle(box, { path: 'etc/p.conf', take: 'merged' })));
  assert.ok(states(box).includes('conflict etc/p.conf'));
  box.write('etc/p.conf', V1.replace('a = 1', 'a = mine'));
  settle(box, { path: 'etc/p.conf', take: 'merged' });
  assert.equal(box.read('etc/p.conf'), V2.replace('a = 1', 'a = mine'));
  assert.equal(box.read('etc/p.conf.new'), undefined);
});

test('bytes: what the user made of it, under the mode that the file had', (t) => {
  const box = conflict(t);
  settle(box, { path: 'etc/p.conf', take: 'bytes', bytes: Buffer.from('both\n') });
  assert.equal(box.read('etc/p.conf'), 'both\n');
  assert.equal(lstatSync(box.path('etc/p.conf')).mode & 0o777, 0o640);
  assert.ok(states(box).includes('modified etc/p.conf'));
});

test('links are settled as links', (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/link': '-> v1' });
  unlinkSync(box.path('etc/link'));
  symlinkSync('mine', box.path('etc/link'));
  install(box, 2, { 'etc/link': '-> v2' });
  settle(box, { path: 'etc/link', take: 'theirs' });
  assert.deepEqual([box.read('etc/link'), box.read('etc/link.pkmsave')], ['-> v2', '-> mine']);
});

test('links are shown as such, and are no texts to merge or edit', async (t) => {
  const box = new Sandbox(t);
  install(box, 1, { 'etc/link': '-> one', 'etc/file': 'x\n' });
  for (const name of ['link', 'file']) {
    unlinkSync(box.path(`etc/${name}`));
    symlinkSync('mine', box.path(`etc/${name}`));
  }
  install(box, 2, { 'etc/link': '-> two', 'etc/file': 'y\n' });
  const before = box.snapshot();
  const run = (...words: string[]) => runHere('pkm', [...words, '--root', box.root, '--home', join(box.base, 'home')]);
  const shown = await run('config', 'diff');
  const editor = process.env['VISUAL'];
  process.env['VISUAL'] = 'true';
  t.after(() => {
    if (editor === undefined) delete process.env['VISUAL'];
    else process.env['VISUAL'] = editor;
  });
  const refused = [];
  for (const take of ['--merged', '--edit']) refused.push((await run('config', 'resolve', take, 'etc/link')).stderr);
  golden(t, 'errors/pkm-config-links.txt', [shown.stdout, ...refused].join('\n'));
  assert.deepEqual(box.snapshot(), before);
});

test('untracked paths and files without a package are refused; the history tells what was settled', async (t) => {
  const box = conflict(t);
  golden(t, 'errors/pkm-config-untracked.txt', await faultText(box, () => settle(box, { path: 'etc/p.cnf', take: 'mine' })));
  settle(box, { path: 'etc/p.conf', take: 'mine' });
  const [entry] = box.do((root) => root.history({ limit: 1 }));
  assert.deepEqual([entry!.operation, entry!.package, JSON.parse(entry!.detail).path], ['config', 'p', 'etc/p.conf']);
  box.do((root) => root.remove(['p']));
  golden(t, 'errors/pkm-config-no-version.txt', await faultText(box, () => settle(box, { path: 'etc/p.conf', take: 'theirs' })));
  assert.equal(box.read('etc/p.conf'), CLASH);
});

test('all choices or none: killed at every write, the files are before or after', (t) => {
  const seen = new Set<string>();
  for (let step = 0; ; step++) {
    const box = conflict(t);
    let n = 0;
    let isReached = false;
    const io = new Proxy(realIo, {
      get(target, name: keyof typeof realIo) {
        const method = target[name] as (...values: unknown[]) => unknown;
        return (...values: unknown[]) => {
          if (isReached || n++ === step) {
            isReached = true;
            throw new Error('died');
          }
          return method.apply(io, values);
        };
      },
    });
    let root: Root | undefined;
    try {
      root = box.open({ io });
      root.settleConfig([
        { path: 'etc/p.conf', take: 'theirs' },
        { path: 'etc/q.conf', take: 'bytes', bytes: Buffer.from('q\n') },
      ]);
    } catch (error) {
      if (!isReached) throw error;
    } finally {
      try {
        root?.close();
      } catch {
        // the dead do not tidy up
      }
    }
    box.do(() => {});
    seen.add(['etc/p.conf', 'etc/p.conf.new', 'etc/p.conf.pkmsave', 'etc/q.conf'].map((path) => box.read(path)).join('|'));
    assert.equal(existsSync(join(box.root, 'var/lib/igos/staging')), false);
    box.remove();
    if (!isReached) break;
  }
  assert.deepEqual([...seen], [[CLASH, V2, undefined, V2].join('|'), [V2, undefined, CLASH, 'q\n'].join('|')]);
});

test('marks: conflicts between marks, a missing line end does not swallow one', () => {
  const marked = mergeWithMarks(Buffer.from('a\nb\nc'), Buffer.from('a\nx\nmine'), Buffer.from('a\nb\ntheirs')).toString();
  assert.match(marked, /^a\n<<<<<<< yours\n/);
  assert.match(marked, /mine\n\|\|\|\|\|\|\| [^\n]+\n[\s\S]*=======\n[\s\S]*theirs\n>>>>>>> the package's\n$/);
});

test('on the command line', async (t) => {
  const box = conflict(t);
  const pkm = (...words: string[]) => runHere('pkm', [...words, '--root', box.root, '--home', join(box.base, 'home')]);
  assert.match(
    (await pkm('config', 'list')).stdout,
    /^conflict {3}\/etc\/p\.conf \(p\): the package's version is \/etc\/p\.conf\.new$/m,
  );
  const diff = await pkm('config', 'diff');
  assert.equal(diff.status, 1);
  assert.equal(diff.stdout, '--- /etc/p.conf\n+++ /etc/p.conf.new\n@@ -2,4 +2,4 @@\n b = 1\n c = 1\n d = 1\n-e = mine\n+e = 2\n');
  assert.match((await pkm('config', 'diff', '--mine', '/etc/p.conf')).stdout, /-e = 1\n\+e = mine\n/);
  assert.deepEqual(
    JSON.parse((await pkm('config', 'diff', '--json')).stdout).diffs.map(({ path }: { path: string }) => path),
    ['etc/p.conf'],
    'as the other commands name it',
  );
  assert.match((await pkm('config', 'resolve')).stderr, /takes one of --mine, --theirs, --merged and --edit/);
  assert.equal((await pkm('config', 'resolve', '--merged')).status, 1);
  process.env['EDITOR'] = 'true';
  t.after(() => delete process.env['EDITOR']);
  const left = await pkm('config', 'resolve', '--edit');
  golden(t, 'errors/E-CLI-062.txt', left.stderr.replaceAll(box.root, '<root>'));
  process.env['EDITOR'] = `sed -i -e '/^<<</d' -e '/^|||/,/^===/d' -e '/^>>>/d'`;
  const edited = await pkm('config', 'resolve', '--edit', '--json');
  assert.deepEqual(JSON.parse(edited.stdout).settled[0].isChanged, true);
  assert.equal(readFileSync(box.path('etc/p.conf'), 'utf8'), `${CLASH}e = 2\n`);
  assert.deepEqual(JSON.parse((await pkm('config', 'list', '--json')).stdout).config, [
    { path: 'etc/p.conf', owner: 'p', state: 'modified', newPath: '', isNewEdited: false, isAbsent: false },
  ]);
  assert.match((await pkm('history', '--last', '1')).stdout, / {2}config p took the edited: \/etc\/p\.conf$/m);
  box.write('etc/q.conf', 'mine\n');
  await pkm('config', 'resolve', '--theirs', '/etc/q.conf');
  assert.match(
    (await pkm('history', '--last', '1')).stdout,
    / {2}config p took the package's: \/etc\/q\.conf; what stood there is kept as \/etc\/q\.conf\.pkmsave$/m,
  );
});
