/** File systems that can be written to, read back by e2fsprogs. By Linux, and what takes longer: `ext4.slow.test.ts`. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { extentsOf, extentTree, maxExtents, treeBlocksFor } from '../../image/ext4/extents.ts';
import { geometryFor } from '../../image/ext4/geometry.ts';
import { placeGroups } from '../../image/ext4/groups.ts';
import { Space } from '../../image/ext4/space.ts';
import type { ImageEntry } from '../../image/index.ts';
import {
  BLOCK,
  bytesIn,
  checked,
  common,
  directory,
  dumped,
  everything,
  file,
  layout,
  listedIn,
  needsTools,
  write,
  written,
} from './ext4-support.ts';
import { made, output, refusal, run, scratch } from './support.ts';

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

test('a tree of extents has as many blocks as were counted for it before', () => {
  for (const n of [0, 1, 4, 5, 340, 341, 4 * 340, 4 * 340 + 1, 340 * 340 + 1]) {
    const extents = Array.from({ length: n }, (_, at) => ({ logical: 2 * at, start: 3 * at, count: 1 }));
    const taken = { n: 0 };
    assert.equal(extentTree(extents, 0, () => taken.n++).blocks.length, treeBlocksFor(n), `${n}`);
    assert.equal(taken.n, treeBlocksFor(n));
  }
});

test('what is said to have room has it, to the last block, however many tables a file goes on behind', () => {
  for (const groups of [1, 2, 3, 4, 16, 17, 330, 338]) {
    const sizeBytes = groups * (1 << 27) - 5e6;
    const fits = (blocks: number): boolean => {
      try {
        return geometryFor({ blocks, inodes: 1 }, sizeBytes).blocks > 0;
      } catch {
        return false;
      }
    };
    let [most, tooMany] = [1, Math.ceil(sizeBytes / BLOCK)];
    while (tooMany - most > 1) {
      const middle = (most + tooMany) >> 1;
      if (fits(middle)) most = middle;
      else tooMany = middle;
    }
    const geometry = geometryFor({ blocks: most, inodes: 1 }, sizeBytes);
    const space = new Space(geometry.blocks);
    placeGroups(geometry, space);
    const takeBlock = (): number => space.take(1)[0]!.start;
    takeBlock();
    space.take(geometry.journalBlocks);
    const content = most - treeBlocksFor(maxExtents([most]));
    extentTree(extentsOf(0, space.take(content)), 0, takeBlock);
  }
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

test('devices have their numbers, however large', needsTools, async (t) => {
  const image = join(scratch(t), 'image');
  const devices = [
    [1, 3],
    [255, 255],
    [8, 256],
    [256, 1],
    [259, 300_000],
    [4095, 2 ** 20 - 1],
  ] as const;
  const entries = devices.map(
    ([major, minor]): ImageEntry => ({ ...common, path: `${major}-${minor}`, kind: 'block', major, minor }),
  );
  await write(image, entries, { sizeBytes: 16e6 });
  checked(image);
  for (const [major, minor] of devices) {
    const shown = output('debugfs', ['-R', `stat ${major}-${minor}`, image]);
    assert.match(shown, new RegExp(`number: 0*${major}:0*${minor} `));
  }
});

test('attributes fill the room in an inode, or a block, to its last byte', needsTools, async (t) => {
  const image = join(scratch(t), 'image');
  const withValue = (length: number): ImageEntry =>
    file(`${length}`, 'x', { attributes: new Map([['user.x', Buffer.alloc(length, 'abc')]]) });
  // 96 bytes less four at either end and an entry of 20; 4096 less the header, the end and the entry.
  const lengths = [67, 68, 69, 72, 73, 4037, 4040];
  await write(image, lengths.map(withValue), { sizeBytes: 16e6 });
  checked(image);
  const isInInode = (length: number): boolean => /\nFile ACL: 0\n/.test(output('debugfs', ['-R', `stat ${length}`, image]));
  assert.deepEqual(lengths.filter(isInInode), [67, 68]);
  for (const length of lengths)
    assert.match(output('debugfs', ['-R', `ea_get ${length} user.x`, image]), new RegExp(`"${'abc'.repeat(20)}`));
  await assert.rejects(layout([withValue(4041)]), { code: 'E-IMG-003' });
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
  const named = (length: number) => ({ attributes: new Map([[`user.${'n'.repeat(length - 5)}`, new Uint8Array(1)]]) });
  await layout([file('x', 'x', named(255))]);
  assert.match(await refused(file('x', 'x', named(256))), /E-IMG-003[\s\S]*names of 255 bytes/);
  const many = Array.from({ length: 65_001 }, (_, n) => file(`${n}`, 'x', { link: 'a' }));
  assert.match(await refused(...many), /65000 names of one file/);
});

test('who is stopped leaves nothing, and who waits hears how far it is', async (t) => {
  const folder = scratch(t);
  const controller = new AbortController();
  const { signal } = controller;
  const large = [file('x', Buffer.alloc(3 << 25, 1))];
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
