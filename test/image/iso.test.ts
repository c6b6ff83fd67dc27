import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToText, textToBytes } from '../../base/index.ts';
import { guidOf, type IsoEntry, type IsoOptions, layoutFat, layoutIso } from '../../image/index.ts';
import { golden } from '../golden.ts';
import { bytesOfLayout, faultText, mounted, told, withHoles, written } from './media.ts';
import { missing, scratch } from './support.ts';

const MIB = 1 << 20;
const timeSeconds = 1_700_000_001;
const esp = layoutFat([{ path: 'EFI/BOOT/BOOTX64.EFI', kind: 'file', content: Buffer.alloc(70_000, 'efi') }], {
  label: 'IGOS_ESP',
  serial: 1,
  timeSeconds,
});
const options: IsoOptions = { label: 'IGOS_Live-1.0', timeSeconds, esp, diskGuid: guidOf('test', 'iso') };
const file = (path: string, content: string | Uint8Array = path, mode = 0o644): IsoEntry => ({
  path: textToBytes(path),
  kind: 'file',
  mode,
  content: Buffer.from(content),
});
const folder = (path: string, mode = 0o755): IsoEntry => ({ path: textToBytes(path), kind: 'directory', mode });
const link = (path: string, target: string): IsoEntry => ({
  path: textToBytes(path),
  kind: 'symlink',
  mode: 0o777,
  target: textToBytes(target),
});
const noTools = missing('xorriso', 'sgdisk', 'file');
const noBsdtar = missing('bsdtar');

/** Paths with type, mode, and what is there. Modes of links mean nothing. */
function treeOf(root: string, below = ''): [string, string, Buffer | string][] {
  return readdirSync(join(root, below)).flatMap((name): [string, string, Buffer | string][] => {
    const path = below === '' ? name : `${below}/${name}`;
    const { mode } = lstatSync(join(root, path));
    if ((mode & 0o170000) === 0o120000) return [[path, 'symlink', readlinkSync(join(root, path))]];
    const isFolder = (mode & 0o170000) === 0o040000;
    const own: [string, string, Buffer | string] = [
      path,
      (mode & 0o7777).toString(8),
      isFolder ? '' : readFileSync(join(root, path)),
    ];
    return isFolder ? [own, ...treeOf(root, path)] : [own];
  });
}

function treeOfEntries(entries: readonly IsoEntry[]): [string, string, Buffer | string][] {
  const found = new Map<string, [string, string, Buffer | string]>();
  for (const entry of entries) {
    const path = bytesToText(entry.path);
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const own = path.slice(0, slash);
      if (!found.has(own)) found.set(own, [own, '755', '']);
    }
    if (entry.kind === 'symlink') found.set(path, [path, 'symlink', bytesToText(entry.target)]);
    else found.set(path, [path, entry.mode.toString(8), entry.kind === 'file' ? Buffer.from(entry.content as Uint8Array) : '']);
  }
  return [...found.values()];
}

const sorted = <R extends readonly [string, ...unknown[]]>(rows: R[]): R[] =>
  rows.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));

/** Has others read an image, and holds what they read against what was put there. Whether the kernel was among them. */
function check(work: string, image: string, entries: readonly IsoEntry[]): boolean {
  const out = join(work, 'extracted');
  told('sh', ['-c', 'test ! -e "$1" || chmod -R u+rwX "$1"', 'sh', out]);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  const said = told('xorriso', ['-osirrox', 'on', '-abort_on', 'WARNING', '-indev', `stdio:${image}`, '-extract', '/', out]);
  assert.doesNotMatch(said, /(WARNING|SORRY|FAILURE|FATAL) :/);
  assert.deepEqual(sorted(treeOf(out)), sorted(treeOfEntries(entries)));
  if (noBsdtar === false) {
    rmSync(out, { recursive: true, force: true });
    mkdirSync(out);
    told('bsdtar', ['-xPpf', image, '-C', out]);
    assert.deepEqual(sorted(treeOf(out)), sorted(treeOfEntries(entries)));
  }
  return mounted(work, 'iso9660', image, (root) => assert.deepEqual(sorted(treeOf(root)), sorted(treeOfEntries(entries))));
}

const deep = Array.from({ length: 14 }, (_, level) => `level ${level}`).join('/');
const several: readonly IsoEntry[] = [
  file('live/root.squashfs', Buffer.alloc(300_001, 'squashfs')),
  file('README', ''),
  file('readme', 'another than README'),
  file('run.sh', '#!/bin/sh\n', 0o755),
  file('secret', 'mode', 0o4600),
  file('.hidden', 'h'),
  file('a.tar.gz', 'g'),
  file('two  spaces', 's'),
  file('Größe', 'u'),
  file(`${'n'.repeat(240)}.long.name.so`, 'l'),
  file(`${'n'.repeat(240)}.long.name.sp`, 'm'),
  folder('empty', 0o700),
  folder('sticky', 0o1777),
  file('sticky/file', 'x'),
  file(`${deep}/file`, 'deep'),
  link('link', 'live/root.squashfs'),
  link('absolute', '/usr/lib/../bin/./sh'),
  link('root', '/'),
  link('up', '..'),
  link('long', `${'x'.repeat(200)}/${'y'.repeat(255)}/${'z'.repeat(100)}/end`),
  link(
    'longest',
    Array.from({ length: 68 }, (_, index) => `part${index}`.padEnd(14, '-'))
      .join('/')
      .padEnd(1023, '+'),
  ),
];

test('what was put on it is read back by others', { skip: noTools }, (t) => {
  const work = scratch(t);
  const image = written(work, layoutIso(several, options));
  const byKernel = check(work, image, several);
  t.diagnostic(byKernel ? 'the kernel read it too' : 'the kernel here mounts no iso9660');
  assert.match(told('file', ['-b', image]), /^ISO 9660 CD-ROM filesystem data.*'IGOS_Live-1\.0' \(bootable\)/);
  assert.match(told('sgdisk', ['-v', image]), /No problems found/);
  const report = ['-toc', '-report_el_torito', 'plain', '-report_system_area', 'plain', '-find', '/', '-exec', 'lsdl'];
  const shown = told('xorriso', ['-indev', `stdio:${image}`, ...report]).replaceAll(work, '');
  // What it says of itself, of the drive, and of the room that is left on the disk.
  const kept = shown.split('\n').filter((line) => !/^(xorriso|Drive|libisofs|Media (blocks|summary|nwa)|$)/.test(line));
  golden(t, 'image/xorriso.txt', kept.join('\n'));
});

test('a target of slashes too many needs more than one area', { skip: noTools }, (t) => {
  const work = scratch(t);
  const image = written(work, layoutIso([link('link', `x${'/'.repeat(1021)}y`)], options));
  // Linux reads no area that crosses a block, and no other reader here minds.
  const bytes = readFileSync(image);
  const areas: number[] = [];
  for (let at = bytes.indexOf('CE\x1c\x01'); at !== -1; at = bytes.indexOf('CE\x1c\x01', at + 1))
    areas.push(bytes.readUInt32LE(at + 12) + bytes.readUInt32LE(at + 20));
  // One that the link's record names, and one that the first names.
  assert.equal(areas.length, 2);
  assert.deepEqual(
    areas.filter((end) => end > 2048),
    [],
  );
  // Linux gives all of them back; xorriso leaves out what a target does not need.
  assert.match(told('xorriso', ['-indev', `stdio:${image}`, '-lsl', '/']), /'link' -> 'x\/y'/);
});

test('what xorriso says is good, nothing that it could warn of', { skip: noTools }, (t) => {
  const work = scratch(t);
  const image = written(work, layoutIso(several, options));
  const said = told('xorriso', ['-report_about', 'NOTE', '-indev', `stdio:${image}`, '-check_media', '--']);
  assert.doesNotMatch(said, /(WARNING|SORRY|MISHAP|FAILURE|FATAL) :|bad/i);
});

test('firmware finds the same EFI system partition by the catalog and by the table', { skip: noTools }, (t) => {
  const work = scratch(t);
  const bytes = bytesOfLayout(work, layoutIso(several, options));
  const expected = bytesOfLayout(work, esp);
  const catalog = bytes.readUInt32LE(17 * 2048 + 71) * 2048;
  const start = bytes.readUInt32LE(catalog + 32 + 8) * 2048;
  const words = Array.from({ length: 16 }, (_, index) => bytes.readUInt16LE(catalog + 2 * index));
  assert.equal(words.reduce((sum, word) => sum + word) & 0xffff, 0, 'the words of the first entry make 0 together');
  assert.equal(bytes.readUInt16LE(catalog + 32 + 6) * 512, expected.length);
  assert.equal(Number(bytes.readBigUInt64LE(1024 + 128 + 32)) * 512, start);
  assert.deepEqual(bytes.subarray(start, start + expected.length), expected);
  assert.equal(bytes.readUInt32LE(16 * 2048 + 80) * 2048, bytes.length);
});

test('an EFI system partition too large for the catalog goes up to the end', (t) => {
  const bytes = bytesOfLayout(scratch(t), layoutIso([], { ...options, esp: Buffer.alloc(33 * MIB) }));
  const catalog = bytes.readUInt32LE(17 * 2048 + 71) * 2048;
  assert.equal(bytes.readUInt16LE(catalog + 32 + 6), 0);
});

test('an empty medium, and one with many files and folders', { skip: noTools }, (t) => {
  const work = scratch(t);
  check(work, written(work, layoutIso([], options)), []);
  const many = Array.from({ length: 1000 }, (_, index) => [
    file(`many/a rather long name of which there are many: ${index}`, `${index}`),
    folder(`folders/${index}`),
  ]).flat();
  check(work, written(work, layoutIso(many, options)), many);
});

test('a file of more than 4 GiB is there to its last byte', { skip: noTools }, (t) => {
  const work = scratch(t);
  const sizeBytes = 2 ** 32 + 5000;
  const layout = layoutIso(
    [
      { path: 'big', kind: 'file', mode: 0o644, content: { file: '/none', sizeBytes } },
      { path: 'huge', kind: 'file', mode: 0o644, content: { file: '/none', sizeBytes: 2 ** 33 } },
      file('small', 'after it'),
    ],
    options,
  );
  // Written with holes where the large files are: nobody has to store gigabytes for what is said of them.
  const image = withHoles(work, layout);
  const listed = told('xorriso', ['-indev', `stdio:${image}`, '-find', '/', '-exec', 'report_sections']);
  golden(
    t,
    'image/sections.txt',
    listed
      .split('\n')
      .filter((line) => line.startsWith('File data'))
      .join('\n'),
  );
  assert.match(told('xorriso', ['-indev', `stdio:${image}`, '-lsl', '/']), new RegExp(` ${sizeBytes} .*'big'`));
  told('xorriso', ['-osirrox', 'on', '-indev', `stdio:${image}`, '-extract', '/small', join(work, 'small')]);
  assert.equal(readFileSync(join(work, 'small'), 'utf8'), 'after it');
});

test('the same files in another order give the same bytes, another time others', (t) => {
  const work = scratch(t);
  const bytes = bytesOfLayout(work, layoutIso(several, options));
  assert.ok(bytes.equals(bytesOfLayout(work, layoutIso(several.toReversed(), options))));
  assert.ok(!bytes.equals(bytesOfLayout(work, layoutIso(several, { ...options, timeSeconds: timeSeconds + 1 }))));
});

test('files of the host are copied, wherever the image begins', (t) => {
  const work = scratch(t);
  const source = join(work, 'source');
  writeFileSync(source, Buffer.alloc(3 * MIB + 1, 'abc'));
  const content = { file: source, sizeBytes: 3 * MIB + 1 };
  const bytes = bytesOfLayout(work, layoutIso([{ path: 'big', kind: 'file', mode: 0o644, content }], options));
  const inMemory = layoutIso([file('big', readFileSync(source))], options);
  assert.ok(bytes.equals(bytesOfLayout(work, inMemory)));
  assert.ok(bytes.equals(readFileSync(written(work, inMemory, 777)).subarray(777)));
});

test('what a CD cannot hold is refused by name', (t) => {
  const fault = (entries: readonly IsoEntry[], more: Partial<IsoOptions> = {}): string =>
    faultText(() => layoutIso(entries, { ...options, ...more }));
  golden(
    t,
    'errors/image-iso.txt',
    [
      fault([file('n'.repeat(254))]),
      fault([link('link', 'x'.repeat(4096))]),
      fault([link('link', '')]),
      fault([], { label: 'Système vivant' }),
      fault([], { label: '' }),
      fault([], { diskGuid: 'none' }),
      fault(Array.from({ length: 65535 }, (_, index) => folder(`${index}`))),
      fault([{ path: 'huge', kind: 'file', mode: 0, content: { file: '/none', sizeBytes: 2 ** 43 } }]),
      fault([folder('a'), file('a')]),
    ].join('\n'),
  );
});

test('any names, modes, targets and sizes are read back', { skip: noTools }, (t) => {
  const work = scratch(t);
  const letter = fc.constantFrom(...'aAbBzZ09 ._-~$+,;:=*?"[]()\\äÖß\u0416\u6c34'.split(''));
  const name = fc.array(letter, { minLength: 1, maxLength: 80 }).map((letters) => letters.join('').replace(/^\.{1,2}$/, 'dots'));
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join('/'));
  const entry = fc.oneof(
    fc.record({
      kind: fc.constant('file' as const),
      path,
      mode: fc.nat(0o777).map((mode) => mode | 0o400),
      content: fc.nat(9000).map((length) => Buffer.alloc(length, `${length};`)),
    }),
    fc.record({ kind: fc.constant('directory' as const), path, mode: fc.nat(0o777).map((mode) => mode | 0o700) }),
    fc.record({
      kind: fc.constant('symlink' as const),
      path,
      mode: fc.constant(0o777),
      target: fc
        .array(fc.oneof(name, fc.constantFrom('.', '..')), { minLength: 1, maxLength: 20 })
        .map((parts) => textToBytes(parts.join('/'))),
    }),
  );
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 25 }), (list) => {
      const entries = list.map((own): IsoEntry => ({ ...own, path: textToBytes(own.path) }));
      let layout: ReturnType<typeof layoutIso>;
      try {
        layout = layoutIso(entries, options);
      } catch (error) {
        assert.equal(`${(error as { code?: string }).code}`, 'E-IMG-002');
        return;
      }
      check(work, written(work, layout), entries);
    }),
    { numRuns: 20 },
  );
});
