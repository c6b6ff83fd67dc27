import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { sha256Hex } from '../../base/index.ts';

test('a sum is what node:crypto says, of bytes and of text', () => {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 4096, 1 << 20]) {
    const bytes = Buffer.alloc(size, size);
    assert.equal(sha256Hex(bytes), hash('sha256', bytes));
    assert.equal(sha256Hex(bytes.subarray(size >> 1)), hash('sha256', bytes.subarray(size >> 1)));
  }
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.string({ unit: 'binary' })), (data) => {
      assert.equal(sha256Hex(data), hash('sha256', data));
    }),
  );
});
