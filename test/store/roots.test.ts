/** Links that are made while a collection looks at them stay roots. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, lutimesSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { addRoot, type StorePath } from '../../store/index.ts';
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
