/** `style = debianSeed { … }`: what becomes of a lock file, and what is wrong with one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, Fault } from '../../../base/index.ts';
import { type LockedPackage, parseSeedLock, renderSeedLock, type SeedLock } from '../../../eval/index.ts';
import { decodeDerivation } from '../../../store/index.ts';
import { goldenFault, openTree, TIER } from './harness.ts';

const locked = (name: string, needs: readonly string[] = []): LockedPackage => ({
  name,
  version: '1.0-1',
  architecture: 'amd64',
  file: `pool/main/${name[0]}/${name}/${name}_1.0-1_amd64.deb`,
  sizeBytes: 1000,
  sha256: name.charCodeAt(0).toString(16).padStart(2, '0').repeat(32),
  needs,
});
const lockOf = (...packages: LockedPackage[]): SeedLock =>
  new Map([['amd64', new Map(packages.map((each) => [each.name, each]))]]);
const lock = renderSeedLock(
  lockOf(locked('gcc', ['binutils', 'libc6']), locked('binutils', ['libc6']), locked('libc6'), locked('make')),
);

const seed = (options: string, name = 'seed'): string =>
  `package ${name} "1" { tier = core; summary = "S"; style = debianSeed { ${options} }; }\n`;

test('a seed is one fetch for each package of its closure, and one build that unpacks them', (context) => {
  const options =
    'lock = ./seed.lock; packages = [ "gcc" ]; without = [ "libc6" ]; omit = [ "usr/share/doc" ]; links = { "usr/bin/cc" = "gcc"; };';
  const open = (mirrors: string) => {
    const { tree, folder, evaluator, print } = openTree(context, {
      'a.igos': `${TIER}${seed(options + mirrors)}`,
      'seed.lock': lock,
    });
    const path = tree.select('seed').drvPath!;
    const derivations = new Map(
      evaluator.texts
        .filter((text) => text.name.endsWith('.drv'))
        .map((text) => [text.path, decodeDerivation(text.name.slice(0, -4), text.text, '/igos/store')]),
    );
    const drv = derivations.get(path)!;
    return { tree, folder, print, drv, fetches: [...drv.inputDrvs.keys()].map((input) => derivations.get(input)!) };
  };
  const { tree, folder, drv, fetches, print } = open('mirrors = [ "https://example.org/debian/" ];');
  assert.equal(drv.builder, 'builtin:unpackDebian');
  assert.deepEqual(drv.outputs.get('out'), { kind: 'floating', method: 'nar', algorithm: 'sha256' });
  assert.deepEqual(
    ['links', 'omit'].map((name) => drv.env.get(name)),
    ['{"usr/bin/cc":"gcc"}', '["usr/share/doc"]'],
  );
  assert.deepEqual(
    fetches.map(({ env }) => env.get('urls')!).sort(compareBytes),
    ['binutils', 'gcc'].map((name) => `debian-binary:${locked(name).file} https://example.org/debian/${locked(name).file}`),
  );
  assert.match(drv.env.get('debs')!, /^\S+-binutils_1\.0-1_amd64\.deb \S+-gcc_1\.0-1_amd64\.deb$/);
  assert.deepEqual(tree.seeds(), [{ name: 'seed', lock: `${folder}/seed.lock`, packages: ['gcc'], without: ['libc6'] }]);
  assert.equal(print('seed.style.name'), '"debianSeed"');
  // the hash decides: where a file comes from is in no path that is made with it
  assert.equal(open('').drv.env.get('debs'), drv.env.get('debs'));
});

test('a lock that is not there, too small, for other machines, or no lock', (context) => {
  const tree = (text: string | undefined, options = 'packages = [ "gcc" ];'): Record<string, string> => ({
    'tree.igos': 'tree { name = "test"; }\n',
    'a.igos': `${TIER}${seed(`lock = ./seed.lock; ${options}`)}`,
    ...(text === undefined ? {} : { 'seed.lock': text }),
  });
  goldenFault(context, 'seed-no-lock', tree(undefined));
  goldenFault(context, 'seed-not-locked', tree(lock, 'packages = [ "gc" ];'));
  goldenFault(context, 'seed-other-machine', tree(renderSeedLock(new Map([['m68k', new Map()]]))));
  goldenFault(context, 'seed-bad-lock', tree('{ "format": 1, "architectures": { "amd64": { "gcc": { "file": "../x" } } } }'));
});

test('options of a seed that are missing or wrong', (context) => {
  goldenFault(
    context,
    'seed-options',
    TIER +
      [
        '',
        'lock = ./seed.lock;',
        'lock = "seed.lock"; packages = [ "gcc" ];',
        'lock = ./seed.lock; packages = [ ];',
        'lock = ./seed.lock; packages = [ "gcc" ]; links."../x" = "y";',
        'lock = ./seed.lock; packages = [ "gcc" ]; omit = [ "/usr" ];',
        'lock = ./seed.lock; packages = [ "gcc" ]; mirror = "https://example.org";',
      ]
        .map((options, index) => seed(options, `seed${index}`))
        .join(''),
  );
});

test('a lock is read as it was written, in one form', () => {
  const word = fc.stringMatching(/^[a-z0-9][a-z0-9+.-]{1,8}$/);
  const entry = fc.record({
    version: fc.stringMatching(/^[0-9][0-9A-Za-z.+~-]{0,8}$/),
    needs: fc.uniqueArray(word, { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.dictionary(word, entry, { maxKeys: 5, noNullPrototype: true }), (entries) => {
      const packages = Object.entries(entries).map(([name, { version, needs }]) => ({ ...locked(name, needs.sort()), version }));
      const text = renderSeedLock(lockOf(...packages));
      assert.deepEqual(
        parseSeedLock(text, 'x').get('amd64'),
        new Map(packages.sort((a, b) => (a.name < b.name ? -1 : 1)).map((each) => [each.name, each])),
      );
      assert.equal(renderSeedLock(lockOf(...packages.toReversed())), text);
      assert.deepEqual(JSON.parse(text).format, 1);
    }),
    { numRuns: 50 },
  );
});

test('whatever a lock file holds, it is read or refused with its code', () => {
  const good = JSON.parse(lock) as Record<string, unknown>;
  const variants = [
    '',
    '[]',
    '{}',
    'null',
    JSON.stringify({ ...good, format: 2 }),
    JSON.stringify({ ...good, architectures: [] }),
    ...['version', 'file', 'size', 'sha256', 'needs', 'architecture'].flatMap((field) =>
      [null, -1, '../../x', '/x', 'a b', ['../x'], '\u0000', {}].map((value) =>
        JSON.stringify({
          format: 1,
          architectures: { amd64: { gcc: { ...JSON.parse(lock).architectures.amd64.gcc, [field]: value } } },
        }),
      ),
    ),
    JSON.stringify({ format: 1, architectures: { amd64: { '../x': JSON.parse(lock).architectures.amd64.gcc } } }),
  ];
  for (const text of variants)
    assert.throws(
      () => parseSeedLock(text, 'x'),
      (error) => error instanceof Fault && error.code === 'E-DECL-040',
      text,
    );
});
