/** What stays text, and that it says the same when it is read at last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SourceFile } from '../../base/index.ts';
import { type AttrsExpr, type Expr, parse, parseAround, parseFile } from '../../lang/index.ts';
import { caseFiles } from '../eval/conformance/cases.ts';
import { expressions } from './arbitrary.ts';
import { seeds } from './mutations.ts';

const source = (text: string): SourceFile => new SourceFile('<test>', text);

/** As evaluation reads it, and what may stay text the next time. */
function first(text: string): { expr: Expr; noted: number[] } {
  const noted: number[] = [];
  const tree = parseFile(source(text), { pipes: true, isForEvaluation: true, noted });
  assert.ok(tree.kind === 'expr');
  return { expr: tree.expr, noted };
}

const again = (text: string, gaps: readonly number[]): Expr | undefined => parseAround(source(text), Int32Array.from(gaps), true);

/** All of a tree, read; which parts were text does not show. */
function read(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(read);
  if (typeof node !== 'object' || node === null) return node;
  const { isDeferred, ...fields } = node as { isDeferred?: true; kind?: string; expr?: Expr; body?: Expr };
  const all = Object.entries(fields).map(([name, field]) => [name, read(field)]);
  if (isDeferred === undefined) return Object.fromEntries(all);
  const { kind, expr, body } = node as typeof fields;
  return kind === 'expr' ? { kind, expr: read(expr) } : { ...Object.fromEntries(all), body: read(body) };
}

function check(text: string): number {
  const { expr, noted } = first(text);
  const later = again(text, noted);
  assert.ok(later !== undefined, text);
  assert.deepEqual(read(later), read(expr), text);
  return noted.length / 3;
}

test('values of bindings and bodies of functions stay text', () => {
  const text =
    '{ one = callPackage ./one.nix { }; two = x: y: { result = x + y; }; three = 3; four = { five = import ./five.nix; }; }';
  const { noted } = first(text);
  const gaps = noted.flatMap((name, i) => (i % 3 === 0 ? [text.slice(name, noted[i + 2])] : []));
  assert.deepEqual(gaps, ['one = callPackage ./one.nix { }', '{ result = x + y; }', 'five = import ./five.nix']);
  const { merged } = again(text, noted) as AttrsExpr;
  assert.deepEqual(
    merged.statics.map(({ name, value }) => [name, value.kind === 'expr' && value.isDeferred === true]),
    [
      ['one', true],
      ['two', false],
      ['three', false],
      ['four', false],
    ],
  );
});

test('of what is larger than a value mostly is, the parts stay text', () => {
  const inner = Array.from({ length: 400 }, (_, i) => `name${i} = callPackage ./file${i}.nix { };`).join('\n');
  const text = `{ all = f { ${inner} }; }`;
  assert.equal(check(text), 400);
});

test('parentheses, comments and names of all kinds around a gap', () => {
  for (const text of [
    '{ a /* = */ = callPackage ./one.nix { }; b\n=\tcallPackage ./one.nix { } ; }',
    '{ a = (callPackage ./one.nix { }); b = /* ; */ callPackage ./two.nix { } # }\n; }',
    'let "a b" = callPackage ./one.nix { }; or = callPackage ./one.nix { }; in callPackage ./two.nix { }',
    'rec { a.b.c = callPackage ./one.nix { }; a.b.d = callPackage ./one.nix { }; a."e".${"f"} = callPackage ./one.nix { }; }',
    '{ ${name} = callPackage ./one.nix { }; a.${name} = callPackage ./one.nix { }; }',
    '{ a = { b = { c = 1; }; }; a.b.d = callPackage ./one.nix { }; a.e = { f = callPackage ./one.nix { }; }; a.e.g = 2; }',
    'x: { f }@args: let g = callPackage ./one.nix { }; in with g; assert f != null; if f then callPackage ./a { } else args.g.h.i.j',
    'all: item: all ++ [ item item item item ]',
    "\"${let a = callPackage ./one.nix { }; in a}\" + ''\n  ${let a = callPackage ./one.nix { }; in a}\n''",
    'let { body = callPackage ./one.nix { }; }',
  ])
    check(text);
});

/** Alone, as a value and as the body of a function. */
const checkAll = (text: string): number => check(text) + check(`{ value = ${text}\n; makes = it: ${text}\n; }`);

test('whatever is parsed without a fault gives the same tree from text', () => {
  let nGaps = 0;
  const cases = caseFiles().flatMap((file) => file.cases.map(({ expression }) => expression));
  for (const text of [...seeds, ...cases]) {
    const { tree, diagnostics } = parse(source(text), { pipes: true });
    if (diagnostics.length === 0 && tree.kind === 'expr') nGaps += checkAll(text);
  }
  assert.ok(nGaps > 500, String(nGaps));
  fc.assert(fc.property(expressions({ comments: true }), (text) => void checkAll(text)));
});

test('gaps that are not of this text are refused', () => {
  const text = '{ one = callPackage ./one.nix { }; two = x: y: { result = x + y; }; }';
  const { noted } = first(text);
  for (const gaps of [
    [0, 0, 5],
    [8, 8, 8],
    [8, 8, 7],
    [8, 8],
    [8, 8, 33, 20, 20, 40],
    [-4, -4, 3],
    [8, 8, 1000],
    [2, 2, 5],
    [9, 9, 33],
    [8, 8, 34],
    [...noted, 66, 66, 68],
    [8, 8, 70],
    [0, 8, 33],
    [1, 8, 33],
    [3, 8, 33],
    [6, 8, 33],
    [2, 7, 33],
    [2, 9, 33],
    [2, 41, 68],
    // Behind the place where its value starts.
    [8, 3, 33],
  ])
    assert.equal(again(text, gaps), undefined, String(gaps));
  // What the parser alone would take: of nothing, backwards, and longer than the text.
  for (const [other, gaps] of [
    ['{ a = ; }', [6, 6, 6]],
    ['{ a = ; }', [6, 6, 5]],
    ['x: f x', [3, 3, 7]],
  ] as const)
    assert.equal(again(other, gaps), undefined, `${other}: ${gaps}`);
  // Of another text of the same length, whatever it is.
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1, max: text.length + 1 }), { maxLength: 9 }), (gaps) => {
      again(text, gaps);
    }),
  );
});
