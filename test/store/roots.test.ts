/** Links that are made while a collection looks at them stay roots. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lutimesSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { bytesToPath, compareBytes, textToBytes } from '../../base/index.ts';
import { addRoot, removeRoot, type StorePath } from '../../store/index.ts';
import { findRoots, forgetLink, isGone } from '../../store/roots.ts';
import { temporaryStore } from './fixture.ts';

const kept = (store: { home: string; storeDir: string }): StorePath[] =>
  findRoots(store, { withProcesses: false })
    .roots.filter(({ kind }) => kind === 'result')
    .map(({ path }) => path);

test('an entry is taken away only if its link is still gone, whenever it is made again', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const [path] = store.addTexts([{ name: 'x', text: 'x', references: [] }]);
  const link = join(folder, 'result');
  const auto = join(home, 'var/gcroots/auto');
  addRoot(store, link, path!);
  const entry = join(auto, readdirSync(auto)[0]!);
  assert.deepEqual(kept(store), [path]);

  // The link comes before the look: the entry stands where it stood.
  rmSync(link);
  assert.deepEqual(findRoots(store, { withProcesses: false }).stale, [entry]);
  const before = (): boolean => {
    symlinkSync(store.toReal(path!), link);
    return isGone(link);
  };
  assert.equal(forgetLink(entry, before), false);
  assert.deepEqual([kept(store), readdirSync(auto).length], [[path], 1]);

  // It comes after the look: whoever makes it has made the entry again, too.
  rmSync(link);
  const after = (): boolean => {
    assert.deepEqual(
      readdirSync(auto).map((name) => name.startsWith('.aside-')),
      [true],
    );
    addRoot(store, link, path!);
    return true;
  };
  assert.equal(forgetLink(entry, after), true);
  assert.deepEqual([kept(store), readdirSync(auto).length], [[path], 1]);

  // Killed while it was aside, it is a root as before.
  assert.throws(() => forgetLink(entry, () => assert.fail('killed')), /killed/);
  assert.deepEqual([kept(store), existsSync(entry)], [[path], false]);
  rmSync(link);
  const { stale } = findRoots(store, { withProcesses: false });
  assert.equal(stale.length, 1);
  assert.equal(forgetLink(stale[0]!, isGone), true);
  assert.deepEqual(readdirSync(auto), []);
  assert.equal(forgetLink(entry, isGone), false);
});

test('a root whose entry is aside, since a collection was killed then, is removed like any other', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const [path] = store.addTexts([{ name: 'x', text: 'x', references: [] }]);
  const link = join(folder, 'result');
  const auto = join(home, 'var/gcroots/auto');
  addRoot(store, link, path!);
  const other = join(folder, 'other');
  addRoot(store, other, path!);
  const entry = readdirSync(auto).find((name) => readlinkSync(join(auto, name)) === link)!;
  assert.throws(() => forgetLink(join(auto, entry), () => assert.fail('killed')), /killed/);
  removeRoot(store, link);
  assert.equal(existsSync(link), false);
  assert.deepEqual(
    readdirSync(auto).map((name) => readlinkSync(join(auto, name))),
    [other],
  );

  // A collection that would put it back finds it gone, and goes on.
  const [last] = readdirSync(auto);
  const removing = (): boolean => {
    removeRoot(store, other);
    return false;
  };
  assert.equal(forgetLink(join(auto, last!), removing), true);
  assert.deepEqual([readdirSync(auto), existsSync(other)], [[], false]);
});

test('what is about to be renamed to an entry is left alone, unless its process died long ago', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const [path] = store.addTexts([{ name: 'x', text: 'x', references: [] }]);
  addRoot(store, join(folder, 'result'), path!);
  const temporary = join(home, 'var/gcroots/auto/.tmp-1-2-3');
  symlinkSync(join(folder, 'not-yet'), temporary);
  assert.deepEqual(store.collect().droppedRoots, []);
  assert.ok(readdirSync(join(home, 'var/gcroots/auto')).includes('.tmp-1-2-3'));
  const longAgo = Date.now() / 1000 - 7200;
  lutimesSync(temporary, longAgo, longAgo);
  assert.deepEqual(store.collect().droppedRoots, [temporary]);
  assert.deepEqual(kept(store), [path]);
});

/** Forgets, as long as it runs, every link that it does not find. */
const FORGETTING = `const { findRoots, forgetLink, isGone } = await import(process.argv[1]);
const place = { home: process.argv[2], storeDir: '/igos/store' };
process.stdout.write('begun');
for (;;) for (const entry of findRoots(place, { withProcesses: false }).stale) forgetLink(entry, isGone);`;

test('links that are made while another process forgets those that are gone are all kept', async (t) => {
  const { store, folder, home } = temporaryStore(t);
  const [path] = store.addTexts([{ name: 'x', text: 'x', references: [] }]);
  const roots = new URL('../../store/roots.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', FORGETTING, roots, home], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const n = 400;
  for (let i = 0; i < n; i++) addRoot(store, join(folder, `result-${i}`), path!);
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.equal(new Set(findRoots(store, { withProcesses: false }).roots.map(({ from }) => from)).size, n + 1);
});

/** Roots in the words of a test: which link keeps which path. */
const found = (store: { home: string; storeDir: string }): string[] =>
  findRoots(store, { withProcesses: false })
    .roots.filter(({ kind }) => kind !== 'temporary')
    .map(({ kind, from, path }) => `${kind} ${from} ${path}`)
    .sort(compareBytes);

test('links with names that are not UTF-8 are roots, those above them too', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const [path] = store.addTexts([{ name: 'x', text: 'x', references: [] }]);
  const odd = `${folder}/\xff`;
  mkdirSync(join(home, 'var/gcroots/auto'), { recursive: true });
  mkdirSync(bytesToPath(odd));
  mkdirSync(bytesToPath(`${home}/var/gcroots/\xfe`));
  symlinkSync(store.toReal(path!), bytesToPath(`${odd}/result`));
  symlinkSync(bytesToPath(`${odd}/result`), join(home, 'var/gcroots/auto/entry'));
  symlinkSync(store.toReal(path!), bytesToPath(`${home}/var/gcroots/\xfe/\xfd`));
  assert.deepEqual(found(store), [`link ${home}/var/gcroots/\xfe/\xfd ${path}`, `result ${odd}/result ${path}`]);
  assert.deepEqual([store.collect().removed, store.collect().droppedRoots], [[], []]);
  // The same for those that a collection lets go of.
  rmSync(bytesToPath(`${odd}/result`));
  rmSync(bytesToPath(`${home}/var/gcroots/\xfe/\xfd`));
  assert.deepEqual(store.collect().droppedRoots, [join(home, 'var/gcroots/auto/entry')]);
  assert.deepEqual(readdirSync(join(home, 'var/gcroots/auto')), []);
});

test('a store by another name: what its links keep by the one is kept by the other', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const { storeDir } = store;
  const [path, other] = store.addTexts([
    { name: 'x', text: 'x', references: [] },
    { name: 'y', text: 'y', references: [] },
  ]);
  const alias = join(folder, 'alias');
  symlinkSync(home, alias);
  const byAlias = { home: alias, storeDir };
  // Made by the one name, read by the other, both ways.
  addRoot(byAlias, join(folder, 'by-alias'), path!);
  addRoot(store, join(folder, 'by-home'), other!);
  symlinkSync(`${alias}/store/${basename(path!)}/file`, join(home, 'var/gcroots/direct'));
  // `..` of a folder that is a symlink is that of the folder it leads to.
  mkdirSync(join(folder, 'deep/er'), { recursive: true });
  symlinkSync(join(folder, 'deep/er'), join(folder, 'short'));
  symlinkSync(`../../alias/store/${basename(path!)}`, join(folder, 'short/relative'));
  symlinkSync(join(folder, 'short/relative'), join(home, 'var/gcroots/auto/relative'));
  const expected = [
    `link ${home}/var/gcroots/direct ${path}`,
    `result ${folder}/by-alias ${path}`,
    `result ${folder}/by-home ${other}`,
    `result ${folder}/short/relative ${path}`,
  ];
  assert.deepEqual(found(store), expected);
  assert.deepEqual(found(byAlias), [expected[0]!.replace(home, alias), ...expected.slice(1)]);
  // Replaced and removed by either.
  addRoot(store, join(folder, 'by-alias'), other!);
  removeRoot(byAlias, join(folder, 'by-home'));
  assert.equal(existsSync(join(folder, 'by-home')), false);
  // An entry that is old is let go of, one that leads into the store directly has no age.
  symlinkSync(`${alias}/store/${basename(other!)}`, join(home, 'var/gcroots/auto/into'));
  const { removed, droppedRoots } = store.collect({ olderThan: Date.now() / 1000 + 60, dryRun: true });
  assert.deepEqual([removed, droppedRoots.length], [[], 2]);
});

test('what runs out of the store is in use, by whatever name the store has', async (t) => {
  const { store, folder, home } = temporaryStore(t);
  const { storeDir } = store;
  writeFileSync(join(folder, 'script'), 'wait\n');
  const path = store.addPath('script', textToBytes(join(folder, 'script')));
  const alias = join(folder, 'alias');
  symlinkSync(home, alias);
  const reader = spawn('sh', ['-c', 'exec 3<"$0"; echo open; read _', `${alias}/store/${basename(path)}`], { stdio: 'pipe' });
  t.after(() => reader.kill());
  await once(reader.stdout, 'data');
  const isKept = (place: { home: string; storeDir: string }): boolean =>
    findRoots(place, { withProcesses: true }).roots.some((root) => root.kind === 'process' && root.path === path);
  assert.ok(isKept(store));
  assert.ok(isKept({ home: alias, storeDir }));
});
