/** The resolver where the first choice is wrong: roots with packages beside brute force, and webs of requirements of some size. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../base/index.ts';
import type { PackageRecord } from '../../pkm/index.ts';
import type { Candidate } from '../../pkm/plan/offers.ts';
import { accepts, excludes, offersOf, parseRequirement } from '../../pkm/plan/requirement.ts';
import { type ResolveRequest, resolvePackages } from '../../pkm/plan/resolve.ts';
import { compareVersions } from '../../pkm/versions.ts';

type More = Partial<Omit<Candidate, 'name' | 'version'>>;
type Request = Omit<ResolveRequest<Candidate>, 'installed'> & { readonly installed?: readonly Candidate[] };

const pack = (name: string, version = '1', more: More = {}): Candidate => ({
  ...{ name, version, release: 1, runtime: [], provides: [], conflicts: [], supersedes: [] },
  ...more,
});

const resolve = ({ installed = [], ...request }: Request): Candidate[] =>
  resolvePackages({
    ...request,
    installed: installed.map((item) => ({ ...item, supersededBy: [] }) as unknown as PackageRecord),
  });

const named = (items: readonly Candidate[]): string[] => items.map((item) => `${item.name} ${item.version}`);

const many = <T>(n: number, make: (n: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

const inTwoVersions = (n: number, more: (n: number) => More): Candidate[] =>
  many(n, (i) => [pack(`p${i}`, '1', more(i)), pack(`p${i}`, '2', more(i))]).flat();

test('a choice is taken back over many others that have nothing to do with what failed', () => {
  const between = many(100, (i) => `p${i}`);
  const offered = [
    pack('app', '1', { runtime: ['lib', ...between, 'tool'] }),
    ...[pack('lib', '2'), pack('lib', '1'), pack('tool', '1', { runtime: ['lib<2'] })],
    ...inTwoVersions(100, () => ({})),
  ];
  const found = named(resolve({ offered, wanted: ['app'] }));
  assert.ok(found.includes('lib 1') && found.includes('tool 1') && found.includes('p99 2'));
});

test('what cannot be had at the end of a long way is found out once', () => {
  const offered = inTwoVersions(1000, (i) => ({ runtime: [i === 0 ? 'nowhere' : `p${i - 1}`] }));
  assert.throws(
    () => resolve({ offered, wanted: ['p999'] }),
    (error) => {
      assert.ok(error instanceof Fault);
      assert.equal(error.message, "'p0 2' needs 'nowhere', which no synced repository offers");
      assert.ok(!error.notes.some((note) => note.includes('too many combinations')));
      return true;
    },
  );
});

test('upgrade of everything where one package wants hundreds of others as they are', () => {
  const names = many(600, (i) => `p${i}`);
  const installed = [...names.map((name) => pack(name)), pack('x', '1', { runtime: names.map((name) => `${name}<2`) })];
  assert.deepEqual(resolve({ offered: names.map((name) => pack(name, '2')), installed, wanted: [], upgrade: true }), []);
});

test('how much is needed, and met, counts for nothing', () => {
  const offered = many(2000, (i) => pack(`p${i}`, '1', { runtime: many(Math.min(i, 60), (k) => `p${i - k - 1}`) }));
  assert.equal(resolve({ offered, wanted: ['p1999'] }).length, 2000);
});

test('a wish holds although another one is met by a newer version', () => {
  const request = { offered: [pack('c', '2')], installed: [pack('c')] };
  assert.deepEqual(named(resolve({ ...request, wanted: ['c'] })), ['c 2']);
  assert.deepEqual(named(resolve({ ...request, wanted: ['c=1', 'c'] })), []);
  assert.deepEqual(named(resolve({ ...request, wanted: ['c', 'c=1'] })), []);
});

test('what is superseded by a package that comes meets nothing', () => {
  const offered = [pack('app', '1', { runtime: ['new', 'old<2'] }), pack('new', '2', { supersedes: ['old'] }), pack('old', '1')];
  assert.throws(() => resolve({ offered, wanted: ['app'] }), /'app 1' needs 'old<2', which cannot be met/);
  assert.throws(() => resolve({ offered, wanted: ['old<2', 'new'] }), /'old<2' cannot be installed/);
});

// ---- beside brute force

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const need = fc
  .tuple(fc.constantFrom(...NAMES, 'v'), fc.constantFrom('', '', '>=2', '<2', '=1'))
  .map(([name, bound]) => name + bound);
const seldom = <T>(one: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant<T[]>([]) }, { weight: 1, arbitrary: one.map((value) => [value]) });
const candidate = fc.record({
  name: fc.constantFrom(...NAMES),
  version: fc.constantFrom('1', '2'),
  release: fc.constant(1),
  runtime: fc.uniqueArray(need, { maxLength: 2 }),
  provides: seldom(fc.constantFrom('v', 'v=2')),
  conflicts: seldom(need),
  supersedes: fc.constant<string[]>([]),
});

const meets = (items: readonly Candidate[], text: string): boolean => {
  const requirement = parseRequirement(text);
  return items.some((item) => {
    const offers = offersOf(item);
    return offers.has(requirement.name) && accepts(requirement, offers.get(requirement.name));
  });
};

const isWhole = (items: readonly Candidate[]): boolean =>
  items.every(
    (item) =>
      item.runtime.every((text) => meets(items, text)) &&
      !items.some((other) => other.name !== item.name && excludes(item, other)),
  );

/** What is there with `chosen`; `undefined`: nobody may install that. */
const withChosen = (installed: readonly Candidate[], chosen: readonly Candidate[], holds: ReadonlySet<string>) => {
  const byName = new Map(chosen.map((item) => [item.name, item]));
  if (byName.size !== chosen.length) return undefined;
  for (const old of installed) {
    const order = compareVersions(byName.get(old.name)?.version ?? old.version, old.version);
    if (order < 0 || (order > 0 && holds.has(old.name))) return undefined;
  }
  return [...installed.filter((old) => !byName.has(old.name)), ...chosen];
};

/** Packages that can be together, of random ones. */
const wholeRoot = (items: readonly Candidate[]): Candidate[] => {
  let root = [...new Map(items.map((item) => [item.name, item])).values()];
  while (!isWhole(root)) root = root.slice(1);
  return root;
};

for (const hasConflicts of [false, true]) {
  test(`random roots: what is found is whole${hasConflicts ? '' : ', and found where brute force finds something'}`, () => {
    let nFound = 0;
    const items = fc.array(candidate, { maxLength: 7 });
    fc.assert(
      fc.property(
        items,
        items,
        fc.array(need, { minLength: 1, maxLength: 2 }),
        fc.subarray(NAMES),
        (some, there, wanted, held) => {
          const clean = (item: Candidate): Candidate => (hasConflicts ? item : { ...item, conflicts: [] });
          const offered = [...new Map(some.map((item) => [`${item.name} ${item.version}`, clean(item)])).values()];
          // One release of a package says one thing: who has it is not offered another.
          const same = (item: Candidate): Candidate | undefined =>
            offered.find(({ name, version }) => name === item.name && version === item.version);
          const installed = wholeRoot(there.map((item) => same(item) ?? clean(item)));
          const holds = new Set(held.slice(0, 1));
          const isSolution = (chosen: readonly Candidate[]): boolean => {
            const after = withChosen(installed, chosen, holds);
            return after !== undefined && isWhole(after) && wanted.every((text) => meets(after, text));
          };
          let found: Candidate[] | undefined;
          try {
            found = resolve({ offered, installed, wanted, holds });
          } catch (error) {
            assert.ok(error instanceof Fault && error.code === 'E-PKM-013', String(error));
          }
          if (found !== undefined) assert.ok(isSolution(found), named(found).join(', '));
          else if (!hasConflicts)
            for (let bits = 0; bits < 1 << offered.length; bits++)
              assert.ok(!isSolution(offered.filter((_, n) => (bits >> n) & 1)), `there is one: ${bits}`);
          if (found !== undefined) nFound += 1;
          const all = withChosen(installed, resolve({ offered, installed, wanted: [], upgrade: true, holds }), holds);
          assert.ok(all !== undefined && isWhole(all), 'upgrade of everything');
        },
      ),
      { numRuns: 1500 },
    );
    // 225 or so.
    assert.ok(nFound > 150, `${nFound} found`);
  });
}

test('random webs of 400 packages in three versions: each is resolved, or said to be impossible', () => {
  const web = fc.array(
    fc.record({
      needs: fc.array(fc.tuple(fc.nat(399), fc.constantFrom('', '', '', '<3', '<=1', '=2', '>=2')), { maxLength: 3 }),
      conflicts: fc.oneof({ weight: 9, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.tuple(fc.nat(399)) }),
    }),
    { minLength: 1200, maxLength: 1200 },
  );
  fc.assert(
    fc.property(web, (items) => {
      const offered = items.map(({ needs, conflicts }, n) =>
        pack(`p${n % 400}`, `${1 + Math.floor(n / 400)}`, {
          runtime: needs.map(([to, bound]) => `p${to}${bound}`),
          conflicts: conflicts.map((to) => `p${to}`),
        }),
      );
      try {
        const found = resolve({ offered, wanted: ['p0', 'p1', 'p2'] });
        assert.ok(isWhole(found) && ['p0', 'p1', 'p2'].every((name) => meets(found, name)));
      } catch (error) {
        assert.ok(error instanceof Fault && error.code === 'E-PKM-013', String(error));
        assert.ok(!error.notes.some((note) => note.includes('too many combinations')), error.message);
      }
    }),
    { numRuns: 8 },
  );
});
