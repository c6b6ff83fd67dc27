/** Replacing text against the plain definition: at each byte the first pattern that matches. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { replaceAll } from '../../../eval/builtins/strings.ts';

function plainly(text: string, patterns: readonly string[], replacements: readonly string[]): string {
  let result = '';
  let at = 0;
  while (at <= text.length) {
    const index = patterns.findIndex((pattern) => text.startsWith(pattern, at));
    if (index >= 0) {
      result += replacements[index];
      at += patterns[index]!.length;
      if (patterns[index] !== '') continue;
    }
    result += text.slice(at, at + 1);
    at++;
  }
  return result;
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\xff', '\0'), maxLength: 60 });
const replacement = fc.oneof(
  text,
  fc.integer({ min: 0, max: 900 }).map((n) => 'x'.repeat(n)),
);

test('replaceAll agrees with its definition', () => {
  fc.assert(
    fc.property(
      text,
      fc.array(fc.tuple(fc.string({ unit: fc.constantFrom('a', 'b', '\xff'), maxLength: 3 }), replacement)),
      (subject, pairs) => {
        const patterns = pairs.map(([pattern]) => pattern);
        const replacements = pairs.map(([, each]) => each);
        assert.equal(
          replaceAll(subject, patterns, (index) => replacements[index]!),
          plainly(subject, patterns, replacements),
        );
      },
    ),
  );
});

test('long texts and long replacements', () => {
  const long = 'ab'.repeat(50_000);
  assert.equal(replaceAll(long, ['b'], () => 'y'.repeat(500)).length, 50_000 * 501);
  assert.equal(
    replaceAll(long, ['c'], () => assert.fail('asked for a replacement that does not occur')),
    long,
  );
});
