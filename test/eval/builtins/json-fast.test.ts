import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textToBytes } from '../../../base/index.ts';
import { Attrs } from '../../../eval/attrs.ts';
import { floatShortest } from '../../../eval/builtins/float-text.ts';
import { readJsonFast } from '../../../eval/builtins/json-fast.ts';
import { JsonError, readJson, readJsonExactly } from '../../../eval/builtins/json-read.ts';
import { JsonWriter, jsonString } from '../../../eval/json-writer.ts';
import { Float, type Slot } from '../../../eval/value.ts';

/** Everything that can be told apart, names in the order in which they are kept. */
function detail(slot: Slot): unknown {
  if (slot instanceof Attrs) return { names: [...slot.names], slots: slot.slots.map(detail) };
  if (Array.isArray(slot)) return slot.map(detail);
  return slot instanceof Float ? { float: Object.is(slot.value, -0) ? '-0' : slot.value } : slot;
}

const outcome = (read: () => Slot): unknown => {
  try {
    return detail(read());
  } catch (error) {
    assert.ok(error instanceof JsonError);
    return { error: error.message, at: error.at };
  }
};

const both = (text: string): void =>
  assert.deepEqual(
    outcome(() => readJson(text)),
    outcome(() => readJsonExactly(text)),
  );

const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String),
  fc.stringMatching(/^-?[0-9]{1,17}(\.[0-9]{0,17})?([eE][+-]?[0-9]{1,3})?$/),
);
const name = fc.oneof(
  fc.constantFrom('a', 'b', 'ab', '', '__proto__', 'constructor', 'é', 'a"b', 'a\nb', 'toString'),
  fc.string({ maxLength: 3 }),
);
const space = fc.constantFrom('', '', ' ', '\n\t', '\r');
const { document } = fc.letrec<{ document: string }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    fc.constantFrom('true', 'false', 'null', '"\\u00e9"', '"\\ud83d\\ude00"', '"\\ud83d"', '"\\u0000"', '"\\/\\b"', '"\\x"'),
    fc.string({ unit: 'grapheme', maxLength: 5 }).map((text) => JSON.stringify(text)),
    fc
      .array(fc.tuple(space, tie('document'), space), { maxLength: 4 })
      .map((items) => `[${items.map((x) => x.join('')).join()}]`),
    fc
      .array(fc.tuple(space, name, space, tie('document')), { maxLength: 5 })
      .map((items) => `{${items.map(([a, key, b, value]) => `${a}${JSON.stringify(key)}${b}:${value}`).join()}}`),
  ),
}));

test('the quick reader and the exact one agree on generated documents', () => {
  fc.assert(
    fc.property(fc.array(document, { minLength: 1, maxLength: 4 }), (documents) => both(textToBytes(`[${documents.join()}]`))),
    { numRuns: 600, seed: 11 },
  );
});

test('the quick reader and the exact one agree on damaged documents', () => {
  fc.assert(
    fc.property(
      document,
      fc.nat(),
      fc.constantFrom('', '"', ',', '}', ']', '0', '-', '\\', '\x01', '\xff', '.'),
      (text, at, put) => {
        const bytes = textToBytes(text);
        const place = at % (bytes.length + 1);
        both(bytes.slice(0, place) + put + bytes.slice(place + 1));
      },
    ),
    { numRuns: 1500, seed: 12 },
  );
});

test('ordinary documents are read quickly, without the exact reader', () => {
  const text = JSON.stringify({ b: [{ x: 1, y: -2.5 }, { y: 1e300, x: 'q"\\\n' }, {}, []], a: null, é: 123456789012345 });
  assert.deepEqual(detail(readJsonFast(textToBytes(text))!), detail(readJsonExactly(textToBytes(text))));
});

test('objects with very many different names are read all the same', () => {
  const names = Array.from({ length: 6000 }, (_, i) => `k${(i * 7919) % 6000}`);
  both(`[{${names.map((key, i) => `"${key}":${i}`).join()}},${names.map((key) => `{"${key}":{"x":1}}`).join()},{"k1":2,"k1":3}]`);
});

test('what is written is what the engine and the exact formatter write', () => {
  const write = (put: (out: JsonWriter) => void): string => {
    const out = new JsonWriter();
    try {
      put(out);
      return out.finish();
    } finally {
      out.close();
    }
  };
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 90 }), (text) => {
      fc.pre(text.isWellFormed());
      const bytes = textToBytes(text);
      const expected = textToBytes(JSON.stringify(text));
      assert.equal(
        write((out) => out.string(bytes)),
        expected,
      );
      assert.equal(jsonString(bytes), expected);
    }),
    { seed: 13 },
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.double(),
        fc.double({ min: -1e16, max: 1e16 }),
        fc.integer().map((n) => n / 1000),
        fc.constantFrom(1e15, 1e-3, 1e-4, -0, 999999999999999.9),
      ),
      (value) => {
        assert.equal(
          write((out) => out.float(value)),
          floatShortest(value),
        );
      },
    ),
    { seed: 14, numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.oneof(fc.nat(), fc.integer(), fc.maxSafeInteger(), fc.nat({ max: 200 }), fc.bigInt()), (value) => {
      assert.equal(
        write((out) => out.int(value)),
        String(value),
      );
    }),
    { seed: 15 },
  );
});

test('a text written while another is being written does not disturb it', () => {
  const outer = new JsonWriter();
  outer.string('outer');
  const inner = new JsonWriter();
  inner.string('x'.repeat(100_000));
  assert.equal(inner.finish().length, 100_002);
  inner.close();
  outer.int(1);
  assert.equal(outer.finish(), '"outer"1');
  outer.close();
});
