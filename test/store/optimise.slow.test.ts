/** Identical files become one, whatever happens meanwhile. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, linkSync, lstatSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { textToBytes } from '../../base/index.ts';
import { openStore, type StorePath } from '../../store/index.ts';
import { Pool } from '../../store/pool.ts';
import { makeTree, storeDir, temporaryFolder, temporaryStore } from './fixture.ts';

const inode = (path: string): number => lstatSync(path).ino;

test('equal bytes with an equal mode share an inode, and nothing else changes', (t) => {
  const { store, folder } = temporaryStore(t);
  const text = 'same '.repeat(2000);
  const one = store.addPath(
    'one',
    textToBytes(makeTree(join(folder, '1'), { a: text, 'd/b': text, 'run*': text, none: '', l: '-> a' })),
  );
  const two = store.addPath('two', textToBytes(makeTree(join(folder, '2'), { c: text, 'run*': text, other: 'other', none: '' })));
  const [note] = store.addTexts([{ name: 'note', text, references: [] }]);
  const result = store.optimise();
  assert.deepEqual([result.nFiles, result.nReplaced], [7, 4]);
  assert.ok(result.nBytesSaved >= 4 * text.length, String(result.nBytesSaved));
  const at = (path: StorePath, file = ''): number => inode(join(store.toReal(path), file));
  assert.equal(new Set([at(one, 'a'), at(one, 'd/b'), at(two, 'c'), at(note!)]).size, 1);
  assert.equal(at(one, 'run'), at(two, 'run'));
  assert.notEqual(at(one, 'a'), at(one, 'run'));
  assert.notEqual(at(one, 'none'), at(two, 'none'));
  assert.deepEqual(store.verify({ contents: true }), []);
  assert.deepEqual(store.optimise(), { nFiles: 0, nReplaced: 0, nBytesSaved: 0 }, 'nothing is left to do');
  const three = store.addPath('three', textToBytes(makeTree(join(folder, '3'), { x: text })));
  assert.equal(store.optimise().nReplaced, 1);
  assert.equal(at(three, 'x'), at(one, 'a'));
  assert.deepEqual(readdirSync(join(folder, 'home/tmp')), []);
});

test('a damaged file is never spread: the good one takes its place', (t) => {
  const { store, folder } = temporaryStore(t);
  const add = (name: string, files: Record<string, string>) =>
    store.addPath(name, textToBytes(makeTree(join(folder, name), files)));
  const first = add('first', { a: 'right' });
  store.optimise();
  const real = join(store.toReal(first), 'a');
  chmodSync(real, 0o644);
  writeFileSync(real, 'wrong');
  chmodSync(real, 0o444);
  utimesSync(real, 1, 1);
  add('second', { b: 'right' });
  add('third', { c: 'right' });
  store.close();
  const again = openStore({ home: join(folder, 'home'), storeDir });
  t.after(() => again.close());
  assert.equal(again.optimise().nReplaced, 1, 'second and third share');
  assert.deepEqual(
    again.verify({ contents: true }).map(({ path, kind }) => `${path.slice(-5)} ${kind}`),
    ['first modified'],
  );
});

test('an inode that can have no more names is followed by another', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const path = store.addPath(
    'x',
    textToBytes(makeTree(join(folder, 'x'), Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`f${i}`, 'same'])))),
  );
  const limit = 3;
  const pool = new Pool(home, (existing, to) => {
    if (lstatSync(existing).nlink >= limit) throw Object.assign(new Error('too many links'), { code: 'EMLINK' });
    linkSync(existing, to);
  });
  chmodSync(store.toReal(path), 0o755);
  const joined = store.manifest(path).flatMap((entry) => {
    if (entry.kind !== 'file') return [];
    const real = `${store.toReal(path)}/${entry.path}`;
    return [pool.join(entry, real, lstatSync(real), `${folder}/link`, () => {})];
  });
  chmodSync(store.toReal(path), 0o555);
  utimesSync(store.toReal(path), 1, 1);
  assert.deepEqual(joined, ['first', 'replaced', 'first', 'replaced', 'first', 'replaced', 'first']);
  assert.equal(new Set(readdirSync(store.toReal(path)).map((name) => inode(join(store.toReal(path), name)))).size, 4);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('a store that shares files does so while adding', (t) => {
  const folder = temporaryFolder(t);
  const store = openStore({ home: join(folder, 'home'), storeDir, sharesFiles: true });
  t.after(() => store.close());
  const [one, two] = ['1', '2'].map((name) =>
    store.addPath(name, textToBytes(makeTree(join(folder, name), { a: 'same', name }))),
  );
  assert.equal(inode(join(store.toReal(one!), 'a')), inode(join(store.toReal(two!), 'a')));
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('what only the pool holds is swept', (t) => {
  const folder = temporaryFolder(t);
  makeTree(join(folder, 'pool'), { 'ab/dead': 'x', 'ab/alive': 'y' });
  linkSync(join(folder, 'pool/ab/alive'), join(folder, 'other'));
  assert.ok(new Pool(folder).sweep() > 0);
  assert.deepEqual(readdirSync(join(folder, 'pool/ab')), ['alive']);
});

test('SIGKILL at any point of sharing leaves every object whole', async (t) => {
  const { store, folder, home } = temporaryStore(t);
  for (let k = 0; k < 8; k++) {
    const files = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`d${i % 10}/f${i}`, `${i % 7}`.repeat(300)]));
    store.addPath(`t${k}`, textToBytes(makeTree(join(folder, `t${k}`), { ...files, own: String(k) })));
  }
  store.close();
  const script = `
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../../store/index.ts'))};
    const store = openStore({ home: ${JSON.stringify(home)}, storeDir: '${storeDir}' });
    let isFirst = true;
    store.optimise({ onPath: () => { if (isFirst) console.log('at it'); isFirst = false; } });
  `;
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve).once('end', resolve));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 12));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const reader = openStore({ home, storeDir });
    assert.deepEqual(reader.verify({ contents: true }), [], `round ${round}`);
    reader.close();
  }
  const last = openStore({ home, storeDir });
  t.after(() => last.close());
  last.optimise();
  assert.deepEqual(last.verify({ contents: true }), []);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  const inodes = new Set([...last.allPaths()].map((path) => inode(join(last.toReal(path), 'd1/f1'))));
  assert.equal(inodes.size, 1);
});
