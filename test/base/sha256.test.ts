/** SHA-256 by OpenSSL's own functions is that of `node:crypto`, and what is made with it is the same without them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { HashedMemory, isSha256Native, memoryParts, Sha256, sha256, sha256Raw } from '../../base/index.ts';

const options = {
  skip: isSha256Native() ? false : 'no binding of OpenSSL on this platform: node:crypto would be compared with itself',
};
const expected = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

test('the examples of FIPS 180, as a text, as bytes and in memory', () => {
  const memory = new HashedMemory(1_000_010);
  // "", one block, two blocks, a million of one letter
  const examples = [
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ] as const;
  for (const [text, hex] of examples) {
    assert.equal(sha256(text), hex);
    assert.equal(sha256(Buffer.from(text)), hex);
    assert.equal(Buffer.from(sha256Raw(text)).toString('hex'), hex);
    memory.bytes.write(text, 7, 'latin1');
    assert.equal(memory.sha256(7, 7 + text.length), hex);
    memoryParts.begin();
    memoryParts.add(memory, 7, 7 + text.length);
    memoryParts.digestInto(memory, 3);
    assert.equal(memory.bytes.subarray(3, 35).toString('hex'), hex);
  }
});

test('bytes, byte strings and pieces have the hash that node:crypto gives them', options, () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 6 }), (pieces) => {
      const whole = Buffer.concat(pieces);
      const text = whole.toString('latin1');
      const hex = expected(whole);
      assert.equal(sha256(whole), hex);
      assert.equal(sha256(text), hex);
      assert.equal(Buffer.from(sha256Raw(text)).toString('hex'), hex);
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

test('memory of every kind and size, wherever it starts', options, () => {
  const memory = new HashedMemory(20_000);
  const size = fc.oneof(fc.nat(200), fc.constantFrom(8191, 8192, 8193), fc.nat(10_000));
  fc.assert(
    fc.property(size, fc.nat(9999), fc.nat(255), (size, start, seed) => {
      const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + seed) & 255));
      const hex = expected(bytes);
      memory.bytes.set(bytes, start);
      assert.equal(memory.sha256(start, start + size), hex);
      assert.equal(sha256(memory.bytes.subarray(start, start + size)), hex);
      // The engine keeps small arrays where it moves them.
      assert.equal(sha256(new Uint8Array(bytes)), hex);
      const shared = new Uint8Array(new SharedArrayBuffer(size));
      shared.set(bytes);
      assert.equal(sha256(shared), hex);
      assert.equal(new Sha256().update(shared).digest(), hex);
    }),
    { numRuns: 200 },
  );
  const numbers = new Float64Array([1, 2, 3, 4]);
  assert.equal(sha256(new Uint8Array(numbers.buffer, 8, 16)), expected(new Uint8Array(numbers.buffer, 8, 16)));
  const text = 'ÿa\0'.repeat(1_000_000);
  assert.equal(sha256(text), expected(Buffer.from(text, 'latin1')));
});

/** Before anything else is loaded. */
const WITHOUT_KOFFI = `import { registerHooks } from 'node:module';
registerHooks({ resolve(name, context, next) { if (name === 'koffi') throw new Error('not here'); return next(name, context); } });
const { isSha256Native } = await import(process.env.IGOS_TEST_BASE);
if (isSha256Native()) throw new Error('it is there');`;

test('without them derivations and texts are the same', () => {
  const base = new URL('../../base/index.ts', import.meta.url).href;
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
  for (const file of ['base/sha256', 'store/complete-derivation', 'store/kept-text', 'store/store-path', 'image/verity']) {
    // Itself but once.
    if (file === 'base/sha256' && rest['IGOS_TEST_BASE'] !== undefined) return;
    const place = new URL(`../${file}.test.ts`, import.meta.url).pathname;
    const words = ['--import', `data:text/javascript,${encodeURIComponent(WITHOUT_KOFFI)}`, place];
    const env = { ...rest, IGOS_TEST_BASE: base };
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', env });
    assert.equal(status, 0, `${file}: ${stdout}\n${stderr}`);
  }
});
