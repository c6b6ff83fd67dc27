import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, renderFault } from '../../base/index.ts';
import {
  type ArchiveName,
  beyondGenode,
  depotPath,
  formatArchiveName,
  nextVersion,
  parseApis,
  parseArchiveName,
  parseArchives,
  parseHashFile,
  parseRecipeArchives,
  parseWantedArchive,
  publicPath,
  topOf,
} from '../../depot/index.ts';
import { golden } from '../golden.ts';

const versioned = (text: string) => parseArchiveName(text, 'versioned');
const current = (text: string) => parseArchiveName(text, 'current');

test('names of archives in a depot', () => {
  assert.deepEqual(versioned('genodelabs/src/zlib/2024-02-01'), {
    user: 'genodelabs',
    type: 'src',
    name: 'zlib',
    version: '2024-02-01',
  });
  assert.deepEqual(versioned('a/pkg/x86_64/wm/1-a'), { user: 'a', type: 'pkg', arch: 'x86_64', name: 'wm', version: '1-a' });
  // A package that is called like a machine.
  assert.deepEqual(versioned('a/pkg/x86_64/wm'), { user: 'a', type: 'pkg', name: 'x86_64', version: 'wm' });
  assert.deepEqual(versioned('a/pkg/wm/1'), { user: 'a', type: 'pkg', name: 'wm', version: '1' });
  assert.deepEqual(versioned('a/bin/riscv/zlib/1'), { user: 'a', type: 'bin', arch: 'riscv', name: 'zlib', version: '1' });
  assert.deepEqual(versioned('a/index/24.10'), { user: 'a', type: 'index', name: 'index', version: '24.10' });
});

test('names as of 2017, with a dash before the version', () => {
  assert.deepEqual(versioned('genodelabs/src/report_rom-2017-05-14'), {
    user: 'genodelabs',
    type: 'src',
    name: 'report_rom',
    version: '2017-05-14',
  });
  assert.deepEqual(versioned('genodelabs/pkg/x86_32/wm-2017-05-31'), {
    user: 'genodelabs',
    type: 'pkg',
    arch: 'x86_32',
    name: 'wm',
    version: '2017-05-31',
  });
  assert.deepEqual(versioned('a/bin/x86_64/noux-pkg-2017-05-31-b'), {
    user: 'a',
    type: 'bin',
    arch: 'x86_64',
    name: 'noux-pkg',
    version: '2017-05-31-b',
  });
  assert.deepEqual(versioned('a/raw/data-7.x'), { user: 'a', type: 'raw', name: 'data', version: '7.x' });
});

test('names of recipes', () => {
  assert.deepEqual(current('a/src/noux-pkg'), { user: 'a', type: 'src', name: 'noux-pkg' });
  assert.deepEqual(current('a/pkg/x86_64/wm'), { user: 'a', type: 'pkg', arch: 'x86_64', name: 'wm' });
  assert.deepEqual(current('a/bin/x86_64/wm'), { user: 'a', type: 'bin', arch: 'x86_64', name: 'wm' });
});

test('names with a version or without', () => {
  const wanted = (text: string) => formatArchiveName(parseWantedArchive(text));
  for (const text of ['a/pkg/wm', 'a/pkg/wm/1', 'a/pkg/x86_64/wm', 'a/pkg/x86_64/wm/1', 'a/raw/x', 'a/bin/riscv/x', 'a/index/1'])
    assert.equal(wanted(text), text);
  assert.equal(wanted('a/pkg/wm-2017-05-31'), 'a/pkg/wm/2017-05-31');
  assert.equal(wanted('a/bin/x86_32/wm-2017-05-31'), 'a/bin/x86_32/wm/2017-05-31');
  assert.equal(parseWantedArchive('a/pkg/x86_64/wm').arch, 'x86_64');
  assert.equal(parseWantedArchive('a/pkg/x86_65/1').name, 'x86_65');
});

test('what is no name is refused with the reason', (t) => {
  const wrong: readonly (readonly [string, 'versioned' | 'current'])[] = [
    ['', 'versioned'],
    ['zlib', 'versioned'],
    ['a/zip/x/1', 'versioned'],
    ['a b/src/x/1', 'versioned'],
    ['../src/x/1', 'versioned'],
    ['a/src/../1', 'versioned'],
    ['a/src/x/..', 'versioned'],
    ['a/src/x', 'versioned'],
    ['a/src/x/1/2', 'versioned'],
    ['a/src//1', 'versioned'],
    ['a/src/x/$(id)', 'versioned'],
    ['a/src/-x/1', 'versioned'],
    ['a/bin/x86_64', 'versioned'],
    ['a/bin/x 86/x/1', 'versioned'],
    ['a/src/x\u001b[2J/1', 'versioned'],
    [`a/src/${'x'.repeat(200)}/1`, 'versioned'],
    ['a/src/x/1', 'current'],
    ['a/index/1/2', 'versioned'],
  ];
  const texts = wrong.map(([text, form]) => {
    try {
      parseArchiveName(text, form);
    } catch (error) {
      if (error instanceof Fault) return renderFault(error);
      throw error;
    }
    throw new Error(`'${text}' was taken`);
  });
  golden(t, 'errors/depot-names.txt', texts.join('\n'));
});

const nameArb = fc
  .record({
    user: fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/),
    type: fc.constantFrom('raw', 'api', 'src', 'bin', 'dbg', 'pkg'),
    arch: fc.constantFrom('x86_64', 'arm_v8a', 'other'),
    hasArch: fc.boolean(),
    name: fc.stringMatching(/^[a-z_][a-z0-9_.+-]{0,8}$/),
    version: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,8}$/),
  })
  .map(({ hasArch, arch, ...rest }): ArchiveName => {
    const needs = rest.type === 'bin' || rest.type === 'dbg' || (rest.type === 'pkg' && hasArch);
    return (needs ? { user: rest.user, type: rest.type, arch, name: rest.name, version: rest.version } : rest) as ArchiveName;
  });

test('what is written is read back, unless a package looks like one of 2017', () => {
  fc.assert(
    fc.property(nameArb, (name) => {
      assert.deepEqual(versioned(formatArchiveName(name)), name);
    }),
    { numRuns: 2000 },
  );
});

test('paths in a depot and in public', () => {
  const wm = versioned('a/pkg/x86_64/wm/2018-02-26');
  assert.equal(depotPath(wm, 'present'), 'a/pkg/wm/2018-02-26');
  assert.equal(depotPath(wm, '2017'), 'a/pkg/wm-2018-02-26');
  assert.equal(publicPath(wm, 'present'), 'a/pkg/wm/2018-02-26.tar.xz');
  assert.equal(publicPath(wm, '2017'), 'a/pkg/wm-2018-02-26.tgz');
  assert.equal(topOf(wm, 'present'), '2018-02-26');
  assert.equal(topOf(wm, '2017'), 'wm-2018-02-26');
  const zlib = versioned('a/bin/x86_64/zlib/1');
  assert.equal(publicPath(zlib, 'present'), 'a/bin/x86_64/zlib/1.tar.xz');
  assert.equal(publicPath(versioned('a/index/24.10'), 'present'), 'a/index/24.10.xz');
});

test('versions by date', () => {
  // Of the reference: what Genode's own tools answered.
  assert.equal(nextVersion('2026-11-20', '2026-11-21'), '2026-11-21');
  assert.equal(nextVersion('2026-11-21', '2026-11-21'), '2026-11-21-a');
  assert.equal(nextVersion('2026-11-21-a', '2026-11-21'), '2026-11-21-b');
  assert.equal(nextVersion('2026-11-21-z', '2026-11-21'), '2026-11-21-z-x');
  assert.equal(nextVersion('2027-01-01', '2026-11-21'), '2027-01-01-x');
  assert.equal(nextVersion('7.x', '2026-11-21'), '7.x-x');
  assert.equal(nextVersion('1.0', '2026-11-21'), '2026-11-21');
  assert.equal(nextVersion('-', '2026-11-21'), '2026-11-21');
});

test('lists', () => {
  assert.deepEqual(parseArchives('a/raw/x/1\r\n\ta/src/y/2 a/bin/z/3 stray\n').map(formatArchiveName), [
    'a/raw/x/1',
    'a/src/y/2',
  ]);
  assert.deepEqual(parseArchives('genodelabs/raw/wm-2017-05-14').map(formatArchiveName), ['genodelabs/raw/wm/2017-05-14']);
  assert.deepEqual(parseApis('base/1\nbob/api/os/2\nlibc-2017-05-14\n', 'a').map(formatArchiveName), [
    'a/api/base/1',
    'bob/api/os/2',
    'a/api/libc/2017-05-14',
  ]);
  assert.deepEqual(parseHashFile('2024-01-01 abc\n'), { version: '2024-01-01', hash: 'abc' });
  assert.deepEqual(parseHashFile('abc'), { version: 'abc', hash: 'abc' });
  assert.equal(parseHashFile(' \n'), undefined);
  assert.deepEqual(parseRecipeArchives('_/src/wm\nbob/raw/x/1 _/src/wm/1'), [
    { own: { type: 'src', name: 'wm' } },
    { foreign: 'bob/raw/x/1' },
    { foreign: '_/src/wm/1' },
  ]);
});

test('what Genode has no room for is known', () => {
  assert.equal(beyondGenode(versioned('a/src/zlib/2024-01-01')), undefined);
  assert.equal(beyondGenode(versioned(`a/src/${'x'.repeat(80)}/1`)), 'its name has 80 characters, and Genode takes 79');
  assert.equal(beyondGenode(versioned('a/src/gtk+/1')), "its name 'gtk+' has a '+'");
  assert.match(beyondGenode(versioned('a/src/x/1'), 200) ?? '', /its address has 209/);
});
