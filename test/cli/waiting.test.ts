/** Who has to wait for another process says so, where no program looks for data. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { processStartTime } from '../../base/index.ts';
import { programs } from './programs.ts';

test('a store whose index another process is at', async (t) => {
  const { work, igos } = programs(t);
  const file = join(work, 'file');
  writeFileSync(file, 'text');
  const folder = join(work, 'home/var/index');
  mkdirSync(folder, { recursive: true });
  const other = spawn('sleep', ['1.6']);
  await once(other, 'spawn');
  symlinkSync(`${other.pid} ${processStartTime(other.pid!)} ${readlinkSync('/proc/self/ns/pid')}`, join(folder, 'guard'));
  const { status, stdout, stderr } = igos('store', 'add', file, '--json');
  assert.equal(stderr, `waiting for process ${other.pid}, which is at the store's index\n`);
  assert.equal(status, 0);
  assert.doesNotThrow(() => JSON.parse(stdout));
});
