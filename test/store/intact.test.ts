/** What builds and roots are fed with is looked at before. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  lstatSync,
  lutimesSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderFault, textToBytes } from '../../base/index.ts';
import { openStore } from '../../store/index.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { makeTree, storeDir, temporaryStore } from './fixture.ts';

const FILES = { a: 'some text', 'run*': '#!/bin/sh', 'd/b': 'more', 'd/l': '-> b' };
/** So many that they are looked at by calls of the C library. */
const MANY_FILES = { ...FILES, ...Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`much/${i}`, String(i)])) };

/** Writes other bytes of the same number, and hides it as well as one can. */
function rewrite(file: string, text: string): void {
  const { mode } = lstatSync(file);
  chmodSync(file, 0o644);
  writeFileSync(file, text);
  chmodSync(file, mode);
  utimesSync(file, 1, 1);
}

for (const [how, files] of Object.entries({ few: FILES, many: MANY_FILES }))
  test(`${how} files: what was changed is refused, whatever was done to hide it; what was only touched is read and taken`, async (t) => {
    const { store, folder, home } = temporaryStore(t);
    const path = store.addPath('x', textToBytes(makeTree(join(folder, 'x'), files)));
    store.assertIntact([path]);
    const real = store.toReal(path);
    // The clock has to be past what counts as the time of registration.
    await new Promise((resolve) => setTimeout(resolve, 3100));
    const fresh = () => openStore({ home, storeDir });
    const isRefused = (what: string): void => {
      using other = fresh();
      assert.equal(faultOf(() => other.assertIntact([path])).code, 'E-STORE-041', what);
    };
    const isTaken = (what: string): void => {
      using other = fresh();
      assert.doesNotThrow(() => other.assertIntact([path]), what);
    };
    const cachedAt = (): string | undefined => {
      using other = fresh();
      return other.cacheGet(`intact ${path}`);
    };

    assert.equal(cachedAt(), undefined, 'nothing is read that was not touched');
    linkSync(join(real, 'a'), join(folder, 'other-name'));
    isTaken('one name more');
    const first = cachedAt();
    assert.match(first ?? '', new RegExp(`^\\d+(\\.\\d+)? ${path}$`));
    isTaken('again');
    assert.equal(cachedAt(), first, 'read once');

    rewrite(join(real, 'a'), 'same size');
    isRefused('other bytes');
    {
      using other = fresh();
      if (files === FILES) golden(t, 'errors/store-changed-input.txt', renderFault(faultOf(() => other.assertIntact([path]))));
    }
    rewrite(join(real, 'a'), 'some text');
    isTaken('the same bytes again');

    chmodSync(join(real, 'run'), 0o444);
    isRefused('mode');
    chmodSync(join(real, 'run'), 0o555);

    rewrite(join(real, 'a'), 'some other text');
    isRefused('another size');
    rewrite(join(real, 'a'), 'some text');
    utimesSync(join(real, 'a'), 2, 2);
    isRefused('time');
    utimesSync(join(real, 'a'), 1, 1);
    isTaken('all as it was');

    const b = join(real, 'd/b');
    chmodSync(join(real, 'd'), 0o755);
    renameSync(b, join(folder, 'b'));
    chmodSync(join(real, 'd'), 0o555);
    isRefused('a file is gone');
    chmodSync(join(real, 'd'), 0o755);
    renameSync(join(folder, 'b'), b);
    rmSync(join(real, 'd/l'));
    symlinkSync('elsewhere', join(real, 'd/l'));
    lutimesSync(join(real, 'd/l'), 1, 1);
    chmodSync(join(real, 'd'), 0o555);
    utimesSync(join(real, 'd'), 1, 1);
    isRefused('a link leads elsewhere');
    assert.equal(readFileSync(b, 'latin1'), 'more');
  });

test('a repaired object is taken, a collected one is no matter', (t) => {
  const { store, folder } = temporaryStore(t);
  const path = store.addPath('x', textToBytes(makeTree(join(folder, 'x'), FILES)));
  chmodSync(join(store.toReal(path), 'a'), 0o400);
  assert.equal(faultOf(() => store.assertIntact([path])).code, 'E-STORE-041');
  assert.ok(store.repair(path));
  store.assertIntact([path]);
  store.close();
  store.collect();
  assert.doesNotThrow(() => store.assertIntact([path]));
});
