/** What earlier runs found out about sources changes nothing but the time that evaluation takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesToText, textToBytes } from '../../base/index.ts';
import { builtinTable } from '../../eval/builtins/table.ts';
import { createInterpreter } from '../../eval/interpreter.ts';
import type { EvalSettings } from '../../eval/io.ts';
import type { SourceMemory } from '../../eval/large-source.ts';
import { caseFiles } from './conformance/cases.ts';
import { MemoryIO } from './memory-io.ts';
import { rendered } from './support.ts';

class TestMemory implements SourceMemory {
  readonly minBytes = 0;
  readonly kept = new Map<string, Int32Array>();
  nFound = 0;

  about(text: string, how: string): ReturnType<SourceMemory['about']> {
    const key = `${how}: ${text}`;
    const found = this.kept.get(key);
    if (found !== undefined) this.nFound++;
    return { found, keep: (numbers) => void this.kept.set(key, numbers) };
  }
}

/** What the file prints, what it printed on the way, or how it fails. */
function outcome(text: string, settings: EvalSettings = {}, isStrict = true): readonly unknown[] {
  const io = new MemoryIO({ files: { '/disk/x.nix': textToBytes(text) } });
  const nix = createInterpreter({ io, builtins: builtinTable, settings: { system: 'x86_64-linux', ...settings } });
  let result: string;
  try {
    result = bytesToText(nix.print(nix.evalFile('/disk/x.nix'), { isStrict }));
  } catch (error) {
    result = rendered(() => {
      throw error;
    });
  }
  return [result, io.traces];
}

test('every expression gives the same the first time, the second time and without memory', () => {
  const memory = new TestMemory();
  for (const { expression } of caseFiles().flatMap(({ cases }) => cases)) {
    for (const text of [expression, `let value = ${expression}\n; makes = it: ${expression}\n; in [ value (makes 1) ]`]) {
      const expected = outcome(text);
      assert.deepEqual(outcome(text, { memory }), expected, text);
      assert.deepEqual(outcome(text, { memory }), expected, text);
      assert.deepEqual(outcome(text, { memory }, false), outcome(text, {}, false), text);
    }
  }
  assert.ok(memory.nFound > 1000, String(memory.nFound));
});

test('what is hot, cyclic, compared or folded with was text before', () => {
  for (const text of [
    "let f = n: if n == 0 then 0 else 1 + f (n - 1); in builtins.foldl' (sum: n: sum + f 5 + n) 0 (builtins.genList (n: n) 1000)",
    "builtins.foldl' (all: item: all ++ [ item item item ]) [ ] (builtins.genList (n: n) 1000)",
    "builtins.foldl' (all: item: { last = item; } // all) { } (builtins.genList (n: n) 1000)",
    'let a = builtins.add b 1; b = builtins.add a 1; in a',
    'let make = x: { value = builtins.add x 1; twice = builtins.mul x 2; }; in map make (builtins.genList (n: n) 400)',
    'let f = { a, b ? builtins.add a 1 }: builtins.add a b; in builtins.functionArgs f // { c = f { a = 1; }; d = f; }',
    'assert (let a = builtins.add 1 2; in a == 4); true',
    'rec { a = builtins.add 1 2; b = a; c = rec { d = builtins.add a 1; __overrides = { d = builtins.add a 5; }; }; }',
    'builtins.unsafeGetAttrPos "b" { a = 1;\n  b = builtins.add 1 2; }',
  ]) {
    const memory = new TestMemory();
    for (const isStrict of [true, false]) {
      const expected = outcome(text, {}, isStrict);
      assert.deepEqual(outcome(text, { memory }, isStrict), expected, text);
      assert.deepEqual(outcome(text, { memory }, isStrict), expected, text);
    }
    assert.equal(memory.nFound, 3, text);
  }
});

test('what has a mistake or a warning is not remembered', () => {
  for (const text of ['{ a = 1; a = 2; }', '{ a = builtins.add undefind 1; }', '[ (f or) ]', '"${CC:-cc}"']) {
    const memory = new TestMemory();
    const expected = outcome(text);
    assert.deepEqual(outcome(text, { memory }), expected);
    assert.deepEqual([outcome(text, { memory }), memory.kept.size], [expected, 0], text);
  }
});

test('whatever the numbers are, they are believed only where they fit', () => {
  const text = '{ a = builtins.add 1 2; b = x: { inherit x; y = toString [ x ]; }; c = map toString [ 1 2 ]; }';
  const memory = new TestMemory();
  const expected = outcome(text, { memory });
  const [[key, right]] = [...memory.kept] as [[string, Int32Array]];
  const wrong = [...right].flatMap((number, at) =>
    [-1, 0, 1, 2, 7, number - 1, number + 1, 2 ** 30].map((other) => right.with(at, other)),
  );
  for (const numbers of [new Int32Array(0), right.subarray(0, 1), right.subarray(1), right.subarray(0, -1), ...wrong]) {
    if (numbers.join() === right.join()) continue;
    memory.kept.set(key, numbers);
    assert.deepEqual(outcome(text, { memory }), expected, numbers.join());
    assert.deepEqual(memory.kept.get(key), right);
  }
});

test('a global that is gone is found missing', () => {
  const text = '{ a = builtins.add 1 2; b = fetchTree { }; }';
  const memory = new TestMemory();
  outcome(text, { memory });
  const [[key, right]] = [...memory.kept] as [[string, Int32Array]];
  const at = text.indexOf('add');
  memory.kept.set(key, Int32Array.of(right[0]! + 2, at, at + 3, ...right.subarray(1)));
  outcome(text, { memory });
  assert.deepEqual(memory.kept.get(key), right);
});
