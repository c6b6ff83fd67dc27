/** What other threads do is what one thread does: the same bytes, the same manifest, the same errors. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, bytesToPath, compareBytes, SystemFault, textToBytes } from '../../base/index.ts';
import { ingestTree } from '../../store/ingest.ts';
import { TreeCopier } from '../../store/lanes/copy-tree.ts';
import { Lanes } from '../../store/lanes/lanes.ts';
import { Removal } from '../../store/lanes/removal.ts';
import { ManifestBuilder } from '../../store/manifest.ts';
import { listTree, type TreeVisitor, teeVisitors } from '../../store/tree.ts';
import { removeTree, sealRoot, TreeWriter } from '../../store/write-tree.ts';
import { temporaryFolder } from './fixture.ts';
import { dataOf } from './holes.ts';

type Node = { kind: 'file'; data: Buffer; isExecutable: boolean } | { kind: 'link'; target: string } | Map<Bytes, Node>;

const sizes = fc.oneof(
  { arbitrary: fc.nat(300), weight: 6 },
  { arbitrary: fc.constantFrom(0, 1, (1 << 16) - 1, 1 << 16, (1 << 16) + 1), weight: 2 },
  { arbitrary: fc.constantFrom((1 << 18) - 1, 1 << 18, (1 << 18) + 1, 700_000, 1 << 20, (1 << 20) + 70_000), weight: 1 },
);
const file = fc.record({ size: sizes, seed: fc.nat(255), hole: fc.boolean(), isExecutable: fc.boolean() }).map(makeFile);
const link = fc.constantFrom('a', '../b', '\xc3\xa9').map((target): Node => ({ kind: 'link', target }));
const names = fc.constantFrom('a', 'b', 'b.c', 'c', 'd-', '\xc3\xa9', '\xff\xfe', 'x'.repeat(200));
const { tree } = fc.letrec<{ tree: Node; node: Node }>((tie) => ({
  tree: fc.dictionary(names, tie('node'), { maxKeys: 6 }).map((entries) => new Map(Object.entries(entries))),
  node: fc.oneof({ depthSize: 'small', withCrossShrink: true }, file, link, tie('tree')),
}));

function makeFile(wanted: { size: number; seed: number; hole: boolean; isExecutable: boolean }): Node {
  const data = Buffer.alloc(wanted.size, wanted.seed);
  if (wanted.hole) data.fill(0, wanted.size >> 2);
  return { kind: 'file', data, isExecutable: wanted.isExecutable };
}

function drive(node: Node, visitor: TreeVisitor, path: Bytes = '', chunkSize = 1 << 20): void {
  if (node instanceof Map) {
    visitor.enterDirectory(path);
    for (const name of [...node.keys()].sort(compareBytes))
      drive(node.get(name)!, visitor, path === '' ? name : `${path}/${name}`, chunkSize);
    visitor.leaveDirectory(path);
  } else if (node.kind === 'link') visitor.symlink(path, node.target);
  else {
    visitor.beginFile(path, node.isExecutable, node.data.length);
    for (let at = 0; at < node.data.length; at += chunkSize) visitor.fileData(node.data.subarray(at, at + chunkSize));
    visitor.endFile(path);
  }
}

/** Lanes that have started: large files are handed over only then. */
function startedLanes(n: number): Lanes {
  const lanes = Lanes.start(n);
  for (let i = 0; i < 50 && !lanes.isReady(true); i++);
  assert.ok(lanes.isReady(true));
  return lanes;
}

/** All that can be seen of a tree on disk but where it is. */
function seen(root: Bytes): unknown {
  const { narHash, manifest } = ingestTree(listTree(root));
  const stats = manifest.map(({ path, kind }) => {
    if (kind === 'symlink') return '';
    const real = bytesToPath(path === '' ? root : `${root}/${path}`);
    const found = statSync(real);
    return `${found.mode.toString(8)} ${found.mtimeMs} ${kind === 'file' ? dataOf(real, found.size) : ''}`;
  });
  return { narHash, manifest, stats };
}

test('a tree that lanes copied is the tree that one thread copies', (t) => {
  const folder = temporaryFolder(t);
  let n = 0;
  fc.assert(
    fc.property(tree, fc.constantFrom(1, 2), fc.constantFrom(1 << 20, 100_000), (wanted, nLanes, chunkSize) => {
      const serial = textToBytes(join(folder, `serial-${n}`));
      const parallel = textToBytes(join(folder, `parallel-${n++}`));
      const builder = new ManifestBuilder();
      drive(wanted, teeVisitors([builder, new TreeWriter(serial)]));
      sealRoot(serial);
      const copier = new TreeCopier(parallel, { start: () => startedLanes(nLanes) });
      drive(wanted, copier, '', chunkSize);
      copier.end();
      sealRoot(parallel);
      assert.deepEqual(copier.manifest(), builder.manifest());
      assert.deepEqual(seen(parallel), seen(serial));
      removeTree(serial);
      removeTree(parallel);
    }),
    { numRuns: 12 },
  );
});

test('many files and large ones at the same time', (t) => {
  const folder = temporaryFolder(t);
  const entries = new Map<Bytes, Node>();
  for (let i = 0; i < 3000; i++)
    entries.set(`f${i}`, makeFile({ size: i, seed: i % 256, hole: false, isExecutable: i % 7 === 0 }));
  for (let i = 0; i < 3; i++)
    entries.set(`e${i}`, makeFile({ size: (5 << 20) + i, seed: i + 1, hole: i === 1, isExecutable: false }));
  const root = textToBytes(join(folder, 'x'));
  const copier = new TreeCopier(root, { start: () => startedLanes(2) });
  drive(entries, copier);
  copier.end();
  const { manifest } = ingestTree(listTree(root));
  assert.deepEqual(copier.manifest(), manifest);
});

test('where no lane ever starts the main thread does it all', (t) => {
  const folder = temporaryFolder(t);
  const entries = new Map<Bytes, Node>(
    Array.from({ length: 1200 }, (_, i) => [`f${i}`, makeFile({ size: 5000, seed: i % 256, hole: false, isExecutable: false })]),
  );
  entries.set('large', makeFile({ size: 3 << 20, seed: 1, hole: false, isExecutable: false }));
  const root = textToBytes(join(folder, 'x'));
  const copier = new TreeCopier(root, { start: () => Lanes.start(1, join(folder, 'no-program.js')) });
  drive(entries, copier);
  copier.end();
  assert.deepEqual(copier.manifest(), ingestTree(listTree(root)).manifest);
});

for (const [what, data] of [
  ['small', 'some text'],
  ['large', 'x'.repeat(400_000)],
] as const) {
  test(`what fails in a lane has the name that it has elsewhere: ${what}`, (t) => {
    const folder = temporaryFolder(t);
    const failure = (copier: TreeVisitor & { end?(): void; close(): void }, root: string): string => {
      try {
        copier.enterDirectory('');
        writeFileSync(join(root, 'taken'), 'by another');
        drive({ kind: 'file', data: Buffer.from(data), isExecutable: false }, copier, 'taken');
        copier.end?.();
      } catch (error) {
        assert.ok(error instanceof SystemFault);
        return `${error.message}|${error.operation}|${error.errno}`.replace(root, '');
      } finally {
        copier.close();
      }
      return 'nothing failed';
    };
    const serial = failure(new TreeWriter(textToBytes(join(folder, 's'))), join(folder, 's'));
    const root = join(folder, 'p');
    const parallel = failure(new TreeCopier(textToBytes(root), { start: () => startedLanes(1) }), root);
    assert.equal(parallel, serial);
    assert.match(serial, /cannot create '\/taken': file exists/);
  });
}

test('a copy that is given up is left alone by every lane', (t) => {
  const folder = temporaryFolder(t);
  const root = textToBytes(join(folder, 'x'));
  const copier = new TreeCopier(root, { start: () => startedLanes(2) });
  copier.enterDirectory('');
  for (let i = 0; i < 2000; i++)
    drive(makeFile({ size: 2000, seed: i % 256, hole: false, isExecutable: false }), copier, `f${i}`);
  copier.beginFile('large', false, 3 << 20);
  copier.fileData(Buffer.alloc(1 << 20));
  copier.close();
  removeTree(root);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  assert.throws(() => statSync(bytesToPath(root)), { code: 'ENOENT' });
});

test('files are removed by whoever is there, and what cannot be removed is named', (t) => {
  const folder = temporaryFolder(t);
  for (const nLanes of [0, 2]) {
    const paths = Array.from({ length: 300 }, (_, i) => join(folder, `\u00e9-${nLanes}-${i}`));
    for (const path of paths) writeFileSync(path, '');
    const removal = new Removal(10_000, () => Lanes.start(nLanes));
    for (const path of paths) removal.file(textToBytes(path));
    removal.wait();
    assert.deepEqual(readdirSync(folder), []);
    mkdirSync(join(folder, 'sub'));
    removal.file(textToBytes(join(folder, 'sub')));
    assert.throws(
      () => removal.wait(),
      (error) => error instanceof SystemFault && /^cannot remove '.*\/sub': /.test(error.message),
    );
    removal.close();
    rmSync(join(folder, 'sub'), { recursive: true });
  }
});
