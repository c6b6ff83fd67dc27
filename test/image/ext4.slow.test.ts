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
