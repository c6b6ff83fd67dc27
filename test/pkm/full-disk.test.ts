/** A disk that is full to the last byte: what is there can be read, changes say what is wrong, and what makes room is possible. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Sandbox } from './support.ts';

const UNSHARE = ['-m', ...(process.geteuid?.() === 0 ? [] : ['-Ur'])];
const canMount = spawnSync('unshare', [...UNSHARE, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;
const skip = canMount ? false : 'cannot mount here';

function runOnDisk(
  t: TestContext,
  { child, size, mountPoint }: { child: string; size: string; mountPoint: 'root' | 'base' },
): void {
  const box = new Sandbox(t);
  const script = `mount -t tmpfs -o size=${size} none "$1" && exec "$2" "$3" "$4"`;
  const program = join(import.meta.dirname, child);
  const words = ['sh', '-c', script, 'sh', box[mountPoint], process.execPath, program, box.base];
  const run = spawnSync('unshare', [...UNSHARE, ...words], { encoding: 'utf8' });
  assert.equal(run.stdout, 'done\n', run.stderr);
}

test('a full disk', { skip }, (t) => runOnDisk(t, { child: 'full-disk-child.ts', size: '2m', mountPoint: 'root' }));

test('gc on a full disk', { skip }, (t) => runOnDisk(t, { child: 'full-disk-gc-child.ts', size: '48m', mountPoint: 'base' }));

test('an archive whose file has three names needs room once', { skip }, (t) =>
  runOnDisk(t, { child: 'full-disk-links-child.ts', size: '12m', mountPoint: 'root' }),
);

test('packages can be removed on a small disk that is full', { skip }, (t) =>
  runOnDisk(t, { child: 'full-disk-small-child.ts', size: '6m', mountPoint: 'root' }),
);
