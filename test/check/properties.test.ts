/** What holds of all trees: the order of packages does not matter, and circles and tiers are what a plainer way of finding them says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matches } from '../../check/facts.ts';
import { check, type PackageFacts, renderCheck } from '../../check/index.ts';
import { naturalTiers } from '../../check/natural-tier.ts';
import { facts, inputsWith, tier } from './plant.ts';

const NAMES = 'abcdefgh'.split('');
const ORDER = ['one', 'two', 'three'];
const TIERS = ORDER.map((name, index) =>
  tier(name, ORDER.slice(0, index), { holds: index === 0 ? ['a', 'h'] : index === 1 ? ['b'] : ['c', 'd*'] }),
);

const packages: fc.Arbitrary<PackageFacts[]> = fc
  .array(
    fc.record({
      name: fc.constantFrom(...NAMES),
      tier: fc.constantFrom(...ORDER),
      build: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 }),
      host: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }),
    }),
    { maxLength: 8 },
  )
  .map((list) => [...new Map(list.map((each) => [each.name, each])).values()].map((each) => facts(each.name, each)));

const treeOf = (list: readonly PackageFacts[]) => ({
  ...inputsWith().tree,
  tiers: TIERS,
  packages: new Map(list.map((each) => [each.name, each])),
});
const inputsOf = (list: readonly PackageFacts[]) => ({ ...inputsWith(), tree: treeOf(list) });

test('the order of packages changes nothing', () => {
  fc.assert(
    fc.property(packages, (list) => {
      const text = (each: readonly PackageFacts[]): string => renderCheck(check(inputsOf(each)), { all: true }).join('\n');
      assert.equal(text(list), text([...list].reverse()));
    }),
  );
});

test('a circle is reported exactly where a package is needed to build itself', () => {
  fc.assert(
    fc.property(packages, (list) => {
      const known = new Map(list.map((each) => [each.name, [...each.build, ...each.host]]));
      const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
        (known.get(from) ?? []).some(
          (next) => known.has(next) && (next === to || (!seen.has(next) && reaches(next, to, seen.add(next)))),
        );
      const inCircle = list.map(({ name }) => name).filter((name) => reaches(name, name));
      const [gate] = check(inputsOf(list), 'build-order').gates;
      const circles = gate!.findings
        .filter(({ kind }) => kind === 'CYCLE')
        .map(({ text }) => text.replace('dependency cycle: ', '').split(' -> '));
      assert.equal(circles.length > 0, inCircle.length > 0);
      for (const circle of circles) {
        assert.equal(circle[0], circle.at(-1));
        for (let at = 0; at + 1 < circle.length; at++)
          assert.ok(known.get(circle[at]!)!.includes(circle[at + 1]!), circle.join());
      }
      // each knot has one, so that all that stand in some circle reach one that is told
      for (const name of inCircle)
        assert.ok(circles.some(([first]) => first === name || (reaches(name, first!) && reaches(first!, name))));
    }),
    { numRuns: 300 },
  );
});

test('an inferred tier is the earliest that reaches the package over packages that nobody placed', () => {
  fc.assert(
    fc.property(packages, (list) => {
      const tree = treeOf(list);
      const natural = naturalTiers(tree);
      const held = (name: string): string | undefined =>
        TIERS.find(({ holds }) => holds.includes(name))?.name ??
        TIERS.find(({ holds }) => holds.some((glob) => glob.includes('*') && name.startsWith(glob.slice(0, -1))))?.name;
      const users = (name: string): string[] =>
        list.filter((each) => [...each.build, ...each.host].includes(name)).map((each) => each.name);
      const places = (name: string, seen: Set<string>): string[] =>
        users(name).flatMap((user) => {
          if (seen.has(user)) return [];
          seen.add(user);
          return held(user) ?? places(user, seen);
        });
      for (const { name } of list) {
        const expected = held(name) ?? ORDER.find((each) => places(name, new Set([name])).includes(each));
        assert.equal(natural.get(name)!.tier, expected, name);
      }
    }),
    { numRuns: 300 },
  );
});

test('patterns match as regular expressions would', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '-', '*'), maxLength: 8 });
  fc.assert(
    fc.property(text, fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 10 }), (pattern, name) => {
      const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name);
      assert.equal(matches(pattern, name), expected);
    }),
    { numRuns: 1000 },
  );
});
