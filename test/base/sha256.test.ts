/** SHA-256 by OpenSSL's own functions, beside `node:crypto`. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Sha256, sha256, sha256Bytes } from '../../base/index.ts';

const expected = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

test('bytes, byte strings and pieces have the hash that node:crypto gives them', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (pieces) => {
      const whole = Buffer.concat(pieces);
      const text = whole.toString('latin1');
      const hex = expected(whole);
      assert.equal(sha256(whole), hex);
      assert.equal(sha256(text), hex);
      assert.equal(Buffer.from(sha256Bytes(text), 'latin1').toString('hex'), hex);
      // Two at a time do not meet.
      const [one, other] = [new Sha256(), new Sha256()];
      for (const piece of pieces) {
        one.update(piece);
        other.update(Buffer.from(piece).toString('latin1'));
      }
      assert.deepEqual([one.digest(), other.digest()], [hex, hex]);
    }),
  );
});

test('views into other memory, and texts longer than any buffer of ours', () => {
  const numbers = new Float64Array([1, 2, 3, 4]);
  assert.equal(sha256(new Uint8Array(numbers.buffer, 8, 16)), expected(new Uint8Array(numbers.buffer, 8, 16)));
  for (const length of [(1 << 14) - 1, 1 << 14, (1 << 14) + 1, 3_000_000]) {
    const text = 'ÿa\0'.repeat(length).slice(0, length);
    assert.equal(sha256(text), expected(Buffer.from(text, 'latin1')));
  }
});
