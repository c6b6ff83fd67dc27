/** Extracting that is ended by a signal leaves nothing half made, in the depot or among temporary files, and nobody at work. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { processStartTime } from '../../base/index.ts';
import { project } from '../cli/programs.ts';
import { scene } from './source-tree.ts';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} while make runs`, async (t) => {
    const at = scene(t);
    const [begun, temporary] = [join(at.tree, 'begun'), join(at.tree, 'tmp')];
    mkdirSync(temporary);
    const script = `echo x > face; sleep 60 & echo $$! $$$$ > ${begun}.new; mv ${begun}.new ${begun}; sleep 61; echo`;
    at.write('repos/os/recipes/raw/face/content.mk', `content:\n\t${script}\n`);
    const child = spawn(
      join(project, 'bin/igos'),
      ['depot', 'extract', 'alan/raw/face', '--depot', at.depot, '--tree', at.tree],
      {
        stdio: 'ignore',
        env: { PATH: process.env['PATH'], HOME: at.tree, TMPDIR: temporary },
      },
    );
    const ended = once(child, 'exit');
    for (let n = 0; n < 600 && !existsSync(begun); n++) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill(signal);
    assert.deepEqual(await ended, [null, signal]);
    for (const pid of readFileSync(begun, 'utf8').trim().split(' ').map(Number))
      for (let n = 0; processStartTime(pid) !== undefined; n++) {
        assert.ok(n < 100, `process ${pid} is still at work`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    const left = [at.depot, temporary].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }));
    assert.deepEqual(new Set(left), new Set(['alan', 'alan/raw', 'alan/raw/face']));
  });
}
