/**
 * The power fails, and what was not synced is lost or half there: programs are recorded call by call, and disks made that may be left
 * behind any of their calls. On each, what was valid is whole, and the work can be done again.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { StorePath } from '../../store/index.ts';
import { removeTree } from '../../store/write-tree.ts';
import { LossyDisk } from '../store/ordeal/lossy-disk.ts';
import { type Operation, operations } from '../store/ordeal/operations.ts';
import { runIgos } from '../store/ordeal/program.ts';
import { seedOfRun } from '../store/ordeal/random.ts';
import { readRecording, recordingTo } from '../store/ordeal/recording.ts';
import { fingerprint, World } from '../store/ordeal/world.ts';

const CRASHES = Number(process.env['IGOS_TEST_CRASHES'] ?? 24);
/** Running the program again takes longer than all else. */
const AGAIN_EVERY = 8;

const probe = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
const skip =
  probe.status === 0
    ? false
    : `strace cannot be used here: ${probe.error === undefined ? probe.stderr.trim() : probe.error.message}`;

for (const operation of operations) {
  test(`${CRASHES} power failures in ${operation.name}, which lose what was not synced`, { skip }, async (t) => {
    const world = new World(t, seedOfRun());
    for (const name of ['kept-a', 'kept-b']) await world.keep(world.use((store) => store.addPath(name, world.tree(name, 12))));
    t.diagnostic(JSON.stringify(await losePower(world, operation)));
  });
}

async function losePower(world: World, { name, prepare }: Operation): Promise<{ nCalls: number; nLeftovers: number }> {
  const work = await prepare(world, 0);
  const before = LossyDisk.read(world.home);
  const recording = join(world.folder, 'recording');
  const ending = await runIgos(world.home, work.words, { under: recordingTo(recording) });
  assert.equal(ending.status, 0, ending.stderr);
  const calls = readRecording(recording, world.home);
  const syncs = calls.flatMap(({ kind }, i) => (kind === 'sync' || kind === 'sync-all' ? [i] : []));
  assert.ok(calls.length > 40 && syncs.length > 0, `${calls.length} calls, ${syncs.length} syncs`);

  const saved = `${world.home}-saved`;
  renameSync(world.home, saved);
  before.after(calls).write(world.home);
  for (const object of readdirSync(join(saved, 'store')))
    assert.equal(fingerprint(join(world.home, 'store', object)), fingerprint(join(saved, 'store', object)), 'the model is wrong');
  await world.check('nothing lost');

  let nLeftovers = 0;
  for (let n = 0; n < CRASHES; n++) {
    removeTree(world.home);
    // Half of them about a sync, where things are decided.
    const sync = syncs[world.random.below(syncs.length)]!;
    const near = Math.min(calls.length, Math.max(0, sync + world.random.below(8) - 3));
    const nCalls = n % 2 === 0 ? near : world.random.below(calls.length + 1);
    const where = `${name}, crash ${n} behind call ${nCalls} of ${calls.length}`;
    before.crashed(calls, nCalls, world.random).write(world.home);
    nLeftovers += (await world.check(where, ({ path }) => path === work.damaged)).length;
    if (n % AGAIN_EVERY !== 0) continue;
    const again = await runIgos(world.home, work.words);
    assert.equal(again.status, 0, `${where}, again: ${again.stderr}`);
    await world.check(`${where}, again`);
    await world.settle(where);
  }
  removeTree(world.home);
  before.crashed(calls, calls.length, world.random).write(world.home);
  await world.check(`${name}, crash at the end`);
  const printed = ending.stdout.split('\n').filter((line) => name !== 'gc' && /^\/igos\/store\/[^/: ]+$/.test(line));
  world.use((store) => {
    for (const path of printed) assert.ok(store.isValid(path as StorePath), `${path} was said to be there, and is not`);
  });
  return { nCalls: calls.length, nLeftovers };
}
