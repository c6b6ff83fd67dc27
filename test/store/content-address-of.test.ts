/** An object that comes without its address: named by its content in one of the ways there are, or in none. */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { textToBytes } from '../../base/index.ts';
import { contentAddressOf } from '../../store/content-address-of.ts';
import { formatContentAddress, listTree, type StorePath } from '../../store/index.ts';
import { ingestTree } from '../../store/ingest.ts';
import { temporaryStore } from './fixture.ts';

test('every form of address is found by trying; the same bytes as a program, or with other references, have none', (t) => {
  const { store, folder } = temporaryStore(t);
  const file = join(folder, 'file');
  writeFileSync(file, 'content');
  const found = (path: StorePath, references: readonly StorePath[] = []): string | undefined => {
    const entries = listTree(textToBytes(file));
    const ca = contentAddressOf({ path, references }, ingestTree(entries), (more) => ingestTree(entries, more), store.storeDir);
    return ca === undefined ? undefined : formatContentAddress(ca);
  };
  const paths = new Map<StorePath, RegExp>();
  for (const method of ['flat', 'nar'] as const)
    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512'] as const) {
      const { path } = store.computePath('x', textToBytes(file), { method, algorithm });
      paths.set(path, new RegExp(`^fixed:${method === 'nar' ? 'r:' : ''}${algorithm}:`));
    }
  const other = store.addTexts([{ name: 'other', text: 'other', references: [] }])[0]!;
  const [text, naming] = store.addTexts([
    { name: 'x', text: 'content', references: [] },
    { name: 'x', text: 'content', references: [other] },
  ]);
  paths.set(text!, /^text:sha256:/);
  for (const [path, form] of paths) {
    assert.match(found(path) ?? 'none', form);
    assert.equal(found(path, [other]), undefined, `${form} with a reference`);
    assert.equal(found(path, [path]), undefined, `${form} with itself`);
  }
  assert.match(found(naming!, [other]) ?? 'none', /^text:sha256:/);
  assert.equal(found(naming!), undefined);
  chmodSync(file, 0o755);
  for (const path of [...paths.keys(), naming!]) assert.equal(found(path, path === naming ? [other] : []), undefined, path);
  writeFileSync(file, 'other');
  chmodSync(file, 0o644);
  for (const path of paths.keys()) assert.equal(found(path), undefined, path);
});
