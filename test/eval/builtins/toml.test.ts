import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Attrs } from '../../../eval/attrs.ts';
import { TomlError } from '../../../eval/builtins/toml/cursor.ts';
import { readToml } from '../../../eval/builtins/toml/read.ts';
import { Float, type Slot } from '../../../eval/value.ts';
import { interpreter } from './evaluate.ts';
import { needsNix, nixEval, nixString } from './nix.ts';

/** Plain JavaScript for comparing; floats as `{ float }`. */
function plain(slot: Slot): unknown {
  if (slot instanceof Attrs) return Object.fromEntries(slot.names.map((name, index) => [name, plain(slot.slots[index]!)]));
  if (Array.isArray(slot)) return slot.map(plain);
  return slot instanceof Float ? { float: slot.value } : slot;
}

const valid: readonly [text: string, value: unknown][] = [
  ['', {}],
  ['# only a comment', {}],
  ['a = 1 # one\r\nb = "x"\n', { a: 1, b: 'x' }],
  ['"quoted key" = 1\n\'lit\' = 2\nbare-key_1 = 3\n1234 = 4', { 'quoted key': 1, lit: 2, 'bare-key_1': 3, 1234: 4 }],
  ['a.b.c = 1\na.b.d = 2', { a: { b: { c: 1, d: 2 } } }],
  ['a . "b" = 1', { a: { b: 1 } }],
  ['[t]\nx = 1\n[t.u]\ny = 2\n[v]', { t: { x: 1, u: { y: 2 } }, v: {} }],
  ['[a.b]\nx = 1\n[a]\ny = 2', { a: { b: { x: 1 }, y: 2 } }],
  ['[[p]]\nn = 1\n[[p]]\nn = 2\n[p.q]\nr = 3', { p: [{ n: 1 }, { n: 2, q: { r: 3 } }] }],
  ['[[a]]\n[[a.b]]\nx=1\n[[a.b]]\nx=2', { a: [{ b: [{ x: 1 }, { x: 2 }] }] }],
  ['i = [ +99, 42, 0, -17, 1_000, 0xDEAD_beef, 0o755, 0b1101, -0 ]', { i: [99, 42, 0, -17, 1000, 0xdeadbeef, 0o755, 13, 0] }],
  ['i = 9223372036854775807\nj = -9223372036854775808', { i: 9223372036854775807n, j: -9223372036854775808n }],
  [
    'f = [ 1.0, -0.01, 5e+22, 1e06, 6.626e-34, 9_224_617.445_991 ]',
    { f: [1, -0.01, 5e22, 1e6, 6.626e-34, 9224617.445991].map((float) => ({ float })) },
  ],
  ['f = [ inf, -inf ]', { f: [{ float: Infinity }, { float: -Infinity }] }],
  ['b = [ true, false ]', { b: [true, false] }],
  ['s = "\\b\\t\\n\\f\\r\\"\\\\ \\u00e9 \\U0001F600"', { s: '\b\t\n\f\r"\\ \xc3\xa9 \xf0\x9f\x98\x80' }],
  ["s = 'C:\\x'", { s: 'C:\\x' }],
  ['s = """\nline 1\nline 2\\\n   \n  joined"""', { s: 'line 1\nline 2joined' }],
  ['s = """a ""quoted"" b"""""', { s: 'a ""quoted"" b""' }],
  ["s = '''\nraw \\n ''x'' '''", { s: "raw \\n ''x'' " }],
  ['x = { a = 1, b.c = [ 1, [ "s" ] ] }', { x: { a: 1, b: { c: [1, ['s']] } } }],
  ['x = [\n  1, # one\n  2,\n]', { x: [1, 2] }],
  [
    '[fruit]\napple.color = 1\napple.taste.sweet = true\n[fruit.orange]\nx = 1',
    { fruit: { apple: { color: 1, taste: { sweet: true } }, orange: { x: 1 } } },
  ],
];

for (const [text, value] of valid) {
  test(`reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(plain(readToml(text)), value);
  });
}

test('Nix reads the same', (t) => {
  if (!needsNix(t)) return;
  // 2.8 refuses floats without a point, and a zero with a sign it reads as a float.
  const texts = valid.map(([text]) => text).filter((text) => !/1e06|5e\+22|-inf|\binf|-0 \]/.test(text));
  const nix = interpreter();
  const calls = texts.map((text) => `(builtins.fromTOML ${nixString(text).replaceAll('\n', '\\n').replaceAll('\r', '\\r')})`);
  const expression = `[ ${calls.join(' ')} ]`;
  assert.equal(nix.print(nix.evalExpr(expression, { basePath: '/' }), { isStrict: true }), nixEval(expression));
});

const invalid = [
  'a',
  'a =',
  '= 1',
  'a = 1 b = 2',
  'a = 1\na = 2',
  '[a]\n[a]',
  'a = 1\n[a]',
  '[a]\nb = 1\n[a.b]',
  'a.b = 1\n[a]',
  'a = { b = 1 }\na.c = 2',
  'a = { b = 1 }\n[a.c]',
  'a = { b = 1, }',
  'a = { b = 1\n }',
  'a = [ 1 ]\n[[a]]',
  '[[a]]\n[a]',
  '[a]\n[[a]]',
  'a = "x\ny"',
  'a = "\\x41"',
  'a = "\\ud800"',
  'a = "\\u0000"',
  "a = 'x",
  'a = """x',
  'a = 01',
  'a = 1_',
  'a = 1__0',
  'a = .5',
  'a = 1.',
  'a = 0xg',
  'a = +0x1',
  'a = 9223372036854775808',
  'a = yes',
  'a = 1979-05-27T07:32:00Z',
  'a = 07:32:00',
  'a = [ 1 2 ]',
  'a = [ 1',
  '"""k""" = 1',
  'a = "\x01"',
  '# \x01',
  'a = "\xff"',
  `a = ${'['.repeat(2000)}`,
];

for (const text of invalid) {
  test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
    assert.throws(() => readToml(text), TomlError);
  });
}
