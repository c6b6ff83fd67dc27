import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { ByteWriter } from '../../eval/builtins/byte-writer.ts';
import { engineLimit } from '../../eval/errors.ts';
import { JsonWriter } from '../../eval/json-writer.ts';
import { golden } from '../golden.ts';
import { world } from './support.ts';

test('error: a recursion without an end is a fault, not a crash', (t) => {
  const { fail, show } = world();
  const endless = 'let\n  f = x: 1 + f x;\nin f 0';
  const text = fail(endless);
  golden(t, 'errors/eval-stack.txt', `${endless}\n----\n${text}`);
  assert.equal(show('1 + 1'), '2');
});

test('endless data is a fault too', () => {
  const { fail } = world();
  assert.match(fail('let f = x: { a = f x; }; in f 1'), /E-EVAL-017/);
  assert.match(fail('let f = x: [ (f x) ]; in f 1 == f 2'), /E-EVAL-017/);
});

test('a value that overflowed the stack once can be asked again', () => {
  const { interpreter, fail, show } = world();
  const value = interpreter.evalExpr('let f = n: if n == 0 then 0 else 1 + f (n - 1); in { deep = f 1000000; flat = f 10; }', {
    basePath: '/',
  });
  for (let i = 0; i < 2; i++) assert.throws(() => interpreter.selectAttrPath(value, 'deep', new Map()), /stack overflow/);
  assert.equal(interpreter.selectAttrPath(value, 'flat', new Map()), 10);
  assert.match(fail('(x: x) (throw "after")'), /after/);
  assert.equal(show('[ 1 ]'), '[ 1 ]');
});

test('data has as many levels as calls may have', () => {
  const nested = (levels: number): string =>
    `builtins.foldl' (tail: _: { inherit tail; }) null (builtins.genList (n: n) ${levels})`;
  const roomy = world({ settings: { maxCallDepth: 300 } });
  assert.match(roomy.fail(`builtins.deepSeq (${nested(301)}) 1`), /E-EVAL-017.*stack overflow; max-call-depth exceeded/);
  assert.match(roomy.fail(`builtins.toJSON (${nested(301)})`), /E-EVAL-017/);
  assert.match(roomy.fail(`builtins.toXML (${nested(301)})`), /E-EVAL-017/);
  assert.equal(roomy.show(`builtins.stringLength (builtins.toJSON (${nested(300)}))`), '2704');
  assert.equal(roomy.show(`builtins.deepSeq (${nested(300)}) 1`), '1');
});

test('calls are counted where they are bounded', () => {
  const { show, fail } = world({ settings: { maxCallDepth: 100 } });
  const f = 'let f = n: if n == 0 then 0 else 1 + f (n - 1); in ';
  assert.equal(show(`${f}f 99`), '99');
  assert.match(fail(`${f}f 100`), /E-EVAL-017/);
  assert.match(fail('(x: x x) (x: x x)'), /stack overflow; max-call-depth exceeded/);
  // What failed has left its calls.
  assert.equal(show(`${f}[ (f 99) (builtins.tryEval (f 50 + throw "x")).success (f 99) ]`), '[ 99 false 99 ]');
  const curried = "let g = a: b: if b == 0 then a else g (a + 1) (b - 1); in [ (g 0 99) (builtins.foldl' g 0 [ 1 2 ]) ]";
  assert.equal(show(curried), '[ 99 3 ]');
});

test('error: what no string can hold', (t) => {
  const { fail } = world();
  const expression = 'builtins.foldl\' (s: _: s + s) "x" (builtins.genList (n: n) 40)';
  golden(t, 'errors/eval-too-large.txt', `${expression}\n----\n${fail(expression)}`);
});

test('writers of long texts stop where no string could hold them, before they take the memory', () => {
  const longest = 'x'.repeat(constants.MAX_STRING_LENGTH);
  const isLimit = (error: unknown): boolean => engineLimit(error)?.code === 'E-EVAL-029';
  const json = new JsonWriter();
  json.char(0x5b);
  assert.throws(() => json.raw(longest), isLimit);
  json.close();
  const bytes = new ByteWriter(0);
  bytes.write('x', 0, 1);
  assert.throws(() => bytes.write(longest, 0, longest.length), isLimit);
});

/** What must fit the stack that igos runs with: calls without a bound, and data of 100,000 levels where that is allowed. */
const calls = {
  'let f = n: if n == 100000 then n else f (n + 1); in f 0': '100000',
  'let f = n: if n == 0 then 0 else 1 + f (n - 1); in f 100000': '100000',
  'let f = n: xs: if n == 0 then xs else f (n - 1) { v = n; next = xs; }; in (f 100000 null).next.v': '2',
  'let go = n: acc: if n == 0 then acc else go (n - 1) (acc + n); in go 100000 0': '5000050000',
  "builtins.foldl' (acc: n: builtins.seq (acc.v or 0) { v = n + (acc.v or 0); }) { } (builtins.genList (n: n) 100000)":
    '{ v = 4999950000; }',
  "(builtins.foldl' (acc: n: { v = acc.v + n; }) { v = 0; } (builtins.genList (n: n) 100000)).v": '4999950000',
  'let f = n: if n == 0 then { } else { a = n; } // f (n - 1); in (f 100000).a': '1',
  'let f = n: if n == 0 then "" else "x" + f (n - 1); in builtins.stringLength (f 100000)': '100000',
  'let f = n: if n == 0 then [ ] else [ n ] ++ f (n - 1); in builtins.length (f 3000)': '3000',
  'let xs = builtins.genList (n: n) 100000; go = n: if n == 100000 then 0 else builtins.elemAt xs n + go (n + 1); in go 0':
    '4999950000',
};
const chain = "builtins.foldl' (t: h: { inherit h t; }) null (builtins.genList (n: n) 100000)";
const nest = "builtins.foldl' (t: _: [ t ]) [ ] (builtins.genList (n: n) 100000)";
const data = {
  [`builtins.deepSeq (${chain}) 1`]: '1',
  [`builtins.stringLength (builtins.toJSON (${chain}))`]: '1588894',
  [`builtins.stringLength (builtins.toJSON (builtins.fromJSON (builtins.toJSON (${nest}))))`]: '200002',
  [`(${chain}) == (${chain})`]: 'true',
  [`let n = ${nest}; in n < n`]: 'false',
  [`toString (${nest})`]: '""',
  [`builtins.substring 0 11 (derivation { name = "x"; system = "s"; builder = "b"; __structuredAttrs = true; x = ${chain}; }).drvPath`]:
    '"/nix/store/"',
};

// Walked data has 10,000 levels where nothing is said, as in Nix.
test('100,000 nested calls and levels of data fit the stack that igos runs with', (t) => {
  const script = `
    import { world } from ${JSON.stringify(join(import.meta.dirname, 'support.ts'))};
    const free = world();
    for (const text of ${JSON.stringify(Object.keys(calls))}) console.log(free.show(text));
    const roomy = world({ settings: { maxCallDepth: 1000000 } });
    for (const text of ${JSON.stringify(Object.keys(data))}) console.log(roomy.show(text));
    console.log(roomy.show(${JSON.stringify(chain)}).length);
    const overflows = ["(x: x x) (x: x x)", ${JSON.stringify(`builtins.deepSeq (${chain}) 1`)}];
    for (const text of overflows) console.log(/stack overflow; max-call-depth exceeded/.test(free.fail(text)));
  `;
  const command = 'ulimit -s 260000 2>/dev/null || exit 99; exec "$0" "$@"';
  const node = [process.execPath, '--stack-size=240000', '--input-type=module', '-e', script];
  const result = spawnSync('sh', ['-c', command, ...node], { encoding: 'utf8' });
  if (result.status === 99) {
    t.skip('the stack limit cannot be raised here');
    return;
  }
  const expected = [...Object.values(calls), ...Object.values(data), '1988894', 'true', 'true'];
  assert.equal(result.stdout, `${expected.join('\n')}\n`, result.stderr);
});
