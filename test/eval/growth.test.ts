/** Folds that put the parts of a list or set together at once: nobody can tell but by the time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textToBytes } from '../../base/index.ts';
import { Attrs } from '../../eval/attrs.ts';
import { growAtOnce } from '../../eval/grow.ts';
import { world } from './support.ts';

/** The second fold takes a function whose text tells nothing. */
const FOLDS = ["builtins.foldl'", "(f: builtins.foldl' (all: x: f all x))"];

/** Bodies of `all: x: …`, and whether they are put together at once. */
const LISTS: readonly (readonly [body: string, isGrowing: boolean])[] = [
  ['all ++ [ x ]', true],
  ['(all ++ [ x [ n ] ]) ++ [ n ]', false],
  ['all ++ [ x [ n ] ] ++ [ n ]', true],
  ['[ x n ] ++ all', true],
  ['all ++ (if mod x 7 == 0 then [ ] else [ (x + n) ])', true],
  ['all ++ [ ]', true],
  ['all ++ [ (length all) ]', false],
  ['tail all ++ [ x x ]', false],
  ['(with { inherit all; }; tail all) ++ [ x x ]', false],
];
const SETS: readonly (readonly [body: string, isGrowing: boolean])[] = [
  ['all // { "n${toString x}" = x; }', true],
  ['{ "n${toString (mod x 300)}" = x; } // all', true],
  ['all // { "n${toString (mod x 300)}" = x; z.y = n; }', true],
  ['all // (if mod x 7 == 0 then { } else { inherit n; "n${toString x}" = x; })', true],
  ['all // (let all = x; in { "n${toString x}" = all; })', false],
  ['all // { "n${toString x}" = length (attrNames all); }', false],
];

const withNames = (expression: string): string => `with builtins; let n = 5; mod = a: b: a - b * (a / b); in ${expression}`;

for (const [bodies, start] of [
  [LISTS, '[ 1 2 ]'],
  [SETS, '{ n1 = "first"; a = 1; }'],
] as const) {
  for (const [body, isGrowing] of bodies) {
    test(`folding with all: x: ${body}`, () => {
      const { show, interpreter } = world();
      for (const parameter of ['x', '{ x, y ? 1 }']) {
        const items = parameter === 'x' ? 'genList (i: i) 1000' : 'genList (x: { inherit x; }) 1000';
        const [given, byHand] = FOLDS.map((fold) => show(withNames(`${fold} (all: ${parameter}: ${body}) ${start} (${items})`)));
        assert.equal(given, byHand);
      }
      const value = (text: string) => interpreter.evalExpr(textToBytes(withNames(text)), { basePath: '/disk' });
      const large = value(
        bodies === LISTS ? 'genList (i: i) 300' : 'listToAttrs (genList (i: { name = toString i; value = i; }) 300)',
      );
      assert.equal(growAtOnce(value(`all: x: ${body}`), large, [1, 2, 3], 1) !== undefined, isGrowing);
    });
  }
}

test('defaults of what a fold takes may look at what there is', () => {
  const { show } = world();
  for (const formals of ['{ x ? length all }', '{ x ? length (tail all) }@given']) {
    const folds = FOLDS.map((fold) => `elemAt (${fold} (all: ${formals}: all ++ [ x ]) [ 1 ] (genList (_: { }) 900)) 900`);
    assert.deepEqual(
      folds.map((each) => show(withNames(each))),
      formals.includes('tail') ? ['899', '899'] : ['900', '900'],
    );
  }
});

test('places of attributes are kept, and what is not needed is not evaluated', () => {
  const { interpreter } = world();
  const grown = withNames(`${FOLDS[0]} (all: x: all // { "n\${toString x}" = throw "needed"; }) { } (genList (i: i) 1000)`);
  const value = interpreter.evalExpr(textToBytes(grown), { basePath: '/disk' });
  assert.ok(value instanceof Attrs);
  assert.equal(value.size, 1000);
  const span = value.spanOf('n999')!;
  assert.equal(span.source.text.slice(span.start, span.end), '"n${toString x}"');
});

test('a part that is none is told as ever', () => {
  const { fail } = world();
  for (const body of ['all ++ (if x == 900 then 1 else [ x ])', 'all // (if x == 900 then [ ] else { "${toString x}" = 1; })'])
    for (const start of ['[ ]', '{ }'].filter((each) => (each === '[ ]') === body.includes('++'))) {
      const [given, byHand] = FOLDS.map((fold) => fail(withNames(`${fold} (all: x: ${body}) ${start} (genList (i: i) 1000)`)));
      const message = (text: string): string => text.split('\n')[0]!;
      assert.equal(message(given!), message(byHand!));
      assert.match(given!, /└|│.*\^/);
    }
});
