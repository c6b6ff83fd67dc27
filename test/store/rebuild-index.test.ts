/** A damaged index is refused, not mapped; a new one comes from the log and the objects. */
import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderFault, textToBytes } from '../../base/index.ts';
import { openStore, type StorePath } from '../../store/index.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { makeTree, storeDir, temporaryStore } from './fixture.ts';

test('an index that was cut off is refused wherever it was cut, and rebuilt', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const tree = store.addPath('tree', textToBytes(makeTree(join(folder, 'tree'), { a: 'text', 'd/l': '-> ../a' })));
  const [text] = store.addTexts([{ name: 'text', text: 'x', references: [tree] }]);
  const [other] = store.addTexts([{ name: 'other', text: 'y', references: [text!] }]);
  store.addRealisations([{ drvPath: text!, output: 'out', path: tree }]);
  const known = [...store.allPaths()].map((path) => ({ info: store.info(path), manifest: store.manifest(path) }));
  store.close();
  const file = join(home, 'var/index/data.mdb');
  const whole = readFileSync(file);
  const opened = () => openStore({ home, storeDir });
  for (const size of [10, 100, 4096, 5000, 8192, whole.length >> 1, whole.length - 1]) {
    truncateSync(file, size);
    const reader = opened();
    assert.equal(faultOf(() => reader.isValid(tree)).code, 'E-STORE-024', `cut at ${size}`);
    reader.close();
    writeFileSync(file, whole);
  }
  truncateSync(file, 9000);
  const again = opened();
  t.after(() => again.close());
  const fault = renderFault(faultOf(() => again.info(tree)));
  golden(t, 'errors/store-index-cut.txt', fault.replaceAll(home, '<home>').replace(/of \d+ bytes/, 'of <n> bytes'));
  // What a crash may leave at the end of the log does not count.
  appendFileSync(join(home, 'var/registrations'), 'half a li');
  appendFileSync(join(home, 'var/registrations'), Buffer.alloc(100));
  assert.deepEqual(again.rebuildIndex(), { nPaths: 3, dropped: [], old: join(home, 'var/index.damaged-1') });
  assert.deepEqual(
    [...again.allPaths()].map((path) => ({ info: again.info(path), manifest: again.manifest(path) })),
    known,
  );
  assert.equal(again.realisation(text!, 'out'), tree);
  assert.deepEqual(again.referrers(text!), [other]);
  assert.deepEqual(again.verify({ contents: true }), []);
  assert.ok(statSync(join(home, 'var/index.damaged-1/data.mdb')).size === 9000);
});

test('what lost its bytes is not taken over, nor what refers to it', (t) => {
  const { store, home } = temporaryStore(t);
  const [low] = store.addTexts([{ name: 'low', text: 'x', references: [] }]);
  const [high] = store.addTexts([{ name: 'high', text: 'y', references: [low!] }]);
  const [apart] = store.addTexts([{ name: 'apart', text: 'z', references: [] }]);
  const real = store.toReal(low!);
  chmodSync(real, 0o644);
  writeFileSync(real, 'X');
  const { nPaths, dropped } = store.rebuildIndex();
  assert.equal(nPaths, 1);
  assert.deepEqual(new Set(dropped.map(({ path }) => path)), new Set<StorePath>([low!, high!]));
  assert.deepEqual([...store.allPaths()], [apart]);
  assert.deepEqual(store.rebuildIndex(), { nPaths: 1, dropped: [], old: join(home, 'var/index.damaged-2') });
});
