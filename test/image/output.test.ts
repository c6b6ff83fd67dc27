/** Files that images are written to: whole under their name, or not there. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type ImageFile, layoutIso, sha256Of } from '../../image/index.ts';
import { made, scratch } from './support.ts';

test('an image that cannot have its name leaves nothing under another', async (t) => {
  const folder = scratch(t);
  mkdirSync(join(folder, 'taken'));
  await assert.rejects(
    made(join(folder, 'taken'), (image) => image.write(Buffer.from('x'))),
    /cannot write '.*taken': is a directory/,
  );
  assert.deepEqual(readdirSync(folder), ['taken']);
});

test('files of the host are in their place, whoever asks for their bytes first', async (t) => {
  const folder = scratch(t);
  const content = { file: join(folder, 'source'), sizeBytes: 3_000_001 };
  const bytes = Buffer.alloc(content.sizeBytes, 'abc');
  writeFileSync(content.file, bytes);
  const expected = Buffer.concat([Buffer.from('<'), bytes, Buffer.from('>')]);
  const ways: ((image: ImageFile) => unknown)[] = [
    (image) => image.fill(),
    (image) => image.read(0, Buffer.alloc(9)),
    (image) => sha256Of(image),
    () => {},
  ];
  for (const way of ways) {
    const path = await made(join(folder, 'image'), async (image) => {
      image.write(Buffer.from('<'));
      image.copy(content);
      image.write(Buffer.from('>'));
      await way(image);
    });
    assert.ok(readFileSync(path).equals(expected), `${way}`);
  }
});

test('a disc that is being copied can be stopped, and says how far it is', async (t) => {
  const folder = scratch(t);
  const content = { file: join(folder, 'large'), sizeBytes: 200 << 20 };
  writeFileSync(content.file, '');
  truncateSync(content.file, content.sizeBytes);
  const layout = layoutIso([{ path: 'large', kind: 'file', mode: 0o644, content }], {
    label: 'LARGE',
    timeSeconds: 0,
    esp: Buffer.alloc(1 << 20),
    diskGuid: '6f1e0a34-52c7-4d0b-9d3e-0123456789ab',
  });
  const controller = new AbortController();
  const heard: number[] = [];
  const copied = (work: (image: ImageFile) => Promise<unknown>): Promise<string> =>
    made(join(folder, 'image'), async (image) => {
      layout.write(image);
      await work(image);
    });
  const onBytes = (done: number, total: number): void => {
    assert.equal(total, content.sizeBytes);
    heard.push(done);
    if (heard.length === 3) controller.abort(new Error('enough'));
  };
  await assert.rejects(
    copied((image) => image.fill({ signal: controller.signal, onBytes })),
    /enough/,
  );
  assert.equal(heard.length, 3);
  assert.ok(heard.at(-1)! < content.sizeBytes);
  await assert.rejects(
    copied((image) => sha256Of(image, { signal: controller.signal })),
    /enough/,
  );
  assert.deepEqual(readdirSync(folder), ['large']);
});
