/** Manifests in the index, whichever way they are packed, are zstd: that is what docs/store.md says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { encodeManifest } from '../../store/manifest.ts';
import { packManifest, unpackManifest } from '../../store/packed-manifest.ts';
import type { Manifest } from '../../store/types.ts';

const file = (path: string, sizeBytes: number): Manifest[number] => ({
  kind: 'file',
  path,
  isExecutable: sizeBytes % 2 === 1,
  sizeBytes,
  sha256: 'ab'.repeat(32),
});

test('zstd reads what is packed, and so do we', () => {
  const paths = fc.array(fc.stringMatching(/^[a-z\xe9]{0,90}$/), { maxLength: 6 });
  fc.assert(
    fc.property(paths, fc.nat(), (paths, size) => {
      const manifest = paths.map((path) => file(path, size));
      const frame = packManifest(manifest);
      assert.equal(zstdDecompressSync(frame).toString('latin1'), encodeManifest(manifest));
      assert.deepEqual(unpackManifest(frame), manifest);
    }),
  );
});

test('around the longest that is kept as it is', () => {
  for (const length of [180, 181, 182, 183, 184, 185, 186, 187, 188, 189, 190]) {
    const manifest = [file('x'.repeat(length), 7)];
    assert.equal(zstdDecompressSync(packManifest(manifest)).length, encodeManifest(manifest).length);
    assert.deepEqual(unpackManifest(packManifest(manifest)), manifest);
  }
});

test('what an older igos packed is read', () => {
  for (const manifest of [[], [file('', 1)], [file('a', 1), file('b', 2)]]) {
    assert.deepEqual(unpackManifest(zstdCompressSync(Buffer.from(encodeManifest(manifest), 'latin1'))), manifest);
  }
});

test('a damaged frame is refused', () => {
  const frame = packManifest([file('', 1)]);
  for (const at of [0, 4, 5, 6, 7, 8]) {
    const damaged = Buffer.from(frame);
    damaged[at]! ^= 0x41;
    assert.throws(() => unpackManifest(damaged), `byte ${at}`);
  }
  assert.throws(() => unpackManifest(frame.subarray(0, -1)));
});

test('a large manifest is read, and not where its frame is damaged', () => {
  const manifest = Array.from({ length: 3000 }, (_, n) => file(`folder-${n % 7}/file-${n}`, n));
  const frame = packManifest(manifest);
  assert.deepEqual(unpackManifest(frame), manifest);
  // Its size stands at 6, four bytes; then come blocks.
  for (const at of [0, 4, 6, 7, 8, 9, 10, 11, 12, frame.length - 1]) {
    const damaged = Buffer.from(frame);
    damaged[at]! ^= 0x45;
    let text: string | undefined;
    try {
      text = encodeManifest(unpackManifest(damaged));
    } catch {
      // refused
    }
    // There is no sum in it: a byte of a block may come out as another one, as it does from `node:zlib`.
    if (text !== undefined) assert.equal(text, zstdDecompressSync(damaged).toString('latin1'), `byte ${at}`);
  }
  for (const length of [frame.length - 1, frame.length >> 1, 13]) {
    assert.throws(() => unpackManifest(frame.subarray(0, length)), `${length} bytes`);
  }
  assert.deepEqual(unpackManifest(Buffer.concat([frame, zstdCompressSync(Buffer.alloc(0))])), manifest);
});
