import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textToBytes } from '../../../base/index.ts';
import { Attrs } from '../../../eval/attrs.ts';
import { JsonError, readJson } from '../../../eval/builtins/json-read.ts';
import { Float, type Slot } from '../../../eval/value.ts';

function plain(slot: Slot): unknown {
  if (slot instanceof Attrs)
    return Object.fromEntries(slot.names.map((name, index) => [decode(name), plain(slot.slots[index]!)]));
  if (Array.isArray(slot)) return slot.map(plain);
  if (typeof slot === 'string') return decode(slot);
  return slot instanceof Float ? slot.value : typeof slot === 'bigint' ? Number(slot) : slot;
}
const decode = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

test('any JSON text reads as the engine reads it', () => {
  fc.assert(
    fc.property(fc.json({ stringUnit: 'binary' }), fc.constantFrom(0, 2), (text, indent) => {
      const value: unknown = JSON.parse(text);
      // The engine keeps half surrogates and NUL, which are no bytes of ours.
      fc.pre(!/\\u(d[89a-f]|0000)/i.test(text) && !/[\ud800-\udfff](?![\udc00-\udfff])/u.test(text));
      const again = JSON.stringify(value, undefined, indent);
      // An integer of more than 64 bits is a fault of ours.
      fc.pre(!/\d{19}/.test(again));
      assert.deepEqual(plain(readJson(textToBytes(again))), JSON.parse(again));
    }),
    { numRuns: 300, seed: 3 },
  );
});

test('any bytes give a value or a JsonError', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'[]{}",:\\u0123e-.tnf \xc3\xa9\x01'), maxLength: 12 }), (text) => {
      try {
        readJson(text);
      } catch (error) {
        assert.ok(error instanceof JsonError && error.at <= text.length, String(error));
      }
    }),
    { numRuns: 3000, seed: 5 },
  );
});

test('numbers keep their kind and all their digits', () => {
  const kinds = readJson('[1, 1.0, 1e2, -0, 9223372036854775807, -9223372036854775808, 18446744073709551616, 9007199254740993]');
  assert.deepEqual(kinds, [
    1,
    new Float(1),
    new Float(100),
    0,
    9223372036854775807n,
    -9223372036854775808n,
    new Float(2 ** 64),
    9007199254740993n,
  ]);
});

test('the last of equal names wins', () => {
  assert.deepEqual(plain(readJson('{"a":1,"a":2}')), { a: 2 });
});

const invalid = [
  '',
  '01',
  '1.',
  '.5',
  '+1',
  '-',
  '1e',
  '[1,]',
  '{"a":1,}',
  '{a:1}',
  "{'a':1}",
  '"\\x"',
  '"\n"',
  '"',
  '"\\ud800"',
  '"\\u0000"',
  '"\\u12"',
  'nul',
  '[1 2]',
  '1 2',
  '\ufeff1',
  '9223372036854775808',
  '1e400',
  '"\xff"',
  '['.repeat(20_000),
];
for (const text of invalid) {
  test(`refuses ${JSON.stringify(text.slice(0, 30))}`, () => {
    assert.throws(() => readJson(text), JsonError);
  });
}
