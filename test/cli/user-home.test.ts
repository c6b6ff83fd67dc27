import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const file = join(import.meta.dirname, '../../cli/user-home.ts');

/** What another process finds. */
function homeOf(environment: Readonly<Record<string, string>>, before = ''): string {
  const script = `const { userHome } = await import(${JSON.stringify(file)}); ${before}; process.stdout.write(userHome());`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env: environment, encoding: 'utf8' });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout;
}

test('a HOME that is empty is as none', () => {
  assert.deepEqual([homeOf({ HOME: '/x' }), homeOf({ HOME: '' }), homeOf({})], ['/x', userInfo().homedir, userInfo().homedir]);
});

test('a user whom the system does not know has a home', {
  skip: process.getuid?.() !== 0 && 'only root becomes another user',
}, () => {
  assert.equal(homeOf({}, 'process.setuid(54321)'), '/');
});
