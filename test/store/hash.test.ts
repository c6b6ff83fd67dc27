import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderFault } from '../../base/index.ts';
import {
  decodeBase32,
  encodeBase32,
  formatHash,
  type HashAlgorithm,
  hashBytes,
  hashSizes,
  parseHash,
} from '../../store/index.ts';
import { golden } from '../golden.ts';
import { faultOf } from './faults.ts';
import { vectorJson } from './vectors.ts';

interface HashVector {
  type: HashAlgorithm;
  input: string;
  hex: string;
  nix32: string;
  base64: string;
  sri: string;
}

test('all forms of the published digests are written and read', () => {
  for (const vector of vectorJson<HashVector[]>('base32.json')) {
    const digest = { algorithm: vector.type, hex: vector.hex };
    assert.deepEqual(
      [formatHash(digest, 'base16'), formatHash(digest, 'nix32'), formatHash(digest, 'base64'), formatHash(digest, 'sri')],
      [vector.hex, vector.nix32, vector.base64, vector.sri],
    );
    for (const text of [vector.sri, ...[vector.hex, vector.nix32, vector.base64].map((digits) => `${vector.type}:${digits}`)]) {
      assert.deepEqual(parseHash(text), digest, text);
      assert.deepEqual(parseHash(text, vector.type), digest, text);
    }
    for (const digits of [vector.hex, vector.hex.toUpperCase(), vector.nix32, vector.base64]) {
      assert.deepEqual(parseHash(digits, vector.type), digest, digits);
    }
  }
});

test('base 32 is a bijection on bytes of every size', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      assert.deepEqual(decodeBase32(encodeBase32(bytes), bytes.length), bytes);
    }),
  );
});

test('a base 32 text that decodes is the one that encodes', () => {
  const digit = fc.constantFrom(...'0123456789abcdfghijklmnpqrsvwxyzeotu');
  fc.assert(
    fc.property(fc.array(digit, { minLength: 26, maxLength: 26 }), (digits) => {
      const text = digits.join('');
      const bytes = decodeBase32(text, 16);
      if (bytes !== undefined) assert.equal(encodeBase32(bytes), text);
    }),
  );
  assert.equal(decodeBase32('z'.repeat(26), 16), undefined, 'bits set in the padding');
  assert.equal(decodeBase32('7zzzzzzzzzzzzzzzzzzzzzzzzz', 16)?.length, 16);
});

test('hashing agrees with streaming, small and large, bytes and byte strings', () => {
  for (const size of [0, 1, 4096, (1 << 20) + 1]) {
    const data = Buffer.alloc(size, 0xe9);
    for (const algorithm of Object.keys(hashSizes) as HashAlgorithm[]) {
      const expected = createHash(algorithm).update(data).digest('hex');
      assert.equal(hashBytes(algorithm, data), expected);
      assert.equal(hashBytes(algorithm, data.toString('latin1')), expected);
    }
  }
});

test('padding of base 64 is as little looked at as by Nix', () => {
  const sri = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
  const others = [sri.slice(0, -1), `${sri}=`, sri.replace('U=', 'V='), `sha256:${sri.slice(7).replace('U=', 'X=')}`];
  // What a file holds: its last line ends, and long ones are folded.
  const read = [`${sri}\n`, `${sri.slice(0, -1)}\n`, `${sri.slice(0, 30)}\n${sri.slice(30)}`, `${sri} from example.org`];
  for (const text of [...others, ...read]) assert.deepEqual(parseHash(text), parseHash(sri), text);
  for (const text of [`${sri.slice(0, -1)} `, sri.replace('U=', '=U')]) faultOf(() => parseHash(text));
});

test('hashes that are not', (t) => {
  const sri = 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';
  const faults = [
    () => parseHash('sha256-deadbeef'),
    () => parseHash(sri.slice(7)),
    () => parseHash('blake9:00', 'sha256'),
    () => parseHash(sri, 'sha512'),
    () => parseHash(`sha256:${'g'.repeat(64)}`),
    () => parseHash('z'.repeat(26), 'md5'),
    () => parseHash(`${'0'.repeat(64)}0`, 'sha256'),
    () => parseHash(''),
  ].map((run) => renderFault(faultOf(run)));
  golden(t, 'errors/store-hash.txt', faults.join('\n'));
});
