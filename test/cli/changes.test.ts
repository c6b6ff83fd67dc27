/** What `Changes` notices without being told, and when a folder is another one. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { textToBytes } from '../../base/index.ts';
import { Changes } from '../../cli/watching/changes.ts';

/** Less than the time between two looks that nothing led to. */
const SOON_MS = 700;

function begin(t: TestContext): { changes: Changes; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'igos-changes-'));
  const changes = new Changes();
  t.after(() => {
    changes.close();
    rmSync(folder, { recursive: true });
  });
  return { changes, folder };
}

test('what nobody tells is found by looking', async (t) => {
  const { changes } = begin(t);
  let nLooks = 0;
  assert.equal(await changes.next(() => ++nLooks === 3), undefined);
});

test('what a look sees first is told all the same, and once', async (t) => {
  const { changes, folder } = begin(t);
  const file = join(folder, 'file');
  changes.follow(new Set([textToBytes(file)]), []);
  const told = await changes.next(() => {
    writeFileSync(file, '1');
    return true;
  });
  assert.equal(told, textToBytes(file));
  await changes.next(() => true);
  assert.equal(await changes.next(() => true), undefined);
});

test('a folder that took the place of another is watched', async (t) => {
  const { changes, folder } = begin(t);
  const file = join(folder, 'a/file');
  mkdirSync(join(folder, 'a'));
  writeFileSync(file, '');
  const paths = new Set([textToBytes(file)]);
  changes.follow(paths, []);
  renameSync(join(folder, 'a'), join(folder, 'b'));
  mkdirSync(join(folder, 'a'));
  changes.follow(paths, []);
  let isWritten = false;
  setTimeout(() => {
    isWritten = true;
    writeFileSync(file, '1');
  }, 50);
  const start = Date.now();
  assert.equal(await changes.next(() => isWritten), textToBytes(file));
  assert.ok(Date.now() - start < SOON_MS, 'it was told');
});
