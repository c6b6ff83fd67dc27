import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, lutimesSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { type ImageEntry, type InitramfsPart, writeInitramfs } from '../../image/index.ts';
import { golden } from '../golden.ts';
import { made, missing, output, refusal, scratch } from './support.ts';

const own = { uid: 0, gid: 0 };
const folderEntry = (path: string): ImageEntry => ({ kind: 'directory', path, mode: 0o755, ...own });
const file = (path: string, text: string, mode = 0o644): ImageEntry => ({
  kind: 'file',
  path,
  mode,
  ...own,
  content: Buffer.from(text),
});

const entries: readonly ImageEntry[] = [
  file('init', '#!/bin/sh\nexec sh\n', 0o755),
  folderEntry('dev'),
  { kind: 'char', path: 'dev/console', mode: 0o600, ...own, major: 5, minor: 1 },
  { kind: 'block', path: 'dev/sda9', mode: 0o660, uid: 0, gid: 6, major: 8, minor: 300 },
  { kind: 'symlink', path: 'bin/sh', mode: 0o777, ...own, target: 'a/long/target' },
  folderEntry('bin'),
  folderEntry('bin/x'),
  file('bin/x/set-id', 'x'.repeat(70_001), 0o6755),
  { ...file('bin-empty', ''), uid: 1000, gid: 100 },
  { kind: 'directory', path: 'tmp', mode: 0o1777, ...own },
];

const listing = [
  'drwxr-xr-x   2 root     root            0 Jan  1  1970 bin',
  '-rw-r--r--   1 1000     users           0 Jan  1  1970 bin-empty',
  'lrwxrwxrwx   1 root     root           13 Jan  1  1970 bin/sh -> a/long/target',
  'drwxr-xr-x   2 root     root            0 Jan  1  1970 bin/x',
  '-rwsr-sr-x   1 root     root        70001 Jan  1  1970 bin/x/set-id',
  'drwxr-xr-x   2 root     root            0 Jan  1  1970 dev',
  'crw-------   1 root     root       5,   1 Jan  1  1970 dev/console',
  'brw-rw----   1 root     disk       8, 300 Jan  1  1970 dev/sda9',
  '-rwxr-xr-x   1 root     root           18 Jan  1  1970 init',
  'drwxrwxrwt   2 root     root            0 Jan  1  1970 tmp',
];

const initramfs = (path: string, ...parts: InitramfsPart[]) => made(path, (image) => writeInitramfs(image, parts));

test('GNU cpio and bsdtar read what was written', { skip: missing('cpio', 'bsdtar') }, async (t) => {
  const folder = scratch(t);
  const path = await initramfs(join(folder, 'a'), { entries, compression: 'none' });
  const listed = output('cpio', ['-itv', '--quiet', '--numeric-uid-gid'], readFileSync(path));
  const numeric = listing.map((line) => line.replace('users', '100  ').replace('disk', '6   ').replaceAll('root', '0   '));
  assert.deepEqual(listed.trimEnd().split('\n'), numeric);
  const names = output('bsdtar', ['-tf', path]).trimEnd().split('\n');
  assert.deepEqual(
    names,
    listing.map((line) => / 1970 (\S+)/.exec(line)![1]),
  );
  assert.equal(output('bsdtar', ['-xOf', path, 'bin/x/set-id']), 'x'.repeat(70_001));
});

test('GNU cpio writes the same bytes for the same tree', { skip: missing('cpio') }, async (t) => {
  const folder = scratch(t);
  const root = join(folder, 'root');
  mkdirSync(join(root, 'a/b'), { recursive: true });
  writeFileSync(join(root, 'a/b/file'), 'text');
  writeFileSync(join(root, 'a/c'), 'x'.repeat(5));
  symlinkSync('b/file', join(root, 'a/link'));
  const modes: readonly [string, number][] = [
    ['a/b/file', 0o600],
    ['a/c', 0o755],
    ['a/b', 0o700],
    ['a', 0o755],
  ];
  for (const [name, mode] of modes) {
    chmodSync(join(root, name), mode);
    utimesSync(join(root, name), 1_700_000_000, 1_700_000_000);
  }
  lutimesSync(join(root, 'a/link'), 1_700_000_000, 1_700_000_000);
  const words = ['-o', '-H', 'newc', '--reproducible', '--owner=0:0', '--quiet', '-O', join(folder, 'theirs')];
  output('cpio', words, 'a\na/b\na/b/file\na/c\na/link\n', root);
  const same: readonly ImageEntry[] = [
    { ...folderEntry('a') },
    { kind: 'directory', path: 'a/b', mode: 0o700, ...own },
    file('a/b/file', 'text', 0o600),
    file('a/c', 'xxxxx', 0o755),
    { kind: 'symlink', path: 'a/link', mode: 0o777, ...own, target: 'b/file' },
  ];
  const ours = await made(join(folder, 'ours'), (image) =>
    writeInitramfs(image, [{ entries: same.toReversed(), compression: 'none' }], 1_700_000_000),
  );
  const [mine, yours] = [readFileSync(ours, 'latin1'), readFileSync(join(folder, 'theirs'), 'latin1')];
  // Folders of theirs count the links that their file system counts.
  const nLinks = (text: string): string => text.replace(/(070701.{8}000041.{18})0000000[1-9]/g, '$100000002');
  assert.equal(nLinks(mine), nLinks(yours));
});

test('compressed archives are the plain one; zstd in one frame with a small window', { skip: missing('zstd') }, async (t) => {
  const folder = scratch(t);
  const plain = readFileSync(await initramfs(join(folder, 'plain'), { entries, compression: 'none' }));
  const gzip = readFileSync(await initramfs(join(folder, 'gzip'), { entries, compression: 'gzip' }));
  assert.ok(gunzipSync(gzip).equals(plain));
  assert.equal(gzip.readUInt32LE(4), 0, 'no time');
  const path = await initramfs(join(folder, 'zstd'), { entries, compression: 'zstd' });
  const zstd = readFileSync(path);
  assert.ok(zstdDecompressSync(zstd).equals(plain));
  assert.equal(zstd.indexOf(zstd.subarray(0, 4), 1), -1, 'one frame');
  // Padding to four bytes is for Linux; zstd takes it for the start of a frame.
  writeFileSync(path, zstd.subarray(0, zstd.findLastIndex((byte) => byte !== 0) + 1));
  assert.match(output('zstd', ['-lv', '-M8MiB', path]), /Window Size: [\d.]+ (KiB|MiB)[\s\S]*Check: XXH64/);
});

test('large, the window stays at 8 MiB, and the bytes do not depend on how the content comes', {
  skip: missing('zstd'),
}, async (t) => {
  const folder = scratch(t);
  const content = Buffer.alloc(12 << 20, randomBytes(5000));
  writeFileSync(join(folder, 'large'), content);
  const large = { kind: 'file', path: 'large', mode: 0o644, ...own } as const;
  const of = async (name: string, entry: ImageEntry): Promise<Buffer> =>
    readFileSync(await initramfs(join(folder, name), { entries: [entry], compression: 'zstd' }));
  const inMemory = await of('a', { ...large, content });
  const onDisk = await of('b', { ...large, content: { file: join(folder, 'large'), sizeBytes: content.length } });
  assert.ok(inMemory.equals(onDisk));
  assert.equal(zstdDecompressSync(inMemory).indexOf(content), 116);
  assert.equal(inMemory[4]! & 0x20, 0, 'a window of its own');
  assert.ok(inMemory[5]! >> 3 <= 23 - 10, 'of at most 8 MiB');
});

test('archives follow each other: microcode first, not compressed', { skip: missing('cpio') }, async (t) => {
  const folder = scratch(t);
  const microcode = ['kernel', 'kernel/x86', 'kernel/x86/microcode'].map(folderEntry);
  const early: InitramfsPart = {
    entries: [...microcode, file('kernel/x86/microcode/AuthenticAMD.bin', 'code')],
    compression: 'none',
  };
  const ready = readFileSync(await initramfs(join(folder, 'ready'), early));
  const parts = await initramfs(join(folder, 'parts'), early, { ready: Buffer.from('odd') }, { entries, compression: 'gzip' });
  const bytes = readFileSync(parts);
  assert.ok(bytes.subarray(0, ready.length).equals(ready));
  assert.equal(ready.length % 4, 0);
  assert.equal(bytes.toString('latin1', ready.length, ready.length + 4), 'odd\0');
  assert.match(output('cpio', ['-it', '--quiet'], gunzipSync(bytes.subarray(ready.length + 4))), /^init$/m);
});

test('what Linux would leave out is refused', async (t) => {
  const folder = scratch(t);
  const refused = (...wrong: ImageEntry[]): Promise<string> =>
    refusal(folder, () => initramfs(join(folder, 'image'), { entries: wrong, compression: 'none' }));
  const link = (target: string): ImageEntry => ({ kind: 'symlink', path: 'link', mode: 0o777, ...own, target });
  const lines = [
    await refused(file('missing/file', '')),
    await refused(file('a', ''), file('a/b', '')),
    await refused(file('a', ''), folderEntry('a')),
    await refused(file('/etc', '')),
    await refused(folderEntry('a'), file('a/../b', '')),
    await refused(file('', '')),
    await refused(file('.', '')),
    await refused(file('TRAILER!!!', '')),
    await refused(file('x'.repeat(4096), '')).then((text) => text.replace(/x{100,}/, 'xxx…')),
    await refused(link('')),
    await refused(link('x'.repeat(4096))),
    await refused({ kind: 'file', path: 'huge', mode: 0o644, ...own, content: { file: 'huge', sizeBytes: 2 ** 32 } }),
  ];
  golden(t, 'errors/E-IMG-011.txt', lines.join('\n'));
  writeFileSync(join(folder, 'short'), 'short');
  const short = {
    kind: 'file',
    path: 'short',
    mode: 0o644,
    ...own,
    content: { file: join(folder, 'short'), sizeBytes: 9 },
  } as const;
  for (const compression of ['none', 'gzip', 'zstd'] as const)
    assert.match(await refusal(folder, () => initramfs(join(folder, 'image'), { entries: [short], compression })), /E-IMG-001/);
  assert.deepEqual(readdirSync(folder), ['short'], 'nothing is left');
  assert.ok(await initramfs(join(folder, 'root'), { entries: [folderEntry(''), file('init', '')], compression: 'none' }));
});

test('who is stopped leaves nothing', async (t) => {
  const folder = scratch(t);
  const signal = AbortSignal.abort(new Error('enough'));
  for (const compression of ['zstd', 'gzip'] as const)
    await assert.rejects(
      made(join(folder, 'image'), (image) => writeInitramfs(image, [{ entries, compression }], 0, signal)),
      /enough/,
    );
  assert.deepEqual(readdirSync(folder), []);
});
