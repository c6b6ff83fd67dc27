/** File systems that can be written to, read back by e2fsprogs and by Linux. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes } from '../../base/index.ts';
import {
  type Ext4Layout,
  type Ext4Options,
  type FileEntry,
  type ImageEntry,
  type ImageFile,
  layoutExt4,
} from '../../image/index.ts';
import { listed, made, missing, output, refusal, run, scratch } from './support.ts';

const SECONDS = 1_700_000_000;
const BLOCK = 4096;
const needsTools = { skip: missing('e2fsck', 'debugfs', 'dumpe2fs') };
const common = { mode: 0o644, uid: 0, gid: 0 };

const directory = (path: string, more: Partial<ImageEntry> = {}): ImageEntry =>
  ({ ...common, path, kind: 'directory', mode: 0o755, ...more }) as ImageEntry;
const file = (path: string, content: string | FileEntry['content'], more: Partial<FileEntry> = {}): FileEntry => ({
  ...common,
  path,
  kind: 'file',
  content: typeof content === 'string' ? Buffer.from(content) : content,
  ...more,
});

const layout = (entries: readonly ImageEntry[], options: Partial<Ext4Options> = {}): Promise<Ext4Layout> =>
  layoutExt4(entries, { name: 'test', seconds: SECONDS, ...options });

/** As a file of its own, or behind what the image has. */
function written(image: ImageFile, laid: Ext4Layout): Promise<void> {
  const start = image.position;
  image.zeros(laid.sizeBytes);
  return laid.write(image, start);
}

async function write(path: string, entries: readonly ImageEntry[], options: Partial<Ext4Options> = {}): Promise<Ext4Layout> {
  const laid = await layout(entries, options);
  await made(path, (image) => written(image, laid));
  assert.equal(statSync(path).size, laid.sizeBytes);
  return laid;
}

/** Nothing at all may be said against it. */
function checked(image: string): void {
  const { status, stdout, stderr } = run('e2fsck', ['-fn', image]);
  assert.equal(status, 0, stdout + stderr);
  // That a tree could be narrower is said of those that Linux has changed.
  const usual = /^Pass \d|^$|^.*: \d+\/\d+ files .* blocks$|extent tree \(at level \d\) could be narrower/;
  const said = stdout.split('\n').filter((line) => !usual.test(line));
  assert.deepEqual(said, []);
}

/** @returns the folder where everything was copied to, by e2fsprogs */
function dumped(t: Parameters<typeof scratch>[0], image: string): string {
  const folder = join(scratch(t), 'root');
  mkdirSync(folder);
  output('debugfs', ['-R', `rdump / ${folder}`, image]);
  return folder;
}

const listedIn = (folder: string): string[] =>
  listed(folder)
    .filter((line) => !line.endsWith(' lost+found'))
    .toSorted(compareBytes);

/** Every second block is zeros: an extent for each of the others. */
function combed(blocks: number): Buffer {
  const bytes = Buffer.alloc(blocks * BLOCK);
  for (let block = 0; block < blocks; block += 2) bytes.writeUInt32LE(block + 1, block * BLOCK);
  return bytes;
}

/** Every kind of file, and what is at an edge of the format. */
function everything(): ImageEntry[] {
  const attributes = new Map<string, Uint8Array>([
    ['security.capability', Buffer.from('0100000200200000000000000000000000000000', 'hex')],
    ['user.note', Buffer.from('hello')],
  ]);
  const large = new Map<string, Uint8Array>([
    ['user.zoo', Buffer.alloc(3000, 7)],
    ['user.apple', Buffer.from('1')],
    ['user.bee', Buffer.from('12345')],
    ['trusted.nothing', new Uint8Array()],
  ]);
  return [
    directory('', { mode: 0o711 }),
    directory('usr/bin', { mode: 0o1777, uid: 7, gid: 70_000 }),
    directory('empty'),
    file('usr/bin/su', 'setuid', { mode: 0o4755, uid: 100_000 }),
    ...[0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 12 * BLOCK, (1 << 20) - 1, (1 << 20) + 1].map((length) =>
      file(`sizes/${length}`, Buffer.alloc(length, 'abcdefg')),
    ),
    file('usr/comb', combed(900)),
    file('usr/long-comb', combed(8000)),
    file('usr/zeros', Buffer.alloc(1 << 18)),
    file('usr/begins-empty', Buffer.concat([Buffer.alloc(3 * BLOCK + 5), Buffer.from('x')])),
    file('usr/one', 'x', { link: 'a', mode: 0o755 }),
    file('usr/two', 'x', { link: 'a', mode: 0o755 }),
    ...Array.from({ length: 300 }, (_, n) => file(`links/${n}`, 'linked', { link: 'many' })),
    file(`usr/${'n'.repeat(255)}`, 'long'),
    ...Array.from({ length: 40 }, (_, n) => file(`names/${'\xc3\xa4'.repeat(100)}${n}${'m'.repeat(50)}`, `${n}`)),
    file('usr/\xc3\xa4\xff', 'bytes'),
    ...[1, 59, 60, 61, 4095].map(
      (length): ImageEntry => ({ ...common, path: `to/${length}`, kind: 'symlink', mode: 0o777, target: 't'.repeat(length) }),
    ),
    file('ping', 'ping', { attributes }),
    file('attributes', 'large', { attributes: large }),
    directory('folder-with-attributes', { attributes }),
    directory(Array.from({ length: 60 }, (_, n) => `d${n}`).join('/')),
    { ...common, path: 'null', kind: 'char', major: 1, minor: 3, mode: 0o666 },
    { ...common, path: 'disk', kind: 'block', major: 8, minor: 17 },
    { ...common, path: 'nvme', kind: 'block', major: 259, minor: 300_000 },
    { ...common, path: 'pipe', kind: 'fifo' },
    { ...common, path: 'socket', kind: 'socket' },
  ];
}

const bytesIn = (entry: FileEntry): Buffer => Buffer.from(entry.content as Uint8Array);

test('e2fsck has nothing against it, and says what it is', needsTools, async (t) => {
  const image = join(scratch(t), 'image');
  const { uuid, sizeBytes } = await write(image, everything());
  checked(image);
  const shown = output('dumpe2fs', ['-h', image]);
  assert.match(shown, new RegExp(`UUID: +${uuid}\n`));
  assert.match(shown, /volume name: +test\n/);
  assert.match(
    shown,
    /features: +has_journal ext_attr resize_inode dir_index filetype extent 64bit flex_bg sparse_super large_file huge_file dir_nlink extra_isize metadata_csum\n/,
  );
  assert.match(shown, /Reserved GDT blocks: +127\n/);
  assert.match(shown, /Filesystem created: +Tue Nov 14 22:13:20 2023\n/);
  // Zeros take no room on the disk, be they of files or free.
  const stored = statSync(image).blocks * 512;
  assert.ok(stored < 26_000_000 && sizeBytes > 300_000_000, `${stored} of ${sizeBytes}`);
});

test('files come out of it as they went in', needsTools, async (t) => {
  const image = join(scratch(t), 'image');
  await write(image, everything());
  const root = dumped(t, image);
  for (const entry of everything()) {
    const place = Buffer.from(`${root}/${entry.path}`, 'latin1');
    if (entry.kind === 'file') assert.ok(readFileSync(place).equals(bytesIn(entry)), entry.path);
    if (entry.kind === 'symlink') assert.equal(readlinkSync(place, { encoding: 'latin1' }), entry.target);
  }
  const stat = (path: string): string => output('debugfs', ['-R', `stat ${path}`, image]);
  assert.match(
    stat('usr/bin/su'),
    /Mode: +04755 [\s\S]*User: 100000 [\s\S]*ctime: 0x6553f100:00000000 -- Tue Nov 14 22:13:20 2023/,
  );
  assert.match(stat('usr/bin'), /Mode: +01777 [\s\S]*User: +7 +Group: 70000 /);
  assert.match(stat('usr/two'), /Links: 2 +Blockcount: 8\n/);
  assert.match(stat('usr/zeros'), /Size: 262144\n[\s\S]*Blockcount: 0\n/);
  assert.match(stat('usr/long-comb'), /\(ETB2\):|\(ETB1\):/);
  assert.match(output('debugfs', ['-R', 'ea_list ping', image]), /user\.note \(5\) = "hello"/);
  assert.match(output('debugfs', ['-R', 'ea_list attributes', image]), /user\.zoo \(3000\)/);
});

const canMount =
  process.getuid?.() === 0 &&
  spawnSync('sh', ['-c', 'modprobe loop ext4; grep -qw ext4 /proc/filesystems && test -e /dev/loop-control']).status === 0;
const needsMount = { skip: needsTools.skip || (canMount ? false : 'no loop device or ext4 for us here') };

/** Has Linux mount it, and looks for what it complains of afterwards. */
function mounted(folder: string, image: string, look: (root: string) => void): void {
  const place = join(folder, 'mounted');
  mkdirSync(place, { recursive: true });
  output('mount', ['-o', 'loop', image, place]);
  try {
    look(place);
  } finally {
    output('umount', [place]);
  }
  // A sandbox that began meanwhile has the mount too, until it ends.
  for (let tries = 0; output('losetup', ['-j', image]) !== '' && tries < 600; tries++) output('sleep', ['0.1']);
  checked(image);
}

test('Linux finds every byte, mode, owner, time and attribute', needsMount, async (t) => {
  const folder = scratch(t);
  const image = join(folder, 'image');
  const names = Array.from({ length: 10_000 }, (_, n) => `name-${n}-${'x'.repeat(n % 90)}`);
  const entries = [...everything(), ...names.map((name) => file(`large/${name}`, name))];
  await write(image, entries);
  mounted(folder, image, (root) => {
    assert.deepEqual(new Set(readdirSync(join(root, 'large'))), new Set(names));
    for (const name of names) assert.equal(readFileSync(join(root, 'large', name), 'utf8'), name);
    assert.throws(() => lstatSync(join(root, 'large', 'name-')), /ENOENT/);
    const kinds = { fifo: 1, char: 2, directory: 4, block: 6, file: 8, symlink: 10, socket: 12 };
    const ms = SECONDS * 1000;
    for (const entry of entries) {
      const place = Buffer.from(`${root}/${entry.path}`, 'latin1');
      const { mode, uid, gid, mtimeMs, ctimeMs, birthtimeMs, rdev } = lstatSync(place);
      assert.deepEqual(
        { mode, uid, gid, mtimeMs, ctimeMs, birthtimeMs },
        {
          ...{ mode: (kinds[entry.kind] << 12) | entry.mode, uid: entry.uid, gid: entry.gid },
          ...{ mtimeMs: ms, ctimeMs: ms, birthtimeMs: ms },
        },
        entry.path,
      );
      if (entry.kind === 'file') assert.ok(readFileSync(place).equals(bytesIn(entry)), entry.path);
      if (entry.kind === 'symlink') assert.equal(readlinkSync(place, 'latin1'), entry.target);
      if (entry.path === 'null') assert.equal(rdev, (1 << 8) | 3);
    }
    assert.equal(output('stat', ['-c', '%t %T', join(root, 'nvme')]).trim(), '103 493e0');
    assert.deepEqual([lstatSync(join(root, 'usr/two')).nlink, lstatSync(join(root, 'links/7')).nlink], [2, 300]);
    assert.equal(lstatSync(join(root, 'usr')).nlink, 3);
    assert.equal(lstatSync(join(root, 'lost+found')).mode, 0o40700);
    if (missing('getfattr') === false) {
      const shown = output('getfattr', ['-dR', '-m', '-', '-e', 'hex', '--absolute-names', join(root, 'ping')]);
      assert.match(shown, /security\.capability=0x0100000200200000/);
      assert.match(shown, /user\.note=0x68656c6c6f/);
      const one = (name: string): string =>
        output('getfattr', ['-n', name, '--only-values', '--absolute-names', join(root, 'attributes')]);
      assert.deepEqual(['trusted.nothing', 'user.apple', 'user.bee', 'user.zoo'].map(one), [
        '',
        '1',
        '12345',
        '\x07'.repeat(3000),
      ]);
    }
  });
});

test('what is written there stays, in folders and files that were there too', needsMount, async (t) => {
  const folder = scratch(t);
  const image = join(folder, 'image');
  const names = Array.from({ length: 500 }, (_, n) => `name-${n}`);
  await write(image, [...everything(), ...names.map((name) => file(`large/${name}`, name))]);
  const noise = Buffer.alloc(30_000_000, 'noise');
  mounted(folder, image, (root) => {
    for (const n of names.keys()) {
      writeFileSync(join(root, 'large', `new-${n}`), `${n}`);
      mkdirSync(join(root, 'empty', `folder-${n}`));
    }
    writeFileSync(join(root, 'noise'), noise);
    const fd = openSync(join(root, 'usr/long-comb'), 'r+');
    writeSync(fd, Buffer.alloc(BLOCK * 3000, 1), 0, BLOCK * 3000, 0);
    closeSync(fd);
    output('sh', ['-c', 'rm "$1/large/name-"?; setcap cap_net_raw=ep "$1/usr/one"', 'sh', root]);
  });
  mounted(folder, image, (root) => {
    assert.ok(readFileSync(join(root, 'noise')).equals(noise));
    assert.equal(readdirSync(join(root, 'large')).length, 990);
    assert.equal(readFileSync(join(root, 'large/new-499'), 'utf8'), '499');
    const comb = combed(8000).fill(1, 0, BLOCK * 3000);
    assert.ok(readFileSync(join(root, 'usr/long-comb')).equals(comb));
  });
});

test('it grows to the size of its disk', { skip: needsTools.skip || missing('resize2fs') }, async (t) => {
  const folder = scratch(t);
  const image = join(folder, 'image');
  const { sizeBytes } = await write(image, everything());
  const before = listedIn(dumped(t, image));
  for (const size of [sizeBytes * 2, sizeBytes * 40, 2 ** 40]) {
    truncateSync(image, size);
    output('resize2fs', [image]);
    checked(image);
    assert.match(output('dumpe2fs', ['-h', image]), new RegExp(`Block count: +${Math.floor(size / BLOCK)}\n`));
  }
  assert.deepEqual(listedIn(dumped(t, image)), before);
});

test('it is right on a disk that had something else, copied there without its holes', needsTools, async (t) => {
  const folder = scratch(t);
  const [image, disk] = [join(folder, 'image'), join(folder, 'disk')];
  // The last group is a whole one, and empty as most are.
  const { sizeBytes } = await write(image, everything(), { sizeBytes: 5 << 27 });
  writeFileSync(disk, '');
  for (let at = 0; at < sizeBytes; at += 1 << 27) writeFileSync(disk, Buffer.alloc(1 << 27, 0xa5), { flag: 'a' });
  output('dd', [`if=${image}`, `of=${disk}`, 'bs=4096', 'conv=sparse,notrunc']);
  checked(disk);
  assert.deepEqual(listedIn(dumped(t, disk)), listedIn(dumped(t, image)));
  if (!canMount) return;
  mounted(folder, disk, (root) => {
    for (let n = 0; n < 40_000; n++) writeFileSync(join(root, 'empty', `${n}`), '');
    writeFileSync(join(root, 'large'), Buffer.alloc(300 << 20, 1));
  });
});

test('sizes: what is asked for is had, and what is said to be enough is enough', needsTools, async (t) => {
  const folder = scratch(t);
  const image = join(folder, 'image');
  const groupBytes = 1 << 27;
  // Around the ends of groups, where a last one may be too short for its tables; many groups; and no whole blocks.
  for (const sizeBytes of [
    40e6,
    groupBytes,
    groupBytes + BLOCK,
    groupBytes + 5e6,
    4 * groupBytes + 9e5 + 1,
    17 * groupBytes + 3e7,
    40e9,
  ]) {
    const laid = await write(image, everything(), { sizeBytes });
    assert.equal(laid.sizeBytes, Math.floor(sizeBytes / BLOCK) * BLOCK);
    checked(image);
  }
  const text = await refusal(folder, () => layout(everything(), { sizeBytes: 1e6 }));
  const needed = Number(/and (\d+) are enough/.exec(text)![1]);
  await write(image, everything(), { sizeBytes: needed });
  checked(image);
  await assert.rejects(layout(everything(), { sizeBytes: needed - (1 << 20) }), /too small for what goes there/);
  await assert.rejects(layout([], { sizeBytes: 2 ** 45 }), /more than the format holds/);
});

test('many files without a byte have their inodes', needsTools, async (t) => {
  const image = join(scratch(t), 'image');
  const entries = Array.from(
    { length: 70_000 },
    (_, n): ImageEntry => ({ ...common, path: `${n % 50}/${n}`, kind: 'symlink', target: 'x' }),
  );
  await write(image, entries);
  checked(image);
  const tight = /and (\d+) are enough/.exec(await refusal('', () => layout(entries, { sizeBytes: 1 << 20 })))![1];
  await write(image, entries, { sizeBytes: Number(tight) });
  checked(image);
});

test('gigabytes of nothing take no room and are read as such', needsTools, async (t) => {
  const folder = scratch(t);
  const [source, image] = [join(folder, 'source'), join(folder, 'image')];
  const length = 2 ** 31 + 5000;
  const fd = openSync(source, 'w');
  ftruncateSync(fd, length);
  for (const at of [0, 70_000, 2 ** 30, length - 3]) writeSync(fd, 'abc', at);
  closeSync(fd);
  const { sizeBytes } = await write(image, [file('sparse', { file: source, sizeBytes: length })]);
  checked(image);
  assert.ok(sizeBytes < 300e6 && statSync(image).blocks * 512 < 2e6);
  output('debugfs', ['-R', `dump sparse ${folder}/out`, image]);
  output('cmp', [source, join(folder, 'out')]);
});

test('times behind 2038 are kept', needsTools, async (t) => {
  const image = join(scratch(t), 'image');
  for (const [seconds, shown] of [
    [2 ** 31 - 1, '2038'],
    [2 ** 31, '2038'],
    [2 ** 32 - 1, '2106'],
    [4_354_819_198, '2107'],
  ] as const) {
    await write(image, [file('x', 'x')], { seconds, sizeBytes: 16e6 });
    assert.match(output('debugfs', ['-R', 'stat x', image]), new RegExp(`mtime: .* ${shown}\n`));
    const { stdout } = run('e2fsck', ['-fn', image]);
    assert.doesNotMatch(stdout, /checksum|[Ii]node \d/);
  }
});

test('random trees come back as they were', needsTools, async (t) => {
  const name = fc.oneof(fc.stringMatching(/^[a-z]{1,3}$/), fc.stringMatching(/^[a-z]{200,255}$/));
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.tuple(fc.nat(300_000), fc.nat(255)).map(([length, byte]) => Buffer.alloc(length, byte)),
    fc
      .array(fc.boolean(), { maxLength: 1500 })
      .map((blocks) => Buffer.concat(blocks.map((some) => Buffer.alloc(BLOCK, some ? 1 : 0)))),
  );
  const trees = fc.letrec((tie) => ({
    tree: fc.dictionary(name, fc.oneof({ maxDepth: 3 }, content, fc.constant('link'), tie('tree')), { maxKeys: 6 }),
  })).tree;
  const entriesOf = (tree: object, below: string): ImageEntry[] =>
    Object.entries(tree).flatMap(([key, value]): ImageEntry[] => {
      const path = below === '' ? key : `${below}/${key}`;
      const target = 'y'.repeat(1 + ((key.length * 37) % 200));
      if (value === 'link') return [{ ...common, path, kind: 'symlink', mode: 0o777, target }];
      return value instanceof Uint8Array ? [file(path, value)] : [directory(path), ...entriesOf(value as object, path)];
    });
  await fc.assert(
    fc.asyncProperty(trees, fc.nat(3), async (tree, size) => {
      const folder = scratch(t);
      const [image, expected] = [join(folder, 'image'), join(folder, 'expected')];
      const entries = entriesOf(tree as object, '');
      await write(image, entries, size === 0 ? {} : { sizeBytes: 60e6 * size });
      checked(image);
      mkdirSync(expected);
      for (const entry of entries) {
        const place = join(expected, entry.path);
        if (entry.kind === 'directory') mkdirSync(place);
        else if (entry.kind === 'file') writeFileSync(place, bytesIn(entry), { mode: 0o644 });
        else if (entry.kind === 'symlink') spawnSync('ln', ['-s', entry.target, place]);
      }
      assert.deepEqual(listedIn(dumped(t, image)), listedIn(expected));
    }),
    { numRuns: 25 },
  );
});

test('the same bytes, in whatever order the entries come, and wherever in a file they stand', async (t) => {
  const folder = scratch(t);
  await write(join(folder, 'a'), everything(), { sizeBytes: 64e6 });
  await write(join(folder, 'b'), everything().reverse(), { sizeBytes: 64e6 });
  const bytes = readFileSync(join(folder, 'a'));
  assert.ok(bytes.equals(readFileSync(join(folder, 'b'))));
  const laid = await layout(everything(), { sizeBytes: 64e6 });
  await made(join(folder, 'c'), async (image) => {
    image.write(Buffer.from('something before'));
    await written(image, laid);
    image.write(Buffer.from('end'));
  });
  assert.ok(readFileSync(join(folder, 'c')).equals(Buffer.concat([Buffer.from('something before'), bytes, Buffer.from('end')])));
});

test('another content, name or mode is another file system', async () => {
  const uuids = await Promise.all([
    layout([file('a', 'x')]),
    layout([file('a', 'y')]),
    layout([file('b', 'x')]),
    layout([file('a', 'x', { mode: 0o600 })]),
    layout([file('a', 'x', { attributes: new Map([['user.a', Buffer.from('b')]]) })]),
    layout([file('a', 'x')], { name: 'other' }),
  ]);
  assert.equal(new Set(uuids.map(({ uuid }) => uuid)).size, uuids.length);
});

test('a file that changes between two looks is no part of an image', async (t) => {
  const folder = scratch(t);
  const source = join(folder, 'source');
  writeFileSync(source, Buffer.alloc(3 * BLOCK));
  const laid = await layout([file('x', { file: source, sizeBytes: 3 * BLOCK })]);
  writeFileSync(source, Buffer.alloc(3 * BLOCK, 1));
  await assert.rejects(
    made(join(folder, 'image'), (image) => written(image, laid)),
    /changed while an image was made of it/,
  );
  writeFileSync(source, 'x');
  await assert.rejects(layout([file('x', { file: source, sizeBytes: 3 * BLOCK })]), /changed while an image was made of it/);
  assert.deepEqual(readdirSync(folder), ['source']);
});

test('what it cannot hold is refused', async (t) => {
  const folder = scratch(t);
  const refused = (...entries: ImageEntry[]): Promise<string> => refusal(folder, () => layout(entries));
  assert.match(await refused(file('lost+found', 'x')), /E-IMG-002.*'\/lost\+found' cannot be in an image: there stands a folder/);
  assert.match(await refused(file('n'.repeat(256), 'x')), /E-IMG-003/);
  const value = new Map([['user.x', Buffer.alloc(4100)]]);
  assert.match(
    await refused(file('x', 'x', { attributes: value })),
    /E-IMG-003.*attributes[\s\S]*4064 bytes of them for each file/,
  );
  const acl = new Map([['system.posix_acl_access', Buffer.alloc(4)]]);
  assert.match(await refused(file('x', 'x', { attributes: acl })), /attributes of user, trusted and security/);
  const many = Array.from({ length: 65_001 }, (_, n) => file(`${n}`, 'x', { link: 'a' }));
  assert.match(await refused(...many), /65000 names of one file/);
});

test('who is stopped leaves nothing, and who waits hears how far it is', async (t) => {
  const folder = scratch(t);
  const controller = new AbortController();
  const { signal } = controller;
  const large = Array.from({ length: 3 }, (_, n) => file(`${n}`, Buffer.alloc(1 << 25, 1)));
  const laid = await layout(large);
  const heard: number[] = [];
  const onBytes = (done: number, total: number): void => void heard.push(done / total);
  await made(join(folder, 'image'), (image) => {
    image.zeros(laid.sizeBytes);
    return laid.write(image, 0, { onBytes });
  });
  assert.ok(heard.length >= 2 && heard.every((part) => part > 0 && part <= 1), `${heard}`);
  controller.abort(new Error('enough'));
  await assert.rejects(layout(large, { signal }), /enough/);
  const stopped = made(join(folder, 'other'), (image) => {
    image.zeros(laid.sizeBytes);
    return laid.write(image, 0, { signal });
  });
  await assert.rejects(stopped, /enough/);
  assert.deepEqual(readdirSync(folder), ['image']);
});
