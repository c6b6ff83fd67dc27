/** Extracting that is ended by a signal leaves nothing half made, in the depot or among temporary files. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { project } from '../cli/programs.ts';
import { scene } from './source-tree.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} while make runs`, async (t) => {
    const at = scene(t);
    const [begun, temporary] = [join(at.tree, 'begun'), join(at.tree, 'tmp')];
    mkdirSync(temporary);
    at.write('repos/os/recipes/raw/face/content.mk', `content:\n\techo x > face; touch ${begun}; exec sleep 60\n`);
    const child = spawn(
      join(project, 'bin/igos'),
      ['depot', 'extract', 'alan/raw/face', '--depot', at.depot, '--tree', at.tree],
      {
        // A group of its own: a terminal tells make, too.
        detached: true,
        stdio: 'ignore',
        env: { PATH: process.env['PATH'], HOME: at.tree, TMPDIR: temporary },
      },
    );
    const ended = once(child, 'exit');
    for (let n = 0; n < 600 && !existsSync(begun); n++) await new Promise((resolve) => setTimeout(resolve, 50));
    process.kill(-child.pid!, signal);
    assert.deepEqual(await ended, [null, signal]);
    const left = [at.depot, temporary].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }));
    assert.deepEqual(new Set(left), new Set(['alan', 'alan/raw', 'alan/raw/face']));
  });
}
