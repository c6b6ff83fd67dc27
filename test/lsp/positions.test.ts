import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesToText, textToBytes } from '../../base/index.ts';
import { type Encoding, Lines } from '../../cli/lsp/positions.ts';

const text = fc
  .array(fc.constantFrom('a', 'ß', '€', '😀', '\n', '\r\n', '\r', ' ', '\t', '\u{10ffff}', '\ufeff'), { maxLength: 30 })
  .map((parts) => parts.join(''));

/** Lines and characters counted on the JavaScript string, which has the protocol's units: an oracle of its own. */
function expected(whole: string, index: number, encoding: Encoding): { line: number; character: number } {
  const before = whole.slice(0, index);
  // a position between \r and \n is still on the line that they end
  const lines = (whole[index] === '\n' && before.endsWith('\r') ? before.slice(0, -1) : before).split(/\r\n|\n|\r/);
  const inside = whole[index] === '\n' && before.endsWith('\r') ? `${lines.at(-1)!}\r` : lines.at(-1)!;
  const character =
    encoding === 'utf-16' ? inside.length : encoding === 'utf-32' ? [...inside].length : Buffer.byteLength(inside, 'utf8');
  return { line: lines.length - 1, character };
}

test('positions are those of the protocol, in every encoding', () => {
  fc.assert(
    fc.property(text, fc.constantFrom<Encoding>('utf-8', 'utf-16', 'utf-32'), (whole, encoding) => {
      const lines = new Lines(textToBytes(whole), encoding);
      let index = 0;
      for (const char of [...whole, '']) {
        const offset = Buffer.byteLength(whole.slice(0, index), 'utf8');
        const position = lines.position(offset);
        assert.deepEqual(position, expected(whole, index, encoding));
        const isInsideLineEnd = whole[index] === '\n' && whole[index - 1] === '\r';
        if (!isInsideLineEnd) assert.equal(lines.offset(position), offset);
        index += char.length;
      }
    }),
  );
});

test('a position does not hang on what was asked before', () => {
  const offsets = fc.array(fc.nat(60), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(text, fc.constantFrom<Encoding>('utf-8', 'utf-16', 'utf-32'), offsets, (whole, encoding, asked) => {
      const bytes = textToBytes(whole);
      const lines = new Lines(bytes, encoding);
      for (const offset of asked) assert.deepEqual(lines.position(offset), new Lines(bytes, encoding).position(offset));
    }),
  );
});

test('any position has a byte, and never one inside a character', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: -2, max: 40 }), fc.integer({ min: -2, max: 40 }), (whole, line, character) => {
      const lines = new Lines(textToBytes(whole), 'utf-16');
      const offset = lines.offset({ line, character });
      const bytes = textToBytes(whole);
      assert.ok(offset >= 0 && offset <= bytes.length);
      assert.equal(bytesToText(bytes.slice(0, offset)) + bytesToText(bytes.slice(offset)), whole);
    }),
  );
});

test('bytes that are no UTF-8 count one by one', () => {
  const lines = new Lines('a\xffb\xe2\x82c\nd', 'utf-16');
  assert.deepEqual(lines.position(6), { line: 0, character: 6 });
  assert.equal(lines.offset({ line: 0, character: 6 }), 6);
  assert.deepEqual(lines.position(99), { line: 1, character: 1 });
});
