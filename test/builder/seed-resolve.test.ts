/** Which Debian packages a seed is made of: versions, relations, closures; dpkg is the oracle of versions where it is there. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { isPlainPath } from '../../base/index.ts';
import { compareDebianVersions } from '../../builder/debian/compare-versions.ts';
import { PackageIndex } from '../../builder/debian/package-index.ts';
import { parseRelations, satisfies } from '../../builder/debian/relations.ts';
import { resolveSeed, type SeedPart } from '../../builder/debian/resolve.ts';
import { type DebSpec, listOf } from './debian-archive.ts';

test('versions are ordered as deb-version(7) says', () => {
  const ordered = ['1.0~rc1', '1.0', '1.0-1~bpo', '1.0-1', '1.0-1+deb12u1', '1.0a', '1.0+b1', '1.2', '1.10', '1:0.5'];
  for (const [i, a] of ordered.entries())
    for (const [j, b] of ordered.entries()) assert.equal(Math.sign(compareDebianVersions(a, b)), Math.sign(i - j), `${a} ${b}`);
  assert.equal(compareDebianVersions('1.00', '1.0'), 0);
  assert.equal(compareDebianVersions('0:1', '1'), 0);
  assert.equal(compareDebianVersions('1-0', '1'), 0);
});

test('versions are ordered as dpkg orders them', (t) => {
  if (spawnSync('dpkg', ['--version']).status !== 0) return t.skip('no dpkg here');
  const part = fc.array(fc.constantFrom('0', '1', '10', '2', 'a', 'B', '~', '+', '.', 'rc'), { minLength: 1, maxLength: 5 });
  const version = fc
    .tuple(fc.constantFrom('', '0:', '1:'), part, fc.option(part))
    .map(([epoch, upstream, revision]) => `${epoch}1${upstream.join('')}${revision === null ? '' : `-${revision.join('')}`}`);
  fc.assert(
    fc.property(version, version, (a, b) => {
      const order = compareDebianVersions(a, b);
      const operator = order < 0 ? 'lt' : order > 0 ? 'gt' : 'eq';
      assert.equal(spawnSync('dpkg', ['--compare-versions', a, operator, b]).status, 0, `${a} ${operator} ${b}`);
    }),
    { numRuns: 60 },
  );
});

test('relations are read, with everything that can stand in them', () => {
  assert.deepEqual(parseRelations('libc6 (>= 2.36), a:any | b (<< 1:2~), c (= 1) [amd64]'), [
    [{ name: 'libc6', relation: { operator: '>=', version: '2.36' } }],
    [
      { name: 'a', relation: undefined },
      { name: 'b', relation: { operator: '<<', version: '1:2~' } },
    ],
    [{ name: 'c', relation: { operator: '=', version: '1' } }],
  ]);
  assert.deepEqual(parseRelations(''), []);
  for (const text of ['a b', 'a (1)', '(>= 1)', '../x', 'a (>= 1']) assert.equal(parseRelations(text), undefined, text);
  assert.deepEqual(
    (['<<', '<=', '=', '>=', '>>'] as const).map((operator) => satisfies('1.1', { operator, version: '1.1' })),
    [false, true, true, true, false],
  );
});

const resolve = (specs: readonly DebSpec[], parts: readonly SeedPart[], locked: Record<string, string> = {}) => {
  const index = new PackageIndex([listOf(specs)], 'amd64');
  const pins = Object.entries(locked).map(([name, version]) => {
    const sha256 = index.versions(name).find((each) => each.version === version)?.sha256 ?? '0'.repeat(64);
    return [name, { version, sha256 }] as const;
  });
  return resolveSeed(index, { parts, locked: new Map(pins) });
};
const names = (found: readonly { name: string; version: string }[]): string[] =>
  found.map((each) => `${each.name} ${each.version}`);
const part = (packages: readonly string[], without: readonly string[] = []): SeedPart => ({ packages, without });

test('a closure takes the newest, and alternatives that are there already', () => {
  const found = resolve(
    [
      { name: 'cc', depends: 'libc (>= 2), awk, mawk | gawk' },
      { name: 'libc', version: '1.0' },
      { name: 'libc', version: '2.0' },
      { name: 'libc', version: '2.0~rc1' },
      { name: 'libc', version: '9.0', architecture: 'arm64' },
      { name: 'gawk', provides: 'awk' },
      { name: 'mawk', provides: 'awk' },
      { name: 'unrelated' },
    ],
    [part(['cc', 'gawk'])],
  );
  assert.deepEqual(names(found), ['cc 1.0', 'gawk 1.0', 'libc 2.0']);
  assert.deepEqual(found[0]!.needs, ['gawk', 'libc']);
});

test('what a part leaves out takes along what only it needs; each part for itself', () => {
  const specs: DebSpec[] = [
    { name: 'dash', depends: 'dpkg' },
    { name: 'dpkg', depends: 'tar' },
    { name: 'tar' },
    { name: 'gcc', depends: 'libc, doc' },
    { name: 'libc' },
    { name: 'doc', depends: 'viewer' },
    { name: 'viewer' },
  ];
  assert.deepEqual(names(resolve(specs, [part(['dash'], ['dpkg'])])), ['dash 1.0']);
  assert.deepEqual(names(resolve(specs, [part(['dash'], ['dpkg']), part(['gcc'], ['doc', 'libc']), part(['libc'])])), [
    'dash 1.0',
    'gcc 1.0',
    'libc 1.0',
  ]);
});

test('what is locked stays while it fits, and goes along when something newer asks for it', () => {
  const specs: DebSpec[] = [
    { name: 'aa', version: '1', depends: 'lib' },
    { name: 'aa', version: '2', depends: 'lib' },
    { name: 'lib', version: '1' },
    { name: 'lib', version: '2' },
    { name: 'bb', version: '1', depends: 'lib (>= 2)' },
  ];
  assert.deepEqual(names(resolve(specs, [part(['aa'])], { aa: '1', lib: '1' })), ['aa 1', 'lib 1']);
  assert.deepEqual(names(resolve(specs, [part(['aa'])], { lib: '1' })), ['aa 2', 'lib 1']);
  assert.deepEqual(names(resolve(specs, [part(['aa', 'bb'])], { aa: '1', lib: '1' })), ['aa 1', 'bb 1', 'lib 2']);
  // a version that nobody offers any more
  assert.deepEqual(names(resolve(specs, [part(['aa'])], { lib: '1.5' })), ['aa 2', 'lib 2']);
});

test('the order in the list and of the wishes does not matter', () => {
  const specs: DebSpec[] = ['xx', 'yy', 'zz'].map((name) => ({ name, depends: 'virtual, one | two' }));
  const all = [
    ...specs,
    { name: 'one' },
    { name: 'two' },
    { name: 'pp', provides: 'virtual' },
    { name: 'qq', provides: 'virtual' },
  ];
  const expected = names(resolve(all, [part(['xx', 'yy', 'zz'])]));
  assert.deepEqual(expected, ['one 1.0', 'pp 1.0', 'xx 1.0', 'yy 1.0', 'zz 1.0']);
  assert.deepEqual(names(resolve(all.toReversed(), [part(['zz', 'xx', 'yy'])])), expected);
});

test('only plain paths are believed', () => {
  for (const path of ['pool/main/g/gcc-12/gcc-12_12.2.0-14+deb12u1_amd64.deb', 'x.deb', 'pool/a_1%3a2~rc1_all.deb'])
    assert.ok(isPlainPath(path), path);
  for (const path of [
    '/etc/passwd',
    '../x.deb',
    'pool/../x',
    'pool//x',
    'a b',
    'a?b',
    '',
    '.',
    'http://x/y',
    '-o/x',
    'a\nb',
    'a/%2e%2E/b',
    'a%2fb',
    'a%2',
    '%2e',
  ])
    assert.ok(!isPlainPath(path), path);
});
