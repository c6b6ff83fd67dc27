/** The algorithms on strings and lists that need no evaluator. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { floatFixed, floatGeneral, floatShortest } from '../../../eval/builtins/float-text.ts';
import { mergeSort } from '../../../eval/builtins/merge-sort.ts';
import { replaceAll } from '../../../eval/builtins/strings.ts';
import { compareVersionText, splitDrvName, versionComponents } from '../../../eval/builtins/version.ts';
import { needsNix, nixEval, nixString } from './nix.ts';

test('sorting is stable and what the engine sorts to', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(9), fc.nat())), (items) => {
      assert.deepEqual(
        mergeSort(items, (a, b) => a[0] < b[0]),
        items.toSorted((a, b) => a[0] - b[0]),
      );
    }),
  );
});

test('an order that is none still gives the same elements', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.func(fc.boolean()), (items, isLess) => {
      assert.deepEqual(mergeSort(items, isLess).sort(ascending), items.toSorted(ascending));
    }),
    { numRuns: 50 },
  );
});

test('sorting what is sorted takes n - 1 comparisons', () => {
  let calls = 0;
  mergeSort(
    Array.from({ length: 1024 }, (_, index) => index),
    (a, b) => {
      calls++;
      return a < b;
    },
  );
  assert.equal(calls, 1023);
});

const ascending = (a: number, b: number): number => a - b;

/** The definition, byte by byte. */
function slowReplace(text: string, from: readonly string[], to: readonly string[]): string {
  let result = '';
  for (let at = 0; at <= text.length; ) {
    const index = from.findIndex((pattern) => text.startsWith(pattern, at));
    if (index === -1) result += text.slice(at, ++at);
    else {
      result += to[index];
      if (from[index] === '') result += text[at] ?? '';
      at += from[index]!.length || 1;
    }
  }
  return result;
}

test('replacing follows its definition', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 3 });
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 12 }),
      fc.array(letters, { maxLength: 4 }),
      (text, from) => {
        const to = from.map((pattern, index) => `<${index}${pattern}>`);
        assert.equal(
          replaceAll(text, from, (index) => to[index]!),
          slowReplace(text, from, to),
        );
      },
    ),
    { numRuns: 1000 },
  );
});

test('floats are written as C and as current Nix write them', () => {
  const general = [
    0.1,
    100000,
    1e6,
    123456789,
    1e-5,
    3e100,
    1 / 3,
    0.1 + 0.2,
    100000.5,
    5e-324,
    -0.5,
    99999.95,
    Infinity,
    -0,
  ].map(floatGeneral);
  assert.deepEqual(general, [
    '0.1',
    '100000',
    '1e+06',
    '1.23457e+08',
    '1e-05',
    '3e+100',
    '0.333333',
    '0.3',
    '100000',
    '4.94066e-324',
    '-0.5',
    '99999.9',
    'inf',
    '-0',
  ]);
  assert.deepEqual([0.1, 1e7, 1e-5, 2, 0.0078125, 1e22, -0.5].map(floatFixed), [
    '0.100000',
    '10000000.000000',
    '0.000010',
    '2.000000',
    '0.007812',
    '10000000000000000000000.000000',
    '-0.500000',
  ]);
  const shortest = [0.1, 1.5, 1e5, 1e7, 1e-5, 1e20, 1e15, 1e14, 0.0001, 123456789.125, -2.5e-7, Number.NaN].map(floatShortest);
  assert.deepEqual(shortest, [
    '0.1',
    '1.5',
    '100000.0',
    '10000000.0',
    '1e-05',
    '1e+20',
    '1e+15',
    '100000000000000.0',
    '0.0001',
    '123456789.125',
    '-2.5e-07',
    'null',
  ]);
});

test('the shortest text of a float reads back as the float', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.ok(Object.is(Number(floatShortest(value)), value));
    }),
  );
});

test('versions', () => {
  const older = [
    ['1.0', '1.0.0'],
    ['1.0pre1', '1.0'],
    ['2.3', '2.3a'],
    ['1.9', '1.10'],
    ['a', '1'],
    ['20250101120000', '9'],
  ] as const;
  for (const [a, b] of older) assert.deepEqual([compareVersionText(a, b), compareVersionText(b, a)], [-1, 1], `${a} ${b}`);
  assert.equal(compareVersionText('1-2', '1.2'), 0);
  assert.deepEqual(versionComponents('1.2.3pre4-rc_5'), ['1', '2', '3', 'pre', '4', 'rc_', '5']);
  assert.deepEqual(splitDrvName('foo-bar-1.2'), { name: 'foo-bar', version: '1.2' });
  assert.deepEqual(splitDrvName('a-b'), { name: 'a-b', version: '' });
});

test('random versions compare as in Nix', (t) => {
  if (!needsNix(t)) return;
  const version = fc.string({ unit: fc.constantFrom('1', '0', '9', '.', '-', 'a', 'pre', 'rc'), maxLength: 6 });
  const pairs = fc.sample(fc.tuple(version, version), { numRuns: 500, seed: 2 });
  const calls = pairs.map(([a, b]) => `(builtins.compareVersions ${nixString(a)} ${nixString(b)})`);
  const expected = nixEval(`[ ${calls.join(' ')} ]`);
  assert.equal(`[ ${pairs.map(([a, b]) => compareVersionText(a, b)).join(' ')} ]`, expected);
});
