/** Locks, also where the disk fails: nobody waits for himself, nor for what cannot be taken away. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { removeDeadLocks, SystemFault, takeLock, whileLocked } from '../../base/index.ts';
import { failing } from '../failing-call.ts';

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'igos-lock-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

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

test('what is done under a lock is done by one at a time, and the lock goes where it fails', { timeout }, async (t) => {
  const path = join(temporaryFolder(t), 'x');
  let value = 0;
  const addOne = () =>
    whileLocked(
      path,
      () => {},
      async () => {
        const before = value;
        assert.match(readlinkSync(path), new RegExp(`^${process.pid} `));
        await new Promise(setImmediate);
        value = before + 1;
      },
    );
  await Promise.all([addOne(), addOne(), addOne()]);
  assert.equal(value, 3);
  await assert.rejects(
    whileLocked(path, nobodyHasIt, () => assert.fail('it fails')),
    /it fails/,
  );
  assert.equal(existsSync(path), false);
});
