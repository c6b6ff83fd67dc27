/** The first look at objects finds what the close one finds, whoever takes it; and the loop that threads of the C library run. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
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
import { AT_FDCWD, type Bytes, bytesToPath, compareBytes, fileCalls, textToBytes } from '../../base/index.ts';
import { ingestTree } from '../../store/ingest.ts';
import { encodeManifest } from '../../store/manifest.ts';
import { CHECKER_BYTES } from '../../store/screen/by-calls.ts';
import { FileLoop, N_PLACES } from '../../store/screen/file-loop.ts';
import { LISTINGS } from '../../store/screen/machine-code.ts';
import { Screen, type StartLoop } from '../../store/screen/screen.ts';
import { listTree } from '../../store/tree.ts';
import type { Manifest, StorePath } from '../../store/types.ts';
import { verifyObject } from '../../store/verify.ts';
import { removeTree, sealRoot } from '../../store/write-tree.ts';
import { makeTree, temporaryFolder } from './fixture.ts';
import { testListings } from './listings.ts';

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
  'a link for a file': (root) =>
    inFolder(root, () => {
      unlinkSync(join(root, 'a'));
      symlinkSync('run', join(root, 'a'));
    }),
  'a pipe for a file': (root) =>
    inFolder(root, () => {
      unlinkSync(join(root, 'a'));
      assert.equal(spawnSync('mkfifo', ['-m', '444', join(root, 'a')]).status, 0);
      utimesSync(join(root, 'a'), 1, 1);
    }),
  'a file that is shorter': (root) => rewrite(join(root, 'large'), (text) => text.slice(1)),
  'a first byte': (root) => rewrite(join(root, 'large'), (text) => `!${text.slice(1)}`),
  'a last byte': (root) => rewrite(join(root, 'large'), (text) => `${text.slice(0, -1)}!`),
  'a byte where there was none': (root) => rewrite(join(root, 'none'), () => '!'),
  'a file that may run no more': (root) => chmodSync(join(root, 'run'), 0o444),
  'a file that runs as its owner': (root) => chmodSync(join(root, 'run'), 0o4555),
  'a name that is another': (root) =>
    inFolder(join(root, 'd/e'), () => {
      unlinkSync(join(root, 'd/e/f'));
      writeFileSync(join(root, 'd/e/F'), 'deep');
    }),
  'a folder for a file': (root) =>
    inFolder(root, () => {
      unlinkSync(join(root, 'a'));
      mkdirSync(join(root, 'a'));
    }),
  'nothing at all': (root) => removeTree(textToBytes(root)),
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

interface Object {
  readonly what: string;
  readonly root: Bytes;
  readonly manifest: Manifest;
}

/** Of so much that threads are worth their while. */
const MUCH = Buffer.alloc(1 << 15, 'd\0');

function look(objects: readonly Object[], start: StartLoop, isEachAlone: boolean): string[] {
  const screen = new Screen(start);
  const found = new Set<string>();
  try {
    screen.look('/nowhere', MUCH, () => {});
    for (const { what, root, manifest } of objects) {
      screen.look(root, Buffer.from(encodeManifest(manifest), 'latin1'), () => found.add(what));
      if (isEachAlone) screen.end();
    }
    screen.end();
  } finally {
    screen.close();
  }
  return [...found].sort(compareBytes);
}

/** Adds a tree as the store does. */
function seal(from: string, to: string): Manifest {
  const { manifest } = ingestTree(listTree(textToBytes(from)), { copyTo: textToBytes(to) });
  sealRoot(textToBytes(to));
  return manifest;
}

function hasLoop(): boolean {
  const loop = FileLoop.start(1);
  loop?.close();
  return loop !== undefined;
}
const needsLoop = { skip: hasLoop() ? false : `no loop for ${process.platform} on ${process.arch}` };

const starts: Record<string, StartLoop> = {
  'no thread': () => undefined,
  'one thread': () => FileLoop.start(1, CHECKER_BYTES),
  'four threads': () => FileLoop.start(4, CHECKER_BYTES),
};

test('the first look finds whatever the close one finds, with threads and without', (t) => {
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
    const manifest = seal(source, root);
    damage(root);
    return { what, root: textToBytes(root), manifest };
  });
  const close = objects
    .filter(({ root, manifest }) => verifyObject('/igos/store/x' as StorePath, root, manifest).length > 0)
    .map(({ what }) => what);
  assert.deepEqual(close, Object.keys(damages).slice(1));
  for (const [name, start] of Object.entries(starts))
    for (const isEachAlone of [true, false]) assert.deepEqual(look(objects, start, isEachAlone), close.toSorted(), name);
});

test('objects that are one file or one link, and hundreds of folders, are told apart', (t) => {
  const folder = temporaryFolder(t);
  const sources: Record<string, string> = {
    file: 'text',
    link: '-> nowhere',
    tree: '',
  };
  makeTree(join(folder, 's'), { file: sources['file']!, 'run*': 'x', link: sources['link']!, 'tree/d/e': 'x' });
  const objects = Array.from({ length: 250 }, (_, i) => {
    const kind = ['tree', 'file', 'tree', 'run', 'link'][i % 5]!;
    const root = join(folder, `o${i}`);
    return { what: `${i}`, root: textToBytes(root), manifest: seal(join(folder, 's', kind), root) };
  });
  const damaged = objects.filter((_, i) => i % 7 === 3);
  for (const { root, manifest } of damaged) {
    const path = bytesToPath(root) as string;
    if (manifest[0]!.kind === 'directory') rewrite(join(path, 'd/e'), () => 'y');
    else if (manifest[0]!.kind === 'file') chmodSync(path, 0o400);
    else rmSync(path);
  }
  const expected = damaged.map(({ what }) => what).sort(compareBytes);
  for (const [name, start] of Object.entries(starts)) assert.deepEqual(look(objects, start, false), expected, name);
});

test('a manifest that is looked at in pieces', (t) => {
  const folder = temporaryFolder(t);
  const tree: Record<string, string> = { 'z/last': 'text' };
  // Far more than a piece, so that records lie across the ends of some.
  for (let n = 0; n < 2700; n++) tree[`d${n % 9}/link-${n}`] = `-> ${'x'.repeat(1023 - (n % 200))}`; // some file systems take 1023
  for (let n = 0; n < 90; n++) tree[`d${n % 9}/file-${n}`] = `${n}`;
  const source = makeTree(join(folder, 'source'), tree);
  const objects = ['whole', 'd0/file-0', 'd4/file-13', 'd8/file-89', 'z/last'].map((what) => {
    const root = join(folder, what.replace('/', '-'));
    const manifest = seal(source, root);
    if (what !== 'whole') rewrite(join(root, what), (text) => text.replace(/./, '!'));
    return { what, root: textToBytes(root), manifest };
  });
  assert.ok(encodeManifest(objects[0]!.manifest).length > 2 << 20);
  for (const [name, start] of Object.entries(starts))
    assert.deepEqual(look(objects, start, false), ['d0/file-0', 'd4/file-13', 'd8/file-89', 'z/last'], name);
});

test('what is no manifest is looked at again', () => {
  const hash = '0'.repeat(64);
  for (const text of [`f${hash}12`, `f${hash}12:a`, `f${hash}`, 'la\0b', 'q\0', 'd\0x', `f${hash}${'9'.repeat(400)}:\0`]) {
    for (const start of Object.values(starts)) {
      const screen = new Screen(start);
      let isFound = false;
      screen.look('/nowhere', MUCH, () => {});
      screen.look('/', Buffer.from(text, 'latin1'), () => {
        isFound = true;
      });
      screen.end();
      screen.close();
      assert.ok(isFound, text);
    }
  }
});

test('the loop tells which files are as recorded, however many come', needsLoop, (t) => {
  const folder = temporaryFolder(t);
  const calls = fileCalls()!;
  const sizes = [0, 1, 55, 56, 64, 65_535, 65_536, 65_537, 131_072, 200_001];
  const files = sizes.map((size, i) => {
    const path = join(folder, `f${i}`);
    const data = Buffer.alloc(size, i + 1);
    writeFileSync(path, data);
    chmodSync(path, 0o444);
    utimesSync(path, 1, 1);
    const text = Buffer.from(`${path}\0${createHash('sha256').update(data).digest('hex')}`, 'latin1');
    return { text, at: calls.addressOf(text), hashAt: path.length + 1, size };
  });
  const loop = FileLoop.start(3)!;
  t.after(() => loop.close());
  const push = (n: number, mode = 0o100444, more = 0): void => {
    const { at, hashAt, size } = files[n % files.length]!;
    if (loop.isFull) loop.drain((number) => failed.push(number));
    loop.push(at, at + hashAt, AT_FDCWD, mode, size + more);
  };
  const failed: number[] = [];
  const expected: number[] = [];
  const total = N_PLACES + 3000;
  for (let n = 0; n < total; n++) {
    // Neither more nor less than there is, and no other mode.
    const wrong = n % 1009;
    if (wrong < 3) expected.push(n);
    push(n, wrong === 0 ? 0o100555 : 0o100444, wrong === 1 ? 1 : wrong === 2 ? 2 ** 32 : 0);
  }
  loop.drain((number) => failed.push(number));
  assert.deepEqual(failed, expected);
  // Nothing stays open.
  const before = readdirSync('/proc/self/fd').length;
  for (let n = 0; n < 300; n++) push(n, n % 2 === 0 ? 0o100444 : 0o100555);
  loop.drain(() => {});
  assert.equal(readdirSync('/proc/self/fd').length, before);
});

test('a loop that is closed ends at once, whatever waits', needsLoop, (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'large');
  writeFileSync(path, Buffer.alloc(1 << 22));
  chmodSync(path, 0o444);
  utimesSync(path, 1, 1);
  const text = Buffer.from(`${path}\0${'0'.repeat(64)}`, 'latin1');
  const at = fileCalls()!.addressOf(text);
  const loop = FileLoop.start(2)!;
  for (let n = 0; n < 4096; n++) loop.push(at, at + path.length + 1, AT_FDCWD, 0o100444, 1 << 22);
  const started = process.hrtime.bigint();
  loop.close();
  // All of it would take ten seconds.
  assert.ok(process.hrtime.bigint() - started < 3_000_000_000n);
});

testListings('the file loop', LISTINGS);
