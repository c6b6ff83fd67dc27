/** A root of several file systems: files are staged on the one where they will stand, because a rename cannot leave it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Sandbox } from './support.ts';

const UNSHARE = ['-m', ...(process.geteuid?.() === 0 ? [] : ['-Ur'])];
const canMount = spawnSync('unshare', [...UNSHARE, 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

const skip = canMount ? false : 'cannot mount here';
const MOUNTS: Readonly<Record<string, string>> = {
  'a file system of its own below the root': 'mount -t tmpfs none "$1"',
  'a folder of the same file system, mounted below the root': 'mkdir "$1-is-here" && mount --bind "$1-is-here" "$1"',
};

for (const [what, mount] of Object.entries(MOUNTS)) {
  test(`${what}, dying at its writes`, { skip }, (t) => {
    const box = new Sandbox(t);
    mkdirSync(box.path('boot'));
    const program = [process.execPath, join(import.meta.dirname, 'mounts-child.ts'), box.base];
    const child = spawnSync(
      'unshare',
      [...UNSHARE, 'sh', '-c', `${mount} && shift && exec "$@"`, 'sh', box.path('boot'), ...program],
      { encoding: 'utf8' },
    );
    assert.equal(child.stdout, 'done\n', child.stderr);
  });
}
