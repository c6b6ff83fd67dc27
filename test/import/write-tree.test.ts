import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type TreeFiles, type Written, writeTree as write } from '../../import/index.ts';
import { golden } from '../golden.ts';
import { faultsOf, writeFiles } from './trees.ts';

const files = (texts: Readonly<Record<string, string>>): TreeFiles =>
  new Map(Object.entries(texts).map(([path, text]) => [path, { data: Buffer.from(text), isExecutable: path.endsWith('.sh') }]));

const writeTree = (out: string, from: string, tree: TreeFiles, { isForced = false, of = 'InterGenOS' } = {}): Written =>
  write(out, from, tree, { of, isForced });

test('a second import writes what changed, removes what went, and leaves the rest alone', (t) => {
  const folder = writeFiles(t, { 'from/x': '' });
  const [from, out] = [join(folder, 'from'), join(folder, 'out')];
  assert.deepEqual(writeTree(out, from, files({ 'a.igos': '1', 'b/c.sh': '2', gone: '3' })), {
    nWritten: 3,
    nRemoved: 0,
    nSame: 0,
  });
  assert.equal(statSync(join(out, 'b/c.sh')).mode & 0o111, 0o111);
  writeFileSync(join(out, 'mine.igos'), 'kept');
  const before = statSync(join(out, 'b/c.sh')).ino;
  assert.deepEqual(writeTree(out, from, files({ 'a.igos': '4', 'b/c.sh': '2', new: '5' })), {
    nWritten: 2,
    nRemoved: 1,
    nSame: 1,
  });
  assert.equal(statSync(join(out, 'b/c.sh')).ino, before);
  assert.ok(!existsSync(join(out, 'gone')));
  assert.equal(readFileSync(join(out, 'mine.igos'), 'utf8'), 'kept');
  assert.deepEqual(writeTree(out, from, files({ 'a.igos': '4', 'b/c.sh': '2', new: '5' })), {
    nWritten: 0,
    nRemoved: 0,
    nSame: 3,
  });
});

test('nothing that somebody else wrote is lost', (t) => {
  const folder = writeFiles(t, { 'from/x': '', 'full/theirs': 'x', file: 'x' });
  const [from, out] = [join(folder, 'from'), join(folder, 'out')];
  writeTree(out, from, files({ a: '1', b: '2' }));
  writeFileSync(join(out, 'a'), 'edited');
  writeFileSync(join(out, 'c'), 'theirs');
  const shown = [
    () => writeTree(join(from, 'inside'), from, files({ a: '1' })),
    () => writeTree(from, from, files({ a: '1' })),
    () => writeTree(join(folder, 'full'), from, files({ a: '1' })),
    () => writeTree(join(folder, 'file'), from, files({ a: '1' })),
    () => writeTree(out, from, files({ a: '2', b: '2' })),
    () => writeTree(out, from, files({ c: '1' }), { of: 'pi-gen' }),
  ].map(faultsOf);
  writeFileSync(join(out, 'a'), '1');
  shown.push(faultsOf(() => writeTree(out, from, files({ a: '1', b: '2', c: '3' }))));
  golden(t, 'errors/import-places.txt', shown.join('\n').replaceAll(folder, ''));
  assert.equal(readFileSync(join(out, 'c'), 'utf8'), 'theirs');
  assert.equal(readFileSync(join(folder, 'full/theirs'), 'utf8'), 'x');
  assert.deepEqual(writeTree(out, from, files({ a: '2', c: '3' }), { isForced: true }), { nWritten: 2, nRemoved: 1, nSame: 0 });
});

test('a list that was tampered with removes nothing outside', (t) => {
  const folder = writeFiles(t, { 'from/x': '', victim: 'x' });
  const out = join(folder, 'out');
  writeTree(out, join(folder, 'from'), files({ a: '1' }));
  const list = join(out, '.igos-import');
  const hash = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';
  writeFileSync(list, `${readFileSync(list, 'utf8')}${hash}  ../victim\n${hash}  ${join(folder, 'victim')}\n`);
  writeTree(out, join(folder, 'from'), files({ b: '1' }));
  assert.ok(existsSync(join(folder, 'victim')));
});

test('an import that was killed left nothing at its place, and the next one goes through', (t) => {
  const folder = writeFiles(t, { 'from/x': '' });
  mkdirSync(join(folder, `.out.${process.pid}.importing/half`), { recursive: true });
  writeTree(join(folder, 'out'), join(folder, 'from'), files({ a: '1' }));
  assert.ok(!existsSync(join(folder, `.out.${process.pid}.importing`)));
  rmSync(join(folder, 'out'), { recursive: true });
});
