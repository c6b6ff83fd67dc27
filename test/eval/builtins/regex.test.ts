import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { analyse } from '../../../eval/builtins/regex/analysis.ts';
import { Regex, RegexError } from '../../../eval/builtins/regex/index.ts';
import { Matcher } from '../../../eval/builtins/regex/matcher.ts';
import { parseRegex } from '../../../eval/builtins/regex/parse.ts';
import { compileProgram } from '../../../eval/builtins/regex/program.ts';
import { needsNix, nixEval, nixString } from './nix.ts';

const matched: readonly [pattern: string, subject: string, groups: readonly (string | null)[] | undefined][] = [
  ['', '', []],
  ['abc', 'abc', []],
  ['abc', 'abcd', undefined],
  ['a(b)?c', 'ac', [null]],
  ['(.)(.)?', 'x', ['x', null]],
  ['.*', 'a\nb', []],
  ['((a)|b)*', 'ab', ['b', 'a']],
  ['(a*)*', '', ['']],
  ['(a*)?', '', ['']],
  ['a**', 'aaa', []],
  ['(|a)b', 'b', ['']],
  ['[]a]+', 'a]', []],
  ['[^]]', 'x', []],
  ['[a\\]+', 'a\\', []],
  ['[-a]+', 'a-', []],
  ['[a-]+', 'a-', []],
  ['[--0]+', './', []],
  ['a{2}{3}', 'aaaaaa', []],
  ['a{2,}', 'a', undefined],
  ['a{1,3}', 'aaa', []],
  ['(ab){0}', '', [null]],
  ['[[:space:]]+([[:alpha:]]+)', '  foo', ['foo']],
  ['[[:w:]]', '_', []],
  ['[[=a=]]', 'A', []],
  ['[[.hyphen.]]', '-', []],
  ['}', '}', []],
  ['\\.\\[\\\\\\(\\)\\*\\+\\?\\{\\|\\^\\$', '.[\\()*+?{|^$', []],
  ['(a|ab)(c|bcd)(d*)', 'abcd', ['a', 'bcd', '']],
  ['\xc3.', '\xc3\xa9', []],
];

for (const [pattern, subject, groups] of matched) {
  test(`match ${JSON.stringify(pattern)} on ${JSON.stringify(subject)}`, () => {
    assert.deepEqual(new Regex(pattern).match(subject), groups);
  });
}

const splits: readonly [pattern: string, subject: string, parts: unknown[]][] = [
  ['(a)b', 'abc', ['', ['a'], 'c']],
  ['([ac])', '1a2b3c4', ['1', ['a'], '2b3', ['c'], '4']],
  ['', 'ab', ['', [], 'a', [], 'b', [], '']],
  ['^', 'ab', ['', [], 'ab']],
  ['$', 'ab', ['ab', [], '']],
  ['a*(ab)?', 'aab', ['', [null], '', [null], 'b', [null], '']],
  ['(a|ab)(c|bcd)?', 'abcd', ['', ['a', 'bcd'], '']],
  ['a|ab', 'xabx', ['x', [], 'x']],
  [' ', 'a b', ['a', [], 'b']],
];

for (const [pattern, subject, parts] of splits) {
  test(`split ${JSON.stringify(pattern)} on ${JSON.stringify(subject)}`, () => {
    assert.deepEqual(new Regex(pattern).split(subject), parts);
  });
}

const invalid = [
  '\\d',
  '\\/',
  '\\}',
  '\\',
  'a{,3}',
  'a{3,2}',
  'a{',
  '{1}',
  '*a',
  '^*',
  'a|*',
  '(',
  ')',
  '(a',
  '[',
  '[a',
  '[b-a]',
  '[a-\xc3\xa9]',
  '[[:foo:]]',
  '[[:alpha:]-z]',
  '[[:alpha:',
];
for (const pattern of invalid) {
  test(`refuses ${JSON.stringify(pattern)}`, () => {
    assert.throws(() => new Regex(pattern), RegexError);
  });
}

test('expressions that are too large or too deep are refused, not run', () => {
  for (const pattern of ['a{2000}{100}', 'a{100001}', '('.repeat(1000), `a${'*'.repeat(1000)}`]) {
    assert.throws(() => new Regex(pattern), RegexError);
  }
});

test('exponential expressions take no exponential time, long subjects no stack', () => {
  const long = 'a'.repeat(50_000);
  assert.equal(new Regex('(a|a|b)*c').match(long), undefined);
  assert.equal(new Regex('([a-z]+)+x').match(long), undefined);
  assert.deepEqual(new Regex('((a)|b)*').match(long), ['a', 'a']);
  assert.equal(new Regex('a*a*a*a*b').match(long.slice(0, 5000)), undefined);
  assert.deepEqual(new Regex('(.|\n)*').match(long), ['a']);
  assert.equal(new Regex(',').split('x,'.repeat(20_000)).length, 40_001);
});

/** Small expressions over few letters, so that they match often. */
const pattern = fc.letrec<{ node: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('a', 'b', 'c', '.', '[ab]', '[^a]'),
    tie('node').map((inner) => `(${inner})`),
  ),
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('atom'),
    fc.tuple(tie('atom'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,}')).map(([item, quantifier]) => item + quantifier),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => a + b),
    fc.tuple(tie('node'), tie('node')).map(([a, b]) => `${a}|${b}`),
  ),
})).node;
const subject = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 7 });

test('the RegExp of the engine and our matcher agree wherever the RegExp is used', () => {
  let native = 0;
  fc.assert(
    fc.property(pattern, subject, (text, input) => {
      const { root, groups } = parseRegex(text);
      if (analyse(root).isNativeExact) native++;
      const found = new Matcher(compileProgram(root, groups), input).exact();
      const expected =
        found &&
        Array.from({ length: groups }, (_, group) =>
          found[group * 2 + 2]! < 0 ? null : input.slice(found[group * 2 + 2], found[group * 2 + 3]),
        );
      assert.deepEqual(new Regex(text).match(input), expected);
      if (!analyse(root).isNativeSearch) return;
      const parts: unknown[] = [];
      const matcher = new Matcher(compileProgram(root, groups), input);
      let done = 0;
      for (let at = 0; at <= input.length; at++) {
        const hit = matcher.at(at, false);
        if (hit === undefined) continue;
        parts.push(
          input.slice(done, at),
          Array.from({ length: groups }, (_, group) =>
            hit[group * 2 + 2]! < 0 ? null : input.slice(hit[group * 2 + 2], hit[group * 2 + 3]),
          ),
        );
        done = hit[1]!;
        at = done - 1;
      }
      parts.push(input.slice(done));
      assert.deepEqual(new Regex(text).split(input), parts);
    }),
    { numRuns: 2000, seed: 7 },
  );
  assert.ok(native > 100, `only ${native} expressions ran natively: the test compares nothing`);
});

test("random expressions give Nix's results", (t) => {
  if (!needsNix(t)) return;
  const cases = fc.sample(fc.tuple(pattern, subject), { numRuns: 600, seed: 11 });
  const calls = cases.map(
    ([text, input]) =>
      `[ (builtins.match ${nixString(text)} ${nixString(input)}) (builtins.split ${nixString(text)} ${nixString(input)}) ]`,
  );
  const expected = JSON.parse(JSON.parse(nixEval(`builtins.toJSON [ ${calls.join('\n')} ]`)) as string) as unknown[];
  cases.forEach(([text, input], index) => {
    const regex = new Regex(text);
    assert.deepEqual([regex.match(input) ?? null, regex.split(input)], expected[index], `${text} on ${input}`);
  });
});
