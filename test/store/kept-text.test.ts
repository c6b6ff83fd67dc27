import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { memoryParts } from '../../base/index.ts';
import { hashBytes } from '../../store/index.ts';
import { AsideText, DraftText, type KeptText } from '../../store/kept-text.ts';

test('parts of a draft are hashed as the text that they make', () => {
  const aside = new AsideText();
  for (const size of [1, 2, 5000, 1 << 16, 1 << 17, 1 << 19, 1 << 20]) {
    const [first, second, other] = ['é\xff'.repeat(3), 'x'.repeat(size), 'y"'.repeat(size)];
    const draft = new DraftText(first + second + other);
    aside.write(`${other}z`);
    memoryParts.begin();
    draft.hash(0, first.length);
    aside.hash();
    draft.hash(first.length + 1, first.length + size);
    assert.equal(memoryParts.digest(), hashBytes('sha256', `${first}${other}z${second.slice(1)}`));
    assert.equal(draft.keep().sha256, hashBytes('sha256', first + second + other));
  }
});

test('texts stay what they were, whatever is written, hashed and kept after them', () => {
  const bytes = fc.string({ unit: fc.nat(255).map((code) => String.fromCharCode(code)), maxLength: 40 });
  // The lengths around half and a whole of the memory that texts share.
  const size = fc.oneof(fc.nat(3000), fc.constantFrom(131_071, 131_072, 131_073, 262_144));
  const call = fc.record({ isKept: fc.boolean(), head: bytes, filled: bytes, tail: bytes, size });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 12 }), (calls) => {
      const kept: [KeptText, string][] = [];
      for (const { isKept, head, filled, tail, size } of calls) {
        const long = 'l\xfe'.repeat(size >> 1);
        const draft = new DraftText(`${head}${'0'.repeat(filled.length)}${tail}${filled}${long}`);
        draft.bytes.set(Buffer.from(filled, 'latin1'), draft.at(head.length));
        const text = head + filled + tail + filled + long;
        assert.equal(draft.slice(head.length, head.length + filled.length), filled);
        if (isKept) kept.push([draft.keep(), text]);
        // Nobody keeps it, and it may be changed at any time.
        else draft.copy(head.length, head.length + filled.length + tail.length, filled.length);
      }
      for (const [each, text] of kept) {
        assert.equal(each.text, text);
        assert.equal(each.sha256, hashBytes('sha256', text));
      }
    }),
    { numRuns: 50 },
  );
});
