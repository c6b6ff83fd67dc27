/** A disk that is full to the last byte: what is there can be read, changes say what is wrong, and room is all it takes. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { Sandbox } from './support.ts';

const UNSHARE = ['-m', ...(process.geteuid?.() === 0 ? [] : ['-Ur'])];
const canMount = spawnSync('unshare', [...UNSHARE, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

test('a full disk', { skip: canMount ? false : 'cannot mount here' }, (t) => {
  const box = new Sandbox(t);
  const script = 'mount -t tmpfs -o size=2m none "$1" && exec "$2" "$3" "$4"';
  const child = spawnSync(
    'unshare',
    [...UNSHARE, 'sh', '-c', script, 'sh', box.root, process.execPath, join(import.meta.dirname, 'full-disk-child.ts'), box.base],
    { encoding: 'utf8' },
  );
  assert.equal(child.stdout, 'done\n', child.stderr);
});
