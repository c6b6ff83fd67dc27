/** Both tiers, and both with Nix: the corpus again in code that is hot, and random programs. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { goldenRoot } from '../golden.ts';
import { parseCorpus } from './corpus.ts';
import { world } from './support.ts';

/** Two runs of the expression: an early one, and one after the function it stands in became hot. */
const inHotCode = (expression: string): string =>
  `let main = at: { a = (${expression}\n); b = at; }; in [ (main 0).a (builtins.foldl' (_: main) null (builtins.genList (n: n) 400)).a (main 1).a ]`;

const folder = join(goldenRoot, 'eval-ok');
for (const file of readdirSync(folder).filter((name) => name.endsWith('.txt'))) {
  test(`hot code gives the same: ${file}`, () => {
    const { show } = world();
    for (const { expression, expected } of parseCorpus(readFileSync(join(folder, file), 'utf8'))) {
      assert.equal(show(inHotCode(expression)), `[ ${expected} ${expected} ${expected} ]`, expression);
    }
  });
}

test('hot code that is too big for one JavaScript function stays in the first tier', () => {
  const { show } = world();
  const texts = Array.from({ length: 1500 }, (_, i) => `"${'x'.repeat(70)}${i}"`).join(' ');
  const hot = (body: string): string => `let f = n: ${body}; in builtins.foldl' (_: n: f n) null (builtins.genList (n: n) 400)`;
  assert.equal(show(`builtins.length (${hot(`[ ${texts} ]`)})`), '1500');
  // Nested as deeply as the first tier can run on a small stack.
  assert.equal(show(hot(`n${' + n'.repeat(1000)}`)), String(399 * 1001));
});

test('what hot code does at once is what it would have done later', () => {
  const { show } = world();
  /** `body` over a, b and s as an argument that is kept and looked at, for values of which the last are special. */
  const late = (body: string, values: string): string =>
    `let keep = x: { v = x; }; f = { a, b, s }: (keep (${body})).v; in map f (builtins.genList (n: { a = n; b = 3; s = "t"; }) 400 ++ [ ${values} ])`;
  const last = (expression: string): string => show(`let xs = ${expression}; in builtins.elemAt xs (builtins.length xs - 1)`);
  assert.equal(last(late('a * b', '{ a = 0; b = -5; s = ""; }')), '0');
  assert.equal(last(late('a / 2 * 2 - b', '{ a = -1; b = 0; s = ""; }')), '0');
  assert.equal(last(late('a * b', '{ a = 4294967296; b = 1073741824; s = ""; }')), '4611686018427387904');
  assert.equal(last(late('a + b', '{ a = 0.5; b = 1; s = ""; }')), '1.5');
  assert.equal(last(late('"${s}-${s}"', '{ a = 1; b = 1; s = { __toString = _: "set"; }; }')), '"set-set"');
  assert.equal(last(late('[ a (a + b) ]', '{ a = 1; b = 2; s = ""; }')), '[ 1 3 ]');
  assert.equal(last(late('{ x = a; y = throw s; }', '{ a = 1; b = 2; s = ""; }').replace('.v;', '.v.x;')), '1');
  // What fails, fails only when it is needed.
  assert.equal(
    last(late('a * b', '{ a = 1; b = throw "no"; s = ""; }').replace('(keep', 'builtins.seq (keep').replace('.v;', ' "kept";')),
    '"kept"',
  );
  assert.equal(
    last(late('"${s}"', '{ a = 1; b = 1; s = 7; }').replace('(keep', 'builtins.seq (keep').replace('.v;', ' "kept";')),
    '"kept"',
  );
});

test('hot code prints a list that is selected twice twice, as cold code does', () => {
  const { show } = world();
  const all = "builtins.foldl' (_: n: builtins.deepSeq (twice n) (twice n)) null (builtins.genList (n: n) 400)";
  assert.equal(show(`let s = { l = [ 1 2 ]; }; twice = n: [ s.l s.l ]; in ${all}`), '[ [ 1 2 ] [ 1 2 ] ]');
});

test('a computed name that comes again, and one that the set has', () => {
  const { show } = world();
  const sets = 'map (n: { "${n}" = n; fixed = 1; })';
  assert.equal(
    show(`builtins.foldl' (a: b: a // b) { } (builtins.concatLists (builtins.genList (_: ${sets} [ "a" "z" "" ]) 400))`),
    '{ "" = ""; a = "a"; fixed = 1; z = "z"; }',
  );
  assert.throws(
    () =>
      show(
        `builtins.length (map (s: s.fixed) (${sets} (builtins.genList (n: if n < 399 then "a" else "fixed") 400))) + (builtins.elemAt (${sets} (builtins.genList (n: if n < 399 then "a" else "fixed") 400)) 399).fixed`,
      ),
    {
      code: 'E-EVAL-016',
    },
  );
});

/** Programs over the variables a (int), b (int), s (string), l (list), r (set), f (function): all well typed, none divides by 0. */
const program = fc.letrec<Record<'int' | 'bool' | 'text' | 'list' | 'set', string>>((tie) => ({
  int: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom('a', 'b', '0', '7', '123456789', '9007199254740992'),
    fc.tuple(tie('int'), fc.constantFrom('+', '-'), tie('int')).map(([x, op, y]) => `(${x} ${op} ${y})`),
    fc.tuple(tie('int'), fc.integer({ min: 1, max: 9 })).map(([x, n]) => `(${x} / ${n})`),
    fc.tuple(tie('bool'), tie('int'), tie('int')).map(([c, x, y]) => `(if ${c} then ${x} else ${y})`),
    tie('int').map((x) => `(f ${x})`),
    tie('int').map((x) => `(let d = ${x}; c = d + 1; in c - d)`),
    tie('set').map((r) => `(${r}.x or 3)`),
    tie('int').map((x) => `(with { u = ${x}; v = 1; }; u + v)`),
    fc.tuple(tie('int'), tie('int')).map(([x, y]) => `((x: y: x - y) ${x} ${y})`),
    fc.tuple(tie('int'), tie('int')).map(([x, y]) => `(({ p, q ? p + ${y} }: q) { p = ${x}; })`),
    tie('list').map((l) => `(builtins.length ${l})`),
  ),
  bool: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('true', 'false'),
    fc.tuple(tie('int'), fc.constantFrom('<', '<=', '>', '>=', '==', '!='), tie('int')).map(([x, op, y]) => `(${x} ${op} ${y})`),
    fc.tuple(tie('bool'), fc.constantFrom('&&', '||', '->'), tie('bool')).map(([x, op, y]) => `(${x} ${op} ${y})`),
    tie('bool').map((x) => `(!${x})`),
    fc.tuple(tie('set'), fc.constantFrom('x', 'y', 'z.w')).map(([r, n]) => `(${r} ? ${n})`),
    fc.tuple(tie('list'), tie('list')).map(([x, y]) => `(${x} == ${y})`),
    fc.tuple(tie('text'), tie('text')).map(([x, y]) => `(${x} < ${y})`),
  ),
  text: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('s', '"x"', '""', '"é\\n"'),
    fc.tuple(tie('text'), tie('text')).map(([x, y]) => `(${x} + ${y})`),
    fc.tuple(tie('text'), tie('int')).map(([x, y]) => `"<\${${x}}\${toString ${y}}>"`),
  ),
  list: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('l', '[ ]'),
    fc.tuple(tie('int'), tie('text')).map(([x, y]) => `[ ${x} ${y} ]`),
    fc.tuple(tie('list'), tie('list')).map(([x, y]) => `(${x} ++ ${y})`),
    fc.tuple(tie('int'), tie('int')).map(([x, y]) => `(map (v: v + ${x}) [ ${y} a ])`),
  ),
  set: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('r', '{ }'),
    fc.tuple(tie('int'), tie('int')).map(([x, y]) => `{ x = ${x}; y = ${y}; }`),
    fc.tuple(tie('int'), tie('text')).map(([x, y]) => `rec { z.w = ${y}; x = y; y = ${x}; }`),
    fc.tuple(tie('set'), tie('set')).map(([x, y]) => `(${x} // ${y})`),
    fc.tuple(tie('text'), tie('int')).map(([x, y]) => `{ \${${x} + "k"} = ${y}; }`),
    tie('int').map((x) => `(let x = ${x}; y = x; in { inherit x y; })`),
  ),
}));

const wrap = (body: string): string =>
  `let main = a: let b = 5; s = "str"; l = [ 1 2 ]; r = { x = 1; k = a; }; f = n: n + b; in ${body}; in `;
const anyProgram = fc.oneof(program.int, program.bool, program.text, program.list, program.set).map(wrap);

test('random programs: the second tier gives what the first gives', () => {
  const { show } = world();
  const hot = "[ (main 1) (builtins.foldl' (_: n: builtins.deepSeq (main n) n) 0 (builtins.genList (n: n) 320)) (main 1) ]";
  fc.assert(
    fc.property(anyProgram, (text) => {
      const once = show(`${text} main 1`);
      assert.equal(show(`${text} ${hot}`).replaceAll('«repeated»', '?'), `[ ${once} 319 ${once} ]`.replaceAll('«repeated»', '?'));
    }),
    { numRuns: 60 },
  );
});

test('random programs: Nix gives the same', (t) => {
  if (spawnSync('nix-instantiate', ['--version']).status !== 0) {
    t.skip('nix-instantiate is not installed');
    return;
  }
  const { show } = world();
  const texts = fc.sample(anyProgram, 300).map((text) => `(${text} main 1)`);
  const all = `[\n${texts.join('\n')}\n]`;
  const result = spawnSync('nix-instantiate', ['--eval', '--strict', '-'], { input: all, encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  if (result.stdout.trimEnd() === show(all)) return;
  for (const text of texts) {
    const one = spawnSync('nix-instantiate', ['--eval', '--strict', '-'], { input: text, encoding: 'utf8' });
    assert.equal(show(text), one.stdout.trimEnd(), text);
  }
});
