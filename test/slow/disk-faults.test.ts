/**
 * Disks that fail: every operation of the store meets errors of the device and a full disk at random writes of Node's, at system calls
 * of LMDB's, and on a real file system that is full.
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { noSandbox } from '../cli/programs.ts';
import { CALLS_OF_COPYING, meetFaults, meetSystemFaults } from '../store/ordeal/disk-faults.ts';
import { addMany, build, operations, pullServed } from '../store/ordeal/operations.ts';
import { seedOfRun } from '../store/ordeal/random.ts';
import { World } from '../store/ordeal/world.ts';

const EACH = 5;
const skip = await noSandbox();

for (const mode of ['EIO', 'ENOSPC'] as const) {
  test(`${mode} in add, gc, optimise, pulls, import, repair and builds`, async (t) => {
    if (skip !== false) t.diagnostic(`without builds: ${skip}`);
    const all = [...operations, pullServed, ...(skip === false ? [build] : [])];
    const tally = await meetFaults(new World(t, seedOfRun()), all, mode, EACH);
    t.diagnostic(JSON.stringify(tally));
    for (const { name } of all) {
      // What a collection writes itself is a mark of no bytes and a folder: it has to work where nothing else does.
      if (mode === 'EIO' || name !== 'gc') assert.ok((tally.nByOperation[name] ?? 0) > 0, `no ${name} ever failed`);
    }
  });
}

/** How to get a mount of one's own here, or why there is none. */
function ownMounts(): { readonly words: readonly string[] } | { readonly reason: string } {
  let reason = '';
  for (const words of [['--user', '--map-root-user', '--mount'], ['--mount']]) {
    const { status, stderr, error } = spawnSync('unshare', [...words, 'mount', '-t', 'tmpfs', 'igos-test', '/mnt'], {
      encoding: 'utf8',
    });
    if (status === 0) return { words };
    reason = error === undefined ? stderr.trim() : error.message;
  }
  return { reason };
}

test('a full disk in add, gc, optimise, pull, import and repair; collecting works on it', async (t) => {
  const own = ownMounts();
  if ('reason' in own) {
    t.skip(`no file system of one's own here: ${own.reason}`);
    return;
  }
  const child = join(import.meta.dirname, '../store/ordeal/small-disk.ts');
  const seed = String(seedOfRun());
  t.diagnostic(`seed ${seed}`);
  const { stdout } = await promisify(execFile)('unshare', [...own.words, process.execPath, child, seed, '2']);
  t.diagnostic(stdout.trim());
  const outcomes = JSON.parse(stdout) as Record<string, { nFull: number; nFitted: number }>;
  assert.deepEqual(
    Object.keys(outcomes),
    operations.map(({ name }) => name),
  );
  assert.equal(outcomes['gc']!.nFull, 0);
  assert.ok(outcomes['add']!.nFull > 0, 'the disk was never full');
});

const probe = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
const withoutStrace =
  probe.status === 0
    ? false
    : `strace cannot be used here: ${probe.error === undefined ? probe.stderr.trim() : probe.error.message}`;

test('failing system calls of LMDB and of the sync', { skip: withoutStrace }, async (t) => {
  const world = new World(t, seedOfRun());
  const tally = await meetSystemFaults(world, operations);
  t.diagnostic(JSON.stringify(tally));
  assert.ok(tally.nFailed >= 12, 'too few calls failed');
});

test('failing system calls of the threads that copy a large tree', { skip: withoutStrace }, async (t) => {
  const tally = await meetSystemFaults(new World(t, seedOfRun()), [addMany], CALLS_OF_COPYING);
  assert.equal(tally.nFailed, CALLS_OF_COPYING.length);
});
