/** Guards of the dead hold nobody up; those of the living do. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs, { lstatSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { processStartTime } from '../../base/index.ts';
import { whileGuarded } from '../../store/index-guard.ts';
import { temporaryFolder } from './fixture.ts';

const NAMESPACE = readlinkSync('/proc/self/ns/pid');
const DEAD = `${spawnSync('true').pid} 1 ${NAMESPACE}`;

test('what dead processes left is cleared, and nothing stays', (t) => {
  const folder = temporaryFolder(t);
  symlinkSync(DEAD, join(folder, 'guard'));
  symlinkSync(DEAD, join(folder, 'guard.clearing'));
  let held = '';
  whileGuarded(folder, () => {
    held = readlinkSync(join(folder, 'guard'));
    // Whoever holds it may come in again.
    whileGuarded(folder, () => {});
    assert.equal(readlinkSync(join(folder, 'guard')), held);
  });
  assert.equal(held.split(' ')[0], String(process.pid));
  assert.deepEqual(readdirSync(folder), []);
});

test('the guard of a living process is waited for, until it is gone', async (t) => {
  const folder = temporaryFolder(t);
  const other = spawn('sleep', ['1']);
  await once(other, 'spawn');
  symlinkSync(`${other.pid} ${processStartTime(other.pid!)} ${NAMESPACE}`, join(folder, 'guard'));
  const started = performance.now();
  whileGuarded(folder, () => {});
  assert.ok(performance.now() - started > 500, 'it was not waited for');
});

test('what cannot be guarded is done without', (t) => {
  assert.equal(
    whileGuarded(join(temporaryFolder(t), 'none'), () => 7),
    7,
  );
});

/** Has calls of `node:fs` fail until the test says otherwise. */
function failing(t: TestContext, name: 'symlinkSync' | 'unlinkSync', code: string, isDue: (path: string) => boolean): () => void {
  const original = fs[name] as (...args: string[]) => void;
  const mocked = t.mock.method(fs, name, (...args: string[]) => {
    if (isDue(args.at(-1)!)) throw Object.assign(new Error(`${code}: injected`), { code });
    original(...args);
  });
  syncBuiltinESMExports();
  return () => {
    mocked.mock.restore();
    syncBuiltinESMExports();
  };
}

test('a guard that the disk did not let go is still its own', { timeout: 20_000 }, (t) => {
  const folder = temporaryFolder(t);
  const restore = failing(t, 'unlinkSync', 'EIO', () => true);
  try {
    whileGuarded(folder, () => {});
    assert.deepEqual(readdirSync(folder), ['guard']);
    whileGuarded(folder, () => assert.deepEqual(readdirSync(folder), ['guard']));
  } finally {
    restore();
  }
  whileGuarded(folder, () => {});
  assert.deepEqual(readdirSync(folder), []);
});

test('where a dead process left its guard on what is read-only now, nobody waits', { timeout: 20_000 }, (t) => {
  const folder = temporaryFolder(t);
  symlinkSync(DEAD, join(folder, 'guard'));
  const restore = failing(t, 'symlinkSync', 'EROFS', (path) => lstatSync(path, { throwIfNoEntry: false }) === undefined);
  try {
    assert.equal(
      whileGuarded(folder, () => 7),
      7,
    );
  } finally {
    restore();
  }
  assert.deepEqual(readdirSync(folder), ['guard']);
});
