/** What cannot be looked at is not taken for what is not there. */
import assert from 'node:assert/strict';
import fs, { readdirSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { processStartTime, SystemFault } from '../../base/index.ts';
import { rootLayout } from '../../pkm/layout.ts';
import { hasDatabase } from '../../pkm/open-database.ts';
import { openStore } from '../../store/index.ts';
import { readLiveness } from '../../store/liveness.ts';
import { lossOf } from '../../store/lost-index.ts';
import { findRoots } from '../../store/roots.ts';
import { verifyObject } from '../../store/verify.ts';
import { storeDir, temporaryFolder, temporaryStore } from './fixture.ts';

type Call = 'readFileSync' | 'readdirSync' | 'readlinkSync' | 'lstatSync';

/** Runs `work` while one call fails on paths of that kind. */
function failing<T>(t: TestContext, failure: { call: Call; path: RegExp; code: string }, work: () => T): T {
  const { call, path: pattern, code } = failure;
  const real = fs[call] as (...args: unknown[]) => unknown;
  t.mock.method(fs, call, (...args: unknown[]) => {
    const [path] = args;
    if (pattern.test(String(path))) throw Object.assign(new Error(`${code}: injected`), { code, syscall: 'open', path });
    return real(...args);
  });
  syncBuiltinESMExports();
  try {
    return work();
  } finally {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  }
}

const refused =
  (errno: string) =>
  (error: unknown): boolean =>
    error instanceof SystemFault && error.errno === errno;

test('a process that cannot be looked at for want of descriptors is not dead', (t) => {
  const parent = process.ppid;
  assert.notEqual(processStartTime(parent), undefined);
  for (const code of ['EMFILE', 'ENFILE', 'ENOMEM'])
    assert.throws(
      () => failing(t, { call: 'readFileSync', path: /^\/proc\/\d+\/stat$/, code }, () => processStartTime(parent)),
      refused(code),
    );
  for (const code of ['ENOENT', 'ESRCH'])
    assert.equal(
      failing(t, { call: 'readFileSync', path: /^\/proc\/\d+\/stat$/, code }, () => processStartTime(parent)),
      undefined,
    );
});

test('programs that cannot be looked at for want of descriptors stop a collection; those of others do not', (t) => {
  const { store } = temporaryStore(t);
  const find = () => findRoots(store, { withProcesses: true });
  const calls = { readFileSync: /^\/proc\/\d+\/maps$/, readdirSync: /^\/proc\/\d+\/fd$/, readlinkSync: /^\/proc\/\d+\/exe$/ };
  for (const [call, path] of Object.entries(calls) as [Call, RegExp][]) {
    assert.throws(() => failing(t, { call, path, code: 'EMFILE' }, find), refused('EMFILE'), call);
    failing(t, { call, path, code: 'EACCES' }, find);
  }
});

test('a store whose folder cannot be read is not an empty one', (t) => {
  const { store, home } = temporaryStore(t);
  store.addTexts([{ name: 'x', text: 'x', references: [] }]);
  store.close();
  const index = join(home, 'var/index');
  for (const name of readdirSync(index)) rmSync(join(index, name));
  assert.equal(lossOf(index), 'index');
  for (const code of ['EIO', 'EACCES', 'EMFILE'])
    assert.throws(() => failing(t, { call: 'readdirSync', path: /\/store$/, code }, () => lossOf(index)), refused(code));
});

test('a derivation that cannot be read stops a collection that keeps outputs; a damaged one keeps nothing', (t) => {
  const { store } = temporaryStore(t);
  const [path] = store.addTexts([{ name: 'x.drv', text: 'no derivation', references: [] }]);
  store.close();
  using again = openStore({ home: store.home, storeDir });
  const read = again.readDerivation.bind(again);
  t.mock.method(again, 'readDerivation', () => {
    throw new SystemFault('read', 'x', { code: 'EIO' });
  });
  assert.throws(() => readLiveness(again, { keepOutputs: true }), refused('EIO'));
  t.mock.method(again, 'readDerivation', read);
  assert.ok(readLiveness(again, { keepOutputs: true }).graph.node(path!) !== undefined);
});

test('temporary roots that cannot be read stop a collection', (t) => {
  const { store } = temporaryStore(t);
  store.addTexts([{ name: 'x', text: 'x', references: [] }]);
  const find = () => findRoots(store, { withProcesses: false });
  assert.equal(find().roots.length, 1);
  for (const code of ['EIO', 'EACCES'])
    assert.throws(() => failing(t, { call: 'readdirSync', path: /\/temproots$/, code }, find), refused(code));
});

test('verify says of what it cannot look at that it cannot, not that it is gone', (t) => {
  const { store, home } = temporaryStore(t);
  const [path] = store.addTexts([{ name: 'x', text: 'x', references: [] }]);
  const manifest = store.manifest(path!);
  const real = join(home, 'store', path!.slice(storeDir.length + 1));
  const verify = () => verifyObject(path!, real, manifest).map(({ kind, detail }) => `${kind}: ${detail.replace(home, 'HOME')}`);
  assert.deepEqual(
    failing(t, { call: 'lstatSync', path: /\/store\//, code: 'EIO' }, verify).map((text) => text.replace(/\w{32}-/, '')),
    ["modified: cannot look at 'HOME/store/x': input/output error"],
  );
  assert.deepEqual(verify(), []);
});

test('a root whose manifests cannot be read is not begun anew', (t) => {
  const state = temporaryFolder(t);
  const layout = { ...rootLayout(state), manifests: join(state, 'packages') };
  assert.equal(hasDatabase(layout), false);
  for (const code of ['EIO', 'EACCES'])
    assert.throws(() => failing(t, { call: 'readdirSync', path: /\/packages$/, code }, () => hasDatabase(layout)), refused(code));
});
