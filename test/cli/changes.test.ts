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

test('what is told of other files does not lead to looks all the time', async (t) => {
  const { changes, folder } = begin(t);
  changes.follow(new Set([textToBytes(join(folder, 'file'))]), []);
  const noise = setInterval(() => writeFileSync(join(folder, 'log'), 'x'), 15);
  t.after(() => clearInterval(noise));
  const startMs = performance.now();
  let lookedMs = 0;
  await changes.next(() => {
    const beginMs = performance.now();
    while (performance.now() - beginMs < 10);
    lookedMs += performance.now() - beginMs;
    return performance.now() - startMs > 500;
  });
  const share = lookedMs / (performance.now() - startMs);
  assert.ok(share < 0.35, `${share} of the time`);
});

test('a clock that is set back stops nothing', { timeout: 10_000 }, async (t) => {
  const { changes, folder } = begin(t);
  changes.follow(new Set([textToBytes(join(folder, 'file'))]), []);
  const now = Date.now;
  setTimeout(() => writeFileSync(join(folder, 'file'), ''), 20);
  let nLooks = 0;
  await changes.next(() => {
    if (++nLooks === 2) t.mock.method(Date, 'now', () => now() - 3_600_000);
    return nLooks === 4;
  });
});

async function toldSoon(changes: Changes, file: string): Promise<void> {
  let isWritten = false;
  setTimeout(() => {
    isWritten = true;
    writeFileSync(file, '1');
  }, 50);
  const start = Date.now();
  assert.equal(await changes.next(() => isWritten), textToBytes(file));
  assert.ok(Date.now() - start < SOON_MS, 'it was told');
}

test('a folder that was made anew is watched, whatever number it got', async (t) => {
  const { changes, folder } = begin(t);
  const file = join(folder, 'a/file');
  const paths = new Set([textToBytes(file)]);
  const make = (): void => {
    mkdirSync(join(folder, 'a'));
    writeFileSync(file, '');
    changes.follow(paths, []);
  };
  make();
  rmSync(join(folder, 'a'), { recursive: true });
  make();
  await toldSoon(changes, file);
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
  await toldSoon(changes, file);
});

test('of folders beyond those that the system tells of it is said how many there are', (t) => {
  const { changes, folder } = begin(t);
  const folders = Array.from({ length: 4099 }, (_, n) => join(folder, String(n)));
  for (const each of folders) mkdirSync(each);
  const paths = folders.map(textToBytes);
  // Where the system has room for fewer it is more.
  assert.ok(changes.follow(new Set(), paths) >= 3);
  assert.equal(changes.follow(new Set(), paths.slice(0, 1)), 0);
});
