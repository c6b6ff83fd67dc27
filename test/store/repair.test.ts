/** What is damaged comes back with its recorded bytes, or stays as it is. */
import assert from 'node:assert/strict';
import { chmodSync, lutimesSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes, textToBytes } from '../../base/index.ts';
import { bytesSource, dumpNar, type ObjectStore, type StorePath } from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { makeTree, temporaryStore } from './fixture.ts';

const FILES = { a: 'some text', 'run*': '#!/bin/sh', 'd/b': 'more', 'd/l': '-> b', 'd/empty': '' };

/** Each kind of damage that no file's bytes are lost by. */
const DAMAGE: Readonly<Record<string, (real: string) => void>> = {
  mode: (real) => chmodSync(join(real, 'a'), 0o666),
  'executable bit': (real) => chmodSync(join(real, 'run'), 0o444),
  time: (real) => lutimesSync(join(real, 'd/l'), 7, 7),
  'file too many': (real) => writeFileSync(join(real, 'd/new'), ''),
  'folder for a link': (real) => {
    rmSync(join(real, 'd/l'));
    mkdirSync(join(real, 'd/l'));
  },
  'other target': (real) => {
    rmSync(join(real, 'd/l'));
    symlinkSync('/etc/passwd', join(real, 'd/l'));
  },
};

function damage(store: ObjectStore, path: StorePath, how: (real: string) => void): void {
  const real = store.toReal(path);
  for (const folder of [real, join(real, 'd')]) chmodSync(folder, 0o755);
  how(real);
  for (const folder of [real, join(real, 'd')]) chmodSync(folder, 0o555);
  assert.notDeepEqual(store.verify({ contents: true }), []);
}

test('what is whole in an object is enough for everything but bytes', (t) => {
  const { store, folder } = temporaryStore(t);
  const path = store.addPath('x', textToBytes(makeTree(join(folder, 'x'), FILES)));
  for (const [name, how] of Object.entries(DAMAGE)) {
    damage(store, path, how);
    assert.ok(store.repair(path), name);
    assert.deepEqual(store.verify({ contents: true }), [], name);
  }
  assert.deepEqual(readdirSync(join(folder, 'home/tmp')), []);
});

const rewrite = (real: string): void => {
  rmSync(join(real, 'a'));
  writeFileSync(join(real, 'a'), 'some tixt', { mode: 0o444 });
};

test('lost bytes come from another file with the same, or from a NAR; without either nothing changes', (t) => {
  const { store, folder } = temporaryStore(t);
  const source = textToBytes(makeTree(join(folder, 'x'), FILES));
  const path = store.addPath('x', source);
  damage(store, path, rewrite);
  const before = store.verify({ contents: true });
  assert.equal(store.repair(path), false);
  assert.deepEqual(store.verify({ contents: true }), before);

  const chunks: Buffer[] = [];
  dumpNar(source, (chunk) => chunks.push(Buffer.from(chunk)));
  const other: Buffer[] = [];
  dumpNar(textToBytes(makeTree(join(folder, 'y'), { ...FILES, a: 'some taxt' })), (chunk) => other.push(Buffer.from(chunk)));
  assert.equal(store.repair(path, bytesSource(Buffer.concat(other))), false, 'the NAR of something else');
  assert.deepEqual(store.verify({ contents: true }), before);
  assert.ok(store.repair(path, bytesSource(Buffer.concat(chunks))));
  assert.deepEqual(store.verify({ contents: true }), []);

  store.addTexts([{ name: 'same-text', text: 'some text', references: [] }]);
  store.optimise();
  damage(store, path, rewrite);
  assert.ok(store.repair(path), 'from the pool');
  removeTree(textToBytes(store.toReal(path)));
  assert.equal(store.repair(path, bytesSource(Buffer.concat(chunks))), true, 'gone as a whole');
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('leftovers are removed, and nothing else', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const path = store.addPath('x', textToBytes(makeTree(join(folder, 'x'), FILES)));
  store.optimise();
  makeTree(join(home, 'store/junk'), { 'deep/file': 'x' });
  writeFileSync(join(home, 'store', 'y'.repeat(250)), '');
  makeTree(join(home, 'tmp/add-4194303-1-0'), { 'x/half': '' });
  const { unregistered, nScratch } = store.clean();
  assert.deepEqual([...unregistered].sort(compareBytes), ['junk', 'y'.repeat(250)]);
  assert.equal(nScratch, 1);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  assert.deepEqual([...store.allPaths()], [path]);
  assert.deepEqual(store.verify({ contents: true }), []);
});
