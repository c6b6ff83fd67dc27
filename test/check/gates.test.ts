/** Each gate catches a planted fault of each class, in the words that people know, and passes when it is mended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, renderFault } from '../../base/index.ts';
import { check, type GateName, gateSpecs, renderCheck, requirePassed } from '../../check/index.ts';
import { GATES } from '../../eval/index.ts';
import { golden } from '../golden.ts';
import { facts, inputsWith, type Plant, run, tier } from './plant.ts';

test('the tree without a plant passes all six gates, and their names are those of waivers', () => {
  const result = check(inputsWith());
  assert.deepEqual(
    result.gates.map(({ number, status }) => `${number} ${status}`),
    ['1 passed', '2 passed', '3 passed', '4 passed', '5 passed', '6 passed'],
  );
  assert.deepEqual(result.report, []);
  assert.deepEqual(
    gateSpecs.map(({ gate }) => gate),
    [...GATES],
  );
});

/** Gate, class of fault, the plant, what is found, what is printed. */
const PLANTS: readonly (readonly [gate: GateName, what: string, plant: Plant, kinds: readonly string[], text: RegExp])[] = [
  [
    'tier-reachability',
    'an orphan: of the tier, and not in its sequence',
    { packages: { lost: {} } },
    ['ORPHAN lost'],
    /1 unreachable, 0 pending acquisition/,
  ],
  [
    'tier-reachability',
    'a tier that no order reaches',
    { inputs: { tree: { ...inputsWith().tree, tierProblem: 'tiers come after each other in a circle: a → b → a' } } },
    ['UNREACHABLE-TIER'],
    /UNREACHABLE-TIER {2}tiers come after each other in a circle/,
  ],
  [
    'tier-reachability',
    'a package that cannot be evaluated',
    {
      inputs: {
        tree: {
          ...inputsWith().tree,
          problems: [{ kind: 'unreadable', package: 'gtk', field: 'tier', message: "there is no tier 'x'", place: 'a:1' }],
        },
      },
    },
    ['UNREADABLE gtk'],
    /tier cannot be evaluated: there is no tier 'x' {2}\(a:1\)/,
  ],
  [
    'audit-coverage',
    'missing: no record at all',
    { audits: { curl: null } },
    ['missing curl'],
    /^\[audit-preflight\] missing audit: 1$/m,
  ],
  [
    'audit-coverage',
    'stale: the version was bumped',
    { packages: { curl: { version: '1.1' } } },
    ['stale curl'],
    /^\[audit-preflight\] stale \(version\): 1$/m,
  ],
  [
    'audit-coverage',
    'drift: dependencies edited without an audit',
    { packages: { gtk: { tier: 'desktop', build: ['cc', 'curl'] } } },
    ['drift gtk'],
    /^\[audit-preflight\] drift \(deps\): 1$[\s\S]*drift {2}gtk {2}\+curl/m,
  ],
  ['audit-coverage', 'drift of libraries', { packages: { curl: { host: [] } } }, ['drift curl'], /host:-zlib/],
  [
    'tier-validation',
    'MOVE: held by another tier',
    { packages: { zlib: { tier: 'desktop' } } },
    ['MOVE→core zlib'],
    /MOVE→core {2}zlib {2}declares desktop: held by core/,
  ],
  [
    'tier-validation',
    'MOVE: a pattern holds it elsewhere',
    { packages: { 'gtk-docs': { tier: 'core' } } },
    ['MOVE→desktop gtk-docs'],
    /MOVE→desktop/,
  ],
  [
    'tier-validation',
    'MOVE: the earliest consumer is earlier',
    { packages: { lib: { tier: 'extra' }, gtk: { host: ['zlib', 'lib'] }, clock: { host: ['gtk', 'lib'] } } },
    ['MOVE→desktop lib'],
    /the earliest tier that builds with it/,
  ],
  [
    'tier-validation',
    'UNCLEAR: nobody says',
    { packages: { odd: { tier: 'extra' } } },
    ['UNCLEAR odd'],
    /UNCLEAR {2}odd {2}declares extra: no natural tier could be determined/,
  ],
  [
    'tier-validation',
    'UNCLEAR: needed to run only',
    { packages: { icons: { tier: 'desktop' }, clock: { runtime: ['icons'] } } },
    ['UNCLEAR icons'],
    /needed to run by 1 package, which places nothing/,
  ],
  [
    'tier-validation',
    'UNCLEAR: two tiers hold it',
    { tiers: inputsWith().tree.tiers.map((each) => (each.name === 'extra' ? { ...each, holds: ['clock', 'zlib'] } : each)) },
    ['UNCLEAR zlib'],
    /held by core and by extra/,
  ],
  [
    'tier-validation',
    'CROSS-TIER-DEP: built with something of a later tier',
    { packages: { zlib: { build: ['cc', 'gtk'] } } },
    ['CROSS-TIER-DEP zlib'],
    /CROSS-TIER-DEP {2}zlib {2}build-dep on gtk \(tier:desktop\)/,
  ],
  [
    'tier-validation',
    'CROSS-TIER-DEP: tiers beside each other',
    { packages: { chat: { host: ['clock'] } } },
    ['CROSS-TIER-DEP chat'],
    /host-dep on clock \(tier:extra\)/,
  ],
  [
    'build-order',
    'later in the same sequence',
    { tiers: inputsWith().tree.tiers.map((each) => (each.name === 'core' ? { ...each, sequence: ['curl', 'zlib'] } : each)) },
    ['SAME-SEQUENCE-VIOLATION curl'],
    /\[core:1\] curl needs zlib \(host\) @ core:2 \(later in the same sequence\)/,
  ],
  [
    'build-order',
    'in a later tier',
    { packages: { zlib: { build: ['gtk'] } } },
    ['CROSS-PHASE-VIOLATION zlib', 'CYCLE gtk'],
    /desktop is not built before core/,
  ],
  [
    'build-order',
    'a dependency that the tree does not have',
    {
      inputs: {
        tree: {
          ...inputsWith().tree,
          problems: [{ kind: 'missing', package: 'gtk', field: 'host', message: "undefined variable 'gnupg'", place: 'a:3' }],
        },
      },
    },
    ['DEP-NOT-FOUND gtk'],
    /DEP-NOT-FOUND {2}gtk {2}host: undefined variable 'gnupg' {2}\(a:3\)/,
  ],
  [
    'build-order',
    'a dependency that the tree is known to lack',
    { packages: { gtk: { lacks: ['gnupg'] } } },
    ['DEP-NOT-FOUND gtk'],
    /lacks gnupg, which the tree does not have/,
  ],
  [
    'build-order',
    'a circle',
    { packages: { gtk: { host: ['zlib', 'pango'] }, pango: { tier: 'desktop', host: ['gtk'] } } },
    ['CYCLE gtk'],
    /dependency cycle: gtk -> pango -> gtk/,
  ],
  [
    'build-order',
    'twice in sequences',
    {
      tiers: inputsWith().tree.tiers.map((each) =>
        each.name === 'core' ? { ...each, sequence: ['zlib', 'curl', 'zlib'] } : each,
      ),
    },
    ['SEQUENCED-TWICE zlib'],
    /stands at core:1 and again at core:3/,
  ],
  [
    'build-order',
    'in a sequence, and not declared',
    {
      tiers: inputsWith().tree.tiers.map((each) =>
        each.name === 'core' ? { ...each, sequence: ['zlib', 'curl', 'gone'] } : each,
      ),
    },
    ['NOT-DECLARED gone'],
    /no package has that name/,
  ],
  [
    'build-order',
    'the successor before what it supersedes',
    { packages: { zlib: { supersedes: ['curl'] } } },
    ['SAME-SEQUENCE-VIOLATION zlib'],
    /zlib supersedes curl @ core:2/,
  ],
  [
    'silent-loss',
    'a feature of the reference is gone',
    { inputs: { logs: new Map([['curl', { version: '1.1', features: new Map([['checking for zlib', false]]) }]]) } },
    ['FEATURE-LOST curl', 'DECLARED-FAILED curl'],
    /checking for zlib: yes in the reference \(1\.0\), no now/,
  ],
  [
    'silent-loss',
    'a declared dependency was not found',
    {
      inputs: {
        reference: new Map([['gtk', { version: '1', met: [] }]]),
        logs: new Map([
          [
            'curl',
            {
              version: '1',
              features: new Map([
                ['checking for inflate in -lz', true],
                ['package ZLIB', false],
              ]),
            },
          ],
        ]),
      },
    },
    ['DECLARED-FAILED curl'],
    /package ZLIB: no, though zlib is declared/,
  ],
  [
    'undeclared-deps',
    'pkg-config of configure.ac',
    { packages: { curl: { host: [] } } },
    ['UNDECLARED-PKG-CONFIG-REQUIRED curl'],
    /configure\.ac:9 requires pkgconfig\(zlib\): zlib is not among its build and host/,
  ],
];

for (const [gate, what, plant, kinds, text] of PLANTS) {
  test(`${gate}: ${what}`, () => {
    const planted = run(plant, gate);
    assert.deepEqual(planted.kinds, kinds);
    assert.equal(planted.status, 'failed');
    assert.match(planted.text, text);
    assert.equal(run({}, gate).status, 'passed');
  });
}

const REQUIRED = { others: [], isRequired: true, where: 'x:1' } as const;

for (const [kind, requirement] of [
  ['UNDECLARED-MESON-DEP-REQUIRED', { kind: 'pkgconfig', name: 'gtk', by: 'meson', ...REQUIRED }],
  ['UNDECLARED-MESON-PROGRAM', { kind: 'program', name: 'gtk', by: 'meson', ...REQUIRED }],
  ['UNDECLARED-CMAKE-DEP-REQUIRED', { kind: 'cmake', name: 'GTK', by: 'cmake', ...REQUIRED }],
  ['UNDECLARED-LIB-REQUIRED', { kind: 'library', name: 'gtk', by: 'autotools', ...REQUIRED }],
  ['UNDECLARED-HEADER-REQUIRED', { kind: 'header', name: 'gtk/gtk.h', by: 'autotools', ...REQUIRED }],
] as const) {
  test(`undeclared-deps: ${kind}, unless it is optional, met, or a divergence`, () => {
    const inputs = (change: object) => ({
      sources: new Map([
        [
          'zlib',
          { kind: 'scanned', requires: [{ ...requirement, ...change }], offers: [], systems: new Set([requirement.by]) } as const,
        ],
      ]),
    });
    assert.deepEqual(run({ inputs: inputs({}) }, 'undeclared-deps').kinds, [`${kind} zlib`]);
    assert.deepEqual(run({ inputs: inputs({ isRequired: false }) }, 'undeclared-deps').kinds, []);
    assert.deepEqual(
      run(
        { inputs: inputs({ others: ['cc'] }), packages: { cc: { foundAs: [{ kind: requirement.kind, name: 'cc' }] } } },
        'undeclared-deps',
      ).kinds,
      [],
    );
    assert.deepEqual(run({ inputs: inputs({}), packages: { zlib: { build: ['cc', 'gtk'] } } }, 'undeclared-deps').kinds, []);
    assert.deepEqual(
      run({ inputs: inputs({}), packages: { zlib: { divergences: new Map([['gtk', 'no windows here']]) } } }, 'undeclared-deps')
        .kinds,
      [],
    );
    const other = requirement.by === 'meson' ? 'cmake' : 'meson';
    assert.equal(
      run(
        {
          inputs: {
            sources: new Map([['zlib', { kind: 'scanned', requires: [requirement], offers: [], systems: new Set([other]) }]]),
          },
        },
        'undeclared-deps',
      ).status,
      'passed',
    );
  });
}

test('a feature that is lost on purpose is no loss', () => {
  const logs = new Map([['curl', { version: '1.1', features: new Map([['checking for zlib', false]]) }]]);
  const divergences = new Map([['zlib', 'nothing is compressed']]);
  assert.equal(run({ inputs: { logs }, packages: { curl: { divergences } } }, 'silent-loss').status, 'passed');
});

test('a name that no package is found as is advice, not a failure', () => {
  const requires = [{ kind: 'pkgconfig', name: 'nobody-knows', by: 'autotools', ...REQUIRED } as const];
  const { result, status } = run(
    {
      inputs: {
        sources: new Map([['zlib', { kind: 'scanned', requires, offers: [], systems: new Set(['autotools'] as const) }]]),
      },
    },
    'undeclared-deps',
  );
  assert.equal(status, 'passed');
  assert.deepEqual(
    result.gates[0]!.advice.map(({ kind }) => kind),
    ['UNRESOLVED-NAME'],
  );
});

test('what is not there is not run, never passed', () => {
  const none = inputsWith({
    inputs: { audits: undefined, reference: undefined, logs: new Map(), sources: new Map([['zlib', { kind: 'absent' }]]) },
    tiers: inputsWith().tree.tiers.map((each) => ({ ...each, holds: [] })),
  });
  const result = check(none);
  assert.deepEqual(
    result.gates.map(({ status }) => status),
    ['passed', 'not run', 'not run', 'passed', 'not run', 'not run'],
  );
  assert.equal(result.report, undefined);
  // crossing tiers is seen without lists of what tiers hold
  const crossing = check(
    { ...none, tree: { ...none.tree, packages: new Map([...none.tree.packages, ['zlib', facts('zlib', { build: ['gtk'] })]]) } },
    'tier-validation',
  );
  assert.equal(crossing.gates[0]!.status, 'failed');
  assert.match(crossing.gates[0]!.notRun ?? '', /no tier says what it holds/);
});

test('a pending package is asked for nothing', () => {
  const pending = { packages: { later: { pending: 'upstream signs next week' } } };
  for (const gate of GATES) assert.equal(run(pending, gate).status, 'passed', gate);
});

test('an override covers one gate of one package until its last day, and is a finding afterwards', () => {
  const waivers = new Map([['audit-coverage', { reason: 'audit under way', approver: 'ada', expires: '2026-12-01' }]]);
  const plant = (today: string): Plant => ({ packages: { curl: { waivers, version: '1.1' } }, today });
  const during = run(plant('2026-12-01'), 'audit-coverage');
  assert.equal(during.status, 'passed');
  assert.match(during.text, /^\[audit-preflight\] overridden: 1$/m);
  assert.match(during.text, /overridden until 2026-12-01 by ada \(audit under way\): stale {2}curl/);
  const after = run(plant('2026-12-02'), 'audit-coverage');
  assert.deepEqual(after.kinds, ['stale curl', 'EXPIRED-OVERRIDE curl']);
  assert.match(after.text, /its override ran out on 2026-12-01 \(ada: audit under way\)/);
  const unused = run({ packages: { curl: { waivers } } }, 'audit-coverage');
  assert.equal(unused.status, 'passed');
  assert.deepEqual(
    unused.result.gates[0]!.advice.map(({ kind }) => kind),
    ['UNUSED-OVERRIDE'],
  );
  // another gate is not let off
  assert.equal(run({ packages: { curl: { waivers, tier: 'desktop' } } }, 'tier-validation').status, 'failed');
});

test('the seed’s words: three missing, one stale, four packages need audit work', (t) => {
  const plant: Plant = { audits: { zlib: null, gtk: null, clock: null }, packages: { curl: { version: '1.1' } } };
  const { text } = run(plant, 'audit-coverage');
  for (const line of [
    '[audit-preflight] missing audit: 3',
    '[audit-preflight] stale (version): 1',
    '[audit-preflight] FAIL: 4 packages need audit work.',
  ])
    assert.ok(text.split('\n').includes(line), text);
  golden(t, 'check/audit-coverage.txt', `${text}\n`);
});

test('all gates of a tree with faults of every kind', (t) => {
  const plant: Plant = {
    packages: {
      lost: {},
      zlib: { build: ['gtk'] },
      odd: { tier: 'extra' },
      curl: { version: '1.1', host: [] },
    },
    audits: {
      gtk: {
        needsReview: ['build-system-undetected'],
        bundled: ['contrib'],
        mismatches: [{ dependency: 'pango', issue: 'required' }],
      },
      clock: { source: { path: 'clock.tar.gz', isThere: false, files: 0 } },
    },
  };
  golden(t, 'check/all.txt', `${renderCheck(check(inputsWith(plant)), { all: false }).join('\n')}\n`);
});

test('who builds only what passes is told which gates did not', (t) => {
  assert.deepEqual(requirePassed(check(inputsWith()), 'tree'), []);
  assert.deepEqual(requirePassed(check(inputsWith({ inputs: { audits: undefined } })), 'tree'), ['audit-coverage']);
  const packages = Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`lost${index}`, { pending: undefined }]));
  assert.throws(
    () => requirePassed(check(inputsWith({ packages })), 'tree'),
    (error) => {
      assert.ok(error instanceof Fault);
      golden(t, 'errors/E-CHECK-006.txt', renderFault(error));
      return true;
    },
  );
});

test('the report is advisory; what a person reviewed, and divergences, are not in it again', () => {
  const mismatches = [{ dependency: 'pango', issue: 'configure.ac:1 requires pango' }];
  const audits = { gtk: { needsReview: ['a', 'b'], reviewed: ['a'], mismatches } };
  const rows = (plant: Plant): string[] => check(inputsWith(plant)).report!.map(({ category, issue }) => `${category} ${issue}`);
  assert.deepEqual(rows({ audits }), ['mismatch pango', 'needs-review b']);
  assert.deepEqual(rows({ audits, packages: { gtk: { divergences: new Map([['pango', 'drawn without it']]) } } }), [
    'needs-review b',
  ]);
  assert.ok(check(inputsWith({ audits })).gates.every(({ status }) => status === 'passed'));
});

test('25 findings of a kind are shown, and how many more there are', () => {
  const packages = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`p${String(index).padStart(2, '0')}`, {}]));
  const lines = renderCheck(check(inputsWith({ packages }), 'audit-coverage'), { all: false });
  assert.equal(lines.filter((line) => line.startsWith('  missing')).length, 25);
  assert.ok(lines.some((line) => line.includes('… and 5 more missing (--all shows them)')));
});

test('an inferred tier does not depend on the order of packages', () => {
  // lib is used by extra's clock and, over mid, by core's curl
  const packages = {
    lib: { tier: 'core' },
    mid: { tier: 'core', host: ['lib'] },
    curl: { host: ['zlib', 'mid'] },
    clock: { host: ['gtk', 'lib'] },
  };
  const inputs = inputsWith({ packages });
  const reversed = { ...inputs, tree: { ...inputs.tree, packages: new Map([...inputs.tree.packages].reverse()) } };
  for (const each of [inputs, reversed]) {
    const [gate] = check(each, 'tier-validation').gates;
    assert.equal(gate!.status, 'passed', gate!.findings.map(({ text }) => text).join());
  }
});

test('patterns: the earliest tier of several, and a name before all of them', () => {
  const tiers = [tier('core', [], { holds: ['gnome-*'] }), tier('extra', ['core'], { holds: ['*-helper', 'gnome-x'] })];
  const natural = (name: string, own: string) =>
    check(
      {
        ...inputsWith({ tiers }),
        tree: { ...inputsWith({ tiers }).tree, packages: new Map([[name, facts(name, { tier: own })]]) },
      },
      'tier-validation',
    ).gates[0]!.status;
  assert.equal(natural('gnome-helper', 'core'), 'passed');
  assert.equal(natural('brave-helper', 'extra'), 'passed');
  assert.equal(natural('gnome-x', 'extra'), 'passed');
});
