/** SHA-256 by way of OpenSSL's own function is that of `node:crypto`, and what is made with it is the same without it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { nativeHash } from '../../base/index.ts';
import { hashBytes } from '../../store/index.ts';
import { nativeSha256, nativeSha256Bytes, Slab } from '../../store/sha256.ts';

const options = { skip: nativeHash() === undefined ? 'no binding of OpenSSL on this platform' : false };

test('nobody pays for it who has no memory to hash', options, () => {
  assert.equal(nativeSha256('abc'), undefined);
});

test('the examples of FIPS 180, as a text, as bytes and in memory', options, () => {
  const slab = new Slab(1_000_010);
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
    assert.equal(nativeSha256(text), hex);
    assert.equal(Buffer.from(nativeSha256Bytes(text)!).toString('hex'), hex);
    assert.equal(nativeSha256(Buffer.from(text)), hex);
    slab.bytes.write(text, 7, 'latin1');
    assert.equal(slab.sha256(7, 7 + text.length), hex);
  }
});

test('bytes of every length, wherever they stand, are hashed as Node does', options, () => {
  const slab = new Slab(20_000);
  // What is written into one memory before, and what gets its own.
  const size = fc.oneof(fc.nat(200), fc.constantFrom(8191, 8192, 8193), fc.nat(10_000));
  fc.assert(
    fc.property(size, fc.nat(9999), fc.nat(255), (size, start, seed) => {
      const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + seed) & 255));
      const hex = createHash('sha256').update(bytes).digest('hex');
      slab.bytes.set(bytes, start);
      assert.equal(slab.sha256(start, start + size), hex);
      assert.equal(nativeSha256(slab.bytes.subarray(start, start + size)), hex);
      assert.equal(nativeSha256(bytes.toString('latin1')), hex);
      assert.equal(hashBytes('sha256', bytes), hex);
    }),
    { numRuns: 200 },
  );
});

/** Before anything else is loaded. */
const WITHOUT_KOFFI = `import { registerHooks } from 'node:module';
registerHooks({ resolve(name, context, next) { if (name === 'koffi') throw new Error('not here'); return next(name, context); } });
const { nativeHash } = await import(process.env.IGOS_TEST_BASE);
if (nativeHash() !== undefined) throw new Error('it is there');`;

test('without it derivations and texts are the same', () => {
  const base = new URL('../../base/index.ts', import.meta.url).href;
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
  for (const file of ['complete-derivation', 'kept-text', 'store-path']) {
    const words = ['--import', `data:text/javascript,${encodeURIComponent(WITHOUT_KOFFI)}`, `${file}.test.ts`];
    const env = { ...rest, IGOS_TEST_BASE: base };
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: import.meta.dirname, encoding: 'utf8', env });
    assert.equal(status, 0, `${file}: ${stdout}\n${stderr}`);
  }
});
