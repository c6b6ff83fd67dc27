/** What evaluation writes, and when. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, renderFault, textToBytes } from '../../base/index.ts';
import { StoreBridge } from '../../eval/index.ts';
import { openStore, type StorePath, textPath } from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { golden } from '../golden.ts';

test('deferred writes happen in flush, and only of what is still what was evaluated', (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-bridge-'));
  t.after(() => removeTree(work));
  using store = openStore({ home: join(work, 'home'), storeDir: '/igos/store' });
  const bridge = new StoreBridge(store, { isReadOnly: false, defersWrites: true });
  const file = join(work, 'source');
  writeFileSync(file, 'one');
  const { path } = bridge.addPath('source', textToBytes(file));
  const { path: tree } = bridge.addTree('tree', []);
  assert.deepEqual([store.isValid(path), store.isValid(tree), bridge.isUnwritten(path)], [false, false, true]);
  bridge.flush();
  assert.deepEqual([store.isValid(path), store.isValid(tree), bridge.isUnwritten(path)], [true, true, false]);

  writeFileSync(file, 'two');
  bridge.addPath('source', textToBytes(file));
  writeFileSync(file, 'three');
  assert.throws(
    () => bridge.flush(),
    (error) => {
      assert.ok(error instanceof Fault);
      golden(t, 'errors/eval-source-changed.txt', renderFault(error).replaceAll(work, '$WORK'));
      return true;
    },
  );
});

test('sources are copied as they come and registered by flush, which a source inside of one asks for', (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-bridge-'));
  t.after(() => removeTree(work));
  using store = openStore({ home: join(work, 'home'), storeDir: '/igos/store' });
  const bridge = new StoreBridge(store, { isReadOnly: false });
  const folder = join(work, 'folder');
  mkdirSync(folder);
  writeFileSync(join(folder, 'x'), 'one');
  const { path } = bridge.addPath('folder', textToBytes(folder));
  assert.deepEqual([store.isValid(path), bridge.isValid(path), bridge.isUnwritten(path)], [false, true, true]);
  writeFileSync(join(folder, 'x'), 'two');
  const inside = bridge.addPath('x', textToBytes(`${path}/x`));
  assert.deepEqual([store.isValid(path), store.isValid(inside.path)], [true, false]);
  bridge.flush();
  assert.deepEqual([store.isValid(inside.path), bridge.isUnwritten(inside.path)], [true, false]);
  assert.equal(readFileSync(store.toReal(inside.path), 'latin1'), 'one');
});

test('derivations may be registered later, other texts are there at once', async (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-bridge-'));
  t.after(() => removeTree(work));
  using store = openStore({ home: join(work, 'home'), storeDir: '/igos/store' });
  const add = (bridge: StoreBridge, name: string, references: readonly StorePath[]): StorePath => {
    const text = `${name} of ${references.join(' ')}`;
    const path = textPath(name, text, references, '/igos/store');
    bridge.addText({ name, text, path, references });
    return path;
  };
  const bridge = new StoreBridge(store, { isReadOnly: false });
  const source = add(bridge, 'source', []);
  const drv = add(bridge, 'x.drv', [source]);
  const later = bridge.flushLater();
  assert.deepEqual([store.isValid(source), store.isValid(drv)], [true, false]);
  assert.ok(bridge.pending().has(drv) && bridge.isUnwritten(drv));
  await later!.finish();
  assert.deepEqual([store.isValid(source), store.isValid(drv)], [true, true]);
  assert.equal(bridge.flushLater(), undefined);

  // A text that names a derivation needs it.
  const strange = new StoreBridge(store, { isReadOnly: false });
  const named = add(strange, 'y.drv', []);
  const naming = add(strange, 'naming', [named]);
  assert.equal(strange.flushLater(), undefined);
  assert.deepEqual([store.isValid(named), store.isValid(naming)], [true, true]);
});

test('who only reads names small files without opening the store, and asks it when one is read', (t) => {
  const work = mkdtempSync(join(tmpdir(), 'igos-bridge-'));
  t.after(() => removeTree(work));
  using store = openStore({ home: join(work, 'home'), storeDir: '/igos/store' });
  let nOpened = 0;
  const open = (): typeof store => {
    nOpened++;
    return store;
  };
  const file = join(work, 'file');
  writeFileSync(file, 'one');
  const bridge = new StoreBridge({ storeDir: '/igos/store', open }, { isReadOnly: true });
  const { path } = bridge.addPath('file', textToBytes(file));
  assert.equal(nOpened, 0);
  assert.equal(bridge.isUnwritten(path), true);
  assert.equal(store.addPath('file', textToBytes(file)), path);
  assert.equal(bridge.isUnwritten(path), false);
  assert.equal(nOpened, 2);
});
