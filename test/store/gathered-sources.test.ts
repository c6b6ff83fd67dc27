/** Sources that become valid together. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { compareBytes, textToBytes } from '../../base/index.ts';
import { hostTree, openStore } from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';

function place(t: TestContext): { home: string; storeDir: string; work: string } {
  const work = mkdtempSync(join(tmpdir(), 'igos-gather-'));
  t.after(() => removeTree(work));
  mkdirSync(join(work, 'tree', 'below'), { recursive: true });
  writeFileSync(join(work, 'file'), 'a file');
  writeFileSync(join(work, 'tree', 'below', 'x'), 'in a tree');
  return { home: join(work, 'home'), storeDir: '/igos/store', work };
}

test('gathered sources are those that adding them one by one gives, valid when texts take them, in one transaction', (t) => {
  const { work, ...where } = place(t);
  const file = textToBytes(join(work, 'file'));
  const tree = textToBytes(join(work, 'tree'));
  const spec = { tools: [], files: [tree.concat('/**')], searchPath: [] };
  using alone = openStore({ ...where, home: join(work, 'alone') });
  const expected = [alone.addPath('file', file), alone.addPath('tree', tree), hostTree(alone, 'host', spec)];

  using store = openStore(where);
  using gathering = store.gather();
  const found = [
    gathering.ensurePath('file', file).path,
    gathering.ensurePath('tree', tree).path,
    hostTree(gathering, 'host', spec),
  ];
  assert.deepEqual(found, expected);
  assert.deepEqual(gathering.ensurePath('file', file).digest, alone.ensurePath('file', file).digest);
  assert.ok(
    found.every((path) => gathering.has(path) && gathering.isValid(path) && gathering.hold(path) && !store.isValid(path)),
  );
  const [text] = store.addTexts([{ name: 'names.drv', text: 'them', references: found.toSorted(compareBytes) }], gathering);
  assert.ok([...found, text!].every((path) => store.isValid(path) && !gathering.has(path)));
  assert.equal(readFileSync(join(store.toReal(found[1]!), 'below', 'x'), 'latin1'), 'in a tree');
  assert.deepEqual(store.verify({ contents: true }), []);
  assert.deepEqual(readdirSync(join(where.home, 'tmp')), []);
  for (const path of found) assert.deepEqual(store.info(path)?.ca, alone.info(path)?.ca);

  // A gathering goes on, and what is there is not copied again.
  assert.equal(gathering.ensurePath('file', file).path, found[0]);
  assert.equal(gathering.has(found[0]!), false);
  writeFileSync(join(work, 'file'), 'another');
  const other = gathering.ensurePath('file', file).path;
  assert.notEqual(other, found[0]);
  store.addTexts([], gathering);
  assert.ok(store.isValid(other));
});

test('what is gathered and not taken is forgotten, and its copy removed', (t) => {
  const { work, ...where } = place(t);
  const store = openStore(where);
  const gathering = store.gather();
  const { path } = gathering.ensurePath('file', textToBytes(join(work, 'file')));
  assert.throws(() => gathering.ensurePath('gone', textToBytes(join(work, 'gone'))));
  assert.equal(readdirSync(join(where.home, 'tmp')).length, 1);
  store.close();
  assert.deepEqual(readdirSync(join(where.home, 'tmp')), []);
  using again = openStore(where);
  assert.equal(again.isValid(path), false);
  // The same text with a reference that is nowhere takes nothing in.
  using other = again.gather();
  other.ensurePath('file', textToBytes(join(work, 'file')));
  assert.throws(
    () =>
      again.addTexts([{ name: 't', text: 't', references: ['/igos/store/00000000000000000000000000000000-x' as never] }], other),
    /not in the store/,
  );
  assert.equal(again.isValid(path), false);
  assert.deepEqual(readdirSync(join(where.home, 'tmp')), []);
});

test('what is remembered of sources and of the host is of one store folder', async (t) => {
  const { home, work } = place(t);
  const tree = textToBytes(join(work, 'tree'));
  const spec = { tools: [], files: [tree.concat('/**')], searchPath: [] };
  // Nothing is remembered of what changed just now.
  await new Promise((resolve) => setTimeout(resolve, 2100));
  const pathsIn = (storeDir: string): readonly string[] => {
    using store = openStore({ home, storeDir });
    const added = [store.ensurePath('tree', tree).path, store.addPath('tree', tree), hostTree(store, 'host', spec)];
    return [...added, store.computePath('tree', tree).path, hostTree(store, 'host', spec, { isReadOnly: true })];
  };
  for (const storeDir of ['/igos/store', '/elsewhere/store', '/igos/store']) {
    const paths = pathsIn(storeDir);
    assert.deepEqual([...new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/'))))], [storeDir]);
  }
});
