/** What evaluation writes, and when. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, renderFault, textToBytes } from '../../base/index.ts';
import { StoreBridge } from '../../eval/index.ts';
import { openStore } from '../../store/index.ts';
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
