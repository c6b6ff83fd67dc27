/** The resolver: by examples, by golden explanations, and against brute force over small random worlds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, renderFault } from '../../base/index.ts';
import type { PackageRecord } from '../../pkm/index.ts';
import type { Candidate } from '../../pkm/plan/offers.ts';
import { accepts, offersOf, parseRequirement } from '../../pkm/plan/requirement.ts';
import { type ResolveRequest, resolvePackages } from '../../pkm/plan/resolve.ts';
import { compareVersions } from '../../pkm/versions.ts';
import { golden } from '../golden.ts';

type More = Partial<Omit<Candidate, 'name' | 'version'>>;

const pack = (about: string, more: More = {}): Candidate => {
  const [name, version = '1'] = about.split(' ') as [string, string?];
  return { name, version, release: 1, runtime: [], provides: [], conflicts: [], supersedes: [], ...more };
};

const record = (about: string, more: More & Partial<PackageRecord> = {}): PackageRecord => ({
  ...pack(about, more),
  tier: '',
  summary: '',
  license: '',
  homepage: '',
  config: [],
  origin: { kind: 'store', storePath: `/igos/store/x-${about}` },
  reason: 'explicit',
  installedAt: 1,
  supersededBy: [],
  supersededAt: 0,
  fromGeneration: 1,
  ...more,
});

const resolve = (request: Omit<ResolveRequest<Candidate>, 'installed'> & { installed?: readonly PackageRecord[] }): string[] =>
  resolvePackages({ installed: [], ...request }).map((item) => `${item.name} ${item.version}`);

const explanation = (request: Parameters<typeof resolve>[0]): string => {
  try {
    resolve(request);
  } catch (error) {
    if (error instanceof Fault) return renderFault(error);
    throw error;
  }
  throw new Error('it was resolved');
};

test('the closure comes in order, newest versions, each once', () => {
  const offered = [
    pack('app', { runtime: ['lib', 'tool'] }),
    pack('lib 1'),
    pack('lib 2', { runtime: ['libc'] }),
    pack('tool', { runtime: ['libc'] }),
    pack('libc'),
  ];
  assert.deepEqual(resolve({ offered, wanted: ['app'] }), ['libc 1', 'lib 2', 'tool 1', 'app 1']);
});

test('a version that is asked for is taken, and an unsuitable newest one is not', () => {
  const offered = [pack('lib 1'), pack('lib 2'), pack('lib 3'), pack('app', { runtime: ['lib<3'] })];
  assert.deepEqual(resolve({ offered, wanted: ['app'] }), ['lib 2', 'app 1']);
  assert.deepEqual(resolve({ offered, wanted: ['lib=1'] }), ['lib 1']);
  assert.deepEqual(resolve({ offered, wanted: ['lib >= 2'] }), ['lib 3']);
});

test('an older version of what asks is taken where the newest cannot be had', () => {
  const offered = [pack('app 2', { runtime: ['lib>=9'] }), pack('app 1', { runtime: ['lib'] }), pack('lib 1')];
  assert.deepEqual(resolve({ offered, wanted: ['app'] }), ['lib 1', 'app 1']);
});

test('providers: unversioned ones meet no bound, versioned ones do', () => {
  const offered = [
    pack('postfix', { provides: ['mta'] }),
    pack('exim', { provides: ['mta=4.9'] }),
    pack('a', { runtime: ['mta'] }),
    pack('b', { runtime: ['mta>=4'] }),
  ];
  assert.deepEqual(resolve({ offered, wanted: ['a'] }), ['postfix 1', 'a 1']);
  assert.deepEqual(resolve({ offered, wanted: ['b'] }), ['exim 1', 'b 1']);
});

test('a provider that excludes something is passed over', () => {
  const offered = [
    pack('postfix', { provides: ['mta'], conflicts: ['app'] }),
    pack('exim', { provides: ['mta'] }),
    pack('app', { runtime: ['mta'] }),
  ];
  assert.deepEqual(resolve({ offered, wanted: ['app'] }), ['exim 1', 'app 1']);
});

test('what is installed is enough, and is upgraded only where it is not', () => {
  const offered = [pack('app', { runtime: ['lib'] }), pack('app2', { runtime: ['lib>=2'] }), pack('lib 2')];
  const installed = [record('lib 1', { reason: 'dependency' })];
  assert.deepEqual(resolve({ offered, installed, wanted: ['app'] }), ['app 1']);
  assert.deepEqual(resolve({ offered, installed, wanted: ['app2'] }), ['lib 2', 'app2 1']);
});

test('an upgrade that breaks an installed package brings that one along', () => {
  const installed = [record('lib 1'), record('app 1', { runtime: ['lib<2'] })];
  const offered = [pack('lib 2'), pack('app 2', { runtime: ['lib>=2'] })];
  assert.deepEqual(resolve({ offered, installed, wanted: ['lib'], upgrade: true }), ['lib 2', 'app 2']);
});

test('upgrade of everything leaves what cannot be upgraded', () => {
  const installed = [record('lib 1'), record('app 1', { runtime: ['lib<2'] }), record('other 1')];
  const offered = [pack('lib 2'), pack('other 2')];
  assert.deepEqual(resolve({ offered, installed, wanted: [], upgrade: true }), ['other 2']);
});

test('a split: all successors in one transaction', () => {
  const installed = [record('util 1'), record('app 1', { runtime: ['util'] })];
  const offered = [
    pack('util-core 2', { supersedes: ['util'] }),
    pack('util-extra 2', { supersedes: ['util'], runtime: ['util-core'] }),
  ];
  assert.deepEqual(resolve({ offered, installed, wanted: ['util'], upgrade: true }), ['util-core 2', 'util-extra 2']);
  assert.deepEqual(resolve({ offered, installed, wanted: [], upgrade: true }), ['util-core 2', 'util-extra 2']);
});

test('a chain of successors: what lies between comes along, in order', () => {
  const offered = [
    pack('c 3', { supersedes: ['b'] }),
    pack('b 2', { supersedes: ['a'], runtime: ['needed-by-nobody-now'] }),
    pack('a 1'),
  ];
  assert.deepEqual(resolve({ offered, installed: [record('a 1')], wanted: ['c'] }), ['b 2', 'c 3']);
  assert.deepEqual(resolve({ offered, wanted: ['c'] }), ['c 3'], 'a fresh root has nothing to take over');
});

test('a successor meets a requirement on its predecessor', () => {
  const installed = [record('old 1', { supersededBy: ['new'], supersededAt: 1 }), record('new 2')];
  assert.deepEqual(resolve({ offered: [pack('app', { runtime: ['old>=2'] })], installed, wanted: ['app'] }), ['app 1']);
});

test('held packages stay', () => {
  const installed = [record('lib 1')];
  const offered = [pack('lib 2'), pack('next 1', { supersedes: ['lib'] })];
  const holds = new Set(['lib']);
  assert.deepEqual(resolve({ offered: [pack('lib 2')], installed, wanted: [], upgrade: true, holds }), []);
  assert.match(explanation({ offered, installed, wanted: ['next'], holds }), /held/);
});

test('a circle of needs is no obstacle; predecessors still come first', () => {
  const offered = [
    pack('a', { runtime: ['b'] }),
    pack('b', { runtime: ['c'] }),
    pack('c', { runtime: ['a'], supersedes: ['b'] }),
  ];
  const order = resolve({ offered, wanted: ['a', 'b'] });
  assert.ok(order.includes('a 1'));
  if (order.includes('b 1')) assert.ok(order.indexOf('b 1') < order.indexOf('c 1'));
});

const failures: Record<string, Parameters<typeof resolve>[0]> = {
  unknown: { offered: [pack('firefox'), pack('zlib')], wanted: ['firefix'] },
  'no-version': { offered: [pack('zlib 1.2'), pack('zlib 1.3')], wanted: ['zlib>=2'] },
  'not-offered': {
    offered: [pack('app', { runtime: ['middle'] }), pack('middle 3', { runtime: ['libz'] }), pack('zlib')],
    wanted: ['app'],
  },
  'too-old': {
    offered: [pack('app 5', { runtime: ['lib>=2'] }), pack('app 4', { runtime: ['lib>=3'] }), pack('lib 1.5')],
    installed: [record('lib 1')],
    wanted: ['app'],
  },
  conflict: {
    offered: [pack('exim', { conflicts: ['mta'], provides: ['mta'] })],
    installed: [record('postfix 3', { provides: ['mta'] })],
    wanted: ['exim'],
  },
  'breaks-installed': {
    offered: [pack('lib 2')],
    installed: [record('lib 1'), record('app 1', { runtime: ['lib<2'] })],
    wanted: ['lib'],
    upgrade: true,
  },
  held: {
    offered: [pack('app', { runtime: ['lib>=2'] }), pack('lib 2')],
    installed: [record('lib 1')],
    wanted: ['app'],
    holds: new Set(['lib']),
  },
  older: {
    offered: [pack('lib 1'), pack('lib 2')],
    installed: [record('lib 2')],
    wanted: ['lib=1'],
  },
  'two-wishes': {
    offered: [pack('x', { runtime: ['lib=1'] }), pack('y', { runtime: ['lib=2'] }), pack('lib 1'), pack('lib 2')],
    wanted: ['x', 'y'],
  },
};

for (const [name, request] of Object.entries(failures)) {
  test(`a failure is explained: ${name}`, (t) => golden(t, `errors/pkm-resolve-${name}.txt`, explanation(request)));
}

// ---- against brute force

const NAMES = ['a', 'b', 'c', 'd'];
const need = fc
  .tuple(fc.constantFrom(...NAMES, 'v'), fc.constantFrom('', '', '>=2', '<2', '=1'))
  .map(([name, bound]) => name + bound);
const candidate = fc.record({
  name: fc.constantFrom(...NAMES),
  version: fc.constantFrom('1', '2'),
  runtime: fc.uniqueArray(need, { maxLength: 2 }),
  provides: fc.subarray(['v', 'v=2'], { maxLength: 1 }),
  conflicts: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.uniqueArray(need, { maxLength: 1 }) },
  ),
});

const isSound = (set: readonly Candidate[], wanted: string): boolean => {
  const names = new Set(set.map((item) => item.name));
  if (names.size !== set.length) return false;
  const by = (text: string, except?: string): boolean => {
    const requirement = parseRequirement(text);
    return set.some((item) => {
      const offers = offersOf(item);
      return item.name !== except && offers.has(requirement.name) && accepts(requirement, offers.get(requirement.name));
    });
  };
  return (
    by(wanted) &&
    set.every((item) => item.runtime.every((text) => by(text)) && !item.conflicts.some((text) => by(text, item.name)))
  );
};

test('random worlds: a solution is found exactly where brute force finds one, and it is sound', () => {
  let nSolved = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(candidate, { maxLength: 7, selector: (item) => `${item.name} ${item.version}` }),
      need,
      (items, wanted) => {
        const offered = items.map((item): Candidate => ({ ...pack(`${item.name} ${item.version}`), ...item }));
        let exists = false;
        for (let bits = 0; bits < 1 << offered.length && !exists; bits++)
          exists = isSound(
            offered.filter((_, n) => (bits >> n) & 1),
            wanted,
          );
        let found: Candidate[] | undefined;
        try {
          found = resolvePackages({ offered, installed: [], wanted: [wanted] });
        } catch (error) {
          assert.ok(error instanceof Fault && error.code === 'E-PKM-013');
        }
        assert.equal(found !== undefined, exists);
        if (found === undefined) return;
        nSolved += 1;
        assert.ok(isSound(found, wanted));
      },
    ),
    { numRuns: 1500 },
  );
  assert.ok(nSolved > 200, `${nSolved} solved`);
});

test('a thousand packages resolve in well under a second', () => {
  const offered = Array.from({ length: 1000 }, (_, n) =>
    pack(`p${n}`, { runtime: [1, 2, 3, 7].flatMap((k) => (n >= k ? [`p${n - k}`] : [])) }),
  );
  const start = process.cpuUsage().user;
  assert.equal(resolve({ offered, wanted: ['p999'] }).length, 1000);
  assert.ok(process.cpuUsage().user - start < 2_000_000);
});

test('versions: an order', () => {
  const versions = ['0', '1', '1.0~rc1', '1.0', '1.0a', '1.0.1', '1.2', '1.10', '2024', '10'];
  for (const a of versions) {
    for (const b of versions) assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) + 0);
  }
});
