/** Trees that are as deep as they may be, and those that are deeper than the system has paths for. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { renderFault, textToBytes } from '../../base/index.ts';
import { removeScratch } from '../../builder/remove.ts';
import { openStore } from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { temporaryFolder, temporaryStore } from './fixture.ts';

const perl = spawnSync('perl', ['-e', '1']).status === 0 ? false : 'there is no perl here';

/** Folders in folders with a file in each, from the top down: no path is too long for one that goes step by step. */
const plant = (folder: string, nLevels: number, mode = 0o755): void => {
  const script = `chdir $ARGV[0] or die; for (1 .. $ARGV[1]) { open(F, '>', 'f') or die; mkdir 'd' x 200 or die; chdir 'd' x 200 or die; }
    for (1 .. $ARGV[1]) { chdir '..' or die; chmod(oct($ARGV[2]), 'd' x 200) or die; }`;
  execFileSync('perl', ['-e', script, folder, String(nLevels), mode.toString(8)]);
};

test('a tree of any depth is removed, whatever its modes', { skip: perl }, (t) => {
  const folder = temporaryFolder(t);
  for (const remove of [(path: string) => removeTree(textToBytes(path)), removeScratch])
    for (const mode of [0o755, 0]) {
      const tree = join(folder, 'tree');
      mkdirSync(tree);
      writeFileSync(join(folder, 'beside'), '');
      // A megabyte of path.
      plant(tree, 5000, mode);
      // Names that are used for what is moved up.
      mkdirSync(join(tree, '.deep-0/.deep-1'), { recursive: true });
      remove(tree);
      assert.deepEqual(readdirSync(folder), ['beside']);
    }
});

test('64 levels are kept and collected, and those of a tree with one more are not taken', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const names = Array.from({ length: 63 }, () => 'd');
  const file = join(folder, 'tree', ...names);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'x');
  const path = store.addPath('tree', join(folder, 'tree'));
  assert.deepEqual(store.verify({ contents: true }), []);
  assert.equal(store.manifest(path).at(-1)!.path, names.join('/'));
  assert.throws(() => store.addPath('tree', folder), { code: 'E-STORE-012' });
  store.close(); // it holds what it added
  using again = openStore({ home, storeDir: store.storeDir });
  assert.deepEqual(
    again.collect().removed.map((one) => one.path),
    [path],
  );
  assert.deepEqual(readdirSync(join(home, 'store')), []);
});

test('an object whose paths would be too long at its place is refused, and leaves nothing', (t) => {
  const { store, folder, home } = temporaryStore(t);
  let file = join(folder, 't');
  while (file.length < 3880) file += `/${'d'.repeat(100)}`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'x');
  const path = store.addPath('n', join(folder, 't'));
  assert.ok(existsSync(store.toReal(path)));
  const fault = faultOf(() => store.addPath('n'.repeat(211), join(folder, 't')));
  const text = renderFault(fault)
    .replace(/'\S+?\/store\/\w{32}-/, "'STORE/")
    .replace(/have \d+ bytes/, 'have … bytes')
    .replace(/it is '\S+'/, "it is '…'");
  golden(t, 'errors/store-long-path.txt', text);
  assert.deepEqual(readdirSync(join(home, 'store')).length, 1);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
  assert.deepEqual(store.verify({ contents: true }), []);
});
