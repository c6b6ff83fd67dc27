/** Guards of the dead hold nobody up; those of the living do. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
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
