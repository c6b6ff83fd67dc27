/** Squashfs images, read back by squashfs-tools and by Linux. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes } from '../../base/index.ts';
import { type ImageEntry, type SquashfsOptions, type SquashfsReport, writeSquashfs } from '../../image/index.ts';
import { listed, made, missing, output, scratch } from './support.ts';

const SECONDS = 1_700_000_000;
const needsTools = { skip: missing('unsquashfs') };

const directory = (path: string, more: Partial<ImageEntry> = {}): ImageEntry =>
  ({ path, kind: 'directory', mode: 0o755, uid: 0, gid: 0, ...more }) as ImageEntry;
const file = (path: string, content: string | Uint8Array, more: Partial<ImageEntry> = {}): ImageEntry =>
  ({
    path,
    kind: 'file',
    mode: 0o644,
    uid: 0,
    gid: 0,
    content: typeof content === 'string' ? Buffer.from(content) : content,
    ...more,
  }) as ImageEntry;

async function write(
  path: string,
  entries: readonly ImageEntry[],
  options: Partial<SquashfsOptions> = {},
): Promise<SquashfsReport> {
  let report: SquashfsReport | undefined;
  await made(path, async (image) => {
    report = await writeSquashfs(image, entries, { seconds: SECONDS, ...options });
  });
  return report!;
}

function unpacked(t: Parameters<typeof scratch>[0], image: string): string {
  const folder = join(scratch(t), 'root');
  output('unsquashfs', ['-q', '-n', '-no-xattrs', '-d', folder, image]);
  return folder;
}

/** Every kind of file, and what is at an edge of the format. */
function everything(): ImageEntry[] {
  const noise = createHash('sha512').update('noise').digest();
  const random = Buffer.concat(
    Array.from({ length: 6000 }, (_, n) => createHash('sha512').update(noise).update(`${n}`).digest()),
  );
  const holes = Buffer.alloc(700_000);
  holes.write('middle', 300_000);
  const common = { mode: 0o644, uid: 0, gid: 0 };
  return [
    directory('', { mode: 0o711 }),
    directory('usr'),
    directory('usr/bin', { mode: 0o1777, uid: 7, gid: 70_000 }),
    directory('empty'),
    file('usr/bin/su', 'setuid', { mode: 0o4755 }),
    file('usr/random', random),
    file('usr/same', random),
    file('usr/block', random.subarray(0, 1 << 17)),
    file('usr/block-and-one', random.subarray(0, (1 << 17) + 1)),
    file('usr/holes', holes),
    file('usr/zeros', Buffer.alloc(1 << 18)),
    file('usr/nothing', ''),
    file('usr/one', 'x', { link: 'a' } as Partial<ImageEntry>),
    file('usr/two', 'x', { link: 'a' } as Partial<ImageEntry>),
    file(`usr/${'n'.repeat(255)}`, 'long'),
    file('usr/\xc3\xa4\xff', 'bytes'),
    { ...common, path: 'usr/link', kind: 'symlink', mode: 0o777, target: 't'.repeat(4095) },
    { ...common, path: 'null', kind: 'char', major: 1, minor: 3, mode: 0o666 },
    { ...common, path: 'disk', kind: 'block', major: 8, minor: 17 },
    { ...common, path: 'pipe', kind: 'fifo' },
    { ...common, path: 'socket', kind: 'socket' },
  ];
}

for (const compression of ['zstd', 'gzip'] as const)
  test(`${compression}: unsquashfs reads what was written`, needsTools, async (t) => {
    const image = join(scratch(t), 'image');
    const { nEntries, sizeBytes } = await write(image, everything(), { compression });
    assert.equal(nEntries, everything().length);
    assert.equal(lstatSync(image).size, sizeBytes);
    assert.equal(sizeBytes % 4096, 0);
    const lines = output('unsquashfs', ['-lln', image])
      .split('\n')
      .filter((line) => line.includes('squashfs-root'));
    const about = (path: string): string =>
      lines.find((line) => / squashfs-root(.*)$/.exec(line)![1]!.replace(/ -> .*/, '') === path)!;
    assert.match(about(''), /^drwx--x--x 0\/0 /);
    assert.match(about('/usr/bin'), /^drwxrwxrwt 7\/70000 .* 2023-11-14 22:13 /);
    assert.match(about('/usr/bin/su'), /^-rwsr-xr-x 0\/0 +6 /);
    assert.match(about('/null'), /^crw-rw-rw- 0\/0 +1, +3 /);
    assert.match(about('/disk'), /^brw-r--r-- 0\/0 +8, +17 /);
    assert.match(about('/pipe'), /^prw-r--r-- /);
    assert.match(about('/socket'), /^srw-r--r-- /);
    const root = unpacked(t, image);
    for (const entry of everything()) {
      const place = Buffer.from(`${root}/${entry.path}`, 'latin1');
      if (entry.kind === 'file') assert.deepEqual(readFileSync(place), Buffer.from(entry.content as Uint8Array), entry.path);
      if (entry.kind === 'symlink') assert.equal(readlinkSync(place, { encoding: 'latin1' }), entry.target);
    }
    assert.equal(lstatSync(join(root, 'usr/one')).ino, lstatSync(join(root, 'usr/two')).ino);
    // Equal bytes stand once, zeros nowhere.
    assert.ok(sizeBytes < 384_000 + 131_072 * 2 + 20_000, `${sizeBytes} bytes`);
  });

const canMount =
  process.getuid?.() === 0 &&
  spawnSync('sh', ['-c', 'modprobe loop squashfs; grep -q squashfs /proc/filesystems && test -e /dev/loop-control']).status === 0;

test('Linux mounts it: names are found in large folders, attributes are there', {
  skip: canMount ? false : 'no loop device or squashfs for us here',
}, async (t) => {
  const folder = scratch(t);
  const [image, place] = [join(folder, 'image'), join(folder, 'mounted')];
  mkdirSync(place);
  const names = Array.from({ length: 5000 }, (_, n) => `name-${n}-${'x'.repeat(n % 90)}`);
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');
  const attributes = new Map<string, Uint8Array>([
    ['security.capability', capability],
    ['user.note', Buffer.from('hello')],
  ]);
  const common = { mode: 0o600, uid: 0, gid: 0 };
  await write(image, [
    ...everything(),
    // More than 8 bits of each, which unsquashfs prints wrongly.
    { ...common, path: 'nvme', kind: 'block', major: 259, minor: 300_000 },
    directory('large'),
    ...names.map((name) => file(`large/${name}`, name)),
    file('ping', 'ping', { attributes }),
    file('pong', 'pong', { attributes }),
  ]);
  output('mount', ['-o', 'loop,ro', image, place]);
  try {
    assert.deepEqual(new Set(readdirSync(join(place, 'large'))), new Set(names));
    for (const name of names) assert.equal(readFileSync(join(place, 'large', name), 'utf8'), name);
    assert.throws(() => lstatSync(join(place, 'large', 'name-')), /ENOENT/);
    assert.equal(lstatSync(join(place, 'usr/holes')).blocks < 700_000 / 512, true);
    assert.deepEqual(
      [lstatSync(join(place, 'usr')).nlink, lstatSync(place).nlink, lstatSync(join(place, 'usr/two')).nlink],
      [3, 5, 2],
    );
    assert.equal(lstatSync(join(place, 'null')).rdev, (1 << 8) | 3);
    if (missing('getfattr') === false) {
      const shown = output('getfattr', ['-d', '-m', '-', '-e', 'hex', '--absolute-names', join(place, 'pong')]);
      assert.match(shown, /security\.capability=0x0100000200200000/);
      assert.match(shown, /user\.note=0x68656c6c6f/);
    }
    assert.equal(output('stat', ['-c', '%t %T', join(place, 'nvme')]).trim(), '103 493e0');
  } finally {
    output('umount', [place]);
  }
});

const needsAttributes =
  process.getuid?.() === 0 ? missing('unsquashfs') || missing('getfattr') : 'only root gives files attributes of all kinds';

test('attributes of every kind of entry, shared and not', { skip: needsAttributes }, async (t) => {
  const folder = scratch(t);
  const image = join(folder, 'image');
  const twoInOne = 'x\0\0trusted.other\0y';
  const note = (text: string) => ({ attributes: new Map([['trusted.note', Buffer.from(text)]]) });
  await write(image, [
    directory('', note('root')),
    directory('d', note('same')),
    file('d/f', 'f', note('same')),
    file('d/g', 'g', { attributes: new Map([...note('g').attributes, ['trusted.also', Buffer.from('also')]]) }),
    file('d/none', 'none'),
    // Two sets, though one written after the other looks like the other.
    file('d/one', '1', note(twoInOne)),
    file('d/two', '2', { attributes: new Map([...note('x').attributes, ['trusted.other', Buffer.from('y')]]) }),
    { path: 'd/link', kind: 'symlink', mode: 0o777, uid: 0, gid: 0, target: 'f', ...note('link') },
    { path: 'd/null', kind: 'char', mode: 0o600, uid: 0, gid: 0, major: 1, minor: 3, ...note('null') },
  ]);
  output('unsquashfs', ['-q', '-n', '-d', join(folder, 'root'), image]);
  const shown = output('getfattr', ['-R', '-P', '-h', '-d', '-m', '^trusted', '--absolute-names', join(folder, 'root')]);
  assert.deepEqual(
    shown
      .trim()
      .split('\n\n')
      .map((text) => text.replace(`# file: ${folder}/root`, '').replaceAll('\n', ' '))
      .toSorted(compareBytes),
    [
      ' trusted.note="root"',
      '/d trusted.note="same"',
      '/d/f trusted.note="same"',
      '/d/g trusted.also="also" trusted.note="g"',
      '/d/link trusted.note="link"',
      '/d/null trusted.note="null"',
      `/d/one trusted.note=0s${Buffer.from(twoInOne).toString('base64')}`,
      '/d/two trusted.note="x" trusted.other="y"',
    ],
  );
});

test('random trees come back as they were', needsTools, async (t) => {
  const name = fc.stringMatching(/^[a-z]{1,3}$/);
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.tuple(fc.nat(300_000), fc.nat(255)).map(([length, byte]) => Buffer.alloc(length, byte)),
  );
  const trees = fc.letrec((tie) => ({
    tree: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, content, fc.constant('link'), tie('tree')), { maxKeys: 6 }),
  })).tree;
  const entriesOf = (tree: object, below: string): ImageEntry[] =>
    Object.entries(tree).flatMap(([key, value]): ImageEntry[] => {
      const path = below === '' ? key : `${below}/${key}`;
      if (value === 'link') return [{ path, kind: 'symlink', mode: 0o777, uid: 0, gid: 0, target: 'nowhere' }];
      return value instanceof Uint8Array ? [file(path, value)] : [directory(path), ...entriesOf(value as object, path)];
    });
  const expected = (entries: readonly ImageEntry[]): string[] =>
    entries.map((entry) => {
      if (entry.kind === 'directory') return `d 755 ${entry.path}`;
      if (entry.kind === 'symlink') return `l ${entry.path} nowhere`;
      return `f 644 ${entry.path} ${createHash('sha256')
        .update((entry as { content: Uint8Array }).content)
        .digest('hex')}`;
    });
  await fc.assert(
    fc.asyncProperty(trees, async (tree) => {
      const image = join(scratch(t), 'image');
      const entries = entriesOf(tree as object, '');
      await write(image, entries, { blockBytes: 4096, level: 1 });
      assert.deepEqual(listed(unpacked(t, image)).toSorted(compareBytes), expected(entries).toSorted(compareBytes));
    }),
    { numRuns: 25 },
  );
});

test('the same bytes, in whatever order the entries come', async (t) => {
  const folder = scratch(t);
  await write(join(folder, 'a'), everything());
  await write(join(folder, 'b'), everything().reverse());
  assert.ok(readFileSync(join(folder, 'a')).equals(readFileSync(join(folder, 'b'))));
});

test('a file of the host is read piece by piece, and must stay as long as it was', async (t) => {
  const folder = scratch(t);
  const source = join(folder, 'source');
  const fd = openSync(source, 'w');
  writeSync(fd, 'end', 5_000_000);
  closeSync(fd);
  await write(join(folder, 'image'), [file('x', '', { content: { file: source, sizeBytes: 5_000_003 } } as Partial<ImageEntry>)]);
  const image = join(folder, 'other');
  const shorter = file('x', '', { content: { file: source, sizeBytes: 5_000_004 } } as Partial<ImageEntry>);
  await assert.rejects(write(image, [shorter]), /changed while an image was made of it/);
  assert.deepEqual(readdirSync(folder).toSorted(compareBytes), ['image', 'source']);
});

test('who is stopped leaves nothing', async (t) => {
  const folder = scratch(t);
  const controller = new AbortController();
  controller.abort(new Error('enough'));
  await assert.rejects(write(join(folder, 'image'), everything(), { signal: controller.signal }), /enough/);
  writeFileSync(join(folder, 'old'), 'old');
  await assert.rejects(write(join(folder, 'old'), everything(), { signal: controller.signal }), /enough/);
  assert.deepEqual(readdirSync(folder), ['old']);
  assert.equal(readFileSync(join(folder, 'old'), 'utf8'), 'old');
});

test('who is stopped within a file leaves nothing either', async (t) => {
  const folder = scratch(t);
  const controller = new AbortController();
  const source = join(folder, 'source');
  writeFileSync(source, Buffer.alloc(1 << 26, 'abc'));
  setImmediate(() => controller.abort(new Error('enough')));
  const heard: number[] = [];
  const stopped = write(
    join(folder, 'image'),
    [file('x', '', { content: { file: source, sizeBytes: 1 << 26 } } as Partial<ImageEntry>)],
    { signal: controller.signal, blockBytes: 4096, onBytes: (done) => heard.push(done) },
  );
  await assert.rejects(stopped, /enough/);
  assert.deepEqual([heard, readdirSync(folder)], [[], ['source']]);
});

test('as many owners as it can name, and one more', needsTools, async (t) => {
  const folder = scratch(t);
  const owned = (n: number): ImageEntry[] => Array.from({ length: n }, (_, uid) => file(`${uid % 100}/${uid}`, '', { uid }));
  await write(join(folder, 'image'), owned(65_535), { level: 1 });
  assert.match(output('unsquashfs', ['-s', join(folder, 'image')]), /Number of ids 65535/);
  await assert.rejects(write(join(folder, 'other'), owned(65_536)), /the number of owners is more than the format holds/);
});
