/** A root of several file systems: files are staged on the one where they will stand, because a rename cannot leave it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Sandbox } from './support.ts';

const UNSHARE = ['-m', ...(process.geteuid?.() === 0 ? [] : ['-Ur'])];
const canMount = spawnSync('unshare', [...UNSHARE, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

test('a file system of its own below the root, dying at every write', { skip: canMount ? false : 'cannot mount here' }, (t) => {
  const box = new Sandbox(t);
  mkdirSync(box.path('boot'));
  const child = spawnSync(
    'unshare',
    [
      ...UNSHARE,
      'sh',
      '-c',
      'mount -t tmpfs none "$1" && exec "$2" "$3" "$4"',
      'sh',
      box.path('boot'),
      process.execPath,
      join(import.meta.dirname, 'mounts-child.ts'),
      box.base,
    ],
    { encoding: 'utf8' },
  );
  assert.equal(child.stdout, 'done\n', child.stderr);
});
