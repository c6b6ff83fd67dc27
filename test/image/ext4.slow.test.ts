/** File systems that can be written to: what Linux says of them, how they grow, and large ones. */
import assert from 'node:assert/strict';
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
import type { ImageEntry } from '../../image/index.ts';
import {
  BLOCK,
  bytesIn,
  canMount,
  checked,
  combed,
  common,
  dumped,
  everything,
  file,
  layout,
  listedIn,
  mounted,
  needsMount,
  needsTools,
  SECONDS,
  write,
} from './ext4-support.ts';
import { missing, output, refusal, scratch } from './support.ts';

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

/** Copies an image to a disk, but for blocks of zeros. */
const copySparse = (image: string, disk: string): string =>
  output('dd', [`if=${image}`, `of=${disk}`, 'bs=4096', 'conv=sparse,notrunc']);

// The last group is nearly nothing, or a whole one and empty as most are.
for (const wanted of [(1 << 27) + 3e6, 5 << 27])
  test(
    `it is right on a disk of ${wanted} bytes that had something else, copied there without its holes`,
    needsTools,
    async (t) => {
      const folder = scratch(t);
      const [image, disk] = [join(folder, 'image'), join(folder, 'disk')];
      const { sizeBytes } = await write(image, everything(), { sizeBytes: wanted });
      writeFileSync(disk, '');
      for (let at = 0; at < sizeBytes; at += 1 << 27) writeFileSync(disk, Buffer.alloc(1 << 27, 0xa5), { flag: 'a' });
      copySparse(image, disk);
      checked(disk);
      assert.deepEqual(listedIn(dumped(t, disk)), listedIn(dumped(t, image)));
      if (!canMount) return;
      mounted(folder, disk, (root) => {
        for (let n = 0; n < sizeBytes / 20_000; n++) writeFileSync(join(root, 'empty', `${n}`), '');
        writeFileSync(join(root, 'large'), Buffer.alloc(Math.floor(sizeBytes / 2.2), 1));
      });
    },
  );

test('what an earlier life of the disk left where the journal is, is not taken for its own', needsMount, async (t) => {
  const folder = scratch(t);
  const [earlier, later, disk, crashed] = ['earlier', 'later', 'disk', 'crashed'].map((name) => join(folder, name));
  const place = join(folder, 'place');
  mkdirSync(place);
  const live = (image: string, look: () => void): void => {
    output('mount', ['-o', 'loop', image, place]);
    try {
      look();
    } finally {
      output('umount', [place]);
    }
  };
  /** Each is a transaction of its own. */
  const folders = (count: number): void => {
    for (let n = 0; n < count; n++) output('sh', ['-c', 'mkdir "$1/$2"; sync -f "$1"', 'sh', place, `${n}`]);
  };
  await write(earlier!, [file('a', 'earlier')], { sizeBytes: 1 << 28 });
  await write(later!, [file('a', 'later')], { sizeBytes: 1 << 28 });
  output('cp', ['--sparse=always', earlier!, disk!]);
  live(disk!, () => folders(6));
  copySparse(later!, disk!);
  live(disk!, () => {
    folders(2);
    // As it stands when the power goes.
    output('cp', ['--sparse=always', disk!, crashed!]);
  });
  mounted(folder, crashed!, (root) => {
    assert.deepEqual(new Set(readdirSync(root)), new Set(['0', '1', 'a', 'lost+found']));
    assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'later');
  });
});

test('up to 16 TiB', needsTools, async (t) => {
  const image = join(scratch(t), 'image');
  // From 8 TiB on there is less room for descriptors than a block has numbers.
  for (const [sizeBytes, reserved] of [
    [8 * 2 ** 40, '1024'],
    [9 * 2 ** 40, '896'],
    [2 ** 44 - BLOCK, '0'],
  ] as const) {
    await write(image, [file('a', 'x')], { sizeBytes });
    const shown = output('dumpe2fs', ['-h', image]);
    assert.match(shown, new RegExp(`Block count: +${sizeBytes / BLOCK}\n`));
    assert.equal(/Reserved GDT blocks: +(\d+)/.exec(shown)?.[1] ?? '0', reserved);
    assert.match(output('debugfs', ['-R', 'cat a', image]), /x/);
  }
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
