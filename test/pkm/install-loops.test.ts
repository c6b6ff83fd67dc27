/** The loops that threads of the C library run to make files and to rename them: each does what it is told, and says what it could not. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { imageFromArchive } from '../../pkm/archive/read-archive.ts';
import { type RootIo, realIo } from '../../pkm/index.ts';
import { discardingIo } from '../../pkm/io.ts';
import { FileMaker, type NewFile, settleFiles } from '../../pkm/loops/creation.ts';
import { startInflation } from '../../pkm/loops/inflating.ts';
import { CREATION, INFLATING, RENAMING } from '../../pkm/loops/machine-code.ts';
import { startMoves } from '../../pkm/loops/renaming.ts';
import { temporaryFolder } from '../store/fixture.ts';
import { testListings } from '../store/listings.ts';
import { Sandbox } from './support.ts';
import { paxMember, tarOf } from './tar-bytes.ts';

const TIME = 1_700_000_000;
const skip = FileMaker.open('/', TIME)?.end() === undefined ? `no loop for ${process.platform} on ${process.arch}` : false;

const textOf = (n: number, length: number): Buffer => Buffer.from(`${n} `.repeat(length).slice(0, length));

test('files are made as they shall be, few and many', { skip }, (t) => {
  for (const [nFiles, length] of [
    [1, 0],
    [63, 5],
    [64, 4096],
    [65, 4095],
    [1000, 100],
    [70, 1 << 19], // more than may wait
  ] as const) {
    const folder = temporaryFolder(t);
    const maker = FileMaker.open(folder, TIME)!;
    for (let n = 0; n < nFiles; n++) {
      maker.add({ name: n % 3 === 0 ? `${n}` : `ü${n}`, data: textOf(n, length), mode: n % 2 === 0 ? 0o644 : 0o755 });
    }
    assert.deepEqual(maker.end(), []);
    const names = readdirSync(folder);
    assert.equal(names.length, nFiles);
    for (const name of names) {
      const n = Number(name.replace('ü', ''));
      const { mode, mtimeMs, size } = lstatSync(join(folder, name));
      assert.deepEqual([mode, mtimeMs, size], [n % 2 === 0 ? 0o100644 : 0o100755, TIME * 1000, length], name);
      assert.ok(readFileSync(join(folder, name)).equals(textOf(n, length)), name);
    }
  }
});

test('what stands in the way stays, and is told', { skip }, (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), 'mine');
  mkdirSync(join(folder, 'folder'));
  symlinkSync('elsewhere', join(folder, 'link'));
  const names = ['before', 'file', 'folder', 'link', 'no/folder', 'after'];
  const files = names.map((name): NewFile => ({ name, data: Buffer.from(name), mode: 0o644 }));
  const maker = FileMaker.open(folder, TIME)!;
  for (const file of files) maker.add(file);
  assert.deepEqual(
    maker.end().map(({ name }) => name),
    ['file', 'folder', 'link', 'no/folder'],
  );
  assert.equal(readFileSync(join(folder, 'file'), 'utf8'), 'mine');
  assert.equal(existsSync(join(folder, 'elsewhere')), false);
  assert.equal(readFileSync(join(folder, 'after'), 'utf8'), 'after');
  assert.deepEqual(maker.end(), []);
});

test('several makers end alone or together', { skip }, (t) => {
  const makers = Array.from({ length: 5 }, () => {
    const folder = temporaryFolder(t);
    return { folder, maker: FileMaker.open(folder, TIME)! };
  });
  for (let n = 0; n < 300; n++) makers[n % 5]!.maker.add({ name: `${n}`, data: textOf(n, 1000), mode: 0o644 });
  assert.deepEqual(makers[3]!.maker.end(), []);
  settleFiles(); // those that nobody handed over are not made, and told
  assert.deepEqual(
    makers.map(({ folder, maker }) => [readdirSync(folder).length, maker.end().length]),
    [0, 1, 2, 3, 4].map((n) => (n === 3 ? [60, 0] : [0, 60])),
  );
  assert.equal(FileMaker.open(join(makers[0]!.folder, 'none'), TIME), undefined);
});

test('a file that a thread could not make is made again, or why not is said', { skip }, async (t) => {
  const members = Array.from({ length: 80 }, (_, n) => ({ name: `usr/share/p/${n}`, data: `${n} `.repeat(1000) }));
  const archive = gzipSync(tarOf([{ name: '.PKGINFO', data: 'pkgname = p\npkgver = 1\n' }, ...members]));
  const inTheWay =
    (put: (path: string) => void): RootIo['fileMaker'] =>
    (folder, time) => {
      const isFirst = basename(folder) === 'x0' && !existsSync(join(folder, '7'));
      if (isFirst) put(join(folder, '7'));
      return realIo.fileMaker(folder, time);
    };
  const box = new Sandbox(t);
  const file = join(box.base, 'p.igos.tar.gz');
  writeFileSync(file, archive);
  const install = (fileMaker: RootIo['fileMaker']): Promise<unknown> =>
    box.do(async (root) => root.install(await root.readArchives([file]), { archiveTrust: 'loose' }), {
      io: { ...realIo, fileMaker },
    });
  await assert.rejects(install(inTheWay((path) => mkdirSync(path))), /EISDIR|EPERM|is a directory|not permitted/i);
  assert.equal(existsSync(box.path('var/lib/igos/staging')), false);
  assert.equal(existsSync(box.path('usr/share/p/0')), false);
  await install(inTheWay((path) => writeFileSync(path, 'part')));
  for (const { name, data } of members) assert.equal(box.read(name), data, name);
  assert.deepEqual(
    box.do((root) => root.verify().problems),
    [],
  );
});

test('of several archives one cannot be read, and that is said once it is its turn', async (t) => {
  const box = new Sandbox(t);
  const file = join(box.base, 'p.igos.tar.gz');
  const data = 'x'.repeat(200_000);
  writeFileSync(
    file,
    gzipSync(
      tarOf([
        { name: '.PKGINFO', data: 'pkgname = p\npkgver = 1\n' },
        { name: 'a', data },
        { name: 'b', data },
      ]),
    ),
  );
  await assert.rejects(
    box.do((root) => root.readArchives([file, join(box.base, 'none'), file])),
    /ENOENT|does not exist|no such file/,
  );
  assert.equal(existsSync(box.path('var/lib/igos/staging')), false);
});

test('a long archive that is only looked at needs no folder', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'p.igos.tar.gz');
  const members = ['a', 'etc/b', 'c', 'd'].map((name) => ({ name, data: name.repeat(100_000) }));
  writeFileSync(file, gzipSync(tarOf([{ name: '.PKGINFO', data: 'pkgname = p\npkgver = 1\n' }, ...members])));
  const options = { folder: join(folder, 'none'), io: discardingIo, mtimeSeconds: TIME, isOnlyLookedAt: true };
  const { entries } = await imageFromArchive(file, options);
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['a', 'c', 'd', 'etc', 'etc/b'],
  );
  assert.deepEqual(readdirSync(folder), ['p.igos.tar.gz']);
});

test('files get their owners, modes and times, whoever writes them', async (t) => {
  const isRoot = process.geteuid?.() === 0;
  const box = new Sandbox(t);
  const file = join(box.base, 'p.igos.tar.gz');
  const members = Array.from({ length: 90 }, (_, n) => {
    const [gid, uid] = [n % 3 === 0 ? 5 : 0, n % 10 === 0 ? 2 : 0];
    return {
      gid,
      uid,
      spec: { name: `usr/share/p/${n}`, data: `${n} `.repeat(1000), mode: [0o644, 0o755, 0o600, 0o666][n % 4]! },
    };
  });
  const specs = members.flatMap(({ gid, uid, spec }) => [paxMember({ gid: `${gid}`, uid: `${uid}` }), spec]);
  writeFileSync(file, gzipSync(tarOf([{ name: '.PKGINFO', data: 'pkgname = p\npkgver = 1\n' }, ...specs])));
  for (const parentMode of [0o755, 0o2755]) {
    box.do(() => {});
    chmodSync(box.path('var/lib/igos'), parentMode);
    const options = { now: () => TIME };
    await box.do(async (root) => root.install([await root.readArchive(file)], { archiveTrust: 'loose' }), options);
    for (const { gid, uid, spec } of members) {
      const { mode, mtimeMs, ...found } = lstatSync(box.path(spec.name));
      assert.deepEqual([mode & 0o7777, mtimeMs], [spec.mode, TIME * 1000], spec.name);
      if (isRoot) assert.deepEqual([found.uid, found.gid], [uid, gid], spec.name);
    }
    box.do((root) => root.remove(['p']));
  }
});

test('names are changed, and what could not be is told', { skip }, (t) => {
  for (const nMoves of [3, 700]) {
    const folder = temporaryFolder(t);
    for (const name of ['from', 'to', 'to/full', 'to/full/x']) mkdirSync(join(folder, name));
    const moves = Array.from({ length: nMoves }, (_, n) => ({ from: `from/${n}`, to: n % 2 === 0 ? `to/ü${n}` : `to/${n}` }));
    for (const { from } of moves) writeFileSync(join(folder, from), from);
    writeFileSync(join(folder, 'to/1'), 'replaced');
    const odd = [
      { from: 'from/none', to: 'to/none' },
      { from: 'from/0', to: 'none/0' },
      { from: 'from', to: 'to/full' },
    ];
    const atWork = startMoves(folder, [...odd, ...moves])!;
    assert.deepEqual(atWork.end(), [0, 1, 2]);
    assert.deepEqual(readdirSync(join(folder, 'from')), []);
    for (const { from, to } of moves) assert.equal(readFileSync(join(folder, to), 'utf8'), from);
  }
  assert.equal(startMoves('/', []), undefined);
  assert.equal(startMoves(join(temporaryFolder(t), 'none'), [{ from: 'a', to: 'b' }]), undefined);
});

test('a folder that may not be written to gets nothing', { skip }, (t) => {
  const folder = temporaryFolder(t);
  chmodSync(folder, 0o500);
  const maker = FileMaker.open(folder, TIME)!;
  // Root may write everywhere: the folder is of another user than the one who tries then.
  const isRoot = process.geteuid!() === 0;
  if (isRoot) process.seteuid!(65_534);
  try {
    maker.add({ name: 'a', data: Buffer.from('a'), mode: 0o644 });
    assert.equal(maker.end().length, 1);
  } finally {
    if (isRoot) process.seteuid!(0);
  }
  chmodSync(folder, 0o700);
  assert.deepEqual(readdirSync(folder), []);
});

testListings('the loop that makes files', CREATION);
testListings('the loop that renames files', RENAMING);
testListings('the call that takes a text out of its frame', INFLATING);

test('texts come out of their frames whole, or not at all', { skip }, () => {
  const most = 1 << 20;
  const textOfLength = (length: number): Buffer => Buffer.from(Array.from({ length }, (_, n) => (n * n) % 251));
  const running = [1, 1000, most].map((length) => ({
    text: textOfLength(length),
    inflation: startInflation(gzipSync(textOfLength(length)), most)!,
  }));
  for (const { text, inflation } of running) assert.ok(inflation.end()!.equals(text), `${text.length}`);
  const frame = gzipSync(textOfLength(100_000));
  const changed = (at: number, byte: number): Buffer => {
    const other = Buffer.from(frame);
    other[at] = byte;
    return other;
  };
  for (const [what, packed] of Object.entries({
    'no frame': changed(0, 0),
    'a damaged text': changed(frame.length >> 1, frame[frame.length >> 1]! ^ 0xff),
    'another checksum': changed(frame.length - 5, frame[frame.length - 5]! ^ 1),
    'a length that is too small': changed(frame.length - 4, 1),
    'a length that is too large': changed(frame.length - 4, frame[frame.length - 4]! + 1),
    'a text that is cut off': Buffer.concat([frame.subarray(0, 1000), frame.subarray(-8)]),
    'two frames': Buffer.concat([frame, frame]),
    'a frame and more': Buffer.concat([frame, frame.subarray(-8)]),
  }))
    assert.equal(startInflation(packed, most)!.end(), undefined, what);
  assert.equal(startInflation(gzipSync(textOfLength(most + 1)), most), undefined);
  assert.equal(startInflation(gzipSync(''), most), undefined);
  assert.equal(startInflation(frame.subarray(0, 10), most), undefined);
});

test('an archive in two frames is read, and so is one whose frame says that it is short', async (t) => {
  const tar = tarOf([
    { name: '.PKGINFO', data: 'pkgname = p\npkgver = 1\n' },
    { name: 'a', data: 'x'.repeat(200_000) },
  ]);
  const folder = temporaryFolder(t);
  const file = join(folder, 'p.igos.tar.gz');
  writeFileSync(file, Buffer.concat([gzipSync(tar.subarray(0, 1000)), gzipSync(tar.subarray(1000))]));
  const options = { folder: join(folder, 'x'), io: realIo, mtimeSeconds: TIME };
  const { entries } = await imageFromArchive(file, options);
  assert.deepEqual(
    entries.map(({ path, sizeBytes }) => [path, sizeBytes]),
    [['a', 200_000]],
  );
  const frame = gzipSync(tar);
  frame.writeUInt32LE(100, frame.length - 4);
  writeFileSync(file, frame);
  await assert.rejects(imageFromArchive(file, { ...options, folder: join(folder, 'y') }), { code: 'E-PKM-023' });
});
