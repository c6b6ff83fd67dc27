/** Bytes that are kept beside a root: whole whenever they are read, whatever a crash or somebody left there. */
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { realIo } from '../../pkm/index.ts';
import { rootLayout } from '../../pkm/layout.ts';
import { collectObjects, keepObject, objectFile, readObject } from '../../pkm/objects.ts';
import { Sandbox } from './support.ts';

const BYTES = Buffer.from('what a package offered\n');
const SHA256 = hash('sha256', BYTES);

function prepared(t: TestContext) {
  const layout = rootLayout(new Sandbox(t).root);
  const path = join(layout.objects, SHA256.slice(0, 2), SHA256);
  mkdirSync(dirname(path), { recursive: true });
  const keep = (): void => keepObject(layout, realIo, SHA256, { bytes: BYTES });
  return { layout, path, keep };
}

test('a damaged object is none, and is written again when its bytes are at hand', (t) => {
  const { layout, path, keep } = prepared(t);
  keep();
  assert.deepEqual(readObject(layout, SHA256), BYTES);
  const { ino } = statSync(path);
  keep();
  assert.equal(statSync(path).ino, ino);
  writeFileSync(path, 'half of it');
  assert.deepEqual([readObject(layout, SHA256), objectFile(layout, SHA256)], [undefined, undefined]);
  keep();
  assert.deepEqual([readObject(layout, SHA256), objectFile(layout, SHA256)], [BYTES, path]);
});

test('what a crash left half written is in nobody’s way', (t) => {
  const { path, keep } = prepared(t);
  writeFileSync(`${path}.part`, 'half');
  keep();
  assert.deepEqual([readFileSync(path), existsSync(`${path}.part`)], [BYTES, false]);
});

test('only what pkm names so is collected', (t) => {
  const { layout, path, keep } = prepared(t);
  keep();
  const other = join(dirname(path), hash('sha256', 'other'));
  mkdirSync(other);
  writeFileSync(`${path}.part`, '');
  writeFileSync(`${path}.mine`, '');
  assert.deepEqual(
    collectObjects(layout, realIo, () => false),
    [`${path}.part`],
  );
  assert.deepEqual(
    collectObjects(layout, realIo, () => true),
    [path],
  );
  assert.deepEqual([existsSync(path), existsSync(other), existsSync(`${path}.mine`)], [false, true, true]);
});
