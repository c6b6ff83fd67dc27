/** What is in a store can be pushed by whoever may read it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { storePathHash } from '../../store/index.ts';
import { temporaryStore } from '../store/fixture.ts';
import { project } from './programs.ts';

test('a cache is filled from a store that belongs to somebody else', {
  skip: process.geteuid?.() === 0 ? false : 'needs root to become somebody else',
}, (t) => {
  const { store, folder, home } = temporaryStore(t);
  const [path] = store.addTexts([{ name: 'x', text: 'x', references: [] }]);
  store.close();
  const own = join(folder, 'own');
  mkdirSync(own);
  for (const each of [folder, home]) chmodSync(each, 0o755);
  chownSync(own, 65534, 65534);
  const words = ['cache', 'push', `file://${own}/cache`, path!, '--home', home];
  const options = { encoding: 'utf8', uid: 65534, gid: 65534, cwd: '/' } as const;
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', TMPDIR: own, NO_COLOR: '1' };
  const run = spawnSync(join(project, 'bin/igos'), words, { ...options, env });
  assert.deepEqual([run.status, run.stdout], [0, `${path}\n`], run.stderr);
  assert.ok(existsSync(join(own, 'cache', `${storePathHash(path!)}.narinfo`)));
  assert.deepEqual(readdirSync(own), ['cache']);
});
