import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashBytes } from '../../store/index.ts';
import { hashParts, type KeptText, keepParts } from '../../store/kept-text.ts';

test('parts are hashed as the text that they make', () => {
  for (const size of [0, 1, 5000, 1 << 16, 1 << 17, 1 << 19, 1 << 20]) {
    const parts = ['é\xff'.repeat(3), 'x'.repeat(size), 'y"'.repeat(size)] as const;
    const expected = hashBytes('sha256', `${parts.join('')}z`);
    assert.equal(hashParts(parts[0], parts[1], [parts[2], 'z', '']), expected);
    assert.equal(keepParts(parts[0], parts[1], [parts[2], 'z', '']).sha256, expected);
  }
});

test('texts stay what they were, whatever is hashed and kept after them', () => {
  const bytes = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 40 });
  // The lengths around half and a whole of the memory that texts share.
  const size = fc.oneof(fc.nat(3000), fc.constantFrom(131_071, 131_072, 131_073, 262_144));
  const call = fc.record({ isKept: fc.boolean(), first: bytes, second: bytes, others: fc.array(bytes, { maxLength: 3 }), size });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 12 }), (calls) => {
      const kept: [KeptText, string][] = [];
      for (const { isKept, first, second, others, size } of calls) {
        const long = 'l\xfe'.repeat(size >> 1);
        const text = first + second + others.join('') + long;
        if (isKept) kept.push([keepParts(first, second, [...others, long]), text]);
        else assert.equal(hashParts(first, second, [...others, long]), hashBytes('sha256', text));
      }
      for (const [each, text] of kept) {
        assert.equal(each.text, text);
        assert.equal(each.sha256, hashBytes('sha256', text));
      }
    }),
    { numRuns: 50 },
  );
});
