/** The fields that `igos check` reads: what they mean, what they are not part of, and how they are refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goldenFault, openTree, TIER } from './harness.ts';

const pkg = (name: string, fields = ''): string =>
  `package ${name} "1.0" {\n  tier = core;\n  summary = "Test";\n  phases.install = "true";\n  ${fields}\n}\n`;

test('what a tier says of its packages', (t) => {
  const { tree } = openTree(t, {
    'a.igos': `tier core { summary = "Essential"; holds = [ zlib "lib*" ]; sequence = [ zlib "gone" ]; unaudited = [ "*" ]; }\n${pkg('zlib')}`,
    'policy.igos': 'override core { holds = super.holds ++ [ "x-*" ]; }\n',
  });
  const core = tree.tiers.get('core')!;
  assert.deepEqual([core.holds, core.sequence, core.unaudited], [['zlib', 'lib*', 'x-*'], ['zlib', 'gone'], ['*']]);
  const { tree: bare } = openTree(t, TIER + pkg('zlib'));
  const plain = bare.tiers.get('core')!;
  assert.deepEqual([plain.holds, plain.sequence, plain.unaudited], [[], undefined, []]);
});

const FIELDS = `foundAs = [ "pkgconfig(zlib-2.0)" "header(zlib.h)" ];
  divergences = { gtk = "no windows"; };
  lacks = [ "gnupg" ];
  pending = "next week";
  waivers.build-order = { reason = "why"; approver = "ada"; expires = "2028-02-29"; };`;

test('what a package says, and a split of it; an override adds to it', (t) => {
  const { tree } = openTree(t, {
    'a.igos': TIER + pkg('zlib', `${FIELDS}\n  split dev { files = [ "usr/include" ]; }`),
    'b.igos': 'override zlib { divergences.qt = "nor those"; pending = "later"; }\n',
  });
  for (const name of ['zlib', 'zlib-dev']) {
    const info = tree.select(name);
    assert.deepEqual(info.foundAs, [
      { kind: 'pkgconfig', name: 'zlib-2.0' },
      { kind: 'header', name: 'zlib.h' },
    ]);
    assert.deepEqual(
      [...info.divergences],
      [
        ['gtk', 'no windows'],
        ['qt', 'nor those'],
      ],
    );
    assert.deepEqual([info.lacks, info.pending], [['gnupg'], 'later']);
    assert.deepEqual([...info.waivers], [['build-order', { reason: 'why', approver: 'ada', expires: '2028-02-29' }]]);
  }
});

test('none of it is part of the derivation', (t) => {
  const drvPath = (fields: string): unknown => openTree(t, TIER + pkg('zlib', fields)).tree.select('zlib').drvPath;
  assert.equal(drvPath(FIELDS), drvPath(''));
});

test('dependencies one by one: a name that the tree lacks is a fault beside those it has', (t) => {
  const { tree } = openTree(t, TIER + pkg('a') + pkg('b', 'build = [ a nobody "text" a ]; host = throw "no";'));
  const { names, faults } = tree.select('b').edges('build');
  assert.deepEqual(names, ['a', 'a']);
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['E-EVAL-002', 'E-DECL-006'],
  );
  assert.deepEqual(tree.select('a').edges('runtime'), { names: [], faults: [] });
});

test('where sources come from, without copying one', (t) => {
  const fetch = `fetchurl { url = "https://x.org/x-1.tar.gz"; sha256 = "${'0'.repeat(64)}"; }`;
  const { tree, folder } = openTree(
    t,
    TIER + pkg('a', `source = [ ./here (${fetch}) { file = ./there; into = "x"; } ];`) + pkg('b'),
  );
  const [here, fetched, there] = tree.select('a').origins;
  assert.deepEqual(
    [here, there],
    [
      { kind: 'local', path: `${folder}/here` },
      { kind: 'local', path: `${folder}/there` },
    ],
  );
  assert.ok(
    fetched!.kind === 'store' && fetched!.path.endsWith('-x-1.tar.gz') && fetched!.drvPath?.endsWith('-x-1.tar.gz.drv') === true,
  );
  assert.deepEqual(tree.select('b').origins, []);
});

test('what is refused', (t) => {
  const waiver = '{ reason = "r"; approver = "ada"; expires = "2027-01-31"; }';
  const wrong = [
    'foundAs = [ "zlib" ];',
    'foundAs = [ "pkgconfig(a b)" ];',
    'divergences = { gtk = 1; };',
    'pending = "";',
    `waivers = { build-ordr = ${waiver}; };`,
    `waivers = { build-order = ${waiver.replace('expires', 'until')}; };`,
    `waivers = { build-order = ${waiver.replace(' approver = "ada";', '')}; };`,
    `waivers = { build-order = ${waiver.replace('01-31', '02-30')}; };`,
  ];
  const packages = wrong.map((fields, index) => pkg(`p${index}`, fields)).join('');
  goldenFault(t, 'policy', `tier core { summary = "c"; holds = [ "a b" ]; }\n${packages}`);
});
