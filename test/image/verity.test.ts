import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Content, verityIdentity, writeVerity } from '../../image/index.ts';
import { golden } from '../golden.ts';
import { flipped, made, missing, output, refusal, run, scratch } from './support.ts';

const skip = missing('veritysetup');
const identity = verityIdentity('root', 'of these data');
const { salt, uuid } = identity;

/** Not all blocks alike, and not all zero. */
function data(nBlocks: number): Buffer {
  const bytes = Buffer.alloc(nBlocks * 4096);
  for (let block = 0; block < nBlocks; block++) bytes.writeUInt32LE((block * 2654435761) >>> 0, block * 4096 + (block % 4000));
  return bytes;
}

/** What cryptsetup makes of the same data. */
function formatted(file: string, sizeBytes: number): string {
  const words = ['format', `--hash-offset=${sizeBytes}`, '--hash=sha256', `--salt=${Buffer.from(salt).toString('hex') || '-'}`];
  return /Root hash:\s+(\w+)/.exec(output('veritysetup', [...words, `--uuid=${uuid}`, file, file]))![1]!;
}

for (const nBlocks of [1, 2, 127, 128, 129, 256, 300, 128 * 128, 128 * 128 + 1]) {
  test(`a tree over ${nBlocks} blocks is that of veritysetup, to the byte`, { skip }, async (t) => {
    const folder = scratch(t);
    const plain = join(folder, 'theirs');
    writeFileSync(plain, data(nBlocks));
    const theirs = formatted(plain, nBlocks * 4096);
    let rootHash = '';
    const ours = await made(join(folder, 'ours'), async (image) => {
      image.write(data(nBlocks));
      const verity = await writeVerity(image, identity);
      rootHash = verity.rootHash;
      assert.deepEqual([verity.nDataBlocks, verity.hashStartBlock], [nBlocks, nBlocks + 1]);
    });
    assert.equal(rootHash, theirs);
    const [mine, yours] = [readFileSync(ours), readFileSync(plain)];
    // The superblock's own block, which veritysetup leaves short where no tree follows.
    assert.ok(mine.subarray(0, yours.length).equals(yours));
    assert.ok(mine.subarray(yours.length).every((byte) => byte === 0));
    assert.equal(mine.length % 4096, 0);
    const verify = (file: string) =>
      run('veritysetup', ['verify', `--hash-offset=${nBlocks * 4096}`, file, file, rootHash]).status;
    assert.equal(verify(ours), 0);
    for (const at of [0, nBlocks * 2048, nBlocks * 4096 - 1]) assert.notEqual(verify(flipped(ours, at)), 0, `${at}`);
    if (nBlocks > 1) assert.notEqual(verify(flipped(ours, (nBlocks + 1) * 4096)), 0);
    assert.match(output('veritysetup', ['dump', `--hash-offset=${nBlocks * 4096}`, ours]), new RegExp(uuid));
  });
}

test('a tree in a file of its own; data that are not whole blocks are padded only where they are ours', { skip }, async (t) => {
  const folder = scratch(t);
  const file = join(folder, 'data');
  writeFileSync(file, data(200));
  const content: Content = { file, sizeBytes: 200 * 4096 };
  let rootHash = '';
  const tree = await made(join(folder, 'tree'), async (image) => {
    const verity = await writeVerity(image, identity, content);
    rootHash = verity.rootHash;
    assert.equal(verity.hashStartBlock, 1);
  });
  assert.equal(run('veritysetup', ['verify', file, tree, rootHash]).status, 0);
  assert.notEqual(run('veritysetup', ['verify', flipped(file, 1234), tree, rootHash]).status, 0);
  const padded = await made(join(folder, 'padded'), async (image) => {
    image.write(data(200).subarray(0, 199 * 4096 + 1));
    assert.equal((await writeVerity(image, identity)).nDataBlocks, 200);
  });
  assert.equal(statSync(padded).size, statSync(file).size + statSync(tree).size);
});

test('without a salt, and with the longest', { skip }, async (t) => {
  const folder = scratch(t);
  for (const length of [0, 1, 64, 256]) {
    let rootHash = '';
    const file = await made(join(folder, `${length}`), async (image) => {
      image.write(data(130));
      ({ rootHash } = await writeVerity(image, { salt: Buffer.alloc(length, 7), uuid }));
    });
    assert.equal(run('veritysetup', ['verify', `--hash-offset=${130 * 4096}`, file, file, rootHash]).status, 0, `${length}`);
  }
});

test('who is stopped leaves nothing', async (t) => {
  const folder = scratch(t);
  const file = join(folder, 'data');
  writeFileSync(file, '');
  truncateSync(file, 1 << 27);
  const stopped = made(join(folder, 'tree'), async (image) => {
    const signal = AbortSignal.abort(new Error('enough'));
    await writeVerity(image, identity, { file, sizeBytes: 1 << 27 }, { signal });
  });
  await assert.rejects(stopped, /enough/);
  assert.deepEqual(readdirSync(folder), ['data']);
});

test('salt and UUID follow from name and data', () => {
  assert.deepEqual(verityIdentity('root', 'of these data'), identity);
  assert.match(uuid, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(salt.length, 32);
  for (const other of [verityIdentity('root', 'of others'), verityIdentity('rootof', ' these data')]) {
    assert.notDeepEqual(other.salt, salt);
    assert.notEqual(other.uuid, uuid);
  }
});

test('what has no tree', async (t) => {
  const folder = scratch(t);
  const odd = join(folder, 'odd');
  writeFileSync(odd, '');
  truncateSync(odd, 5000);
  const tree = (data?: Content) => made(join(folder, 'image'), async (image) => void (await writeVerity(image, identity, data)));
  const lines = [await refusal(folder, () => tree()), await refusal(folder, () => tree({ file: odd, sizeBytes: 5000 }))];
  golden(t, 'errors/E-IMG-010.txt', lines.join('\n'));
});
