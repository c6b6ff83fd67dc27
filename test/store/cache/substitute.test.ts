/** What another store has built is copied, not built again: `igos realize` against a cache of igos. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseSecretKey } from '../../../store/cache/keys.ts';
import { openStore } from '../../../store/index.ts';
import { noSandbox, programs, project } from '../../cli/programs.ts';
import { serve } from './caches.ts';

const skip = await noSandbox();
const tour = join(project, 'examples/tour/v1');

/** Asynchronously: our server answers in this process. */
function igos(home: string, ...words: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const child = spawn(join(project, 'bin/igos'), words, {
    env: { PATH: process.env['PATH'], HOME: home, IGOS_HOME: home, NO_COLOR: '1', XDG_CACHE_HOME: join(home, 'cache') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text;
  });
  return new Promise((resolve) => child.once('close', (status) => resolve({ status, ...said })));
}

test('floating outputs come from a cache whose key is trusted, and from no other', { skip }, async (t) => {
  const { work, igos: here } = programs(t);
  const target = `${tour}#greet`;
  const built = here('realize', target, '--json');
  assert.equal(built.status, 0, built.stderr);
  const { outputs } = JSON.parse(built.stdout) as { outputs: { path: string }[] };
  const made = here('key', 'generate', 'tour-1', '-o', join(work, 'key'));
  const publicKey = made.stdout.trim();
  const key = parseSecretKey(readFileSync(join(work, 'key'), 'utf8'));
  const store = openStore({ home: join(work, 'home'), storeDir: '/igos/store' });
  t.after(() => store.close());
  const served = await serve(t, store, { keys: [key] });

  const there = join(work, 'there');
  mkdirSync(join(there, 'etc'), { recursive: true });
  writeFileSync(join(there, 'etc/caches.conf'), `substituters = ${served.url}\ntrusted-public-keys = ${publicKey}\n`);
  const plan = await igos(there, 'realize', target, '--dry-run');
  assert.match(plan.stdout, /^copy .*-greet-1\.0: a cache has it$/m);
  assert.doesNotMatch(plan.stdout, /^build /m);
  const copied = await igos(there, 'realize', target, '--json');
  assert.equal(copied.status, 0, copied.stderr);
  const result = JSON.parse(copied.stdout) as { outputs: { path: string }[]; built: number; substituted: number };
  assert.deepEqual([result.built, result.substituted], [0, outputs.length]);
  assert.deepEqual(
    result.outputs.map(({ path }) => path),
    outputs.map(({ path }) => path),
  );
  assert.equal((await igos(there, 'store', 'verify', '--contents')).status, 0);

  const wary = join(work, 'wary');
  const planned = await igos(wary, 'realize', target, '--dry-run', '--substituters', served.url);
  assert.match(planned.stdout, /^build greet/m);
  assert.doesNotMatch(planned.stdout, /^copy .*-greet-1\.0:/m);
  const told = planned.stderr.split('\n').filter((line) => line.includes("signed by 'tour-1', which this store does not trust"));
  assert.equal(told.length, 1, planned.stderr);

  const pushed = join(work, 'pushed');
  const push = here('cache', 'push', `file://${pushed}`, outputs[0]!.path, '-k', join(work, 'key'));
  assert.equal(push.status, 0, push.stderr);
  const offline = join(work, 'offline');
  const fromFolder = await igos(
    offline,
    'realize',
    target,
    '--json',
    '--substituters',
    'http://127.0.0.1:1',
    '--substituters',
    `file://${pushed}`,
    '--trusted-key',
    publicKey,
  );
  assert.equal(fromFolder.status, 0, fromFolder.stderr);
  assert.equal((JSON.parse(fromFolder.stdout) as { built: number }).built, 0);
  assert.match(fromFolder.stderr, /127\.0\.0\.1:1\/?' failed/);
  rmSync(pushed, { recursive: true });
});
