/** The tour plays through, and every example package builds to the same bytes in another place at another time. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noSandbox, programs, project } from '../cli/programs.ts';

const skip = await noSandbox();

test('npm run tour', { skip }, () => {
  const { scripts } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { scripts: { tour: string } };
  const [program, ...words] = scripts.tour.split(' ');
  assert.equal(program, 'node');
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    encoding: 'utf8',
    cwd: project,
  });
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /That was the tour: \d+ steps/);
});

test('the tour builds twice to equal paths: other store, other folder, other time', { skip }, (t) => {
  const first = programs(t);
  const second = programs(t);
  cpSync(join(project, 'examples/tour'), join(second.work, 'elsewhere/tour'), { recursive: true });
  for (const version of ['v1', 'v2']) {
    const here = first.igos('realize', `examples/tour/${version}`);
    const there = second.igos('realize', join(second.work, 'elsewhere/tour', version));
    assert.equal(here.status, 0, here.stderr);
    assert.equal(there.stdout, here.stdout);
    assert.ok(here.stdout.trim().split('\n').length >= 6);
  }
  const check = first.igos('realize', '--check', 'examples/tour/v1#banner');
  assert.equal(check.status, 0, check.stderr);
});

test('a change that does not reach the output stops there; a comment changes no key at all', { skip }, (t) => {
  const { igos, work } = programs(t);
  const tree = join(work, 'tour');
  cpSync(join(project, 'examples/tour/v1'), tree, { recursive: true });
  const before = igos('realize', tree);
  assert.equal(before.status, 0, before.stderr);
  const keys = igos('instantiate', tree).stdout;
  const sed = (script: string) => spawnSync('sed', ['-i', script, join(tree, 'base.igos')]);

  sed('1i # a comment');
  assert.equal(igos('instantiate', tree).stdout, keys);

  // a comment in the recipe of greet is part of its key; its bytes stay equal, so banner is not built again
  sed('s|mkdir -p "$out/usr/bin" "$out/etc"|# recipe comment\\n    mkdir -p "$out/usr/bin" "$out/etc"|');
  const changed = igos('instantiate', tree).stdout;
  const differing = changed.split('\n').filter((line) => !keys.includes(line));
  assert.deepEqual(differing.map((line) => line.slice(45)).sort(), ['banner-1.0.drv', 'greet-1.0.drv']);
  const again = igos('realize', '--json', tree);
  const { built, cutoff, outputs } = JSON.parse(again.stdout) as { built: number; cutoff: number; outputs: { path: string }[] };
  assert.deepEqual([built, cutoff], [1, 1]);
  assert.deepEqual(new Set(outputs.map((output) => output.path)), new Set(before.stdout.trim().split('\n')));
});
