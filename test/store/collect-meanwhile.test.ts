/** What others do at the worst moment of a collection: nothing of theirs goes, and what is gone already is no mistake. */
import assert from 'node:assert/strict';
import fs, { chownSync, existsSync, linkSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { textToBytes } from '../../base/index.ts';
import { type ObjectStore, openStore, type StorePath } from '../../store/index.ts';
import { makeTree, storeDir, temporaryFolder, temporaryStore } from './fixture.ts';

const SOMEBODY = 65_534;

/** Texts that no process uses any more. */
function left(home: string, names: readonly string[]): StorePath[] {
  using store = openStore({ home, storeDir });
  return store.addTexts(names.map((name) => ({ name, text: name, references: [] })));
}

const namesOf = (n: number): string[] => Array.from({ length: n }, (_, at) => `x${at}`);

/** Calls `before` with the path of each call of a function of `node:fs`. */
function watched(t: TestContext, name: 'readFileSync' | 'readdirSync', before: (path: string) => void): void {
  const real = fs[name] as (path: unknown, ...rest: unknown[]) => unknown;
  const { mock } = t.mock.method(fs, name, (path: unknown, ...rest: unknown[]) => {
    before(String(path));
    return real(path, ...rest);
  });
  syncBuiltinESMExports();
  t.after(() => {
    mock.restore();
    syncBuiltinESMExports();
  });
}

const there = (store: ObjectStore): number => readdirSync(join(store.home, 'store')).length;

test('whoever comes while it is looked for the last time what is in use sees that', (t) => {
  const { store, home } = temporaryStore(t);
  left(home, ['a']);
  using user = openStore({ home, storeDir });
  user.hold(left(home, ['b'])[0]!);
  const mark = join(home, 'var/temproots/collecting');
  const seen: boolean[] = [];
  watched(t, 'readFileSync', (path) => {
    if (path.startsWith(join(home, 'var/temproots/'))) seen.push(existsSync(mark));
  });
  assert.equal(store.collect().removed.length, 1);
  assert.deepEqual([seen.at(0), seen.at(-1), existsSync(mark)], [false, true, false]);
});

test('what was added after the graph was read, and before the folder was, is nothing left behind', (t) => {
  const { store, home } = temporaryStore(t);
  left(home, ['a']);
  let added: StorePath[] = [];
  watched(t, 'readdirSync', (path) => {
    if (path === join(home, 'store') && added.length === 0) added = left(home, ['b']);
  });
  const { removed, leftovers } = store.collect();
  assert.deepEqual([removed.length, leftovers], [1, []]);
  assert.ok(existsSync(store.toReal(added[0]!)));
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('what threads remove is gone before others may write again', (t) => {
  const { store, home } = temporaryStore(t);
  left(home, namesOf(1500));
  let nLooks = 0;
  store.collect({
    onProgress: (step, done, total) => {
      if (step !== 'removing' || done === 0) return;
      nLooks++;
      assert.equal(there(store), total - done);
    },
  });
  assert.deepEqual([nLooks > 0, there(store)], [true, 0]);
});

test('what another one deletes at the same time is gone, and no mistake', (t) => {
  const { store, home } = temporaryStore(t);
  const paths = left(home, ['a', 'b']);
  let isDone = false;
  const { removed } = store.collect({
    paths,
    onProgress: (step) => {
      if (step !== 'removing' || isDone) return;
      isDone = true;
      using other = openStore({ home, storeDir });
      assert.equal(other.collect({ paths: paths.slice(0, 1) }).removed.length, 1);
    },
  });
  assert.deepEqual(
    removed.map(({ path }) => path),
    paths.slice(1),
  );
  assert.equal(there(store), 0);
});

test('what stays by another name is not told as freed, and room is set aside for the next time', (t) => {
  const { store, home, folder } = temporaryStore(t);
  left(home, ['a']);
  const object = join(home, 'store', readdirSync(join(home, 'store'))[0]!);
  linkSync(object, join(folder, 'other'));
  rmSync(join(home, 'var/reserve'), { force: true });
  const { removed, freedBytes } = store.collect();
  assert.deepEqual([removed.length, freedBytes], [1, 0]);
  assert.ok(statSync(join(home, 'var/reserve')).size > 0);
});

test('what a process left that died at its work goes too', (t) => {
  const { store, home } = temporaryStore(t);
  store.addTexts([{ name: 'a', text: '', references: [] }]);
  const orphan = join(home, 'tmp/add-1-1-0');
  mkdirSync(join(orphan, 'x'), { recursive: true });
  store.collect({ dryRun: true });
  assert.ok(existsSync(orphan));
  store.collect();
  assert.ok(!existsSync(orphan));
});

test('an ordinary user can collect objects, whose folders nobody may write to', (t) => {
  const folder = temporaryFolder(t);
  const asSomebody = process.geteuid?.() === 0;
  if (asSomebody) {
    chownSync(folder, SOMEBODY, SOMEBODY);
    process.setegid!(SOMEBODY);
    process.seteuid!(SOMEBODY);
  }
  try {
    const home = join(folder, 'home');
    const tree = textToBytes(makeTree(join(folder, 'tree'), { 'a/b/c': '1', 'a/d': '2' }));
    {
      using store = openStore({ home, storeDir });
      const path = store.addPath('tree', tree);
      assert.equal(statSync(join(store.toReal(path), 'a/b')).mode & 0o777, 0o555);
    }
    using store = openStore({ home, storeDir });
    assert.equal(store.collect().removed.length, 1);
    assert.deepEqual([there(store), readdirSync(join(home, 'tmp'))], [0, []]);
  } finally {
    if (asSomebody) {
      process.seteuid!(0);
      process.setegid!(0);
    }
  }
});
