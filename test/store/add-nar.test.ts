/** NARs into the store, and what adding does with holes, attributes and odd names. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, lstatSync, openSync, readdirSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Bytes, textToBytes } from '../../base/index.ts';
import { canonicalise } from '../../store/canonical.ts';
import { bytesSource, dumpNar } from '../../store/index.ts';
import { faultOf } from './faults.ts';
import { makeTree, temporaryFolder, temporaryStore } from './fixture.ts';

const narOf = (source: Bytes): Buffer => {
  const chunks: Buffer[] = [];
  dumpNar(source, (chunk) => chunks.push(Buffer.from(chunk)));
  return Buffer.concat(chunks);
};

test('a NAR is added under the path of its tree', (t) => {
  const { store, folder } = temporaryStore(t);
  const source = textToBytes(makeTree(join(folder, 'src'), { 'a/b': 'text', 'a/run*': '#!', l: '-> a/b', empty: null }));
  const { path, digest } = store.computePath('x', source);
  const expected = { path, digest };
  assert.deepEqual(store.addNar('x', bytesSource(narOf(source))), expected);
  assert.deepEqual(narOf(textToBytes(store.toReal(path))), narOf(source));
  assert.deepEqual(store.addNar('x', bytesSource(narOf(source))), expected, 'again');
  assert.deepEqual(store.verify({ contents: true }), []);
  assert.deepEqual(readdirSync(join(folder, 'home/tmp')), []);
});

test('a NAR that breaks off leaves nothing', (t) => {
  const { store, folder } = temporaryStore(t);
  const nar = narOf(textToBytes(makeTree(join(folder, 'src'), { a: 'x'.repeat(5000), b: 'y' })));
  for (const length of [0, 7, 100, 3000, nar.length - 1]) {
    assert.equal(faultOf(() => store.addNar('x', bytesSource(nar.subarray(0, length)))).code, 'E-STORE-009');
  }
  assert.equal(faultOf(() => store.addNar('a/b', bytesSource(nar))).code, 'E-STORE-002');
  assert.deepEqual([...store.allPaths()], []);
  assert.deepEqual(readdirSync(join(folder, 'home/tmp')), []);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('holes stay holes, and the bytes around them what they were', (t) => {
  const { store, folder } = temporaryStore(t);
  const source = join(folder, 'sparse');
  writeFileSync(source, 'start');
  truncateSync(source, 80 << 20);
  const fd = openSync(source, 'r+');
  writeSync(fd, 'middle', (40 << 20) + 5);
  closeSync(fd);
  const path = store.addPath('sparse', textToBytes(source));
  const real = statSync(store.toReal(path));
  assert.equal(real.size, 80 << 20);
  assert.ok(real.blocks * 512 < 4 << 20, `${real.blocks * 512} bytes on disk`);
  assert.deepEqual(store.verify({ contents: true }), []);
});

test('names are bytes: case, Unicode forms and what is no UTF-8 stay apart', (t) => {
  const { store, folder } = temporaryStore(t);
  const source = textToBytes(makeTree(join(folder, 'src'), { A: '1', a: '2', '\u00e9': '3', 'e\u0301': '4' }));
  writeFileSync(Buffer.from(`${source}/\xff\xfe`, 'latin1'), '5');
  const path = store.addPath('names', source);
  const kept = store.manifest(path).map((entry) => entry.path);
  assert.deepEqual(kept, ['', 'A', 'a', 'e\xcc\x81', '\xc3\xa9', '\xff\xfe']);
  assert.deepEqual(readdirSync(store.toReal(path), { encoding: 'latin1' }).sort(), kept.slice(1));
});

const setfattr = (path: string): boolean => spawnSync('setfattr', ['-n', 'user.note', '-v', 'x', path]).status === 0;
const probe = spawnSync('python3', ['-c', 'import os']).status === 0;
const addAttribute = (path: string): boolean =>
  setfattr(path) ||
  (probe && spawnSync('python3', ['-c', 'import os,sys; os.setxattr(sys.argv[1], "user.note", b"x")', path]).status === 0);

test('build outputs lose their extended attributes', (t) => {
  const folder = makeTree(temporaryFolder(t), { 'out/f': 'text' });
  const file = join(folder, 'out/f');
  if (!addAttribute(file)) {
    t.skip('no way to set an extended attribute here');
    return;
  }
  canonicalise(textToBytes(join(folder, 'out')), 'out');
  const left = spawnSync('python3', ['-c', 'import os,sys; print(os.listxattr(sys.argv[1]))', file], { encoding: 'utf8' });
  assert.equal(left.stdout, '[]\n');
  assert.equal(lstatSync(file).mode & 0o777, 0o444);
});
