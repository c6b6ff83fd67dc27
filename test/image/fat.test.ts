import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { textToBytes } from '../../base/index.ts';
import { type FatEntry, type FatOptions, ImageFile, layoutFat } from '../../image/index.ts';
import { golden } from '../golden.ts';
import { bytesOfLayout, faultText, mounted, told, withHoles, written } from './media.ts';
import { missing, scratch } from './support.ts';

const MIB = 1 << 20;
const options: FatOptions = { label: 'IGOS_ESP', serial: 0x1234abcd, timeSeconds: 1_700_000_001 };
const file = (path: string, content: string | Uint8Array = path): FatEntry => ({
  path: textToBytes(path),
  kind: 'file',
  content: Buffer.from(content),
});
const folder = (path: string): FatEntry => ({ path: textToBytes(path), kind: 'directory' });
const noTools = missing('fsck.vfat', 'mcopy', 'mdir', 'file');

/** Files and folders by path, as a tree on the host has them. */
function treeOf(root: string, below = ''): Map<string, Buffer | undefined> {
  const found = new Map<string, Buffer | undefined>();
  for (const name of readdirSync(join(root, below))) {
    const path = below === '' ? name : `${below}/${name}`;
    const isFolder = statSync(join(root, path)).isDirectory();
    found.set(path, isFolder ? undefined : readFileSync(join(root, path)));
    if (isFolder) for (const [own, bytes] of treeOf(root, path)) found.set(own, bytes);
  }
  return found;
}

function treeOfEntries(entries: readonly FatEntry[]): Map<string, Buffer | undefined> {
  const found = new Map<string, Buffer | undefined>();
  for (const entry of entries) {
    const path = Buffer.from(entry.path, 'latin1').toString('utf8');
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1))
      found.set(path.slice(0, slash), undefined);
    found.set(path, entry.kind === 'file' ? Buffer.from(entry.content as Uint8Array) : undefined);
  }
  return found;
}

const sorted = <V>(map: Map<string, V>): [string, V][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

/** Holds an image against those who check and read such file systems. Whether the kernel was among them. */
function check(work: string, image: string, entries: readonly FatEntry[]): boolean {
  const said = told('fsck.vfat', ['-n', '-v', image]);
  assert.doesNotMatch(said, /dirty|differ|wrong|orphan|Reclaim|bad|invalid/i);
  const out = join(work, 'copied');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  // Of an empty root there is nothing to copy.
  if (entries.length > 0) told('mcopy', ['-s', '-m', '-i', image, '::*', out]);
  assert.deepEqual(sorted(treeOf(out)), sorted(treeOfEntries(entries)));
  return mounted(work, 'vfat', image, (root) => assert.deepEqual(sorted(treeOf(root)), sorted(treeOfEntries(entries))));
}

const several: readonly FatEntry[] = [
  file('EFI/BOOT/BOOTX64.EFI', Buffer.alloc(70_000, 'efi')),
  file('EFI/Linux/igos-2026.11.24.efi', Buffer.alloc(100_000, 'uki')),
  file('loader/loader.conf', 'timeout 3\n'),
  file('loader/entries.srel', 'type1\n'),
  file('README', ''),
  file('readme.txt', 'lower'),
  file('Mixed.Txt', 'mixed'),
  file('lower.TXT', 'half'),
  file('a name with spaces.and.dots', 'x'),
  file('.hidden', 'h'),
  file('longname~1.txt', 'as an alias'),
  file('longname of a file.txt', 'one'),
  file('longname of another file.txt', 'two'),
  file('LONGNA~1.TXT', 'taken'),
  file('Größe.txt', 'ß'),
  file('ß', 'no SS'),
  file('ss', 'plain'),
  file('\u65e5\u672c\u8a9e.efi', 'unit'),
  file(`${'n'.repeat(251)}.txt`, 'longest'),
  file('exactly13char', 'thirteen'),
  file('a+b,c;d=[e]', 'signs'),
  folder('empty'),
  folder('EFI'),
];

test('what was put there is read back by others: FAT16', { skip: noTools }, (t) => {
  const work = scratch(t);
  const image = written(work, layoutFat(several, options));
  assert.match(told('file', ['-b', image]), /FAT \(16 bit\)/);
  const byKernel = check(work, image, several);
  t.diagnostic(byKernel ? 'the kernel read it too' : 'the kernel here mounts no vfat');
  golden(t, 'image/mdir.txt', told('mdir', ['-/', '-a', '-i', image, '::']));
});

test('what was put there is read back by others: FAT32', { skip: noTools }, (t) => {
  const work = scratch(t);
  const image = written(work, layoutFat(several, { ...options, sizeBytes: 40 * MIB }));
  assert.equal(statSync(image).size, 40 * MIB);
  assert.match(told('file', ['-b', image]), /FAT \(32 bit\).*serial number 0x1234abcd, label: "IGOS_ESP {3}"/);
  check(work, image, several);
});

test('at every size that others count clusters at, they count ours', { skip: noTools }, (t) => {
  const work = scratch(t);
  const kinds: string[] = [];
  for (const sectors of [
    4168, 4169, 8400, 32680, 65535, 65536, 66100, 66560, 66596, 66597, 66598, 67584, 532480, 532481, 540000,
  ]) {
    const image = withHoles(work, layoutFat(several, { ...options, sizeBytes: sectors * 512 }));
    told('fsck.vfat', ['-n', image]);
    kinds.push(`${sectors}: ${/FAT \(\d+ bit\)/.exec(told('file', ['-b', image]))?.[0]}`);
  }
  golden(t, 'image/fat-sizes.txt', kinds.join('\n'));
});

test('many files: folders of several clusters, numbers of several digits, more room for the root', { skip: noTools }, (t) => {
  const work = scratch(t);
  const many = Array.from({ length: 1200 }, (_, index) => [
    file(`a name that many have ${index}.conf`, `${index}`),
    file(`folder/a name that many have ${index}.conf`, `${index}`),
  ]).flat();
  for (const sizeBytes of [4 * MIB, 48 * MIB]) check(work, written(work, layoutFat(many, { ...options, sizeBytes })), many);
});

test('an empty file system, and one that is full', { skip: noTools }, (t) => {
  const work = scratch(t);
  for (const sizeBytes of [3 * MIB, 34 * MIB]) {
    check(work, written(work, layoutFat([], { ...options, sizeBytes })), []);
    const fits = (length: number): boolean => {
      const large: FatEntry = { path: 'F', kind: 'file', content: { file: '/none', sizeBytes: length } };
      try {
        layoutFat([large], { ...options, sizeBytes });
        return true;
      } catch (error) {
        assert.match(`${error}`, /too small/);
        return false;
      }
    };
    let length = sizeBytes;
    while (!fits(length)) length -= 512;
    const one = [file('F', Buffer.alloc(length, 'f'))];
    check(work, written(work, layoutFat(one, { ...options, sizeBytes })), one);
  }
});

test('the smallest size holds it, and one MiB less does not', () => {
  for (const length of [1, 5 * MIB, 31 * MIB, 32 * MIB, 33 * MIB, 300 * MIB]) {
    const one: FatEntry[] = [{ path: 'f', kind: 'file', content: { file: '/none', sizeBytes: length } }];
    const { sizeBytes } = layoutFat(one, options);
    assert.equal(sizeBytes % MIB, 0);
    assert.ok(sizeBytes < length * 1.02 + 3 * MIB, `${sizeBytes} for ${length}`);
    assert.throws(() => layoutFat(one, { ...options, sizeBytes: sizeBytes - MIB }), /too small/);
  }
});

test('files are copied wherever the file system begins, and from the host', { skip: noTools }, (t) => {
  const work = scratch(t);
  const source = join(work, 'source');
  writeFileSync(source, Buffer.alloc(3 * MIB + 1, 'abc'));
  const layout = layoutFat([{ path: 'big', kind: 'file', content: { file: source, sizeBytes: 3 * MIB + 1 } }], options);
  const behind = readFileSync(written(work, layout, 777)).subarray(777);
  assert.deepEqual(behind, bytesOfLayout(work, layout));
  check(work, join(work, 'image'), [file('big', readFileSync(source))]);

  truncateSync(source, MIB);
  using out = new ImageFile(join(work, 'never'));
  layout.write(out);
  assert.throws(() => out.commit(), /E-IMG-001|changed while/);
});

test('the same files in another order give the same bytes', (t) => {
  const work = scratch(t);
  assert.deepEqual(
    bytesOfLayout(work, layoutFat(several, options)),
    bytesOfLayout(work, layoutFat(several.toReversed(), options)),
  );
});

test('times before and after what FAT can say are its first and last', { skip: noTools }, (t) => {
  const work = scratch(t);
  const years = [0, 1_700_000_001, 1e11].map((timeSeconds) => {
    const image = written(work, layoutFat([file('F')], { ...options, timeSeconds }));
    return /^F .*/m.exec(told('mdir', ['-i', image, '::']))?.[0].replace(/ +/g, ' ');
  });
  assert.deepEqual(years, ['F 1 1980-01-01 0:00 ', 'F 1 2023-11-14 22:13 ', 'F 1 2107-12-31 23:59 ']);
});

test('what FAT cannot hold is refused by name', (t) => {
  const fault = (entries: readonly FatEntry[], more: Partial<FatOptions> = {}): string =>
    faultText(() => layoutFat(entries, { ...options, ...more }));
  const large: FatEntry = { path: 'root.squashfs', kind: 'file', content: { file: '/none', sizeBytes: 2 ** 32 } };
  golden(
    t,
    'errors/image-fat.txt',
    [
      fault([file('EFI/Linux/igos:1.efi')]),
      fault([file('a\tb')]),
      fault([file('EFI./x')]),
      fault([file('trailing ')]),
      fault([{ path: 'latin\xe4', kind: 'file', content: Buffer.alloc(0) }]),
      fault([file('n'.repeat(256))]),
      fault([file('loader/Entry.conf'), file('loader/entry.CONF')]),
      fault([file('Größe'), file('GRÖSSE'), file('gRÖßE')]),
      fault([file('x/a'), file('X/b')]),
      fault([large]),
      fault([file('f', Buffer.alloc(3 * MIB))], { sizeBytes: 3 * MIB }),
      fault([], { sizeBytes: 65536 }),
      fault([], { sizeBytes: 2 ** 41 }),
      fault([], { label: 'lower' }),
      fault([], { label: 'TWELVE CHARS' }),
      fault([file('a'), file('a')]),
      fault([file('a'), file('a/b')]),
      fault([file('a/b'), file('a')]),
      fault([file('a//b')]),
      fault([file('../b')]),
      fault([file('/b')]),
    ].join('\n'),
  );
});

test('any names and sizes are read back', { skip: noTools }, (t) => {
  const work = scratch(t);
  const letter = fc.constantFrom(...'aAbBzZ09 ._-~$+,;=[]()äÖß\u0416\u6c34'.split(''));
  const name = fc.array(letter, { minLength: 1, maxLength: 30 }).map((letters) => letters.join('').replace(/[. ]+$/, '_'));
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
  const size = fc.oneof(fc.constantFrom(0, 1, 511, 512, 513, 4096), fc.nat(20_000));
  const tree = fc.array(fc.tuple(path, size), { maxLength: 25 });
  fc.assert(
    fc.property(tree, fc.constantFrom(undefined, 36 * MIB), (list, sizeBytes) => {
      const entries = list.map(([own, length], index) => file(own, Buffer.alloc(length, `${index};`)));
      let layout: ReturnType<typeof layoutFat>;
      try {
        layout = layoutFat(entries, { ...options, ...(sizeBytes !== undefined && { sizeBytes }) });
      } catch (error) {
        assert.match(`${(error as { code?: string }).code}`, /^E-IMG-02[02]$/);
        return;
      }
      check(work, written(work, layout), entries);
    }),
    { numRuns: 25 },
  );
});
