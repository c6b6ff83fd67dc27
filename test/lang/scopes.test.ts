import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, SourceFile } from '../../base/index.ts';
import { builtinTable, checkNames } from '../../eval/index.ts';
import { type NameScope, type NameUse, parse, resolveNames, spotAt, spotsOf } from '../../lang/index.ts';
import { expressions } from './arbitrary.ts';

const resolved = (text: string) => resolveNames(parse(new SourceFile('x', text), { kind: 'igos' }).tree, text);

test('every use finds its binding', () => {
  const text =
    'let a = 1; inherit (b) c d; f = args@{ x, y ? a, ... }: x + y + args.z; g = { q }@all: all; in rec { inherit a; h = f { x = c; }; k.l = h; k.m = 2; }';
  const { locals, uses } = resolved(text);
  const shown = locals.map(
    ({ kind, name, places, uses: own }) =>
      `${kind} ${name} ${places.map(({ start }) => start)}: ${own.map(({ start }) => start)}`,
  );
  assert.deepEqual(
    new Set(shown),
    new Set([
      'formal q 78: ',
      'formal x 39: 56',
      'formal y 42: 60',
      'let a 4: 46,109',
      'let c 23: 124',
      'let d 25: ',
      'let f 28: 116',
      'let g 72: ',
      'rec a 109: ',
      'rec h 112: 136',
      'rec k 130,139: ',
      'whole all 82: 87',
      'whole args 32: 64',
    ]),
  );
  assert.deepEqual(
    uses.filter(({ local }) => local === undefined).map(({ name }) => name),
    ['b'],
  );
});

test('names of declarations have the chain of scopes that tells where they stand', () => {
  const { uses } = resolved('let v = "1"; in package a "1" { tier = core; split dev { files = [ w v ]; } }');
  const chain = ({ scope }: NameUse): string[] => {
    const kinds: string[] = [];
    for (let at: NameScope | undefined = scope; at !== undefined; at = at.around)
      kinds.push(at.field ?? at.declaration?.kind ?? at.kind);
    return kinds;
  };
  assert.deepEqual(
    uses.map((use) => [use.name, ...chain(use)]),
    [
      ['core', 'tier', 'package', 'names', 'file'],
      ['w', 'files', 'split', 'package', 'names', 'file'],
      ['v', 'files', 'split', 'package', 'names', 'file'],
    ],
  );
});

test('spots do not depend on how deep or long a text is', () => {
  const deep = `${'['.repeat(2_000)}x${']'.repeat(2_000)}`;
  const long = `${'x + '.repeat(50_000)}x`;
  for (const text of [deep, long]) {
    const { tree } = parse(new SourceFile('x', text));
    assert.ok(spotsOf(tree, text).length >= 1);
    assert.equal(resolveNames(tree, text).uses.length, spotsOf(tree, text).length);
  }
});

const globals = new Set([
  'true',
  'false',
  'null',
  'builtins',
  ...builtinTable.flatMap(({ name, isGlobal }) => (isGlobal ? [name, `__${name}`] : [`__${name}`])),
]);

const isUnderWith = ({ scope }: NameUse): boolean => {
  for (let at: NameScope | undefined = scope; at !== undefined; at = at.around) if (at.kind === 'with') return true;
  return false;
};

test('a name is free here exactly where evaluation refuses it, which looks by itself', () => {
  fc.assert(
    fc.property(expressions({ comments: true }), (text) => {
      const source = new SourceFile('x', text);
      const { tree, diagnostics } = parse(source);
      if (tree.kind !== 'expr' || diagnostics.length > 0) return;
      const free = resolveNames(tree, text).uses.filter(
        (use) => use.local === undefined && !globals.has(use.name) && !isUnderWith(use),
      );
      let refused: Fault | undefined;
      try {
        checkNames(source, tree.expr);
      } catch (error) {
        assert.ok(error instanceof Fault);
        refused = error;
      }
      assert.equal(refused !== undefined, free.length > 0, `${refused?.message} / ${free.map(({ name }) => name)}`);
      if (refused !== undefined) assert.ok(free.some(({ start }) => start === refused.labels[0]!.start));
    }),
    { numRuns: 400 },
  );
});

test('names stand where they are said to stand', () => {
  fc.assert(
    fc.property(expressions({ comments: true }), (text) => {
      const { tree } = parse(new SourceFile('x', text));
      const { uses, locals } = resolveNames(tree, text);
      const spots = spotsOf(tree, text);
      const isAt = (name: string, { start, end }: { start: number; end: number }): boolean =>
        text.slice(start, end) === name || text[start] === '"' || text[start] === '$';
      for (const use of uses) assert.ok(isAt(use.name, use), `use of ${use.name}`);
      for (const local of locals) {
        for (const place of local.places) {
          assert.ok(isAt(local.name, place), `binding of ${local.name}`);
          assert.equal(spotAt(spots, place.start)?.start, place.start);
        }
      }
    }),
    { numRuns: 300 },
  );
});
