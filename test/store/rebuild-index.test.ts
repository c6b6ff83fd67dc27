/** A damaged index is refused, not mapped; a new one comes from the log and the objects. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { compareBytes, Fault, renderFault, textToBytes } from '../../base/index.ts';
import { type DerivationOutput, type ObjectStore, openStore, type StorePath } from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { addDerivation } from '../builder/support.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { makeTree, storeDir, temporaryStore } from './fixture.ts';

const PAGE = 4096;
const UNPROVEN = 'the log does not know it, and its content does not prove its name';

/** Pages at the end may be free ones: then nothing is lost. */
function isRefusedOrComplete(store: ObjectStore, path: StorePath, nPaths: number): boolean {
  try {
    store.isValid(path);
  } catch (error) {
    return error instanceof Fault && error.code === 'E-STORE-024';
  }
  return (
    [...store.allPaths()].every((each) => store.info(each) !== undefined && store.manifest(each).length > 0) &&
    [...store.allPaths()].length === nPaths
  );
}

test('an index of many pages that lost the last one is refused, and one whose last pages are free is not', (t) => {
  const { store, home } = temporaryStore(t);
  const file = join(home, 'var/index/data.mdb');
  const texts = (n: number, from: number) =>
    Array.from({ length: n }, (_, i) => ({ name: `x${from + i}`, text: 'a'.repeat(i), references: [] }));
  store.addTexts(texts(800, 0));
  const nPaths = [...store.allPaths()].length;
  store.close();
  const whole = readFileSync(file);
  const opened = () => openStore({ home, storeDir });
  let nRefused = 0;
  for (let nPages = 1; nPages <= 12; nPages++) {
    truncateSync(file, whole.length - nPages * PAGE);
    using reader = opened();
    try {
      assert.equal([...reader.allPaths()].length, nPaths);
      for (const path of reader.allPaths()) assert.ok(reader.info(path) !== undefined && reader.manifest(path).length === 1);
      assert.equal(statSync(file).size, whole.length, 'what is missing was free, and is filled up');
    } catch (error) {
      assert.ok(error instanceof Fault && error.code === 'E-STORE-024', String(error));
      nRefused++;
    }
    reader.close();
    writeFileSync(file, whole);
  }
  assert.ok(nRefused > 0);
});

test('an index that was cut off is refused wherever it was cut, and rebuilt', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const tree = store.addPath('tree', textToBytes(makeTree(join(folder, 'tree'), { a: 'text', 'd/l': '-> ../a' })));
  const [text] = store.addTexts([{ name: 'text', text: 'x', references: [tree] }]);
  const [other] = store.addTexts([{ name: 'other', text: 'y', references: [text!] }]);
  store.addRealisations([{ drvPath: text!, output: 'out', path: tree }]);
  const known = [...store.allPaths()].map((path) => ({ info: store.info(path), manifest: store.manifest(path) }));
  store.close();
  const file = join(home, 'var/index/data.mdb');
  const whole = readFileSync(file);
  const opened = () => openStore({ home, storeDir });
  for (const size of [10, 100, 4096, 5000, 8192, whole.length >> 1, whole.length - 1]) {
    truncateSync(file, size);
    const reader = opened();
    assert.equal(faultOf(() => reader.isValid(tree)).code, 'E-STORE-024', `cut at ${size}`);
    reader.close();
    writeFileSync(file, whole);
  }
  // By whole pages, few or many.
  for (let size = whole.length - PAGE; size >= 2 * PAGE; size -= PAGE) {
    truncateSync(file, size);
    const reader = opened();
    assert.equal(isRefusedOrComplete(reader, tree, known.length), true, `cut at ${size} of ${whole.length}`);
    reader.close();
    writeFileSync(file, whole);
  }
  truncateSync(file, 9000);
  const again = opened();
  t.after(() => again.close());
  const fault = renderFault(faultOf(() => again.info(tree)));
  golden(
    t,
    'errors/store-index-cut.txt',
    fault.replaceAll(home, '<home>').replace(/of \d+ bytes, and page \d+/, 'of <n> bytes, and page <p>'),
  );
  // What a crash may leave at the end of the log does not count.
  appendFileSync(join(home, 'var/registrations'), 'half a li');
  appendFileSync(join(home, 'var/registrations'), Buffer.alloc(100));
  assert.deepEqual(again.rebuildIndex(), { nPaths: 3, nRecovered: 0, dropped: [], old: join(home, 'var/index.damaged-1') });
  assert.deepEqual(
    [...again.allPaths()].map((path) => ({ info: again.info(path), manifest: again.manifest(path) })),
    known,
  );
  assert.equal(again.realisation(text!, 'out'), tree);
  assert.deepEqual(again.referrers(text!), [other]);
  assert.deepEqual(again.verify({ contents: true }), []);
  assert.ok(statSync(join(home, 'var/index.damaged-1/data.mdb')).size === 9000);
});

test('what lost its bytes is not taken over, nor what refers to it', (t) => {
  const { store, home } = temporaryStore(t);
  const [low] = store.addTexts([{ name: 'low', text: 'x', references: [] }]);
  const [high] = store.addTexts([{ name: 'high', text: 'y', references: [low!] }]);
  const [apart] = store.addTexts([{ name: 'apart', text: 'z', references: [] }]);
  const real = store.toReal(low!);
  chmodSync(real, 0o644);
  writeFileSync(real, 'X');
  const { nPaths, dropped } = store.rebuildIndex();
  assert.equal(nPaths, 1);
  assert.deepEqual(new Set(dropped.map(({ path }) => path)), new Set<StorePath>([low!, high!]));
  assert.deepEqual([...store.allPaths()], [apart]);
  const again = store.rebuildIndex();
  assert.equal(again.old, join(home, 'var/index.damaged-2'));
  // They are still there, and no log knows them any more.
  assert.deepEqual(
    again.dropped,
    [low!, high!].sort(compareBytes).map((path) => ({ path, reason: UNPROVEN })),
  );
});

test('without a log, what is named by its content comes back from the disk alone, and what is lost is named', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const source = textToBytes(makeTree(join(folder, 'tree'), { a: 'text', 'd/l': '-> ../a', 'run*': '#!/bin/sh' }));
  const tree = store.addPath('tree', source);
  const flat = store.addPath('flat', textToBytes(join(folder, 'tree/a')), { method: 'flat', algorithm: 'sha1' });
  const [text] = store.addTexts([{ name: 'text', text: `x ${tree}`, references: [tree] }]);
  // Its text names the output, which is no reference of it.
  const drvPath = addDerivation(store, { name: 'd', kind: 'input-addressed', sources: [tree, text!] });
  const built = store.readDerivation(drvPath).outputs.get('out') as Extract<DerivationOutput, { kind: 'input-addressed' }>;
  const add = (name: string, bytes: string, output: DerivationOutput, scratchPath: StorePath): StorePath => {
    const realPath = join(store.makeScratch(), name);
    writeFileSync(realPath, bytes);
    const added = { realPath, name, output, scratchPath, candidates: [flat], deriver: drvPath };
    return store.addOutputs(new Map([['out', added]])).get('out')!;
  };
  assert.equal(add('d', `made with ${flat}`, built, built.path), built.path);
  const own = `${storeDir}/${'0'.repeat(32)}-own` as StorePath;
  const floating: DerivationOutput = { kind: 'floating', method: 'nar', algorithm: 'sha256' };
  const itself = add('own', `I am ${own}, made with ${flat}`, floating, own);
  const known = new Map([tree, flat, text!, drvPath, itself].map((path) => [path, store.info(path)!]));
  rmSync(join(home, 'var/registrations'));
  const { nPaths, nRecovered, dropped } = store.rebuildIndex();
  assert.deepEqual([nPaths, nRecovered], [5, 5]);
  assert.deepEqual(dropped, [{ path: built.path, reason: UNPROVEN }]);
  for (const [path, info] of known) {
    const { registeredAt: _, ...found } = store.info(path)!;
    const { registeredAt: __, deriver: ___, ...before } = info;
    assert.deepEqual(found, before);
  }
  assert.deepEqual(
    store.verify({ contents: true }).map(({ path, kind }) => [path, kind]),
    [[built.path, 'unregistered']],
  );
  assert.equal(store.rebuildIndex().nRecovered, 0, 'the log is whole again');
});

test('an index that is gone is no empty store: nothing is read, written or collected before it is rebuilt', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const tree = store.addPath('tree', textToBytes(makeTree(join(folder, 'tree'), { a: 'text' })));
  store.close();
  const file = join(home, 'var/index/data.mdb');
  const losses = [() => rmSync(file), () => truncateSync(file, 0), () => rmSync(join(home, 'var/index'), { recursive: true })];
  for (const lose of losses) {
    lose();
    using lost = openStore({ home, storeDir });
    const uses = {
      isValid: () => lost.isValid(tree),
      allPaths: () => [...lost.allPaths()],
      addTexts: () => lost.addTexts([{ name: 'x', text: 'x', references: [] }]),
      collect: () => lost.collect(),
    };
    for (const [name, use] of Object.entries(uses)) {
      assert.throws(use, (error) => error instanceof Fault && error.code === 'E-STORE-024', name);
    }
    assert.equal(lost.rebuildIndex().nPaths, 1);
    lost.close();
    using found = openStore({ home, storeDir });
    assert.deepEqual([...found.allPaths()], [tree]);
    found.close();
  }
});

test('objects of which nothing is recorded are no empty store, nor garbage, before the index is rebuilt', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const tree = store.addPath('tree', textToBytes(makeTree(join(folder, 'tree'), { a: 'text' })));
  store.close();
  removeTree(textToBytes(join(home, 'var')));
  using lost = openStore({ home, storeDir });
  const uses = [() => lost.isValid(tree), () => lost.addTexts([{ name: 'x', text: 'x', references: [] }]), () => lost.collect()];
  for (const use of uses) {
    assert.throws(
      use,
      (error) =>
        error instanceof Fault && error.message === `there are objects in '${home}/store', and nothing that was recorded of them`,
    );
  }
  assert.deepEqual(readdirSync(join(home, 'store')).length, 1);
  assert.deepEqual([lost.rebuildIndex().nRecovered, lost.isValid(tree)], [1, true]);
  lost.close();
  // What a crash can leave of the beginning of a store: its file is there, and nothing in it was ever registered.
  truncateSync(join(home, 'var/index/data.mdb'), 0);
  truncateSync(join(home, 'var/registrations'), 0);
  using begun = openStore({ home, storeDir });
  assert.equal(begun.isValid(tree), false);
});

test('where the objects are gone with the index the store is empty, and begins anew', (t) => {
  const { store, folder, home } = temporaryStore(t);
  const source = textToBytes(makeTree(join(folder, 'tree'), { a: 'text' }));
  const tree = store.addPath('tree', source);
  store.close();
  for (const name of ['store', 'var/index']) removeTree(textToBytes(join(home, name)));
  using found = openStore({ home, storeDir });
  assert.deepEqual([...found.allPaths()], []);
  assert.equal(found.addPath('tree', source), tree);
  assert.deepEqual(found.verify({ contents: true }), []);
});

/** A store on a disk that is full but for its reserve, and later for nothing: what rebuilding says each time, and how many paths there are. */
const FULL_DISK = `
import { rmSync, writeFileSync } from 'node:fs';
import { openStore } from ${JSON.stringify(join(import.meta.dirname, '../../store/index.ts'))};
const home = process.argv[1] + '/home';
const rebuild = () => {
  const store = openStore({ home, storeDir: '/igos/store' });
  try {
    return store.rebuildIndex().nPaths;
  } catch (error) {
    return error.errno ?? String(error);
  } finally {
    store.close();
  }
};
const store = openStore({ home, storeDir: '/igos/store' });
store.addTexts([{ name: 'x', text: 'x', references: [] }]);
store.close();
const fill = () => {
  try {
    writeFileSync(process.argv[1] + '/fill', Buffer.alloc(1 << 23, 1));
  } catch {}
};
fill();
const told = [rebuild()];
rmSync(home + '/var/reserve', { force: true });
rmSync(home + '/var/index', { recursive: true });
fill();
told.push(rebuild());
rmSync(process.argv[1] + '/fill');
console.log(JSON.stringify([...told, rebuild()]));
`;

const mount = ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=4m none "$0" && exec "$@"'] as const;
const noMounts = spawnSync('unshare', [...mount, tmpdir(), 'true']).status === 0 ? false : 'nothing can be mounted here';

test('on a full disk the reserve is enough to rebuild the index; without it that is an error, and no end by the kernel', {
  skip: noMounts,
}, (t) => {
  const { folder } = temporaryStore(t);
  const node = [process.execPath, '--input-type=module', '-e', FULL_DISK, folder];
  const { status, signal, stdout, stderr } = spawnSync('unshare', [...mount, folder, ...node], { encoding: 'utf8' });
  assert.deepEqual([status, signal, stderr], [0, null, '']);
  assert.deepEqual(JSON.parse(stdout), [1, 'ENOSPC', 1]);
});
