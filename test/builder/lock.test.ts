/** Locks of derivations where the disk fails: nobody waits for himself, nor for what cannot be taken away. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemFault } from '../../base/index.ts';
import { removeDeadLocks, takeLock } from '../../builder/lock.ts';
import { failing } from '../failing-call.ts';
import { temporaryFolder } from './support.ts';

const nobodyHasIt = () => assert.fail('nobody has it');
const DEAD = '999999999 5';
const timeout = 20_000;

test('a lock that the disk did not let go is still its own', { timeout }, async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'x');
  const restore = failing(t, 'unlinkSync', 'EIO', () => true);
  try {
    (await takeLock(path, { onWait: nobodyHasIt }))[Symbol.dispose]();
  } finally {
    restore();
  }
  assert.deepEqual(readdirSync(folder), ['x']);
  const signal = AbortSignal.timeout(5000);
  (await takeLock(path, { onWait: nobodyHasIt, signal }))[Symbol.dispose]();
  assert.deepEqual(readdirSync(folder), []);
});

test("a dead process's lock that cannot be taken away is a fault, not to be tried for ever", { timeout }, async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'x');
  symlinkSync(DEAD, path);
  const restore = failing(t, 'renameSync', 'EROFS', () => true);
  try {
    await assert.rejects(
      takeLock(path, { onWait: nobodyHasIt }),
      (error) => error instanceof SystemFault && error.errno === 'EROFS',
    );
    assert.equal(removeDeadLocks(folder), 0);
  } finally {
    restore();
  }
  assert.equal(removeDeadLocks(folder), 1);
});

test('what is no lock is not waited for', { timeout }, async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'folder'));
  for (const name of ['file', 'folder'])
    await assert.rejects(
      takeLock(join(folder, name), { onWait: nobodyHasIt }),
      (error) => error instanceof SystemFault && error.errno === 'EEXIST',
    );
});
