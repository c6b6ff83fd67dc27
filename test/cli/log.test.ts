import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { programs, project } from './programs.ts';

test('IGOS_LOG tells what evaluation reads and what becomes valid, also of what is known', (t) => {
  const { work } = programs(t);
  writeFileSync(join(work, 'part.nix'), '"part"');
  writeFileSync(
    join(work, 'all.nix'),
    '{ part = import ./part.nix; file = builtins.readFile ./all.nix; text = builtins.toFile "x" "y"; }',
  );
  const run = (log: string, ...words: readonly string[]) => {
    const env = { PATH: process.env['PATH'], IGOS_HOME: join(work, 'home'), IGOS_LOG: log };
    const { status, stdout, stderr } = spawnSync(join(project, 'bin/igos'), words, { cwd: work, env, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return { stdout, stderr: stderr.replaceAll(work, '/tmp') };
  };
  const read = ['eval', 'all.nix', '--attr', 'part'];
  const silent = { stdout: '"part"\n', stderr: '' };
  assert.deepEqual(run('', ...read), silent);
  assert.deepEqual(run('', ...read), silent);
  const told = 'eval: readFile /tmp/all.nix\neval: readFile /tmp/part.nix\n';
  assert.deepEqual(run('eval', ...read), { ...silent, stderr: told });
  assert.deepEqual(run('store,eval', ...read), { ...silent, stderr: told });
  assert.deepEqual(run('store', ...read), silent);
  // Nothing of it is remembered.
  assert.deepEqual(run('', ...read), silent);

  const added = run('store', 'store', 'add', 'part.nix');
  assert.equal(added.stderr, `store: ${added.stdout.trim()} is valid\n`);
  assert.equal(run('store', 'store', 'add', 'part.nix').stderr, '');
});
