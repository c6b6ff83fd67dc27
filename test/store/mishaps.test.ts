/** Single mishaps that the long tests of test/slow came upon. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { processStartTime, SystemFault, systemFaultOf, textToBytes } from '../../base/index.ts';
import { endingOf } from '../../cli/exit.ts';
import { openStore } from '../../store/index.ts';
import { moduleOf } from './collect-deaths.ts';
import { makeTree, storeDir, temporaryStore } from './fixture.ts';

/** Optimises a store whose folders cannot be sealed. */
const UNSEALING = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const { chmodSync } = fs;
  fs.chmodSync = (path, mode) => {
    if (mode === 0o555) throw Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'chmod', path });
    chmodSync(path, mode);
  };
  syncBuiltinESMExports();
  const { openStore } = await import(${moduleOf('index.ts')});
  const store = openStore({ home: process.argv[1], storeDir: '${storeDir}' });
  try {
    store.optimise();
  } catch (error) {
    console.log(error.message);
  }
`;

test('folders that cannot be sealed after optimising are sealed by the next process', (t) => {
  const { store, folder, home } = temporaryStore(t);
  for (const name of ['one', 'two']) store.addPath(name, textToBytes(makeTree(join(folder, name), { 'd/a': 'same bytes' })));
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', UNSEALING, home], { encoding: 'utf8' });
  assert.match(stdout, /^cannot change the mode of '.*': input\/output error\n$/);
  assert.equal(readdirSync(join(home, 'tmp')).length, 1, 'the journal stays');
  assert.deepEqual(store.verify({ contents: true }), []);
  assert.deepEqual(readdirSync(join(home, 'tmp')), []);
});

test('what a collection at work has not yet taken away is no problem', (t) => {
  const { store, home } = temporaryStore(t);
  store.addTexts([{ name: 'x', text: '', references: [] }]);
  writeFileSync(join(home, 'store/leftover'), '');
  const ofCollection = join(home, `tmp/trash-${process.pid}-${processStartTime(process.pid)}-99`);
  mkdirSync(ofCollection);
  assert.deepEqual(store.verify({ contents: true }), []);
  rmSync(ofCollection, { recursive: true });
  assert.deepEqual(
    store.verify({ contents: true }).map(({ kind }) => kind),
    ['unregistered'],
  );
});

test('a store sets room aside for collecting on a full disk', (t) => {
  const { store, home } = temporaryStore(t);
  const reserve = join(home, 'var/reserve');
  store.addTexts([{ name: 'x', text: '', references: [] }]);
  assert.ok(existsSync(reserve));
  rmSync(reserve);
  assert.equal(store.collect({ dryRun: true }).removed.length, 0);
  assert.equal(existsSync(reserve), false);
  store.collect();
  assert.ok(existsSync(reserve));
});

test('what the machine refuses is no bug, wherever it is met', () => {
  const failure = (code: string): Error => Object.assign(new Error('x'), { code, syscall: 'unlink', path: '/a/b' });
  assert.equal(systemFaultOf(failure('EIO'))?.message, "cannot unlink '/a/b': input/output error");
  assert.equal(systemFaultOf(failure('EINVAL')), undefined);
  assert.equal(systemFaultOf(new Error('x')), undefined);
  const known = new SystemFault('read', '/a', { code: 'EINVAL' });
  assert.equal(systemFaultOf(known), known);
  const { status, text } = endingOf(failure('ENOSPC'), { color: false, fullTrace: false, program: 'igos' });
  assert.equal(status, 1);
  assert.match(text, /^error: cannot unlink '\/a\/b': no space left on device\nhint: make room: 'igos gc'/);
});

/** Verifies while a folder stands open, and is closed right before it is looked at for the given time. */
const CLOSING = `
  import fs from 'node:fs';
  import { syncBuiltinESMExports } from 'node:module';
  const [home, folder, closedAt] = process.argv.slice(1);
  const { lstatSync } = fs;
  let nLooks = 0;
  fs.lstatSync = (path, options) => {
    if (String(path) === folder && ++nLooks === Number(closedAt)) {
      fs.chmodSync(folder, 0o555);
      fs.utimesSync(folder, 1, 1);
    }
    return lstatSync(path, options);
  };
  syncBuiltinESMExports();
  const { openStore } = await import(${moduleOf('index.ts')});
  const store = openStore({ home, storeDir: '${storeDir}' });
  console.log(JSON.stringify(store.verify({ contents: true }).map(({ kind, file }) => [kind, file])));
`;

test('a folder that was open while it was looked at, and is not any more, is no problem; one that stays open is', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const path = store.addPath('tree', textToBytes(makeTree(join(folder, 'tree'), { 'bin/a': 'text' })));
  const opened = join(store.toReal(path), 'bin');
  store.close();
  const verify = (closedAt: number): unknown => {
    chmodSync(opened, 0o755);
    const words = ['--input-type=module', '-e', CLOSING, home, opened, String(closedAt)];
    const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    assert.equal(stderr, '');
    return JSON.parse(stdout);
  };
  // The first look finds it, the second says what is wrong, the third asks whether it still is.
  assert.deepEqual(verify(3), []);
  assert.deepEqual(verify(1000), [['metadata', 'bin']]);
});

test('a file is no store, and no empty one', (t) => {
  const { folder } = temporaryStore(t);
  const home = join(folder, 'file');
  writeFileSync(home, '');
  using store = openStore({ home, storeDir });
  assert.throws(
    () => [...store.allPaths()],
    (error) => error instanceof SystemFault && error.message === `cannot open the store '${home}': not a directory`,
  );
});
