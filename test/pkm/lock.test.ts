/** Locks of files: who has to wait says so. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lockFile } from '../../pkm/lock.ts';

test('who waits for a lock is told once, who does not is not', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'igos-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'lock');
  const first = await lockFile(path, () => assert.fail('nobody has it'));
  const begun = Promise.withResolvers<void>();
  let nWaits = 0;
  const second = lockFile(path, () => {
    nWaits++;
    begun.resolve();
  });
  await begun.promise;
  first();
  (await second)();
  assert.equal(nWaits, 1);
});
