/** What other threads do is what one thread does: the same bytes, the same manifest, the same errors. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Bytes, bytesToPath, compareBytes, SystemFault, textToBytes } from '../../base/index.ts';
import { ingestTree } from '../../store/ingest.ts';
import { TreeCopier } from '../../store/lanes/copy-tree.ts';
import { Lanes } from '../../store/lanes/lanes.ts';
import { Removal } from '../../store/lanes/removal.ts';
import { Screen } from '../../store/lanes/screen.ts';
import { encodeManifest, ManifestBuilder } from '../../store/manifest.ts';
import { listTree, type TreeVisitor, teeVisitors } from '../../store/tree.ts';
import type { StorePath } from '../../store/types.ts';
import { verifyObject } from '../../store/verify.ts';
import { removeTree, sealRoot, TreeWriter } from '../../store/write-tree.ts';
import { makeTree, temporaryFolder } from './fixture.ts';

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
    const found = statSync(bytesToPath(path === '' ? root : `${root}/${path}`));
    return `${found.mode.toString(8)} ${found.mtimeMs} ${kind === 'file' ? found.blocks : ''}`;
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

const damages: Record<string, (root: string) => void> = {
  nothing: () => {},
  'a changed byte': (root) => rewrite(join(root, 'd/b'), (text) => `${text.slice(0, -1)}!`),
  'a changed size': (root) => rewrite(join(root, 'd/b'), (text) => `${text}!`),
  'a byte of a large file': (root) =>
    rewrite(join(root, 'large'), (text) => `${text.slice(0, 1_500_000)}!${text.slice(1_500_001)}`),
  'a mode': (root) => chmodSync(join(root, 'a'), 0o555),
  'a mode of a folder': (root) => chmodSync(join(root, 'd'), 0o755),
  'a time': (root) => utimesSync(join(root, 'a'), 2, 2),
  'a time of a folder': (root) => utimesSync(join(root, 'd'), 5, 5),
  'a missing file': (root) => inFolder(root, () => unlinkSync(join(root, 'a'))),
  'a file too many': (root) => inFolder(root, () => writeFileSync(join(root, 'z'), '')),
  'one file for another': (root) =>
    inFolder(join(root, 'd'), () => {
      unlinkSync(join(root, 'd/b'));
      writeFileSync(join(root, 'd/c'), 'hello');
    }),
  'a link that leads elsewhere': (root) =>
    inFolder(root, () => {
      unlinkSync(join(root, 'l'));
      symlinkSync('d', join(root, 'l'));
    }),
  'a folder for a file': (root) =>
    inFolder(root, () => {
      unlinkSync(join(root, 'a'));
      mkdirSync(join(root, 'a'));
    }),
  'nothing at all': (root) => {
    chmodSync(join(root, 'd'), 0o755);
    rmSync(root, { recursive: true });
  },
};

function rewrite(path: string, change: (text: string) => string): void {
  const { mode } = statSync(path);
  const text = readFileSync(path, 'latin1');
  chmodSync(path, 0o644);
  writeFileSync(path, change(text), 'latin1');
  chmodSync(path, mode);
  utimesSync(path, 1, 1);
}

/** The folder keeps its mode and time. */
function inFolder(path: string, change: () => void): void {
  chmodSync(path, 0o755);
  change();
  chmodSync(path, 0o555);
  utimesSync(path, 1, 1);
}

test('the first look finds whatever the close one finds, in one thread and in several', (t) => {
  const folder = temporaryFolder(t);
  const source = makeTree(join(folder, 'source'), {
    a: 'text',
    'run*': '#!/bin/sh',
    none: '',
    'd/b': 'hello',
    'd/e/f': 'deep',
    l: '-> a',
    large: 'y'.repeat(1_600_000),
    empty: null,
  });
  const objects = Object.entries(damages).map(([what, damage], i) => {
    const root = join(folder, `o${i}`);
    const { manifest } = ingestTree(listTree(textToBytes(source)), { copyTo: textToBytes(root) });
    sealRoot(textToBytes(root));
    damage(root);
    return { what, root: textToBytes(root), manifest };
  });
  const close = objects
    .filter(({ root, manifest }) => verifyObject('/igos/store/x' as StorePath, root, manifest).length > 0)
    .map(({ what }) => what);
  assert.deepEqual(close, Object.keys(damages).slice(1));
  for (const start of [
    undefined,
    () => Lanes.start(0),
    () => startedLanes(1),
    () => Lanes.start(1, join(folder, 'no-program.js')),
  ]) {
    const screen = new Screen(start !== undefined, start);
    const found = new Set<string>();
    for (const { what, root, manifest } of objects) {
      screen.look(root, encodeManifest(manifest), () => found.add(what));
      // Between objects that fill slots: what is wrong with one is not laid at the door of those far away.
      screen.end();
    }
    screen.end();
    screen.close();
    assert.deepEqual([...found], close);
  }
});

test('an object of several slots with a file too many is found, and its neighbours are not', (t) => {
  const folder = temporaryFolder(t);
  const objects = [3, 700, 300, 5].map((nFiles, i) => {
    const files = Array.from({ length: nFiles }, (_, n) => [`${n % 9}/\xc3\xa9${n}`, 'text'] as const);
    const source = makeTree(join(folder, `s${i}`), Object.fromEntries(files));
    const root = join(folder, `o${i}`);
    const { manifest } = ingestTree(listTree(textToBytes(source)), { copyTo: textToBytes(root) });
    sealRoot(textToBytes(root));
    return { root, manifest: encodeManifest(manifest) };
  });
  inFolder(join(objects[1]!.root, '8'), () => writeFileSync(join(objects[1]!.root, '8/more'), ''));
  for (const nLanes of [0, 1]) {
    const screen = new Screen(true, () => Lanes.start(nLanes));
    const found = new Set<string>();
    for (const { root, manifest } of objects) screen.look(textToBytes(root), manifest, () => found.add(root));
    screen.end();
    screen.close();
    // Those that share its first slot are looked at again too.
    assert.deepEqual([...found].sort(compareBytes), [objects[0]!.root, objects[1]!.root]);
  }
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
