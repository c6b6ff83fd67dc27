/** Small files are named as by the way that takes all sources, which is the oracle here. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type IngestionMethod, nameSmallSource } from '../../store/index.ts';
import { faultOf } from './faults.ts';
import { storeDir, temporaryStore } from './fixture.ts';

const METHODS: readonly IngestionMethod[] = ['nar', 'flat'];

test('a small file is named as it is when it is added', (t) => {
  const { store, folder } = temporaryStore(t);
  for (const size of [0, 1, 7, 8, 9, 4095, 100_000, 1 << 19]) {
    for (const mode of [0o644, 0o755, 0o654]) {
      const file = join(folder, `${size}-${mode}`);
      writeFileSync(file, Buffer.alloc(size, 'ab\xe9\0'));
      chmodSync(file, mode);
      for (const method of METHODS) {
        const named = nameSmallSource('x', file, { method }, storeDir);
        const path = store.addPath('x', file, { method });
        assert.equal(named?.path, path, `${method} of ${file}`);
        assert.deepEqual(store.ensurePath('x', file, { method }), named);
        if (method === 'nar') assert.equal(named?.digest.hex, store.info(path)!.narHash);
      }
    }
  }
});

test('what is not a small file, or is hashed otherwise, is left to the others', (t) => {
  const { store, folder } = temporaryStore(t);
  const at = (name: string): string => join(folder, name);
  const file = at('file');
  writeFileSync(file, 'x');
  writeFileSync(at('large'), '');
  truncateSync(at('large'), (1 << 19) + 1);
  mkdirSync(at('folder'));
  symlinkSync('file', at('link'));
  for (const other of ['large', 'folder', 'link', 'missing'])
    assert.equal(nameSmallSource('x', at(other), {}, storeDir), undefined, other);
  assert.equal(nameSmallSource('x', file, { algorithm: 'sha1' }, storeDir), undefined);
  assert.equal(faultOf(() => nameSmallSource('.', file, {}, storeDir)).code, 'E-STORE-002');
  assert.match(store.computePath('large', at('large')).path, /-large$/);
});
